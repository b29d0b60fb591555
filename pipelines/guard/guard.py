"""Guard: judges one sentence: may it be said, said otherwise, or not at all.

Words are judged by `terms`, figures, promises and ingredients by `facts`, what is nobody's business by `private`. It
holds no state of a show, so that the same sentence is judged the same at any time.
"""

from __future__ import annotations

import functools
import json
import re
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pipelines.catalogue import Product
from pipelines.guard import facts, private
from pipelines.guard.claims import claims
from pipelines.guard.facts import Knowledge
from pipelines.guard.fold import MAX_CHARS, fold
from pipelines.guard.terms import Terms
from pipelines.guard.verdict import Hit, Verdict
from pipelines.line import Lang

OWN_BRANDS = "rivals"
"""The list of brands of which those in the catalogue may be named."""
KEPT = 2048
"""Verdicts that are remembered; a sentence is asked after several times before it is said."""
_TOO_LONG: dict[Lang, str] = {"zh": "句子太长，无法检查。", "en": "The sentence is too long to be judged."}
_UNREADABLE: dict[Lang, str] = {"zh": "这句话读不出来。", "en": "The sentence can't be read."}
_MARKS = re.compile(r"([，,、])\s*(?=[，,、。.!！?？])")
_TWICE = re.compile("的{2,}(?!确)")
_OVERSTACKED = re.compile(r"[\u0300-\u036f\u0488\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3,}")


class Guard:
    """Of one room: its catalogue, and what its shop has added to or taken off the lists."""

    def __init__(
        self, products: Iterable[Product] = (), *, own: Sequence[Mapping[str, Any]] = (), allowed: Iterable[str] = (),
        texts: Iterable[str] = (),
    ) -> None:
        self._texts = tuple(texts)
        self._kept: OrderedDict[tuple[Any, ...], Verdict] = OrderedDict()
        self._terms = _terms(own, allowed)
        self.set_products(products)

    def set_products(self, products: Iterable[Product]) -> None:
        """Judge by this catalogue from now on."""
        self._products = {p.product_id: p for p in products}
        self._about: dict[frozenset[str], Knowledge] = {}
        self._sold: str | None = None
        self._names = {
            name: p.product_id
            for p in self._products.values()
            for name in (fold(n).plain for n in p.name.values() if n)
        }
        self._short = {
            short: p.product_id
            for p in self._products.values()
            for short in (fold(a).plain for a in p.aliases)
            if len(short) > 1 and short not in claims().index
        }
        self._kept.clear()

    def set_words(self, own: Sequence[Mapping[str, Any]], allowed: Iterable[str]) -> None:
        """Use other words of one's own; raises `BadInput` and changes nothing when one is none."""
        self._terms = _terms(own, allowed)
        self._kept.clear()

    def judge(self, text: str, lang: Lang, product_id: str | None = None, *, names: Collection[str] = ()) -> Verdict:
        """The verdict on a sentence about a product (None: about the shop), spoken to viewers called `names`."""
        if len(text) > MAX_CHARS:
            return _long(text)
        key = (text, lang, product_id, tuple(names))
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        verdict = self._judged(text, lang, product_id, names)
        self._kept[key] = verdict
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return verdict

    def _judged(self, text: str, lang: Lang, product_id: str | None, names: Collection[str]) -> Verdict:
        if len(fold(text).plain) >= MAX_CHARS:
            return _long(text)
        if _OVERSTACKED.search(text):
            return Verdict("hold", "", (Hit("form:unreadable", "form", text[:40], 0, min(40, len(text)), _UNREADABLE),))
        hits = self.hits(text, lang, product_id, names)
        if not hits:
            return Verdict("allow", text)
        if all(h.rewrite is not None for h in hits):
            again = rewritten(text, hits)
            if again and not self.hits(again, lang, product_id, names):
                return Verdict("rewrite", again, tuple(hits))
        return Verdict("hold", "", tuple(hits))

    def hits(self, text: str, lang: Lang, product_id: str | None = None, names: Collection[str] = ()) -> list[Hit]:
        """Every rule that the sentence breaks, in the order of their places."""
        folded = fold(text)
        if not folded.joined:
            return []
        about = self._knowledge(folded.plain, product_id)
        found = [h for h in self._terms.find(folded, lang) if h.category != OWN_BRANDS or not self._sells(h.found)]
        found += private.find(folded, about.text)
        found += facts.check(text, lang, about, spare=names, beside=self._mentioned(folded.plain, product_id))
        return sorted(found, key=lambda h: (h.start, h.end))

    def _mentioned(self, plain: str, product_id: str | None) -> list[Product]:
        """Other goods that a sentence names by a short name which is no ingredient."""
        return [self._products[i] for name, i in self._short.items() if i != product_id and name in plain]

    def _sells(self, name: str) -> bool:
        """Whether a brand stands in the catalogue."""
        if self._sold is None:
            self._sold = Knowledge.of(self._products.values(), self._texts).text
        return fold(name).plain in self._sold

    def _knowledge(self, plain: str, product_id: str | None) -> Knowledge:
        """Of the product and of those that the sentence names; of all when it is about none."""
        ids = {i for name, i in self._names.items() if name in plain}
        if product_id in self._products:
            ids.add(str(product_id))
        key = frozenset(ids)
        if key not in self._about:
            chosen = [self._products[i] for i in sorted(ids)] if ids else list(self._products.values())
            self._about[key] = Knowledge.of(chosen, self._texts)
        return self._about[key]


def _long(text: str) -> Verdict:
    return Verdict("hold", "", (Hit("form:long", "form", text[:40], 0, 40, _TOO_LONG),))


def _terms(own: Sequence[Mapping[str, Any]], allowed: Iterable[str]) -> Terms:
    """Of a shop's words; the lists of several rooms and of the panel's trials are compiled once."""
    return _compiled(json.dumps([dict(w) for w in own], sort_keys=True, default=str), frozenset(allowed))


@functools.lru_cache(16)
def _compiled(own: str, allowed: frozenset[str]) -> Terms:
    return Terms(json.loads(own), allowed)


def rewritten(text: str, hits: Sequence[Hit]) -> str:
    """The sentence with what hits would rather have in their places."""
    out = text
    for hit in sorted(hits, key=lambda h: -h.start):
        out = out[: hit.start] + (hit.rewrite or "") + out[hit.end :]
    return _MARKS.sub("", _TWICE.sub("的", re.sub(r"\s{2,}", " ", out))).strip()
