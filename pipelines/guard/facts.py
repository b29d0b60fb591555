"""Facts: whether every figure, promise and ingredient of a sentence stands in the catalogue.

What a sentence says is compared with what follows from the product: its price and what it was, the discount between
the two, its stock, and every quantity, promise and ingredient in its facts and answers, in any language.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources import files

import yaml

from pipelines.catalogue import Product
from pipelines.guard.denial import denied
from pipelines.guard.fold import fold, pattern
from pipelines.guard.quantities import Kind, Quantity, quantities
from pipelines.guard.verdict import Hit
from pipelines.line import LANGS, Lang
from pipelines.wording import money, stock

_REASONS: dict[str, dict[Lang, str]] = {
    "figure": {"zh": "商品资料里没有这个数字。", "en": "The catalogue does not hold this figure."},
    "price": {"zh": "和商品资料里的价格不一致。", "en": "It is not the price in the catalogue."},
    "discount": {"zh": "和资料里的原价、现价算出来的折扣不一致。", "en": "It is not the discount between the two prices."},
    "stock": {"zh": "和库存不一致。", "en": "It is not the stock."},
    "promise": {"zh": "商品资料里没有这个承诺：{}。", "en": "The catalogue does not promise {}."},
    "ingredient": {"zh": "商品资料里没有写这个成分，或者写的正相反。", "en": "The catalogue does not list this ingredient so."},
}
_WAS = pattern(r"原价|平时|日常价|之前|以前|原来|吊牌价|划线价|was|before|used to be|usually|instead of|originally|down from|from|通常|定価|以前は|元の")
_SAVE = pattern(r"省|便宜|立减|减|少付|优惠|差价|save|saving|cheaper by|off|less|お得|引き")
_LESS = pattern(r"不到|低于|不超过|不足|少于|(?:under|less than|below|not even|within)\s*(?:an?\s*|about\s*)?[¥$€£]?$|以下|未満")
_LESS_AFTER = pattern(r"^\s*(?:不到|以内|以下|都不到|未満|or less)")
_MORE_AFTER = pattern(r"多|来|几|余|出头|以上|左右|上下|or so|ほど|くらい|ぐらい")
_LEFT = pattern(r"还剩|还有|剩|库存|只有|仅有|仅剩|最后|现货|left|in stock|stock|remaining|only|残り|在庫|あと")
_IT_IS = pattern(r"(?:现在|此刻|这会儿)(?:是|都|已经)?(?:北京时间)?$|it(?:'s| is)(?: now| already)?\s*$|今は$|ただいま$")
_BROADCAST = pattern(r"播|直播|见面|再见|不见|live|stream|配信|放送")
_STILL = pattern(r"最后|再(?:给|讲|聊|等|陪)|休息|倒数|last|another|あと")
_THANKS = pattern(r"感谢|谢谢|多谢|thank|ありがとう")
_LIKES = pattern(r"^\s*(?:个)?(?:点?赞|人在线|人在看|观众|朋友在|likes?|viewers|hearts)")
_WHETHER = pattern(r"能不能|会不会|可不可以|是不是|有没有|不敢保证|不敢说|没有写|whether|ですか")
_NOW = pattern(r"现在|现价|今天|今晚|直播间|now|today|tonight|only|今は|本日")
_SOFT: Mapping[Kind, int] = {"count": 2, "sorts": 1, "bare": 4, "minutes": 1, "days": 1, "people": 2, "times": 1}
"""Values up to which such a quantity is a manner of speaking (两瓶一起带)."""
_NUMBER_WORDS = pattern(r"[0-9一二三四五六七八九十百千万几两多]")
_FRAME_ZH = pattern(r"(?<!不)(?<!没)(?<!没有)(?:含有?|添加了?|加了|加入了?|富含|蕴含|成分(?:有|是)|主打)(?:的是)?([\u4e00-\u9fffa-z]{2,14})")
_FRAME_EN = pattern(
    r"\b(?:contains?|with added|made (?:with|from|of)|enriched with|infused with|rich in|formulated with|packed with|loaded with|"
    r"ingredients? (?:is|are|include))\s+([a-z][a-z' -]*?(?:(?:,| and) [a-z' -]+?)*)(?=[.,;!?]| that| which| to | for | so | but |$)")
_FRAME_JA = pattern(r"([\u30a0-\u30ff\u4e00-\u9fffa-z]{2,14})(?:を|が)?(?:たっぷり|贅沢に)?(?:配合|含ま|含ん|入って|入り)")
_SMALL = frozenset("a an the of and our own pure real natural more very only just some plenty it in this that fine good quality added".split())
_NOT_ZH = pattern(r"不|没|无|零|免|未")
_NOT_EN = pattern(r"\b(?:no|not|without|free of|free from|zero|nor|never|isn't|doesn't|don't|contains? no)\b")
_NOT_AFTER = pattern(r"^.{0,10}(?:不使用|無添加|フリー|加え(?:ず|ていません|ておりません)|ゼロ|使っていません|使用していません|含まれ(?:て(?:い)?)?ません|入っていません|不添加)|^[- ]free\b|^\s*free\b")


@dataclass(frozen=True, slots=True)
class Claims:
    """Promises (name -> pattern) and ingredients (each a tuple of its names), folded."""

    promises: Mapping[str, re.Pattern[str]]
    names: Mapping[str, dict[Lang, str]]
    ingredients: tuple[tuple[str, ...], ...]
    finder: re.Pattern[str]
    index: Mapping[str, int]


@functools.cache
def claims() -> Claims:
    """What `lists/claims.yaml` holds."""
    data = yaml.safe_load(files("pipelines.guard").joinpath("lists/claims.yaml").read_text(encoding="utf-8"))
    promises = {k: pattern(v["pattern"]) for k, v in data["promises"].items()}
    ingredients = tuple(tuple(fold(n).plain for n in names) for names in data["ingredients"])
    index = {n: i for i, names in enumerate(ingredients) for n in names}
    words = sorted(index, key=len, reverse=True)
    finder = re.compile("|".join(rf"\b{re.escape(w)}" if w.isascii() else re.escape(w) for w in words))
    return Claims(promises, {k: v["name"] for k, v in data["promises"].items()}, ingredients, finder, index)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What follows from some products and texts."""

    products: tuple[Product, ...]
    quantities: tuple[Quantity, ...]
    promises: frozenset[str]
    ingredients: frozenset[tuple[int, bool]]
    """(ingredient, whether it is in)."""
    text: str
    names: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, products: Iterable[Product], texts: Iterable[str] = ()) -> Knowledge:
        """All that is said of these products, and in these texts."""
        kept = tuple(products)
        said = [*texts]
        for p in kept:
            said += [t for lang in LANGS for t in p.facts.get(lang, ())]
            said += [t for f in p.faq for t in f.answer.values()]
            said += [*p.name.values(), *p.aliases]
        folded = [fold(t).plain for t in said]
        found = [q for t in said for q in quantities(t)]
        names = tuple({fold(n).plain for p in kept for n in p.name.values() if n})
        known = claims()
        promises = frozenset(k for k, form in known.promises.items() if any(form.search(t) for t in folded))
        parts = frozenset(i for t in folded for i in ingredients_of(t))
        return cls(kept, tuple(found), promises, parts, "\n".join(folded), names)


