"""Quantities: every number of a sentence with what it counts, in digits or words, in three languages.

Amounts that mean the same are equal: 九十九块九, 99.9元 and ninety-nine point nine yuan; 八折, 20% off and 二割引;
36个月 and three years.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pipelines.guard.fold import fold, pattern
from pipelines.guard.numerals import ANY, ARABIC, DIGITS, ENGLISH, HAN, HANZI, hanzi, number, readings

Kind = Literal[
    "money", "share", "volume", "weight", "months", "days", "minutes", "count", "age", "times", "people", "length", "sorts",
    "date", "clock", "degrees", "power", "code", "bundle", "bare",
]
_NUM = rf"(?:{ARABIC}|{HANZI})"
_MONTH = "january february march april may june july august september october november december".split()


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value of a kind at `start`..`end` of the folded sentence; `unit` the word that stood there.

    Money in its own currency's unit, a share 0..1 of the full price or of a whole, volumes in ml, weights in g, a bundle
    (buy two, get one) as 100 times what is bought and what is given. `others` are values it may be meant to have, too.
    """

    kind: Kind
    value: Decimal
    unit: str
    start: int
    end: int
    off: bool = False
    """A share that is taken off, not what is left."""
    others: tuple[Decimal, ...] = ()


_MEASURES: tuple[tuple[Kind, str, str], ...] = (
    ("volume", r"毫升|ml|millilit(?:er|re)s?|ミリリットル", "1"), ("volume", r"升|l(?:it(?:er|re)s?)?\b|リットル", "1000"),
    ("volume", r"fl\.? ?oz|fluid ounces?", "29.5735"),
    ("weight", r"毫克|mg|milligrams?|ミリグラム", "0.001"), ("weight", r"千克|公斤|kg|kilos?|kilograms?|キロ(?:グラム)?", "1000"),
    ("weight", r"斤", "500"), ("weight", r"克|grams?|g\b|グラム", "1"),
    ("months", r"(?:个|個|か|ヶ|カ|ヵ|ケ)月(?:间|間)?|months?|月(?:间|間)", "1"), ("months", r"周年|年(?:间|間)?(?!货|纪|轻|度)|years?", "12"),
    ("days", r"(?:个|個)?(?:星期|礼拜)(?![一二三四五六日天末])|周(?![一二三四五六日末年])|weeks?|週(?:间|間)", "7"), ("days", r"天|日(?:间|間)?|days?|晚(?!上|安)|nights?", "1"),
    ("minutes", r"(?:个|個)?(?:小时|钟头)|hours?|hrs?|時間", "60"), ("minutes", r"分钟|minutes?|mins?|分(?:间|間)(?!の)", "1"), ("minutes", r"秒钟?|seconds?", "0.016666667"),
    ("age", r"周?岁|years? old|歳", "1"), ("times", r"倍|times as|fold\b", "1"),
    ("people", r"(?:多)?(?:个|位|名)?(?:人(?!份)|客户|顾客|用户|粉丝|姐妹(?!们)|家人(?!们))|people|customers?|buyers?|users?|fans|万人|人(?:以上|が)|名様", "1"),
    ("length", r"厘米|公分|cm|centimet(?:er|re)s?|センチ", "1"), ("length", r"毫米|mm", "0.1"), ("length", r"米|met(?:er|re)s?\b|メートル", "100"),
    ("degrees", r"摄氏度|度(?!假|过|数)|°c?|degrees?", "1"), ("power", r"千瓦|kw\b|kilowatts?", "1000"), ("power", r"瓦|w\b|watts?|ワット", "1"),
    ("sorts", r"色(?=あ|展|の|入|か|です|。|$|可|任)|种|種類?|kinds?|types?|sorts?|different \w+", "1"),
    ("count", r"(?:多|余|来)?(?:单|件|瓶|支|盒|罐|套|袋|包(?!邮|赔|退|换|修)|片|颗|粒|只|双|条|台|箱|块(?!钱)|把|枚|张|本(?!店|品|身|来|次|场|周|月|年)|箱|滴|泵|勺|drops?|pumps?|scoops?|点(?!以|后|击|钟|半|多|开|一|下|亮|缀|头|儿|的|点)|個|つ|缶|箱|枚|セット|"
              r"bottles?|tubes?|jars?|boxes|packs?|sachets?|pieces?|units?|sets?|items?|pcs|orders?|left|in stock|refills?|sheets?|bags?|compacts?|cans?|pairs?)", "1"),
)
_SPANS: dict[str, tuple[Kind, Decimal]] = {
    "年": ("months", Decimal(12)), "个月": ("months", Decimal(1)), "小时": ("minutes", Decimal(60)), "天": ("days", Decimal(1)), "周": ("days", Decimal(7)),
    "克": ("weight", Decimal(1)), "斤": ("weight", Decimal(500)), "公斤": ("weight", Decimal(1000)), "升": ("volume", Decimal(1000)), "米": ("length", Decimal(100)),
    "year": ("months", Decimal(12)), "month": ("months", Decimal(1)), "week": ("days", Decimal(7)), "day": ("days", Decimal(1)),
}
_UNITS = tuple((kind, unit, Decimal(factor)) for kind, unit, factor in _MEASURES)
_CURRENCY = r"元钱?|块钱|块|圆|円|日元|美元|欧元|港币|新台币|英镑|人民币|yuan|rmb|dollars?|bucks|euros?|pounds?|yen|usd|cny|eur|jpy|ドル|ユーロ|ポンド|マオ|塊錢"
_SMALL = rf"(?:{ARABIC}|{HANZI}|one|two|three|four|five)"
_BUNDLE = (
    rf"(?:买|拍)\s*(?P<a>{_SMALL})\s*(?:瓶|支|件|盒|罐|个|套|台|包)?\s*(?:就|再|即|还)?\s*(?:送|赠|免|得|发)(?P<of>你|一样)?\s*(?P<b>{_SMALL})(?!样)"
    rf"|(?P<i>{_SMALL})\s*(?:瓶|支|件|盒|罐|个|套|台|包)的?(?:钱|价格?)(?:就)?(?:能|可以)?(?:拿|得|带走|到手|买|换)(?:到|走)?\s*(?P<j>{_SMALL})"
    rf"|buy\s+(?P<c>{_SMALL})(?:\s+\w+)?[,\s]+(?:and\s+)?(?:you\s+)?get\s+(?P<d>{_SMALL})|(?P<e>{_SMALL})\s+for\s+(?:the\s+price\s+of\s+)?(?P<f>{_SMALL})\b(?!\s*(?:yuan|dollars|rmb|hundred|thousand|bucks|-))"
    rf"|(?P<g>{_SMALL})\s*(?:つ|个|本|箱|枚|点)?\s*(?:买う|ご?购入で|お买い上げで|买えば)と?\s*(?:さらに)?(?:もう)?\s*(?P<h>{_SMALL})\s*(?:つ|个|本|箱|枚|点)?"
)
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("bundle", pattern(_BUNDLE, re.I)),
    ("last", pattern(r"(?:只剩|仅剩|就剩|还剩|剩下?|最后)(?:最后)?(?P<n>一)(?:瓶|支|盒|罐|套|件|个|台|只)(?=了|$|[，,。!！啦]|没)")),
    ("year_half", pattern(rf"(?P<n>{_NUM})\s*(?P<u>年|个月|小时|天|周|克|公斤|斤|升|米)半(?!价)", re.I)),
    ("part", pattern(r"(?P<q>一刻钟|三刻钟)|(?P<e>(?:a )?quarter of an hour|quarter.hour)|(?<=for )(?P<y>an? (?:year|month|week))\b|(?<=within )(?P<y2>an? (?:year|month|week|day))\b|(?<=lasts )(?P<y3>an? (?:year|month|week))\b", re.I)),
    ("half", pattern(r"半\s*(?P<u>年|个月|個月|小时|个小时|時間|月)(?!前)|half (?:a |an )?(?P<v>year|month|hour)", re.I)),
    ("fullwidth_code", pattern(r"\b(?:spf|pa|ip|no|型号|型)\s*\.?\s*\d+\+*", re.I)),
    ("date", pattern(rf"(?:{_NUM}\s*年\s*)?{_NUM}\s*月\s*{_NUM}\s*(?:日|号)|{_NUM}\s*月\s*(?:初|中旬|底|份)|(?<![\d第])\d{{1,2}}\s*号(?!线|楼|店|色|链接)|\d{{4}}\s*年|(?:{'|'.join(_MONTH)})\s+\d{{1,2}}(?:st|nd|rd|th)?\b|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{'|'.join(_MONTH)})\b|双十[一二]|六一八|\b\d{{1,2}}/\d{{1,2}}\b", re.I)),
    ("clock", pattern(
        rf"(?:凌晨|早上|早晨|清晨|上午|中午|下午|傍晚|晚上|今晚|明早|明晚|夜里|半夜|午后|午前|夜)\s*{_NUM}\s*(?:点钟?|时|:\d\d)(?:\s*(?:半|一刻|三刻|{_NUM}\s*分?))?"
        rf"|{_NUM}\s*(?:(?<!一)点|点钟|时)(?:\s*(?:半|{_NUM}\s*分))?(?=整|开|前|后|左右|,|，|。|到|$|之|准|、|に|から|まで|下播|结束|了|见|再见|不见)"
        rf"|{_NUM}\s*点\s*{_NUM}\s*分|\b\d{{1,2}}:\d{{2}}\b|\b(?:\d{{1,2}}(?::\d{{2}})?|{ENGLISH})\s*(?:am|pm|a\.m|p\.m|o'clock)"
        rf"|(?<=\bat )(?:\d{{1,2}}|{ENGLISH})(?=\s*(?:tonight|tomorrow|sharp|[.,!?]|$))|\bmidnight\b|零点(?!五|[一二三四五六七八九])", re.I)),
    ("kuai", pattern(rf"(?P<a>{_NUM})\s*(?:块|元|塊)\s*(?P<b>[{HAN}\d])(?!\d|[{HAN}](?!\s*(?:支|瓶|盒|件|个|罐|套|包|袋|位|份|只|条|台|本)))(?:毛|角)?\s*(?P<c>[{HAN}\d])?(?:分)?(?!\s*(?:瓶|支|盒|件|个|套|罐|台|本|包(?!邮)|片|天|年|月|克|毫))")),
    ("signed", pattern(rf"(?:[¥￥$€£]|rmb|usd|cny)\s*(?P<n>{ANY})", re.I)),
    ("cents", pattern(rf"(?P<a>{ANY})\s*(?:dollars?|pounds?|euros?|yuan|kuai|rmb)\s+(?:and\s+)?(?P<b>{ANY})(?:\s*(?P<jiao>jiao|mao)|\s*(?:cents?|pence|fen))?(?!\s*\w*(?:ml|gram|bottle|day|hour|month|year|piece|left))", re.I)),
    ("zhe", pattern(rf"(?P<n>\d+(?:\.\d+)?|[{HAN}]+(?:点[{HAN}]+)?)\s*折(?!叠|腾|磨|返|射|断)|(?P<half>半价|对折|对半(?:砍|价|折|卖)?|砍半|砍一半|腰斩|一半(?:的)?(?:价|钱)|半额|half[\s-]price|half off|half (?:the|its|of the) (?:price|cost|usual))|(?P<third>\b(?:an? |one )?(?P<part>quarter|third) off\b)", re.I)),
    ("wari", pattern(rf"(?P<n>{_NUM})\s*割\s*引き?|(?P<m>{_NUM})\s*割(?:オフ|off)", re.I)),
    ("percent", pattern(rf"(?P<n>{ANY})\s*(?:%|％|percent|パーセント)(?P<off>\s*(?:off|discount|less|cheaper|引き?|オフ))?|百分之(?P<m>[{HAN}\d]+)|(?P<c>[{HAN}])成(?![分为本功员品年立长果绩就套交])", re.I)),
    ("jiao", pattern(rf"(?P<n>{ANY})\s*(?:毛钱?|角钱?|(?P<fen>分钱))(?!不拔|巾|衣|孔|病|线|落|度|笔|色)")),
    ("money", pattern(rf"(?P<n>{ANY})(?P<more>多|来|几)?\s*(?:{_CURRENCY})(?![a-z])", re.I)),
)
_UNIT = pattern(
    rf"(?P<n>{ANY})(?P<range>\s*(?:到|至|~|-|—|–|to|から|、)\s*(?P<n2>{ANY}))?\s*(?P<more>多|余|来|几)?\s*-?\s*(?:"
    + "|".join(f"(?P<u{n}>{u})" for n, (_, u, _) in enumerate(_UNITS)) + r")(?![a-z])", re.I)
