"""Facts: whether every figure, promise and ingredient of a sentence stands in the catalogue.

What a sentence says is compared with what follows from the product: its price and what it was, the discount between
the two, its stock, and every quantity, promise and ingredient in its facts and answers, in any language.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.catalogue import Product
from pipelines.guard import findings
from pipelines.guard.claims import claims, foreign, ingredients, particular, promises
from pipelines.guard.figures import Known, wrong
from pipelines.guard.fold import fold
from pipelines.guard.quantities import in_folded, quantities
from pipelines.guard.topics import topic
from pipelines.guard.verdict import Hit
from pipelines.line import LANGS, Lang

PRICED = frozenset(("money", "bare", "share"))
"""Kinds of figure that may be about goods which a sentence only mentions."""
_REASONS: dict[str, dict[Lang, str]] = {
    "figure": {"zh": "商品资料里没有这个数字。", "en": "The catalogue does not hold this figure."},
    "price": {"zh": "和商品资料里的价格不一致。", "en": "It is not the price in the catalogue."},
    "discount": {"zh": "和资料里的原价、现价算出来的折扣不一致。", "en": "It is not the discount between the two prices."},
    "stock": {"zh": "和库存不一致。", "en": "It is not the stock."},
    "promise": {"zh": "商品资料里没有这个承诺：{}。", "en": "The catalogue does not promise {}."},
    "ingredient": {"zh": "商品资料里没有写这个成分，或者写的正相反。", "en": "The catalogue does not list this ingredient so."},
}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What follows from some products and texts."""

    products: tuple[Product, ...]
    known: tuple[Known, ...]
    promises: frozenset[str]
    ingredients: frozenset[tuple[int, bool]]
    """(ingredient, whether it is in); of one that is said to be both, neither."""
    text: str
    names: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, products: Iterable[Product], texts: Iterable[str] = ()) -> Knowledge:
        """All that is said of these products, and in these texts, without what their prices and stock contradict."""
        kept = tuple(products)
        said = [(t, "") for t in texts]
        doubtful: set[str] = set()
        for p in kept:
            said += [(t, "") for lang in LANGS for t in p.facts.get(lang, ())]
            said += [(t, f.question.get(lang, "")) for f in p.faq for lang, t in f.answer.items()]
            doubtful |= findings.overruled(p)
        folded = [fold(t).plain for t, _ in said] + [fold(n).plain for p in kept for n in (*p.name.values(), *p.aliases)]
        known = [
            Known(q, topic(fold(t).plain, q) or topic(fold(asked).plain + " ", findings.at_end(q, asked)))
            for t, asked in said for q in quantities(t) if q.kind not in findings.FIELDS or t not in doubtful
        ]
        known += [Known(q, "") for p in kept for n in p.name.values() for q in quantities(n)]
        names = tuple({fold(n).plain for p in kept for n in p.name.values() if n})
        promised = frozenset(k for k, form in claims().promises.items() if any(form.search(t) for t in folded))
        parts = {(i, there) for t in folded for i, there, _, _ in ingredients(t)}
        sure = frozenset((i, there) for i, there in parts if (i, not there) not in parts)
        return cls(kept, tuple(known), promised, sure, "\n".join(folded), names)


def check(
    text: str, lang: Lang, knowledge: Knowledge, *, spare: Collection[str] = (), beside: Sequence[Product] = ()
) -> list[Hit]:
    """What of a sentence does not follow from `knowledge`.

    `spare` are names of viewers, which may hold any figure; `beside` goods that are mentioned, whose prices may be.
    """
    goods = (*knowledge.products, *(p for p in beside if p not in knowledge.products))
    for name in sorted((n for n in spare if n), key=len, reverse=True):
        text = text.replace(name, "※" * len(name))
    folded = fold(text)
    plain = folded.plain
    for name in knowledge.names:
        # A product's own name may hold figures and ingredients.
        if name in plain:
            plain = plain.replace(name, "※" * len(name))
    hits: list[Hit] = []

    def hit(kind: str, start: int, end: int, rewrite: str | None = None, about: Mapping[Lang, str] | None = None) -> None:
        a, b = folded.at[start], folded.at[min(end, len(folded.at)) - 1] + 1
        reason = {k: v.format(about[k]) if about else v for k, v in _REASONS[kind].items()}
        hits.append(Hit(f"facts:{kind}", "facts", folded.text[a:b], a, b, reason, rewrite))

    for q in in_folded(plain):
        found = wrong(q, plain, knowledge.known, goods if q.kind in PRICED else knowledge.products, lang)
        if found is not None:
            hit(found[0], q.start, q.end, found[1])
    if plain.rstrip(" 。.!！").endswith(("?", "？", "吗", "呢", "か")):
        return hits
    for name, start, end in promises(plain):
        if name not in knowledge.promises or not particular(name, plain, start, end, knowledge.text):
            hit("promise", start, end, None, claims().names[name])
    for index, there, start, end in ingredients(plain):
        if (index, there) not in knowledge.ingredients:
            hit("ingredient", start, end)
    for start, end in foreign(plain, knowledge.text):
        hit("ingredient", start, end)
    return hits