def ingredients_of(plain: str) -> set[tuple[int, bool]]:
    """Ingredients named in a folded text, with whether they are in it."""
    return {(i, there) for i, there, _, _ in _ingredients(plain)}


def _ingredients(plain: str) -> Iterable[tuple[int, bool, int, int]]:
    known = claims()
    for m in known.finder.finditer(plain):
        clause = re.split(r"[，,。.;；!！?？]", plain[: m.start()])[-1]
        latin = m[0].isascii()
        absent = bool(_NOT_EN.search(clause[-40:]) if latin else _NOT_ZH.search(clause[-8:]))
        absent |= bool(_NOT_AFTER.match(plain[m.end() :]))
        yield known.index[m[0]], not absent, m.start(), m.end()


def check(text: str, lang: Lang, knowledge: Knowledge, *, spare: Collection[str] = ()) -> list[Hit]:
    """What of a sentence does not follow from `knowledge`; `spare` are names of viewers, which may hold any figure."""
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

    for q in quantities(plain):
        wrong = _wrong(q, plain, knowledge, lang)
        if wrong is not None:
            hit(wrong[0], q.start, q.end, wrong[1])
    asks = plain.rstrip(" 。.!！").endswith(("?", "？", "吗", "呢", "か"))
    for name, form in claims().promises.items():
        if name in knowledge.promises or asks:
            continue
        for m in form.finditer(plain):
            if not denied(plain, m.start()):
                hit("promise", m.start(), m.end(), None, claims().names[name])
                break
    for index, there, start, end in _ingredients(plain):
        if (index, there) not in knowledge.ingredients and not asks:
            hit("ingredient", start, end)
    if not asks:
        for start, end in _foreign(plain, lang, knowledge):
            hit("ingredient", start, end)
    return hits