_NUMERAL = pattern(ANY, re.I)
_ANY_NUMERAL = pattern(rf"[0-9{HAN}半]|\b{ENGLISH}\b|half|an? (?:quarter|third|dozen|couple|year|month|week|day)|midnight|quarter|{'|'.join(_MONTH)}|对折|腰斩", re.I)
_ORDINAL = pattern(rf"第\s*(?:\d+|[{HAN}]+)")
_BARE = pattern(rf"(?<![\w.]){ENGLISH}(?![\w])|(?<![\w.#])\d{1,15}(?:[.,]\d{1,15}){0,4}(?!\w)|(?=[{HAN}]{{2}}){HANZI}|\d+(?:\.\d+)?")
_IDIOMS = pattern(
    "([一二三四五六七八九十千百万])\\1([一二三四五六七八九十千百万两])\\2|(?:十九八七六)?(?:五四)?三二一|[一千]?[百万]个(?=放心|愿意|不|感谢|理由|好)|万分|百分之百|百分之一百|百年(?:好合|和好|不遇)|百忙|三生有幸|十有八九|五一十|三言两语|千言万语|千家万户"
    "|一(?:样|起|下|直|定|般|些|点|旦|共|切|致|边|会儿?|方面|个人|家人|见|眼|同|向|举|再|概|并|手|脸|身|路|遍|层|次|款|位|瓶|支|盒|件|罐|个|只|套|想|看|说|涂|抹|擦|按|摸|闻|拿|次性|步|口|道|条|份|把|包|袋|片|颗|粒|天|早|晚|夜|季|整|半|侧|头|大早|年四季|心|番|股|种|句|段|滴|张|场|路上|日|周|月|小|大|块|秒|首|本|人|如|时|目|应俱全|分|角|元硬币|之)"
    "|第[零一二三四五六七八九十百]+|十分(?!钟|之)|百分百|千万(?!人|单|件|瓶|支|元|块|粉|家|客|用)|万一|万能|百搭|百货|四季|四周|三餐|五官|七夕|八宝|九宫|三八|五一|十一假期|双十|百合|千层|千纸|三文|四川|万物|万家|半(?:小时|年|天|个)?|两三|三两|三四|四五|五六|七八|两(?:边|侧|端|种|款|颊|用|者|下|遍|层)|三角|二维|五颜六色|乱七八糟|一二三四|一目|七上八下|三心二意|五湖|十全|二话|二手|九成新|一九|二八"
    "|one(?! (?:hundred|thousand|million))|someone|anyone|no one|everyone|a hundred|one by one|一つ一つ|一緒|一度|一番|一人|一つ|一日|一本|一層|一般|一回|一杯|二人|十分(?!間)|万が一|三日月|四季"
)


