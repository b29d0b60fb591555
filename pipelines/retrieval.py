"""Retrieval: finds what a viewer asks about in the catalogue, by the words themselves.

Chinese and Japanese are compared by pairs of characters, English by words, both weighted by how rare they are
(BM25's inverse document frequency; Robertson and Zaragoza, 2009); typing errors in product names are forgiven.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rapidfuzz import fuzz

from pipelines.brief import pair
from pipelines.catalogue import Faq, Product
from pipelines.line import Lang

Intent = Literal[
    "price", "discount", "stock", "list", "human", "hello", "thanks", "shipping", "returns", "compare", "buy", ""
]
FAQ_SURE = 0.42
"""Similarity 0..1 from which a viewer's question is taken for one of the catalogue's."""
FACT_SURE = 0.34
_TYPO = 84.0
"""rapidfuzz ratio (0..100) from which a Latin word is taken for a product's name."""

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々ー]+")
_WORD = re.compile(r"[a-zà-ɏ0-9]+")
_STOP_WORDS = set(
    "a an the is are am do does did can could will would i you it this that of for to in on and or with my me your "
    "how what when where which who why be please hi hello there one some any have has got get much many".split()
)
_FILLER = re.compile(
    r"请问|主播|老板|亲|你好|您好|一下|这个|这款|那个|那款|的话|可以|能不能|能|会不会|会|吗|呢|吧|呀|啊|哦|嘛|了|的|是|我|你|们|有没有|是不是|怎么样|什么|有"
    r"|ですか|ますか|でしょうか|です|ます|この|その|これ|それ|すみません|教えて|ください|か$"
)
_INTENTS: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    ("human", re.compile(r"真人|机器人|是不是ai|是ai|数字人|假人|\b(?:robot|human|real person|bot|an ai|ai)\b|人間|ロボット|AIですか", re.I)),
    ("returns", re.compile(r"退货|退款|退换|七天无理由|\b(?:return|refund)\w*|返品|返金")),
    ("shipping", re.compile(r"发货|快递|物流|包邮|邮费|运费|几天到|多久到|\b(?:ship|shipping|deliver\w*|postage)\b|送料|発送|届き|配送")),
    ("discount", re.compile(r"优惠|打折|便宜|折扣|活动价|券|满减|原价|\b(?:discount|deal|cheaper|coupon|sale)\b|割引|安く|セール")),
    (
        "price",
        re.compile(
            r"多少钱|价格|几块|怎么卖|多少米|什么价|价钱|贵不贵|啥价|几多钱|多少一|\b(?:price|cost|costs|how much)\b|いくら|値段|価格",
            re.I,
        ),
    ),
    ("stock", re.compile(r"有货|库存|还有吗|还有没有|卖完|售罄|剩多少|剩几|没货|\b(?:stock|available|sold out|left)\b|在庫|売り切れ|残って")),
    ("compare", re.compile(r"哪个好|哪款好|区别|推荐哪|对比|\b(?:which|better|difference|compare|recommend)\b|どれが|違い|おすすめ")),
    ("list", re.compile(r"有什么|有哪些|卖什么|都有啥|有啥|都卖|\b(?:what do you (?:sell|have)|products|catalogue|catalog)\b|何を売|商品は|何があり")),
    ("buy", re.compile(r"怎么买|哪里买|在哪下单|怎么下单|怎么拍|链接|\b(?:buy|order|checkout|link)\b|買い方|どこで買|注文")),
    ("thanks", re.compile(r"谢谢|感谢|多谢|\b(?:thanks|thank you|thx)\b|ありがとう")),
    (
        "hello",
        re.compile(r"^\W*(?:你好|您好|大家好|晚上好|早上好|下午好|嗨|哈喽|hello|hi|hey|good (?:evening|morning)|こんばんは|こんにちは|はじめまして)", re.I),
    ),
)
_ASKS = re.compile(
    r"[?？]|吗|呢$|怎么|多少|几(?:天|个|块|点|包|号)|什么|哪|能不能|可以|会不会|有没有|是不是|多久|谁|为啥|为什么|求"
    r"|\b(?:how|what|when|where|which|who|why|is|are|does|do|can|could|will|price)\b|ですか|ますか|いくら|どう|何|か$",
    re.I,
)


