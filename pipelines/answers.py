"""Answers: what is said to a viewer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.catalogue import Product
from pipelines.inbox import Pick, Wait
from pipelines.langid import detect
from pipelines.line import Lang
from pipelines.moderation import spoken_name
from pipelines.scriptbook import ScriptBook

_AND: dict[Lang, str] = {"zh": "、", "en": ", ", "ja": "さん、"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Sentences with placeholders, addressed to `user` (a spoken name, or several)."""

    texts: tuple[str, ...]
    lang: Lang
    user: str
    product_id: str | None = None


class Answers:
    """Answers from the catalogue alone."""

    def __init__(self, book: ScriptBook, rng: random.Random) -> None:
        self._book, self._rng = book, rng

    def set_products(self, products: Sequence[Product]) -> None:
        """Answer about these products from now on."""

    def classify(self, text: str) -> Wait | None:
        """What a comment is: a question, a hello, or a remark that needs no answer (None)."""
        return "question" if text.rstrip().endswith(("?", "？", "吗")) else None

    def reply(self, pick: Pick, lang: Lang, on_air: str | None) -> Reply | None:
        """The answer to `pick`."""
        first = pick.events[0]
        if pick.kind == "question":
            lang = detect(first.text, lang)
        names = dict.fromkeys(spoken_name(e.user, lang) for e in pick.events)
        user = _AND[lang].join(names)
        return Reply((f"{{user}}: {first.text}",), lang, user)
