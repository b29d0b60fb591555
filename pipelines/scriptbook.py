"""ScriptBook: which script comes next, worded differently each time.

A script's text may hold placeholders, filled when each sentence is voiced: `{product}` `{price}`
`{was_price}` `{stock}` `{user}` `{shop}`; `{hello}`, the greeting of the hour; and `{fact}`, a fact of the product
that was not used lately. `[one|another|a third]` stands for one of the alternatives. Greetings with `{user}` welcome
viewers who join; those without open the show and every hour. A closing rounds off one round through all products.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from pipelines import sentences
from pipelines.catalogue import Product
from pipelines.composer import Composer
from pipelines.line import LANGS, Lang, Source

ScriptKind = Literal["greeting", "pitch", "transition", "thanks", "cta", "closing"]
SCRIPT_KINDS: tuple[ScriptKind, ...] = ("greeting", "pitch", "transition", "thanks", "cta", "closing")
GREETING_EVERY_S = 3600.0
MAX_SCRIPT_CHARS = 4000
WORDINGS = 3
"""Wordings of one script that are tried for one that was not said lately."""
POINTS, FACTS, FAQ = "points:", "facts:", "faq:"
"""What is made from the catalogue: a pitch nobody wrote, some facts, a frequent question; the product's id follows."""

_PITCH: dict[Lang, tuple[str, ...]] = {
    "zh": (
        "[接下来|下面|现在]给大家看看{product}。", "{fact}", "{fact}", "[直播间价格是|今天的价格是]{price}。",
        "[喜欢的朋友点下方商品卡看看|想了解的朋友可以直接打字问我]。",
    ),
    "en": (
        "[Next up is|Let me show you] {product}.", "{fact}", "{fact}", "[The price here is|Today's price is] {price}.",
        "[Tap the product card if you like it|Type your questions, I'll answer them].",
    ),
    "ja": (
        "[続いては|次にご紹介するのは]{product}です。", "{fact}", "{fact}", "[ライブ価格は|本日の価格は]{price}です。",
        "[気になる方は商品カードをご覧ください|ご質問はお気軽にコメントしてください]。",
    ),
}
"""A pitch for a product that nobody has written one for."""


