"""Quantities: every number of a sentence with what it counts, in digits or words, in three languages.

Amounts that mean the same are equal: 九十九块九, 99.9元 and ninety-nine point nine yuan; 八折, 20% off and 二割引;
36个月 and three years.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from pipelines.guard.fold import fold, pattern

Kind = Literal[
    "money", "share", "volume", "weight", "months", "days", "minutes", "count", "age", "times", "people", "length", "sorts",
    "date", "clock", "degrees", "code", "rating", "bare",
]
_D = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6,
                                                         "柒": 7, "捌": 8, "玖": 9, "幺": 1}
_POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000, "萬": 10_000, "亿": 100_000_000}
_SHORT = {"万": 10_000, "千": 1000, "百": 100, "k": 1000, "thousand": 1000, "million": 1_000_000, "": 1}
_HAN = "零〇一二两三四五六七八九壹贰叁肆伍陆柒捌玖十拾百佰千仟万萬亿"
_NUM = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?(?:\s*[万千百]|k\b|\s+(?:thousand|million)\b)?|[{_HAN}]+(?:点[{_HAN}]+)?)"
_EN_ONES = {w: n for n, w in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen".split())}
_EN_TENS = {w: 10 * n for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_EN_WORD = "|".join([*_EN_ONES, *_EN_TENS, "hundred", "thousand", "million"])
_EN_NUM = rf"(?:(?:{_EN_WORD})(?:[\s-]+(?:and[\s-]+)?(?:{_EN_WORD}))*(?:\s+point(?:\s+(?:{_EN_WORD}))+)?)"
_ANY = rf"(?:{_NUM}|\b{_EN_NUM}\b)"
_MONTH = "january february march april may june july august september october november december".split()


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value of a kind at `start`..`end` of the folded sentence; `unit` the word that stood there.

    Money in its own currency's unit, a share 0..1 of the full price or of a whole, volumes in ml, weights in g.
    """

    kind: Kind
    value: Decimal
    unit: str
    start: int
    end: int
    off: bool = False
    """A share that is taken off, not what is left."""


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
    ("degrees", r"摄氏度|度|°c?|degrees?", "1"),
    ("sorts", r"种|種類?|kinds?|types?|sorts?|different \w+", "1"),
    ("count", r"(?:多|余|来)?(?:单|件|瓶|支|盒|罐|套|袋|包|片|颗|粒|只|双|条|台|箱|块(?!钱)|把|枚|张|本(?!店|品|身|来|次|场|周|月|年)|箱|滴|泵|勺|drops?|pumps?|scoops?|点(?!以|后|击|钟|半|多|开|一|下|亮|缀|头|儿|的|点)|個|つ|缶|箱|枚|セット|"
              r"bottles?|tubes?|jars?|boxes|packs?|pieces?|units?|sets?|items?|pcs|orders?|left|in stock|refills?|sheets?|bags?|compacts?|cans?|pairs?)", "1"),
)
_UNITS = tuple((kind, unit, Decimal(factor)) for kind, unit, factor in _MEASURES)
_CURRENCY = r"元钱?|块钱|块|圆|円|日元|美元|欧元|港币|新台币|英镑|人民币|yuan|rmb|dollars?|bucks|euros?|pounds?|yen|usd|cny|eur|jpy|ドル|ユーロ|ポンド|マオ|塊錢"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("half", pattern(r"半\s*(?P<u>年|个月|個月|小时|个小时|時間|月)(?!前)|half (?:a |an )?(?P<v>year|month|hour)", re.I)),
    ("fullwidth_code", pattern(r"\b(?:spf|pa|ip|no|型号|型)\s*\.?\s*\d+\+*", re.I)),
    ("date", pattern(rf"(?:{_NUM}\s*年\s*)?{_NUM}\s*月\s*{_NUM}\s*(?:日|号)|{_NUM}\s*月\s*(?:初|中旬|底|份)|(?<![\d第])\d{{1,2}}\s*号(?!线|楼|店|色|链接)|\d{{4}}\s*年|(?:{'|'.join(_MONTH)})\s+\d{{1,2}}(?:st|nd|rd|th)?\b|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{'|'.join(_MONTH)})\b|双十[一二]|六一八|\b\d{{1,2}}/\d{{1,2}}\b", re.I)),
    ("clock", pattern(rf"(?:凌晨|早上|上午|中午|下午|晚上|今晚|午後|午前|夜)?\s*{_NUM}\s*(?:(?<!一)点|点钟|(?<=[晨上午晚]一)点|時)(?:\s*(?:半|{_NUM}\s*分))?(?=整|开|前|后|左右|,|，|。|到|$|之|准|、|に|から|まで|下播|结束)|\b\d{{1,2}}:\d{{2}}\b|\b\d{{1,2}}(?::\d{{2}})?\s*(?:am|pm|o'clock)\b", re.I)),
    ("kuai", pattern(rf"(?P<a>{_NUM})\s*(?:块|元|塊)\s*(?P<b>[{_HAN}\d])(?!\d|[{_HAN}](?!\s*(?:支|瓶|盒|件|个|罐|套|包|袋|位|份|只|条)))(?:毛|角)?\s*(?P<c>[{_HAN}\d])?(?:分)?(?!\s*(?:瓶|支|盒|件|个|套|罐|包(?!邮)|片|天|年|月|克|毫))")),
    ("signed", pattern(rf"(?:[¥￥$€£]|rmb|usd|cny)\s*(?P<n>{_ANY})", re.I)),
    ("cents", pattern(rf"(?P<a>{_ANY})\s*(?:dollars?|pounds?|euros?)\s+(?:and\s+)?(?P<b>{_ANY})(?:\s*(?:cents?|pence))?", re.I)),
    ("zhe", pattern(rf"(?P<n>\d+(?:\.\d+)?|[{_HAN}]+(?:点[{_HAN}]+)?)\s*折(?!叠|腾|磨|返|射|断)|(?P<half>半价|对折|半額|half[\s-]price|half off)", re.I)),
    ("wari", pattern(rf"(?P<n>{_NUM})\s*割\s*引き?|(?P<m>{_NUM})\s*割(?:オフ|off)", re.I)),
    ("percent", pattern(rf"(?P<n>{_ANY})\s*(?:%|％|percent|パーセント)(?P<off>\s*(?:off|discount|less|cheaper|引き?|オフ))?|百分之(?P<m>[{_HAN}\d]+)|(?P<c>[{_HAN}])成(?![分为本功员品年立长果绩就套交])", re.I)),
    ("money", pattern(rf"(?P<n>{_ANY})(?P<more>多|来|几)?\s*(?:{_CURRENCY})(?![a-z])", re.I)),
)
_UNIT = pattern(
    rf"(?P<n>{_ANY})(?P<range>\s*(?:到|至|~|-|—|–|to|から|、)\s*(?P<n2>{_ANY}))?\s*(?P<more>多|余|来|几)?\s*-?\s*(?:"
    + "|".join(f"(?P<u{n}>{u})" for n, (_, u, _) in enumerate(_UNITS)) + r")(?![a-z])", re.I)