def quantities(text: str) -> list[Quantity]:
    """All of a sentence; idioms with a numeral in them (一样, 十分, 万一) are none."""
    return list(_of_text(text))


@functools.lru_cache(8192)
def _of_text(text: str) -> tuple[Quantity, ...]:
    """Those of a catalogue's texts are asked for again with every change of a price or stock."""
    return tuple(in_folded(fold(text).plain))


def in_folded(plain: str) -> list[Quantity]:
    """All of a sentence that is folded already."""
    if not _ANY_NUMERAL.search(plain):
        return []
    taken = [False] * len(plain)
    out: list[Quantity] = []

    def take(start: int, end: int) -> bool:
        if any(taken[start:end]):
            return False
        taken[start:end] = [True] * (end - start)
        return True

    for name, form in _PATTERNS:
        for m in form.finditer(plain):
            found = list(_of(name, m))
            if found and take(*m.span()):
                out += found
    for m in _ORDINAL.finditer(plain):
        take(*m.span())
    for m in _aligned(_UNIT, plain):
        idiom = _IDIOMS.match(plain, m.start())
        if idiom is not None and idiom[0].startswith("百年"):
            continue
        if idiom is not None and (not _measures(m) or idiom.end() >= m.end() > m.start() + 2):
            continue
        kind, value, factor = _unit_of(m)
        about = _about(m["n"])
        if about and take(*m.span()):
            out += [Quantity(kind, v * factor, m[0], *m.span()) for v in about]
        elif value is not None and take(*m.span()):
            out.append(Quantity(kind, value * factor, m[0], *m.span()))
            second = number(m["n2"]) if m["n2"] else None
            if second is not None:
                out.append(Quantity(kind, second * factor, m[0], *m.span()))
    idioms = [m.span() for m in _IDIOMS.finditer(plain)]
    for m in _BARE.finditer(plain):
        if any(a <= m.start() < b for a, b in idioms):
            continue
        values = readings(m[0])
        if values and take(*m.span()):
            out.append(Quantity("bare", values[0], "", *m.span(), others=values[1:]))
    return sorted(out, key=lambda q: q.start)


