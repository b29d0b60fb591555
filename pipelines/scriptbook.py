"""ScriptBook: which script comes next, worded differently each time.

A script's text may hold placeholders, filled when each sentence is voiced: `{product}` `{price}`
`{was_price}` `{stock}` `{user}` `{shop}`; and `{fact}`, a fact of the product that was not used
lately. `[one|another|a third]` stands for one of the alternatives. Greetings with `{user}` welcome
viewers who join; those without open the show and every hour. A closing rounds off one round through all products.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines import sentences
from pipelines.catalogue import Product
from pipelines.line import LANGS, Lang

ScriptKind = Literal["greeting", "pitch", "transition", "thanks", "cta", "closing"]
SCRIPT_KINDS: tuple[ScriptKind, ...] = ("greeting", "pitch", "transition", "thanks", "cta", "closing")
GREETING_EVERY_S = 3600.0
MAX_SCRIPT_CHARS = 4000

_CHOICE = re.compile(r"\[([^\[\]|]*(?:\|[^\[\]|]*)+)\]")

POINTS: dict[Lang, tuple[str, ...]] = {
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
"""The points of a pitch for a product that nobody has written a script for."""
GO_ON: dict[Lang, tuple[str, ...]] = {
    "zh": ("好,我们接着说。", "那我们继续刚才的话题。", "好嘞,接着刚才的讲。", "回到刚才说的。", "我们接着往下看。"),
    "en": ("Now, back to where we were.", "Let's carry on.", "Alright, where were we?", "Back to what I was saying."),
    "ja": ("では、続きをお話ししますね。", "それでは、先ほどの続きです。", "はい、お話を続けますね。"),
}


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
    """One thing to say: sentences with placeholders, about `product_id`."""

    script_id: str
    stamp: int
    lang: Lang
    product_id: str | None
    texts: tuple[str, ...]


class ScriptBook:
    """Chooses by least recent use, with chance among equals."""

    def __init__(self, lang: Lang, rng: random.Random, state: Mapping[str, Any] | None = None) -> None:
        self.lang = lang
        self._rng = rng
        self._products: list[Product] = []
        self._scripts: dict[str, Script] = {}
        self._has_products = self._has_scripts = False
        state = state or {}
        self._turn = int(state.get("turn", 0))
        self._used: dict[str, int] = {str(k): int(v) for k, v in dict(state.get("used", {})).items()}
        self._last = str(state.get("last", ""))
        self._round: set[str] = set(map(str, state.get("round", ())))
        self._next_greeting = 0.0
        if "greet_in" in state:
            self._greet_in: float | None = float(state["greet_in"])
        else:
            self._greet_in = None

    def set_products(self, products: Sequence[Product]) -> None:
        """Use this catalogue, in the order in which it is sold."""
        self._products, self._has_products = list(products), True

    def set_scripts(self, scripts: Sequence[Script]) -> None:
        """Use these scripts."""
        self._scripts, self._has_scripts = {s.script_id: s for s in scripts}, True
        known = set(self._scripts)
        self._used = {k: v for k, v in self._used.items() if k in known or ":" in k}

    @property
    def filled(self) -> bool:
        """Whether both products and scripts were given."""
        return self._has_products and self._has_scripts

    def still_holds(self, script_id: str, stamp: int, product_id: str | None) -> bool:
        """Whether a passage that is being said may go on after the scripts or products changed."""
        if product_id is not None and all(p.product_id != product_id for p in self._products):
            return False
        if script_id.startswith("points:"):
            return not any(s.kind == "pitch" and s.product_id == product_id for s in self._scripts.values())
        script = self._scripts.get(script_id)
        return script is not None and script.enabled and script.stamp == stamp

    def next_passage(self, now: float) -> Passage | None:
        """The next thing to say when nobody asks; None when there is nothing to say."""
        self._turn += 1
        if self._greeting_due(now):
            greeting = self._pick("greeting", user=False)
            if greeting is not None:
                return self._passage([greeting])
        return self._pitch() or self._plain_round()

    def _greeting_due(self, now: float) -> bool:
        if self._greet_in is not None:
            self._next_greeting, self._greet_in = now + self._greet_in, None
        if now < self._next_greeting:
            return False
        self._next_greeting = now + GREETING_EVERY_S
        return True

    def _pitch(self) -> Passage | None:
        able = [p for p in self._products if self._can_pitch(p)]
        able = [p for p in able if p.stock != 0] or able
        if not able:
            return None
        if self._round >= {p.product_id for p in able}:
            self._round.clear()
            closing = self._pick("closing", user=False)
            if closing is not None:
                return self._passage([closing])
        product = self._next_product(able)
        self._last = product.product_id
        self._round.add(product.product_id)
        script = self._pick("pitch", product.product_id)
        if script is None:
            return self._points(product)
        parts = [script]
        cta = self._pick("cta", product.product_id) or self._pick("cta")
        if cta is not None and self._turn % 2:
            parts.append(cta)
        return self._passage(parts, product)

    def _can_pitch(self, product: Product) -> bool:
        written = [s for s in self._scripts.values() if s.kind == "pitch" and s.product_id == product.product_id]
        return not written or any(s.enabled for s in written)

    def _next_product(self, able: list[Product]) -> Product:
        pinned = next((p for p in able if p.pinned), None)
        if pinned is not None and self._last != pinned.product_id:
            return pinned
        fresh = [p for p in able if p.product_id not in self._round and not p.pinned]
        fresh = fresh or [p for p in able if p.product_id != self._last] or able
        return fresh[0]

    def _plain_round(self) -> Passage | None:
        """Scripts about no product, for a room without products."""
        script = self._pick("pitch")
        return self._passage([script]) if script is not None else None

    def pick_text(self, kind: ScriptKind, lang: Lang, *, user: bool) -> str | None:
        """A worded script of `kind` in exactly `lang`, with or without `{user}` in it."""
        enabled = [s for s in self._scripts.values() if s.enabled and s.kind == kind and s.lang == lang]
        script = self._least_used([s for s in enabled if s.product_id is None and ("{user}" in s.text) == user])
        return self._vary(script.text) if script is not None else None

    def go_on(self, lang: Lang) -> str:
        """A short phrase with which an interrupted script goes on."""
        own = self.pick_text("transition", lang, user=False)
        if own is not None and sentences.units(own) <= sentences.MAX_UNITS:
            return own
        return self._least_phrase(f"go_on:{lang}", GO_ON[lang])

    def _least_phrase(self, key: str, phrases: Sequence[str]) -> str:
        at = min(range(len(phrases)), key=lambda i: (self._used.get(f"{key}:{i}", -1), self._rng.random()))
        self._turn += 1
        self._used[f"{key}:{at}"] = self._turn
        return phrases[at]

    def _pick(self, kind: ScriptKind, product_id: str | None = None, *, user: bool | None = None) -> Script | None:
        enabled = [s for s in self._scripts.values() if s.enabled and s.kind == kind and s.product_id == product_id]
        enabled = [s for s in enabled if user is None or ("{user}" in s.text) == user]
        own = [s for s in enabled if s.lang == self.lang]
        return self._least_used(own or enabled)

    def _least_used(self, pool: list[Script]) -> Script | None:
        if not pool:
            return None
        script = min(pool, key=lambda s: (self._used.get(s.script_id, -1), self._rng.random()))
        self._used[script.script_id] = self._turn
        self._turn += 1
        return script

    def _passage(self, scripts: list[Script], product: Product | None = None) -> Passage:
        lang = scripts[0].lang
        parts = [s for s in scripts if s.lang == lang]
        texts = [t for s in parts for t in self._sentences(s.text, lang, product)]
        first = parts[0]
        return Passage(first.script_id, first.stamp, lang, product.product_id if product else None, tuple(texts))

    def _points(self, product: Product) -> Passage:
        lang = next((la for la in (self.lang, *LANGS) if product.name.get(la)), self.lang)
        texts = [t for point in POINTS[lang] for t in self._sentences(point, lang, product)]
        return Passage(f"points:{product.product_id}", 0, lang, product.product_id, tuple(texts))

    def _sentences(self, text: str, lang: Lang, product: Product | None) -> list[str]:
        text = self._vary(text[:MAX_SCRIPT_CHARS])
        while "{fact}" in text:
            text = text.replace("{fact}", self._fact(product, lang), 1)
        return sentences.split(text)

    def _vary(self, text: str) -> str:
        return _CHOICE.sub(lambda found: self._rng.choice(found[1].split("|")), text)

    def _fact(self, product: Product | None, lang: Lang) -> str:
        facts = [f.replace("{fact}", "") for f in (product.facts.get(lang, ()) if product else ())]
        if product is None or not facts:
            return ""
        fact = self._least_phrase(f"fact:{product.product_id}:{lang}", facts)
        end = {"zh": "。", "en": ". ", "ja": "。"}[lang]
        return fact if fact.rstrip()[-1:] in "。.!?!?！？" else fact + end

    def state(self, now: float) -> dict[str, Any]:
        """What `__init__` takes after a restart; at most a few kilobytes."""
        used = sorted(self._used.items(), key=lambda item: item[1])[-256:]
        greet_in = self._greet_in if self._greet_in is not None else max(0.0, self._next_greeting - now)
        return {
            "turn": self._turn, "used": dict(used), "last": self._last, "round": sorted(self._round),
            "greet_in": greet_in,
        }
