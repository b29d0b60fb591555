"""Figures: whether one figure of a sentence follows from what is known of the products it speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipelines.catalogue import Product
from pipelines.guard.denial import denied
from pipelines.guard.fold import pattern
from pipelines.guard.numerals import ANY
from pipelines.guard.place import TOTAL, Place
from pipelines.guard.quantities import Kind, Quantity, in_folded
from pipelines.guard.topics import TIMES, Topic
from pipelines.line import Lang
from pipelines.wording import money, stock

_WAS = pattern(r"原价|平时|日常价|之前|以前|原来|吊牌价|划线价|专柜价|was|before|used to be|usually|instead of|originally|down from|from|regular|list price|通常|定价|以前は|元の|もともと")
_WAS_AFTER = pattern(r"^\s*(?:元|块|块钱)?(?:直接?)?(?:降到|降至|降成|变成|打到|→|から|が(?=\d)|に値下げ)|^\s*(?:元|块|块钱)?(?:是|的|为|才是)?(?:原价|吊牌价|划线价)|^\s*(?:yuan )?(?:is|was) the (?:old|original|regular|usual)|^\s*(?:yuan )?before\b")
_SAVE = pattern(r"省|便宜|立减|减|少付|少花|优惠|差价|降了?|低(?![至到于价])|save|saving|saved|cheaper|off|less|お得|引き|安く")
_MANY = pattern(r"(?:几|数|好几)$")
_LEFT = pattern(r"还剩|还有|剩|库存|只有|仅有|仅剩|最后|现货|left|in stock|stock|remaining|\bonly|残り|在库|あと")
_NOW = pattern(r"现在|现价|今天|今晚|直播间|now|today|tonight|only|今は|本日")
_PRICE = pattern(
    r"只要|只需|仅需|才|到手|拿走|带走|拿下|带回家|卖|售|价|原来|现在|今天|今晚|直播间|比|省|便宜|减|降|优惠|不要|不用|花|付|just|only|for|price|cost|pay|worth|now|tonight|today|save|was|だけ|买え|値段|お得|安"
)
_IT_IS = pattern(r"(?:现在|此刻|这会儿|时间|已经|都|快|马上)(?:是|都|已经|快|到|要)*(?:北京时间)?$|it(?:'s| is)(?: now| already| almost| nearly)?\s*$|今は$|ただいま$|もう$")
_BROADCAST = pattern(r"播|直播|见面|再见|不见|接着聊|准时来|等你|见$|live|stream|see you|back|配信|放送|お会い")
_OVER = pattern(r"恢复|涨|截止|结束|为止|失效|过期|ends?|until|till|expires?|over|価格|まで")
_STILL = pattern(r"最后|再(?:给|讲|聊|等|陪)|休息|倒数|马上|稍等|等|讲|聊|说|陪|播|last|another|wait|break|back in|あと|休憩|少し")
_SHOW_TIME = pattern(r"^\s*(?:就|后|以后|之后)?(?:要|该|就)?(?:下播|开播|开始|回来|见|休息|结束直播|整点)|^ (?:left )?(?:before|until|to go)")
_TODAY = pattern(r"(?:今天|今儿|今日|明天|昨天)(?:就|已经|都|已)?(?:是)?$|(?:today is|it is|it's)\s*(?:the\s*)?$|今日は$|本日は$")
_WEATHER = pattern(r"零下|气温|外面|室外|今天|今晚|明天|降到|降温|天气|outside|weather|気温")
_BUYS = pattern(rf"^\s*(?:一共|总共|加起来|合计|只要|只需|是|就是|are|for|is|cost|costs|で|は)*\s*[¥￥$]?{ANY}\s*(?:块|元|圆|円|yuan|rmb|dollars?|$|，|,|。)")
_BOUGHT = pattern(rf"{ANY}\s*(?:块|元|圆|yuan|rmb|dollars?)(?:{ANY})?\s*(?:买|for|が|で)?\s*$")
"""An amount next to a number of pieces: it, not they, is checked."""
_PERSON = pattern(r"^的?(?:奶奶|爷爷|老人|外婆|姥姥|外公|妈妈|爸爸|朋友|姐姐|阿姨|大姐|生日|孩子妈)")
_BACK = pattern(r"找(?:您|你|零|回)|change\b|お釣り")
_CHANGE = pattern(r"找(?:您|你|零)?|差|少|补")
_THANKS = pattern(r"感谢|谢谢|多谢|恭喜|破了?$|thank|ありがとう")
_LIKES = pattern(r"^\s*(?:个)?(?:点?赞|人在线|人在看|观众|朋友|likes?|viewers|hearts|新?粉丝)")
_WHETHER = pattern(r"能不能|会不会|可不可以|是不是|有没有|不敢保证|不敢说|没有写|whether|ですか")
_SPEECH = pattern(r"(?:讲|说|问|聊|答|回答|记住|记|分享|提|分|分成|强调|补充|回|想到)(?:清楚|完|了|一下|大家|您|你)?$")
_SPOKEN = pattern(r"^\s*(?:问题|事|加(?:号|$|，|,|。)|重点|要点|步骤|小技巧|技巧|方面|建议|理由|好处|字|加号|things?|questions?|tips?|steps?|points?|reasons?)")
_VIEWERS = pattern(r"朋友|观众|家人|在线|在看|进来|来了|陪|直播间|刷|关注|点赞|人气|围观|watching|here|joined|viewers|online|视聴|ご来店")
_SOLD = pattern(r"买|下单|用过|回购|好评|拍|选择|卖|信赖|推荐|口碑|复购|客户|顾客|在用|使用|见证|认可|sold|bought|buyers?|customers?|users?|trust|お客|愛用|购入")
_GREETED = pattern(r"(?:欢迎(?:回来)?|感谢|谢谢|@|用户|网友|昵称|id|user|welcome(?: back)?|hi|hello|hey)[,，:：]?\s*(?:user\s*)?\S{0,4}$")
_DENIED_AFTER = pattern(r"^.{0,3}(?:是)?(?:做不到|不行|没有的|不可能|真的?不能|可不行|卖不了|办不到)")
_SOFT: dict[Kind, int] = {"count": 2, "sorts": 1, "bare": 4, "minutes": 1, "days": 1, "people": 3, "times": 1}
"""Values up to which such a quantity is a manner of speaking (两瓶一起带)."""
_THING = pattern(r"(?:个|つ|点|多|来|几|単|点)$")
_CLASSES = tuple(pattern(p) for p in (
    r"滴|泵|勺|drops?|pumps?|scoops?", r"包|袋|片|sachets?|bags?|sheets?|粒|颗|packs?",
    r"瓶|支|盒|罐|套|件|只|双|台|箱|块|把|本|缶|枚|单|张|条|bottles?|tubes?|jars?|boxes|units?|items?|pcs|pieces?|sets?|orders?|left|stock|compacts?|cans?|pairs?|kettles?|refills?",
))
_MONTH = Decimal(43200)
_MINUTES: dict[str, Decimal] = {"months": _MONTH, "days": Decimal(1440), "minutes": Decimal(1)}
Wrong = tuple[str, str | None]
"""Which reason, and what could stand there instead."""


@dataclass(frozen=True, slots=True)
class Known:
    """A figure of the catalogue, with what it is about."""

    quantity: Quantity
    topic: Topic


def wrong(q: Quantity, plain: str, known: Sequence[Known], products: Sequence[Product], lang: Lang) -> Wrong | None:
    """Why a figure does not follow; None when it does, or says nothing of a product."""
    place = Place.of(plain, q)
    if q.kind == "share" and q.value == 1 and not q.off:
        return None
    if q.kind in ("share", "money", "bare", "bundle") and (
        _DENIED_AFTER.match(plain[q.end :]) or denied(plain, q.start, q.end)
    ):
        return None
    if q.kind == "money" and _CHANGE.search(plain) and _makes_change(q, plain, products):
        return None
    first: Wrong | None = None
    for value in (q.value, *q.others):
        found = _wrong(replace(q, value=value), place, known, products, lang)
        if found is None:
            return None
        first = first or found
    return first


def _makes_change(q: Quantity, plain: str, products: Sequence[Product]) -> bool:
    """Whether two amounts of the sentence differ by the price: 一百块找您一毛."""
    amounts = [other.value for other in in_folded(plain) if other.kind == "money"]
    return any(q.value in (a, b) and p.price == abs(a - b) for a in amounts for b in amounts for p in products)


def _wrong(q: Quantity, place: Place, known: Sequence[Known], products: Sequence[Product], lang: Lang) -> Wrong | None:
    if q.kind == "money":
        return _wrong_money(q, place, known, products, lang)
    if q.kind == "share":
        return None if any(_same(q, k.quantity) for k in known) else _wrong_share(q, place, products)
    counted = q.kind in ("count", "bare")
    if counted and _is_stock(q, place):
        if any(k.quantity.kind in ("count", "sorts") and _same(q, k.quantity) for k in known) and not _class(q) == 2:
            return None
        found = _wrong_stock(q, place, products, lang)
        if found is None or not (q.kind == "bare" and _wrong_money(q, place, known, products, lang) is None):
            return found
        return None
    if q.kind in TIMES:
        return None if _time_follows(q, place, known) else _unless(q, place)
    if counted and _class(q) == 2 and (_BUYS.match(place.after) or _BOUGHT.search(place.before)):
        return None
    if q.kind == "age" and _PERSON.match(place.after):
        return None
    if place.topic == "gift":
        return None if any(k.topic == "gift" and k.quantity.value == q.value for k in known) else ("figure", None)
    if q.kind == "bare" and q.value >= 5 and _PRICE.search(place.before[-8:]):
        return None if _wrong_money(q, place, known, products, lang) is None else _unless(q, place, ("figure", None))
    if any(_same(q, k.quantity) for k in known) and not (q.kind == "bundle" and False):
        return None
    if q.kind == "bare" and _wrong_money(q, place, known, products, lang) is None:
        return None
    if counted and _wrong_stock(q, place, products, lang) is None and _class(q) in (2, None):
        return None
    return _unless(q, place)


def _unless(q: Quantity, place: Place, found: Wrong = ("figure", None)) -> Wrong | None:
    """`found`, unless it is a manner of speaking or about the broadcast (minutes that are left, thanks for likes)."""
    if q.kind in _SOFT and q.value <= _SOFT[q.kind] and place.topic == "":
        return None
    before, after = place.before, place.after
    if q.kind == "clock" and _SPEECH.search(before):
        return None
    if q.kind == "clock":
        if _OVER.search(before[-8:] + after):
            return found
        late = after.startswith(("了", "啦", "多了")) or "o'clock" in q.unit or q.unit.endswith("分")
        return None if late or _IT_IS.search(before) or _BROADCAST.search(place.plain) else found
    if q.kind == "date" and _TODAY.search(before):
        return None
    if q.kind == "minutes" and (_STILL.search(before[-8:]) or _SHOW_TIME.match(after)):
        return None
    if q.kind == "degrees" and _WEATHER.search(before[-10:]):
        return None
    if q.kind in ("count", "bare", "people") and (_THANKS.search(before) or _LIKES.match(after)):
        return None
    if q.kind in ("people", "count", "bare") and q.value <= 10_000 and _VIEWERS.search(before[-8:] + q.unit + after):
        return found if _SOLD.search(place.plain) else None
    if q.kind in ("count", "sorts", "bare") and q.value <= 10 and (_SPEECH.search(before) or _SPOKEN.match(after)):
        return None
    if q.kind == "bare" and _GREETED.search(before):
        return None
    return None if _WHETHER.search(before[-10:] + after) and q.kind != "money" else found


def _class(q: Quantity) -> int | None:
    """What kind of thing is counted: 0 doses, 1 pieces in a pack, 2 the goods themselves; None when it isn't said."""
    if q.kind != "count":
        return None
    unit = re.sub(rf"^{ANY}", "", q.unit).strip()
    return next((n for n, form in enumerate(_CLASSES) if form.search(unit)), None)