def _about(text: str) -> list[Decimal]:
    """两三 is two or three, not twenty-three; empty for any other number."""
    if len(text) == 2 and all(c in DIGITS for c in text) and DIGITS[text[1]] == DIGITS[text[0]] + 1 > 1:
        return [Decimal(DIGITS[c]) for c in text]
    return []


def _aligned(form: re.Pattern[str], plain: str) -> Iterator[re.Match[str]]:
    """Matches that begin where a numeral begins, not in the midst of one."""
    starts = {m.start() for m in _NUMERAL.finditer(plain)}
    at = 0
    while (m := form.search(plain, at)) is not None:
        if m.start() in starts:
            yield m
            at = m.end()
        else:
            at = m.start() + 1


def _measures(m: re.Match[str]) -> bool:
    """Whether 一 or two in front of this unit is a figure, not a manner of speaking: a year is, a bottle is not."""
    kind, value, _ = _unit_of(m)
    return kind in ("money", "share", "volume", "weight", "months", "age", "times") or (
        value is not None and value > 4 and kind != "bare"
    )


def _unit_of(m: re.Match[str]) -> tuple[Kind, Decimal | None, Decimal]:
    index = next(n for n in range(len(_UNITS)) if m[f"u{n}"])
    kind, _, factor = _UNITS[index]
    return kind, number(m["n"]), factor