_GENERAL = re.compile(r"怎么样|如何|好不好|好用吗|介绍|说说|讲讲|\btell\b|\babout\b|\bany good\b|どう(?:です|でしょう)|について|紹介")


_EITHER = re.compile(r"([\u3400-\u9fff]{1,2})[不没]\1")
"""A verb or adjective said twice asks whether: 黏不黏."""


def intent_of(text: str) -> Intent:
    """What kind of thing is asked; the first that fits, most telling first."""
    return next((intent for intent, pattern in _INTENTS if pattern.search(text.casefold())), "")


def asks(text: str) -> bool:
    """Whether a comment reads like a question."""
    return bool(_ASKS.search(text.strip()))


def letters(text: str) -> str:
    """What is left of a text when signs, spaces and capitals make no difference."""
    return "".join(c for c in text.casefold() if c.isalnum())


def terms(text: str) -> Counter[str]:
    """Pairs of characters of what is written in Han or kana, and the other words."""
    text = text.casefold()
    found: Counter[str] = Counter()
    for run in _CJK.findall(_FILLER.sub(" ", _EITHER.sub(r" \1 ", text))):
        found.update(run[k : k + 2] for k in range(len(run) - 1))
        if len(run) == 1:
            found[run] += 1
    for word in _WORD.findall(text):
        if word not in _STOP_WORDS:
            found[_stem(word)] += 1
    return found


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "s", "ed"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            return word[: -len(ending)]
    return word


@dataclass(frozen=True, slots=True)
class Found:
    """What the catalogue has for a question; `faq` or `fact` when it answers it in words."""

    product: Product | None
    named: bool
    intent: Intent
    faq: Faq | None = None
    fact: str = ""
    score: float = 0.0
    wants: bool = False
    """Whether something particular is asked, to which any fact would be the wrong answer."""
    elsewhere: bool = False
    """Whether it is another product's answer, which the question does not name: it is told of which."""