def _same(a: Quantity, b: Quantity) -> bool:
    if a.kind in ("date", "clock") or b.kind in ("date", "clock"):
        return a.kind == b.kind and a.unit == b.unit
    if a.kind == b.kind:
        if a.kind == "count" and None not in (_class(a), _class(b)) and _class(a) != _class(b):
            return False
        return abs(a.value - b.value) <= abs(b.value) * Decimal("0.005") and a.off == b.off
    alike = {a.kind, b.kind}
    return (alike == {"count", "sorts"} or ("bare" in alike and not alike & {"money", "share"})) and a.value == b.value


def _time_follows(q: Quantity, place: Place, known: Sequence[Known]) -> bool:
    """Whether a time is one that the catalogue gives for the same thing."""
    wanted: Iterable[Topic]
    about = place.topic
    if about == "finish":
        wanted = ("opened", "use", "finish")
    elif about in ("closed", "opened") and not any(k.topic == about for k in known):
        wanted = ("closed", "opened", "finish", "")
    elif about == "":
        wanted = ("", "closed", "opened", "finish", "use", "ship", "return", "warranty")
    elif about == "opened":
        wanted = ("opened", "finish")
    else:
        wanted = (about,)
    slack = Decimal("0.04") if place.about(q) else Decimal(0)
    for k in known:
        if k.quantity.kind in TIMES and k.topic in wanted and _as_long(q, k.quantity, slack):
            return True
        # One a day: as many days as there are pieces.
        if about in ("use", "finish") and q.kind == "days" and k.quantity.kind == "count" and _class(k.quantity) == 1:
            said = any(o.kind == "count" and o.value == q.value for o in in_folded(place.plain))
            if k.quantity.value == q.value and (said or re.search(r"[一1]天[一1]|每天[一1]|a day|一日一", place.plain)):
                return True
    return False


