"""Product: what a room sells, with the facts that may be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.line import LANGS, Lang

Texts = Mapping[str, str]
"""Language code -> text."""


def in_lang(texts: Texts, lang: Lang) -> str:
    """The text in `lang`, else in the first language that has one, else empty."""
    return texts.get(lang) or next((texts[k] for k in LANGS if texts.get(k)), "")


@dataclass(frozen=True, slots=True)
class Faq:
    """A question viewers ask and its answer, per language."""

    question: Texts
    answer: Texts


@dataclass(frozen=True, slots=True)
class Product:
    """One product. `facts` are short sentences, each true on its own, per language.

    `price` and `was_price` are exact decimals in `currency` (ISO 4217); `stock` None means not
    counted; `aliases` are other names viewers use, in any language.
    """

    product_id: str
    name: Texts
    price: Decimal | None
    currency: str = "CNY"
    was_price: Decimal | None = None
    stock: int | None = None
    unit: Texts = field(default_factory=dict)
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faq: tuple[Faq, ...] = ()
    aliases: tuple[str, ...] = ()
    picture: str | None = None
    pinned: bool = False