class Retrieval:
    """An index over one room's products."""

    def __init__(self, products: Sequence[Product] = ()) -> None:
        self._products = tuple(products)
        self._names = {p.product_id: _names(p) for p in products}
        documents = [t for p in products for f in p.faq for t in f.question.values()]
        documents += [t for p in products for facts in p.facts.values() for t in facts]
        seen: Counter[str] = Counter()
        for document in documents:
            seen.update(terms(document).keys())
        self._n = max(1, len(documents))
        self._idf = {t: math.log(1 + (self._n - k + 0.5) / (k + 0.5)) for t, k in seen.items()}

    @property
    def products(self) -> tuple[Product, ...]:
        """The catalogue, in the order in which it is sold."""
        return self._products

    def find(self, text: str, lang: Lang, on_air: str | None) -> Found:
        """The product a question is about (the one on air when it names none) and what answers it."""
        named = self._named(text)
        spoken_of = named or next((p for p in self._products if p.product_id == on_air), None)
        intent = intent_of(text)
        said, query = letters(text), terms(self._without_names(text, named))
        pool = [named] if named else ([spoken_of] if spoken_of else []) + [p for p in self._products if p is not spoken_of]
        wants = bool(query) and asks(text) and not _GENERAL.search(text.casefold())
        best = Found(spoken_of, named is not None, intent, wants=wants)
        for place, product in enumerate(pool):
            # A question that names nothing is first of all about what is being shown.
            weight = 1.0 if place == 0 else 0.72
            for faq in product.faq:
                word_for_word = said in map(letters, faq.question.values())
                score = weight * (1.0 if word_for_word else self._near(query, faq))
                if score > max(best.score, FAQ_SURE):
                    best = replace(best, product=product, faq=faq, score=score)
        if best.faq is None:
            return best if spoken_of is None else self._by_fact(best, spoken_of, query, lang)
        if best.product is spoken_of:
            return best
        own = self._same_point(query, best.faq, spoken_of.faq if spoken_of is not None else ())
        return replace(best, elsewhere=True) if own is None else replace(best, product=spoken_of, faq=own)

    def _same_point(self, query: Counter[str], found: Faq, among: Sequence[Faq]) -> Faq | None:
        """The one of `among` that has what the question shares with `found` and is rarest: what it turns on."""
        shared = {t for q in found.question.values() for t in _common(query, terms(q)) if len(t) > 1}
        point = max(shared, key=lambda t: (self._weight([(t, 1)]), t), default=None)
        able = [f for f in among if any(point in terms(q) for q in f.question.values())]
        return max(able, key=lambda f: self._near(query, f), default=None)

    def ranked(self, found: Found, text: str, lang: Lang, limit: int) -> list[tuple[str, float]]:
        """Facts and pairs of the product in question, the nearest to the question first; with a score 0..1."""
        product = found.product
        if product is None:
            return []
        query = terms(self._without_names(text, product))
        scored = [(fact, self._share(query, terms(fact))) for fact in product.facts.get(lang, ())]
        for faq in product.faq:
            question, answer = faq.question.get(lang, ""), faq.answer.get(lang, "")
            if question and answer:
                near = 1.0 if faq is found.faq else self._near(query, faq)
                scored.append((pair(question, answer, lang), near))
        return sorted(scored, key=lambda item: -item[1])[:limit]

    def _by_fact(self, best: Found, product: Product, query: Counter[str], lang: Lang) -> Found:
        for facts in product.facts.values():
            for k, fact in enumerate(facts):
                score = self._share(query, terms(fact))
                if score > max(best.score, FACT_SURE):
                    said = product.facts.get(lang, ())
                    best = Found(product, best.named, best.intent, fact=said[k] if k < len(said) else fact, score=score)
        return best

    def _named(self, text: str) -> Product | None:
        """The product whose name or alias is in the text; the longest match wins."""
        folded = text.casefold()
        best: tuple[float, Product] | None = None
        for product in self._products:
            for name in self._names[product.product_id]:
                if name in folded and (best is None or len(name) > best[0]):
                    best = (len(name), product)
        if best is not None:
            return best[1]
        words = [w for w in _WORD.findall(folded) if len(w) >= 5 and w not in _STOP_WORDS]
        for product in self._products:
            for name in self._names[product.product_id]:
                parts = [p for p in _WORD.findall(name) if len(p) >= 5]
                if any(fuzz.ratio(w, p) >= _TYPO for w in words for p in parts):
                    return product
        return None

    def _without_names(self, text: str, product: Product | None) -> str:
        folded = text.casefold()
        for name in sorted(self._names[product.product_id], key=len, reverse=True) if product else ():
            folded = folded.replace(name, " ")
        return folded

    def _weight(self, found: Iterable[tuple[str, int]]) -> float:
        unknown = math.log(1 + self._n)
        return sum(self._idf.get(t, unknown) * k for t, k in found)

    def _near(self, query: Counter[str], faq: Faq) -> float:
        """How alike it is to one of the catalogue's questions, in whichever language, 0..1."""
        return max((self._alike(query, terms(q)) for q in faq.question.values()), default=0.0)

    def _alike(self, query: Counter[str], document: Counter[str]) -> float:
        """Shared weight, 0..1: what of the question is covered, and how much both are one.

        That the catalogue's question is wholly inside the viewer's counts little: "how do I use it" is one word, and
        stands in "can I use it on sensitive skin" too.
        """
        if not query or not document:
            return 0.0
        common = self._weight(_common(query, document).items())
        mine, theirs = self._weight(query.items()), self._weight(document.items())
        inside, covered, same = min(mine, theirs), mine, max(mine, theirs)
        return sum(share * common / max(of, 1e-9) for share, of in ((0.25, inside), (0.4, covered), (0.35, same)))

    def _share(self, query: Counter[str], document: Counter[str]) -> float:
        """Part of the question's weight that a statement covers."""
        whole = self._weight(query.items())
        return self._weight(_common(query, document).items()) / whole if whole else 0.0


def _common(query: Counter[str], document: Counter[str]) -> Counter[str]:
    """Terms of both; a character that is asked for alone is met in any pair that holds it."""
    found = query & document
    for term in query.keys() - found.keys():
        if len(term) == 1 and _CJK.match(term) and any(term in other for other in document):
            found[term] = 1
    return found


def _names(product: Product) -> tuple[str, ...]:
    names = {n.casefold().strip() for n in (*product.name.values(), *product.aliases)}
    return tuple(n for n in names if len(n) >= 2)