def _as_long(a: Quantity, b: Quantity, slack: Decimal) -> bool:
    x, y = a.value * _MINUTES[a.kind], b.value * _MINUTES[b.kind]
    if "months" in (a.kind, b.kind) and a.kind != b.kind:
        slack = max(slack, Decimal("0.04"))
    return abs(x - y) <= max(y * slack, y * Decimal("0.005"))


def _wrong_money(
    q: Quantity, place: Place, known: Sequence[Known], products: Sequence[Product], lang: Lang
) -> Wrong | None:
    before = place.before[-12:]
    was = bool(_WAS.search(before) or _WAS_AFTER.match(place.after))
    # 原价139，现在99.9: the word nearest to the figure decides.
    now = [m.start() for m in _NOW.finditer(before)]
    if was and now:
        was = max((m.start() for m in _WAS.finditer(before)), default=len(before)) > now[-1]
    less, more, about, many = place.less, place.more(q), place.about(q), place.many()
    saves = bool(_SAVE.search(before[-8:] + place.after))
    if any(k.quantity.kind == "money" and abs(k.quantity.value - q.value) <= Decimal("0.005") for k in known):
        return None
    sums = [sum((p.price for p in products if p.price is not None), Decimal(0))] if len(products) > 1 and TOTAL.search(place.plain) else []
    paid = {b + g: b for b, g in (divmod(int(k.quantity.value), 100) for k in known if k.quantity.kind == "bundle")}
    many = Decimal(paid[int(many)]) if many is not None and int(many) in paid and q.value != many else many
    for p in products:
        price = p.was_price if was else p.price
        prices = [*sums] if price is None else [price * (many or 1), *sums]
        if p.price is not None and price is not None and was and not now:
            # 比原价便宜…: what was may be named only to be set against.
            prices += [p.price * (many or 1)] if not re.search(r"原价|was\b|通常|定价", before[-4:]) else []
        saved = p.was_price - p.price if p.was_price is not None and p.price is not None else None
        if saved is not None and saves:
            prices.append(saved * (many or 1))
        for sum_ in prices:
            if q.value == sum_ or (about and abs(q.value - sum_) <= sum_ * Decimal("0.03")):
                return None
            if less and sum_ < q.value <= sum_ * Decimal("1.5"):
                return None
            if more and q.value * Decimal("0.98") <= sum_ < q.value + _step(q.value):
                return None
            if _MANY.search(before) and q.value * 2 <= sum_ < q.value * 10:
                return None
    if q.kind == "money" and len(products) == 1 and not TOTAL.search(place.plain) and not _BACK.search(place.plain):
        p = products[0]
        right = p.was_price if was else p.price
        if right is not None and not less and not more and many in (None, 1) and not _SAVE.search(place.before[-6:]):
            return "price", money(right, p.currency, lang)
    return "price", None


