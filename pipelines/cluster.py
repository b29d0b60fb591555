"""Clusters: questions that are one question, so that they are answered once and everybody who asked is named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from pipelines.catalogue import Product
from pipelines.langid import detect
from pipelines.line import Lang
from pipelines.moderation import spoken_name
from pipelines.retrieval import Retrieval, asks

NEAR = 88.0
"""rapidfuzz token-set ratio (0..100) from which two questions that nothing in the catalogue answers are one."""
NAMED = 3
"""Askers who are named; the others are counted."""

_AND: dict[Lang, str] = {"zh": "、", "en": ", ", "ja": "さん、"}
_OTHERS: dict[Lang, str] = {
    "zh": "{names}和其他{n}位朋友", "en": "{names} and {n} others", "ja": "{names}さん、ほか{n}名の皆",
}
"""In Japanese, what follows adds the さん."""
_ONE_OTHER = "{names} and one other"
_FIGURE = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Topic:
    """What a question is about. `key` is the same for questions that one answer answers; None: words decide.

    `about` is the product it was asked about: the one it names, else the one that was on air.
    """

    key: tuple[str, ...] | None
    lang: Lang
    about: str | None
    text: str

    def same(self, other: Topic) -> bool:
        """Whether one answer does for both."""
        if self.lang != other.lang or self.about != other.about:
            return False
        if self.key is not None or other.key is not None:
            return self.key == other.key
        if sorted(_FIGURE.findall(self.text)) != sorted(_FIGURE.findall(other.text)):
            return False
        return fuzz.token_set_ratio(self.text, other.text) >= NEAR and fuzz.ratio(self.text, other.text) >= NEAR - 20


class Topics:
    """Tells topics by the catalogue."""

    def __init__(self) -> None:
        self._retrieval = Retrieval()

    def set_products(self, products: Sequence[Product]) -> None:
        """Use this catalogue from now on."""
        self._retrieval = Retrieval(products)

    def of(self, text: str, lang: Lang, on_air: str | None) -> Topic:
        """The topic of a question asked in a room of language `lang` while a product is on air."""
        tongue = detect(text, lang)
        found = self._retrieval.find(text, tongue, on_air)
        about = found.product.product_id if found.product is not None else on_air
        key: tuple[str, ...] | None = None
        if found.faq is not None and found.product is not None and not _by_intent(found.intent):
            key = ("faq", str(found.product.faq.index(found.faq)))
        elif found.intent and (asks(text) or found.intent not in ("hello", "thanks")):
            key = ("intent", found.intent)
            if found.intent in ("list", "human", "compare"):
                about = None
        return Topic(key, tongue, about, text.casefold())


def _by_intent(intent: str) -> bool:
    """Whether the intent alone decides the answer, whatever else was found."""
    return intent in ("price", "discount", "stock", "human")


def addressed(users: Sequence[str], lang: Lang, more: int = 0) -> str:
    """How several viewers are addressed: up to three names, the others and `more` counted. A name is said once."""
    names = list(dict.fromkeys(spoken_name(u, lang) for u in users))
    nameless = spoken_name("", lang)
    if len(names) > 1 and nameless in names:
        names.remove(nameless)
    count = len(dict.fromkeys(users)) + more
    said = names[:NAMED]
    left = count - len(said)
    joined = _AND[lang].join(said)
    if left <= 0 or (said == [nameless] and not more):
        return joined
    if lang == "en" and left == 1:
        return _ONE_OTHER.format(names=joined)
    return _OTHERS[lang].format(names=joined, n=left)
