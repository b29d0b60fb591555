"""Findings: where a product's entry contradicts itself; its price and stock fields count, and the shop is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pipelines.catalogue import Product
from pipelines.guard.claims import claims, ingredients
from pipelines.guard.fold import fold, pattern
from pipelines.guard.quantities import Quantity, quantities
from pipelines.guard.topics import topic
from pipelines.line import LANGS, Lang

FIELDS = frozenset(("money", "share", "count"))
"""Kinds of figure that a field of the product decides, where a text is about the same."""
_OTHER = pattern(
    r"运费|邮费|邮寄|替换|单买|另|押金|满|礼盒|加购|差价|每(?:毫升|克|片|包|天)|一(?:毫升|克|片|包|天)|shipping|delivery|postage|refill|over|deposit|extra|per (?:ml|gram|day)|送料|以上|别売|レフィル"
)
_STOCK = pattern(r"库存|还剩|现货|仅剩|只剩|in stock|left|remaining|在庫|在库|残り")
_SAVED = pattern(r"省|便宜|减|save|off|less|お得|引")
_ONE: dict[str, dict[Lang, str]] = {
    "price": {
        "zh": "“{text}”里的价格 {said} 和价格栏的 {field} 不一致；主播按价格栏说。",
        "en": "“{text}” says {said}, the price field says {field}; the presenter goes by the field.",
    },
    "discount": {
        "zh": "“{text}”里的折扣和原价、现价算出来的不一致；主播按价格栏说。",
        "en": "The discount in “{text}” is not the one between the two price fields; the presenter goes by the fields.",
    },
    "stock": {
        "zh": "“{text}”里的库存 {said} 和库存栏的 {field} 不一致；主播按库存栏说。",
        "en": "“{text}” says {said} are left, the stock field says {field}; the presenter goes by the field.",
    },
    "time": {
        "zh": "“{text}”和“{other}”说的时间不一样，请改成一致。",
        "en": "“{text}” and “{other}” give different times; please make them agree.",
    },
    "content": {
        "zh": "“{text}”和“{other}”说的含量不一样，请改成一致。",
        "en": "“{text}” and “{other}” give different contents; please make them agree.",
    },
    "ingredient": {
        "zh": "“{text}”和“{other}”对{said}的说法相反；改好之前主播不提它。",
        "en": "“{text}” and “{other}” contradict each other about {said}; until that is put right the presenter says neither.",
    },
    "was_price": {
        "zh": "原价 {field} 不高于现价 {said}，没有折扣可说。",
        "en": "The price before ({field}) is not above the price now ({said}); there is no discount to speak of.",
    },
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction of a product's entry; `texts` are the facts or answers that make it."""

    product_id: str
    kind: str
    texts: tuple[str, ...]
    message: dict[Lang, str]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"product_id": self.product_id, "kind": self.kind, "texts": list(self.texts), "message": self.message}


@dataclass(frozen=True, slots=True)
class _Said:
    lang: str
    text: str
    plain: str
    asked: str


def findings(product: Product) -> list[Finding]:
    """Every contradiction of a product's facts and answers with its fields and with each other."""
    said = list(_said(product))
    found = [f for s in said for f in _against_fields(product, s)]
    if product.price is not None and product.was_price is not None and product.was_price <= product.price:
        found.append(_finding(product, "was_price", (), said=str(product.price), field=str(product.was_price)))
    return [*found, *_among(product, said)]


def overruled(product: Product) -> set[str]:
    """Texts whose price, discount or stock a field of the product contradicts."""
    return {t for s in _said(product) for f in _against_fields(product, s) for t in f.texts}


def at_end(q: Quantity, asked: str) -> Quantity:
    """A figure as if it stood at the end of the question it answers, which tells what it is about."""
    end = len(fold(asked).plain)
    return replace(q, start=end, end=end)


def _said(product: Product) -> Iterator[_Said]:
    for lang in LANGS:
        for text in product.facts.get(lang, ()):
            yield _Said(lang, text, fold(text).plain, "")
    for f in product.faq:
        for key, text in f.answer.items():
            yield _Said(key, text, fold(text).plain, f.question.get(key, ""))


def _finding(product: Product, kind: str, texts: Iterable[str], **named: str) -> Finding:
    kept = tuple(texts)
    shown = {"text": kept[0][:80] if kept else "", "other": kept[1][:80] if len(kept) > 1 else "", **named}
    return Finding(product.product_id, kind, kept, {k: v.format(**shown) for k, v in _ONE[kind].items()})


def _against_fields(p: Product, s: _Said) -> Iterator[Finding]:
    about_other = bool(_OTHER.search(s.plain))
    for q in quantities(s.text):
        around = s.plain[max(0, q.start - 8) : q.end + 6]
        if q.kind == "money" and p.price is not None and not about_other:
            right = {p.price * n for n in range(1, 11)} | ({p.was_price} if p.was_price is not None else set())
            if p.was_price is not None and _SAVED.search(around):
                right.add(p.was_price - p.price)
            if q.value not in right:
                yield _finding(p, "price", [s.text], said=f"{q.value:f}", field=str(p.price))
        elif q.kind == "share" and not about_other and p.price and p.was_price and ("折" in q.unit or q.off or "half" in q.unit):
            share = 1 - p.price / p.was_price if q.off else p.price / p.was_price
            if abs(share - q.value) >= Decimal("0.0055"):
                yield _finding(p, "discount", [s.text])
        elif q.kind == "count" and p.stock is not None and _STOCK.search(around) and q.value != p.stock:
            yield _finding(p, "stock", [s.text], said=f"{q.value:f}", field=str(p.stock))


def _among(p: Product, said: list[_Said]) -> Iterator[Finding]:
    times: dict[tuple[str, str], list[tuple[Quantity, _Said]]] = {}
    contents: dict[str, list[tuple[Quantity, _Said]]] = {}
    parts: dict[int, dict[bool, _Said]] = {}
    for s in said:
        for q in quantities(s.text):
            about = topic(s.plain, q) or topic(fold(s.asked).plain + " ", at_end(q, s.asked))
            if q.kind in ("months", "days", "minutes") and about in ("closed", "opened", "return", "warranty"):
                times.setdefault((about, q.kind), []).append((q, s))
            elif q.kind in ("volume", "weight") and not re.search(r"每(?!罐|瓶|支)|一次|小样|赠|送|per |each|sample|free", s.plain):
                contents.setdefault(q.kind, []).append((q, s))
        for index, there, _, _ in ingredients(s.plain):
            parts.setdefault(index, {}).setdefault(there, s)
    for kind, found in (*(("time", v) for v in times.values()), *(("content", v) for v in contents.values())):
        first, one = found[0]
        for q, s in found[1:]:
            if q.value != first.value and s.text != one.text:
                yield _finding(p, kind, [one.text, s.text])
                break
    for index, both in parts.items():
        if len(both) == 2:
            yield _finding(p, "ingredient", [both[True].text, both[False].text], said=claims().ingredients[index][0])