_ORDINAL = pattern(rf"第\s*(?:\d+|[{_HAN}]+)")
_BARE = pattern(rf"(?<![\w.]){_EN_NUM}(?![\w])|(?<![\w.#])\d+(?:[.,]\d+)*(?!\w)|[{_HAN}]{{2,}}(?:点[{_HAN}]+)?|\d+(?:\.\d+)?")
_IDIOMS = pattern(
    "一(?:样|起|下|直|定|般|些|点|旦|共|切|致|边|会儿?|方面|个人|家人|见|眼|同|向|举|再|概|并|手|脸|身|路|遍|层|次|款|位|瓶|支|盒|件|罐|个|只|套|想|看|说|涂|抹|擦|按|摸|闻|拿|次性|步|口|道|条|份|把|包|袋|片|颗|粒|天|早|晚|夜|季|整|半|侧|头|大早|年四季|心|番|股|种|句|段|滴|张|场|路上|日|周|月|小|大|块|秒|首|本|人|如|时|目|应俱全|分|角|元硬币|之)"
    "|第[零一二三四五六七八九十百]+|十分(?!钟|之)|百分百|千万(?!人|单|件|瓶|支|元|块|粉|家|客|用)|万一|万能|百搭|百货|四季|四周|三餐|五官|七夕|八宝|九宫|三八|五一|十一假期|双十|百合|千层|千纸|三文|四川|万物|万家|半(?:小时|年|天|个)?|两三|三两|三四|四五|五六|七八|两(?:边|侧|端|种|款|颊|用|者|下|遍|层)|三角|二维|五颜六色|乱七八糟|一二三四|一目|七上八下|三心二意|五湖|十全|二话|二手|九成新|一九|二八"
    "|one(?! (?:hundred|thousand|million))|someone|anyone|no one|everyone|a hundred|one by one|一つ一つ|一緒|一度|一番|一人|一つ|一日|一本|一層|一般|一回|一杯|二人|十分(?!間)|万が一|三日月|四季"
)


