"""Composer: words for facts, frequent questions and occasions, never in the same words while others are left."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipelines import sentences
from pipelines.catalogue import Product
from pipelines.line import Lang
from pipelines.phrases import PHRASES, hello

Age = Callable[[str, Lang, str | None], float | None]
"""Seconds since a sentence (with placeholders) about a product was said; None when it was not said lately."""

TRIES = 4
"""Wordings of one phrase that are tried before another phrase is."""
_CHOICE = re.compile(r"\[([^\[\]|]*(?:\|[^\[\]|]*)+)\]")
_ENDS = "。.!?！？…"


class Composer:
    """Chooses by least recent use, with chance among equals, and looks at what was said lately."""

    def __init__(self, rng: random.Random, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self._rng = rng
        self.turn = int(state.get("turn", 0))
        self.used: dict[str, int] = {str(k): int(v) for k, v in dict(state.get("used", {})).items()}
        self.age: Age = lambda text, lang, product_id: None
        self.hour: Callable[[], int] | None = None

    # --- least recent use ---

    def use(self, key: str) -> None:
        """This was chosen."""
        self.used[key] = self.turn
        self.turn += 1

    def least(self, keys: Sequence[str]) -> list[str]:
        """The keys, least recently used first."""
        return sorted(keys, key=lambda k: (self.used.get(k, -1), self._rng.random()))

    def keep(self, known: Callable[[str], bool]) -> None:
        """Forget the use of what is gone."""
        self.used = {k: v for k, v in self.used.items() if known(k)}

    def undo(self) -> Callable[[], None]:
        """What takes back the choices made after this call."""
        turn, used = self.turn, dict(self.used)

        def back() -> None:
            self.turn, self.used = turn, used

        return back

    # --- words ---

    def vary(self, text: str) -> str:
        """`text` with one of each `[a|b]`."""
        return _CHOICE.sub(lambda found: self._rng.choice(found[1].split("|")), text)

    def hello(self, lang: Lang) -> str:
        """How one greets at this hour."""
        return hello(lang, self.hour() if self.hour is not None else None)

    def stale(self, texts: Sequence[str], lang: Lang, product_id: str | None) -> int:
        """How many of the sentences were said lately."""
        return sum(self.age(t, lang, product_id) is not None for t in texts)

    def fresh(self, wordings: Callable[[], str], lang: Lang, product_id: str | None) -> str | None:
        """A wording that was not said lately; None when none was found."""
        for _ in range(TRIES):
            text = wordings()
            if not self.stale(sentences.split(text), lang, product_id):
                return text
        return None

    def phrase(self, occasion: str, lang: Lang, product_id: str | None = None, **fill: str) -> str:
        """What is said on an occasion, in other words than lately if there are any."""
        return self.new_phrase(occasion, lang, product_id, **fill) or self._old_phrase(occasion, lang, product_id, fill)

    def new_phrase(self, occasion: str, lang: Lang, product_id: str | None = None, **fill: str) -> str | None:
        """The same, None when all was said lately."""
        bank = PHRASES[occasion][lang]
        keys = {f"{occasion}:{lang}:{k}": phrase for k, phrase in enumerate(bank)}
        for key in self.least(list(keys)):
            text = self.fresh(lambda key=key: self._filled(keys[key], lang, fill), lang, product_id)  # type: ignore[misc]
            if text is not None:
                self.use(key)
                return text
        return None

    def _old_phrase(self, occasion: str, lang: Lang, product_id: str | None, fill: Mapping[str, str]) -> str:
        """The wording, of many, that was said longest ago."""

        def age(text: str) -> float:
            return min(1e9 if a is None else a for a in (self.age(t, lang, product_id) for t in sentences.split(text)))

        wordings = [self._filled(phrase, lang, fill) for phrase in PHRASES[occasion][lang] * TRIES]
        return max(wordings, key=age)

    def _filled(self, phrase: str, lang: Lang, fill: Mapping[str, str]) -> str:
        text = self.vary(phrase).replace("{hello}", self.hello(lang))
        for slot, value in fill.items():
            text = text.replace("{" + slot + "}", value)
        return text

    def dress(self, text: str, lang: Lang, product_id: str | None) -> str:
        """`text`, led up to in another way when it was said lately."""
        if not self.stale(sentences.split(text), lang, product_id):
            return text
        bank = PHRASES["lead"][lang]
        keys = {f"lead:{lang}:{k}": lead for k, lead in enumerate(bank)}
        for key in self.least(list(keys)):
            led = self.fresh(lambda key=key: self.vary(keys[key]) + text, lang, product_id)  # type: ignore[misc]
            if led is not None:
                self.use(key)
                return led
        return text

    def fact(self, product: Product, lang: Lang) -> str:
        """A fact of the product that was not used lately, as a sentence; empty when it has none in `lang`."""
        facts = [plain(f) for f in product.facts.get(lang, ()) if plain(f)]
        if not facts:
            return ""
        key = self.least([f"fact:{product.product_id}:{lang}:{k}" for k in range(len(facts))])[0]
        self.use(key)
        return self.dress(ended(facts[int(key.rpartition(":")[2])], lang), lang, product.product_id)

    def question(self, product: Product, lang: Lang) -> list[str]:
        """A frequent question about the product and its answer, as sentences; empty when it has none in `lang`."""
        known = [(plain(f.question.get(lang, "")), plain(f.answer.get(lang, ""))) for f in product.faq]
        keys = [f"faq:{product.product_id}:{lang}:{k}" for k, (q, a) in enumerate(known) if q and a]
        if not keys:
            return []
        key = self.least(keys)[0]
        self.use(key)
        question, answer = known[int(key.rpartition(":")[2])]
        about = product.product_id
        asked = self.phrase("asked", lang, about, question=question.rstrip("?？。. "))
        return [*sentences.split(asked), *sentences.split(self.dress(ended(answer, lang), lang, about))]

    def state(self) -> dict[str, Any]:
        """What `__init__` takes after a restart."""
        return {"turn": self.turn, "used": dict(sorted(self.used.items(), key=lambda item: item[1])[-256:])}


def plain(text: str) -> str:
    """A text of the catalogue without what a script would take for a placeholder or a choice."""
    return re.sub(r"[\[\]{}|]", " ", text).strip()


def ended(text: str, lang: Lang) -> str:
    """`text` with a full stop, followed by a space where the language has one."""
    stop = "" if text.rstrip()[-1:] in _ENDS else {"zh": "。", "en": ".", "ja": "。"}[lang]
    return text.rstrip() + stop + (" " if lang == "en" else "")