@dataclass(frozen=True, slots=True)
class Script:
    """Something to say that an operator wrote; for the form of `text` see the module's docstring."""

    script_id: str
    kind: ScriptKind
    lang: Lang
    text: str
    product_id: str | None = None
    enabled: bool = True
    room: str = "main"

    @property
    def stamp(self) -> int:
        """Changes when what is to be said changes."""
        return zlib.crc32(f"{self.kind}/{self.lang}/{self.product_id}/{self.text}".encode())


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing to say: sentences with placeholders, about `product_id`; `rest_s` of silence after it, None: as usual.

    One that is not `kept` is not gone on with when another item of the running order has begun.
    """

    script_id: str
    stamp: int
    lang: Lang
    product_id: str | None
    texts: tuple[str, ...]
    source: Source = "script"
    rest_s: float | None = None
    kept: bool = True


class ScriptBook:
    """Chooses by least recent use, with chance among equals, and looks at what was said lately."""

    def __init__(self, lang: Lang, rng: random.Random, state: Mapping[str, Any] | None = None) -> None:
        self.lang = lang
        state = state or {}
        self.words = Composer(rng, state)
        self._products: list[Product] = []
        self._scripts: dict[str, Script] = {}
        self._has_products = self._has_scripts = False
        self._last = str(state.get("last", ""))
        self._round: set[str] = set(map(str, state.get("round", ())))
        self._pitched = False
        self._next_greeting = 0.0
        self._greet_in: float | None = float(state["greet_in"]) if "greet_in" in state else None

    def set_products(self, products: Sequence[Product]) -> None:
        """Use this catalogue, in the order in which it is sold."""
        self._products, self._has_products = list(products), True
        known = {p.product_id for p in products}
        self.words.keep(lambda k: not k.startswith(("fact:", "faq:")) or k.split(":")[1] in known)

    def set_scripts(self, scripts: Sequence[Script]) -> None:
        """Use these scripts."""
        self._scripts, self._has_scripts = {s.script_id: s for s in scripts}, True
        self.words.keep(lambda k: ":" in k or k in self._scripts)

    @property
    def filled(self) -> bool:
        """Whether both products and scripts were given."""
        return self._has_products and self._has_scripts

    @property
    def products(self) -> list[Product]:
        """The catalogue."""
        return self._products

    def still_holds(self, script_id: str, stamp: int, product_id: str | None) -> bool:
        """Whether a passage that is being said may go on after the scripts or products changed."""
        if product_id is not None and all(p.product_id != product_id for p in self._products):
            return False
        if script_id.startswith(POINTS):
            return not any(s.kind == "pitch" and s.product_id == product_id for s in self._scripts.values())
        if ":" in script_id:
            return True
        script = self._scripts.get(script_id)
        return script is not None and script.enabled and script.stamp == stamp

    # --- selling freely ---

    def next_passage(self, now: float) -> Passage | None:
        """The next thing to say when nobody asks; None when there is nothing to say."""
        self.words.turn += 1
        if self._greeting_due(now):
            greeting = self._written("greeting", self.lang, user=False)
            if greeting is not None:
                return greeting
        return self._pitch() or self._written("pitch", self.lang)

    def _greeting_due(self, now: float) -> bool:
        if self._greet_in is not None:
            self._next_greeting, self._greet_in = now + self._greet_in, None
        if now < self._next_greeting:
            return False
        self._next_greeting = now + GREETING_EVERY_S
        return True

    def _pitch(self) -> Passage | None:
        able = [p for p in self._products if self.pitched(p.product_id)]
        able = [p for p in able if p.stock != 0] or able
        if not able:
            return None
        if self._round >= {p.product_id for p in able}:
            self._round.clear()
            closing = self._written("closing", self.lang)
            if closing is not None:
                return closing
        product = self._next_product(able)
        self._last = product.product_id
        self._round.add(product.product_id)
        return self.sell(product, self.lang)

    def pitched(self, product_id: str) -> bool:
        """Whether the product is sold: not when every pitch that was written for it is switched off."""
        return pitched(product_id, self._scripts.values())

    def _next_product(self, able: list[Product]) -> Product:
        pinned = next((p for p in able if p.pinned), None)
        if pinned is not None and self._last != pinned.product_id:
            return pinned
        fresh = [p for p in able if p.product_id not in self._round and not p.pinned]
        fresh = fresh or [p for p in able if p.product_id != self._last] or able
        return fresh[0]

    # --- one passage ---

    def sell(self, product: Product, lang: Lang, *, only: bool = False) -> Passage:
        """Something about a product that was not said lately, what operators wrote first.

        Where nothing is written in `lang`, it is made from the catalogue; or, unless `only` this language will do, what
        is written in another one, when the catalogue has nothing in `lang` either.
        """
        only = only or bool(product.name.get(lang))
        scripts = self._of("pitch", lang, product.product_id, only=only)
        pitches: list[Callable[[], Passage | None]] = [partial(self._wording, s, product) for s in scripts]
        if not scripts:
            pitches.append(partial(self._made_up, product, lang, only=only))
        asked: Callable[[], Passage | None] = partial(self._question, product, lang)
        told: Callable[[], Passage | None] = partial(self._facts, product, lang)
        # In turn, so that the few facts of a product come back as late as they can.
        self._pitched = not self._pitched
        for attempt in (*pitches, asked, told) if self._pitched else (asked, *pitches, told):
            back = self.words.undo()
            passage = attempt()
            if passage is not None and not self.words.stale(passage.texts, passage.lang, product.product_id):
                return self._with_call(passage, product)
            back()
        if not scripts:
            return self._made_up(product, lang, only=only)
        return self._with_call(self._wording(scripts[0], product), product)

    def _with_call(self, passage: Passage, product: Product) -> Passage:
        if self.words.turn % 2:
            return passage
        back = self.words.undo()
        call = self._written("cta", passage.lang, product) or self._written("cta", passage.lang)
        if call is None or call.lang != passage.lang or self.words.stale(call.texts, call.lang, product.product_id):
            back()
            return passage
        texts = passage.texts + call.texts
        return replace(passage, texts=texts)

    def _wording(self, script: Script, product: Product | None) -> Passage:
        """The script in the wording, of some, of which least was said lately."""
        best: tuple[int, Passage] | None = None
        about = product.product_id if product else None
        for _ in range(WORDINGS):
            texts = tuple(self.texts(script.text, script.lang, product))
            stale = self.words.stale(texts, script.lang, about)
            if best is None or stale < best[0]:
                best = (stale, Passage(script.script_id, script.stamp, script.lang, about, texts))
            if not stale:
                break
        assert best is not None
        self.words.use(script.script_id)
        return best[1]

    def _made_up(self, product: Product, lang: Lang, *, only: bool) -> Passage:
        if not only:
            lang = next((la for la in (lang, *LANGS) if product.name.get(la)), lang)
        texts = [t for point in _PITCH[lang] for t in self.texts(point, lang, product)]
        return Passage(f"{POINTS}{product.product_id}", 0, lang, product.product_id, tuple(texts))

    def _facts(self, product: Product, lang: Lang) -> Passage | None:
        facts = [self.words.fact(product, lang) for _ in range(2)]
        if not facts[0]:
            return None
        if len(product.facts.get(lang, ())) == 1:
            facts = facts[:1]
        kind = "stock" if product.stock and self.words.turn % 3 == 0 else "price"
        figure = self.words.new_phrase(kind, lang, product.product_id) if product.price is not None else None
        texts = sentences.split("".join([*facts, figure or ""]))
        return Passage(f"{FACTS}{product.product_id}", 0, lang, product.product_id, tuple(texts), kept=False)

    def _question(self, product: Product, lang: Lang) -> Passage | None:
        texts = self.words.question(product, lang)
        if not texts:
            return None
        return Passage(f"{FAQ}{product.product_id}", 0, lang, product.product_id, tuple(texts), kept=False)

    def question(self, lang: Lang, product: Product | None) -> Passage | None:
        """A frequent question about this product, else about any that has one."""
        others = {f"ask:{p.product_id}": p for p in self._products if p is not product}
        for about in [*([product] if product else []), *(others[k] for k in self.words.least(list(others)))]:
            back = self.words.undo()
            passage = self._question(about, lang)
            if passage is not None and not self.words.stale(passage.texts, lang, about.product_id):
                self.words.use(f"ask:{about.product_id}")
                return passage
            back()
        return None

    def written(self, kind: ScriptKind, lang: Lang, product: Product | None = None) -> Passage | None:
        """What operators wrote in exactly `lang`, if there is something that was not said lately."""
        for script in self._of(kind, lang, product.product_id if product else None, only=True, user=False):
            back = self.words.undo()
            passage = self._wording(script, product)
            if not self.words.stale(passage.texts, lang, passage.product_id):
                return passage
            back()
        return None

    def _written(
        self, kind: ScriptKind, lang: Lang, product: Product | None = None, *, user: bool | None = None
    ) -> Passage | None:
        found = self._of(kind, lang, product.product_id if product else None, user=user)
        return self._wording(found[0], product) if found else None

    def _of(
        self, kind: ScriptKind, lang: Lang, product_id: str | None = None, *, only: bool = False,
        user: bool | None = None,
    ) -> list[Script]:
        """Scripts of a kind, least recently used first; those in `lang`, unless there are none."""
        enabled = [s for s in self._scripts.values() if s.enabled and s.kind == kind and s.product_id == product_id]
        enabled = [s for s in enabled if user is None or ("{user}" in s.text) == user]
        own = [s for s in enabled if s.lang == lang]
        pool = {s.script_id: s for s in (own if only else own or enabled)}
        return [pool[k] for k in self.words.least(list(pool))]

    # --- single phrases ---

    def pick_text(self, kind: ScriptKind, lang: Lang, *, user: bool) -> str | None:
        """A worded script of `kind` in exactly `lang`, with or without `{user}` in it."""
        found = self._of(kind, lang, only=True, user=user)
        if not found:
            return None
        self.words.use(found[0].script_id)
        return self.words.vary(found[0].text).replace("{hello}", self.words.hello(lang))

    def go_on(self, lang: Lang) -> str | None:
        """A short phrase with which an interrupted script goes on; None when all of them were said lately."""
        own = self.pick_text("transition", lang, user=False)
        fits = own is not None and sentences.units(own) <= sentences.MAX_UNITS
        if own is not None and fits and self.words.age(own, lang, None) is None:
            return own
        return self.words.new_phrase("go_on", lang)

    def texts(self, text: str, lang: Lang, product: Product | None) -> list[str]:
        """The sentences of a script's text, with facts in them and one of each choice."""
        text = self.words.vary(text[:MAX_SCRIPT_CHARS]).replace("{hello}", self.words.hello(lang))
        while "{fact}" in text:
            fact = self.words.fact(product, lang) if product is not None else ""
            text = text.replace("{fact}", fact, 1)
        return sentences.split(text)

    def state(self, now: float) -> dict[str, Any]:
        """What `__init__` takes after a restart; at most a few kilobytes."""
        greet_in = self._greet_in if self._greet_in is not None else max(0.0, self._next_greeting - now)
        return self.words.state() | {"last": self._last, "round": sorted(self._round), "greet_in": greet_in}



def pitched(product_id: str, scripts: Iterable[Script]) -> bool:
    """Whether a product is sold: not when every pitch that was written for it is switched off."""
    written = [s for s in scripts if s.kind == "pitch" and s.product_id == product_id]
    return not written or any(s.enabled for s in written)