def _of(name: str, m: re.Match[str]) -> Iterator[Quantity]:
    start, end = m.span()
    of: Kind
    value: Decimal | None
    if name == "fullwidth_code":
        yield Quantity("code", Decimal(re.sub(r"\D", "", m[0])), m[0], start, end)
    elif name == "half":
        unit = m["u"] or m["v"]
        kind: Kind = "minutes" if unit in ("小时", "个小时", "時間", "hour") else "months"
        yield Quantity(kind, Decimal(30 if kind == "minutes" else 6 if unit in ("年", "year") else "0.5"), m[0], start, end)
    elif name == "bundle":
        yield from _bundle(m)
    elif name == "last":
        yield Quantity("count", Decimal(1), "瓶", m.start("n"), end)
    elif name == "year_half":
        many = number(m["n"])
        if many is not None:
            of, factor = _SPANS[m["u"]]
            yield Quantity(of, (many + Decimal("0.5")) * factor, m[0], start, end)
    elif name == "part":
        span = (m["y"] or m["y2"] or m["y3"] or "").split(" ")[-1]
        if span:
            of, factor = _SPANS[span]
            yield Quantity(of, factor, m[0], start, end)
        else:
            yield Quantity("minutes", Decimal(45 if (m["q"] or "").startswith("三") else 15), m[0], start, end)
    elif name in ("date", "clock"):
        yield Quantity("date" if name == "date" else "clock", Decimal(0), _canonical(m[0]), start, end)
    elif name == "jiao":
        value = number(m["n"])
        if value is not None:
            yield Quantity("money", value / (100 if m["fen"] else 10), m[0], start, end)
    elif name == "kuai":
        a, b = number(m["a"]), number(m["b"])
        c = number(m["c"]) if m["c"] else Decimal(0)
        if a is not None and b is not None and c is not None:
            yield Quantity("money", a + b / 10 + c / 100, m[0], start, end)
    elif name == "cents":
        a, b = number(m["a"]), number(m["b"])
        if a is not None and b is not None and b < 100:
            yield Quantity("money", a + b / (10 if m["jiao"] else 100), m[0], start, end)
    elif name == "zhe":
        if m["half"]:
            yield Quantity("share", Decimal("0.5"), m[0], start, end)
        elif m["third"]:
            yield Quantity("share", Decimal(1) / (4 if m["part"] == "quarter" else 3), m[0], start, end, off=True)
        else:
            value = number(m["n"])
            if value is not None:
                yield Quantity("share", value / (10 if value < 10 else 100), m[0], start, end)
    elif name == "wari":
        value = number(m["n"] or m["m"])
        if value is not None:
            yield Quantity("share", value / 10, m[0], start, end, off=True)
    elif name == "percent":
        value = number(m["n"] or m["m"]) if not m["c"] else (number(m["c"]) or Decimal(0)) * 10
        if value is not None:
            yield Quantity("share", value / 100, m[0], start, end, off=bool(m["off"]))
    else:
        values = readings(m["n"])
        if values:
            yield Quantity("money", values[0], m[0], start, end, others=values[1:])


def _bundle(m: re.Match[str]) -> Iterator[Quantity]:
    """Bought and given; of 拍一发三 and three for the price of one the second or first is all that comes."""
    pairs = [(number(m[a]), number(m[b])) for a, b in ("ab", "cd", "fe", "gh", "ij") if m[a]]
    for bought, given in pairs:
        if bought is None or given is None:
            continue
        whole = m["f"] or m["i"] or "得" in m[0] or "发" in m[0]
        more = given - bought if whole else given
        if more > 0:
            yield Quantity("bundle", bought * 100 + more, m[0], *m.span())


def _canonical(text: str) -> str:
    return re.sub(rf"[{HAN}]+", lambda m: str(hanzi(m[0])), re.sub(r"\s+", "", text)).replace("号", "日")