def _wrong(q: Quantity, plain: str, k: Knowledge, lang: Lang) -> tuple[str, str | None] | None:
    before, after = plain[max(0, q.start - 16) : q.start], plain[q.end : q.end + 6]
    before = re.split(r"[。！？!?;；]", before)[-1]
    if any(_same(q, known) for known in k.quantities) and not (q.kind == "money" and _priced(k, q.value)):
        return None
    if q.kind == "money":
        return _wrong_money(q, plain, before, after, k, lang)
    if q.kind == "share":
        return _wrong_share(q, k)
    if q.kind in ("count", "bare") and _LEFT.search(before[-8:] + q.unit + after):
        return _wrong_stock(q, before, after, k, lang)
    if (q.kind == "bare" and _priced(k, q.value)) or (q.kind in ("bare", "count") and _is_stock(q.value, k)):
        return None
    if q.kind in _SOFT and q.value <= _SOFT[q.kind]:
        return None
    if _of_the_show(q, before, after):
        return None
    return "figure", None


def _of_the_show(q: Quantity, before: str, after: str) -> bool:
    """Whether the figure is about the broadcast (minutes that are left, thanks for likes) or about a question."""
    if q.kind == "clock":
        return bool(_IT_IS.search(before) or _BROADCAST.search(before[-8:] + after))
    if q.kind == "minutes" and _STILL.search(before[-6:]):
        return True
    if q.kind in ("count", "bare", "people") and (_THANKS.search(before) or _LIKES.match(after)):
        return True
    return bool(_WHETHER.search(before[-10:] + after)) and q.kind != "money"


def _same(a: Quantity, b: Quantity) -> bool:
    if a.kind in ("date", "clock") or b.kind in ("date", "clock"):
        return a.kind == b.kind and a.unit == b.unit
    if a.kind == b.kind:
        return abs(a.value - b.value) <= abs(b.value) * Decimal("0.005")
    return "bare" in (a.kind, b.kind) and a.value == b.value


def _priced(k: Knowledge, value: Decimal) -> bool:
    return any(value in (p.price, p.was_price) for p in k.products)


def _is_stock(value: Decimal, k: Knowledge) -> bool:
    return any(p.stock is not None and p.stock == value for p in k.products)