def _step(value: Decimal) -> Decimal:
    """How far 多 reaches: 八十多 to 90, 一百多 to 200, 一百五十多 to 160."""
    whole, step = int(value), 1
    while whole and whole % (step * 10) == 0:
        step *= 10
    return Decimal(max(1, step))


def _wrong_share(q: Quantity, place: Place, products: Sequence[Product]) -> Wrong | None:
    slack = Decimal("0.02") if place.about(q) else Decimal("0.0055")
    for p in products:
        if p.price is None or p.was_price is None or not p.was_price > p.price > 0:
            continue
        share = 1 - p.price / p.was_price if q.off else p.price / p.was_price
        if abs(share - q.value) < slack:
            return None
    return "discount", None


def _is_stock(q: Quantity, place: Place) -> bool:
    """Whether a figure is said to be what is left."""
    if q.kind == "count" and _class(q) in (0, 1):
        return False
    return bool(_LEFT.search(place.before[-8:] + q.unit + place.after[:6]))


def _wrong_stock(q: Quantity, place: Place, products: Sequence[Product], lang: Lang) -> Wrong | None:
    less, more, about = place.less, place.more(q), place.about(q)
    for p in products:
        if p.stock is None:
            continue
        near = about and abs(p.stock - q.value) <= p.stock * Decimal("0.05")
        if p.stock == q.value or near or (less and p.stock < q.value <= p.stock * 2) or (more and q.value <= p.stock <= q.value * 2):
            return None
    right = stock(products[0], lang) if len(products) == 1 and not less and not more else None
    return "stock", right if q.kind == "count" else None