def number(text: str) -> Decimal | None:
    """The value of a number in digits, hanzi or English words; None when it is none."""
    text = text.strip().replace("兩", "两")
    digits = re.fullmatch(r"(\d[\d,]*(?:\.\d+)?)\s*([万千百k]|thousand|million|)", text)
    if digits:
        try:
            value = Decimal(digits[1].replace(",", ""))
        except InvalidOperation:
            return None
        return value * _SHORT[digits[2]]
    if re.fullmatch(rf"[{_HAN}]+(?:点[{_HAN}]+)?", text):
        whole, _, part = text.partition("点")
        value = Decimal(_han(whole))
        if part:
            value += Decimal("0." + "".join(str(_D.get(c, 0)) for c in part))
        return value
    return _english(text)


def _han(text: str) -> int:
    if not any(c in _POWERS for c in text):
        return int("".join(str(_D[c]) for c in text) or "0")
    total = section = digit = 0
    last = 1
    for c in text:
        if c in _D:
            digit = _D[c]
            continue
        power = _POWERS[c]
        if power >= 10_000:
            total = (total + section + digit) * power
            section = 0
        else:
            section += (digit or 1) * power
        last, digit = power, 0
    # 一百五 is 150, 三万二 is 32,000.
    short = digit and last >= 100 and text[-1] in _D and text[-2] in _POWERS
    return total + section + (digit * last // 10 if short else digit)


def _english(text: str) -> Decimal | None:
    words = re.split(r"[\s-]+", text.lower())
    total = current = 0
    part = ""
    after = False
    for word in words:
        if word == "point":
            after = True
        elif word == "and":
            continue
        elif word in _EN_ONES or word in _EN_TENS:
            value = _EN_ONES.get(word, _EN_TENS.get(word, 0))
            if after:
                part += str(value)
            elif (word in _EN_ONES and current % 100 >= 20 and current % 10 == 0 and value < 10) or current % 100 == 0:
                current += value
            else:
                current = current * 100 + value
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in ("thousand", "million"):
            total += (current or 1) * (1000 if word == "thousand" else 1_000_000)
            current = 0
        else:
            return None
    return Decimal(f"{total + current}.{part}" if part else total + current)


def quantities(text: str) -> list[Quantity]:
    """All of a sentence, as it is folded; idioms with a numeral in them (一样, 十分, 万一) are none."""
    plain = fold(text).plain
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
    for m in _UNIT.finditer(plain):
        if _begins_idiom(plain, m.start()) and not _measures(m):
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
        value = number(m[0])
        if value is not None and take(*m.span()):
            out.append(Quantity("bare", value, "", *m.span()))
    return sorted(out, key=lambda q: q.start)


def _about(text: str) -> list[Decimal]:
    """两三 is two or three, not twenty-three; empty for any other number."""
    if len(text) == 2 and all(c in _D for c in text) and _D[text[1]] == _D[text[0]] + 1 > 1:
        return [Decimal(_D[c]) for c in text]
    return []


def _begins_idiom(plain: str, at: int) -> bool:
    m = _IDIOMS.match(plain, at)
    return m is not None


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
    if name == "fullwidth_code":
        yield Quantity("code", Decimal(re.sub(r"\D", "", m[0])), m[0], start, end)
    elif name == "half":
        unit = m["u"] or m["v"]
        kind: Kind = "minutes" if unit in ("小时", "个小时", "時間", "hour") else "months"
        yield Quantity(kind, Decimal(30 if kind == "minutes" else 6 if unit in ("年", "year") else "0.5"), m[0], start, end)
    elif name in ("date", "clock"):
        yield Quantity("date" if name == "date" else "clock", Decimal(0), _canonical(m[0]), start, end)
    elif name == "kuai":
        a, b = number(m["a"]), number(m["b"])
        c = number(m["c"]) if m["c"] else Decimal(0)
        if a is not None and b is not None and c is not None:
            yield Quantity("money", a + b / 10 + c / 100, m[0], start, end)
    elif name == "cents":
        a, b = number(m["a"]), number(m["b"])
        if a is not None and b is not None and b < 100:
            yield Quantity("money", a + b / 100, m[0], start, end)
    elif name == "zhe":
        if m["half"]:
            yield Quantity("share", Decimal("0.5"), m[0], start, end)
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
        value = number(m["n"])
        if value is not None:
            yield Quantity("money", value, m[0], start, end)


def _canonical(text: str) -> str:
    return re.sub(rf"[{_HAN}]+", lambda m: str(_han(m[0])), re.sub(r"\s+", "", text)).replace("号", "日")