def _wrong_money(
    q: Quantity, plain: str, before: str, after: str, k: Knowledge, lang: Lang
) -> tuple[str, str | None] | None:
    was = bool(_WAS.search(before[-12:]))
    # 原价139，现在99.9: the word nearest to the figure decides.
    now = [m.start() for m in _NOW.finditer(before[-12:])]
    if was and now:
        was = max(m.start() for m in _WAS.finditer(before[-12:])) > now[-1]
    less = bool(_LESS.search(before) or _LESS_AFTER.match(after))
    more = bool(_MORE_AFTER.search(q.unit) or _MORE_AFTER.match(after.strip()))
    for p in k.products:
        price = p.was_price if was else p.price
        if price is None:
            continue
        multiples = [price * n for n in (1, 2, 3)] if re.search(r"[两二三23]|two|three|二|三", plain) else [price]
        if q.value in multiples:
            return None
        if less and price < q.value <= price * Decimal("1.5"):
            return None
        if more and q.value * Decimal("0.98") <= price < q.value + _step(q.value):
            return None
        saved = p.was_price - p.price if p.was_price is not None and p.price is not None else None
        if saved is not None and q.value == saved and _SAVE.search(before + after):
            return None
    if len(k.products) == 1:
        p = k.products[0]
        right = p.was_price if was else p.price
        if right is not None and not less and not more and not _SAVE.search(before[-6:]):
            return "price", money(right, p.currency, lang)
    return "price", None


def _step(value: Decimal) -> Decimal:
    """How far 多 reaches: 八十多 to 90, 一百多 to 200, 一百五十多 to 160."""
    whole, step = int(value), 1
    while whole and whole % (step * 10) == 0:
        step *= 10
    return Decimal(max(1, step))


def _wrong_share(q: Quantity, k: Knowledge) -> tuple[str, str | None] | None:
    for p in k.products:
        if p.price is None or p.was_price is None or not p.was_price > p.price > 0:
            continue
        share = 1 - p.price / p.was_price if q.off else p.price / p.was_price
        if abs(share - q.value) < Decimal("0.0055"):
            return None
    return "discount", None


def _wrong_stock(q: Quantity, before: str, after: str, k: Knowledge, lang: Lang) -> tuple[str, str | None] | None:
    less = bool(_LESS.search(before) or _LESS_AFTER.match(after))
    more = bool(_MORE_AFTER.search(q.unit) or _MORE_AFTER.match(after.strip()))
    for p in k.products:
        if p.stock is None:
            continue
        if p.stock == q.value or (less and p.stock < q.value) or (more and q.value <= p.stock <= q.value * 2):
            return None
    right = stock(k.products[0], lang) if len(k.products) == 1 and not less and not more else None
    return "stock", right if q.kind == "count" else None


def _foreign(plain: str, lang: Lang, k: Knowledge) -> Iterable[tuple[int, int]]:
    """Things that a sentence says are in a product and the catalogue never names."""
    if lang == "en":
        for m in _FRAME_EN.finditer(plain):
            for piece in re.finditer(r"[a-z'-]+", m[1]):
                word = piece[0].rstrip("s")
                if piece[0] not in _SMALL and len(word) > 2 and not re.search(rf"\b{re.escape(word[:-1] if len(word) > 5 else word)}", k.text):
                    yield m.start(1) + piece.start(), m.start(1) + piece.end()
                    break
        return
    for m in (_FRAME_JA if lang == "ja" else _FRAME_ZH).finditer(plain):
        for piece in re.finditer(r"[^和与、及跟的に在到と]+", m[1]):
            part = re.sub(r"^(?:了|有|多种|三种|两种|少量|大量|一点|丰富|天然|一些|我们)+|(?:成分|精华|提取物|等等|等|在里面|里面|这些)$", "", piece[0])
            if len(part) >= 2 and not _known(part, k.text) and not _NUMBER_WORDS.match(part):
                yield m.start(1) + piece.start(), m.start(1) + piece.end()
                break


def _known(part: str, text: str) -> bool:
    """Whether most of a word stands in the catalogue in one piece."""
    need = max(2, -(-len(part) * 3 // 5))
    return any(part[i : i + need] in text for i in range(len(part) - need + 1))
