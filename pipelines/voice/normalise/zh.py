"""Chinese: numbers, prices, dates, units and Latin names as they are said in Mandarin."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from pipelines.voice.normalise.pieces import HAN, LATIN, NUMBER, PAUSES, Piece, latin, plain_number

_DIGITS = "零一二三四五六七八九"
_UNITS = {
    "ml": "毫升", "mL": "毫升", "ML": "毫升", "l": "升", "L": "升", "g": "克", "kg": "公斤", "KG": "公斤", "mg": "毫克",
    "cm": "厘米", "mm": "毫米", "m": "米", "km": "公里", "℃": "摄氏度", "°C": "摄氏度", "w": "万", "W": "万",
    "h": "小时", "min": "分钟", "s": "秒", "oz": "盎司",
}
_MEASURES = "个只支瓶罐盒包袋件条张本块片颗滴款双套位层次天年倍小份杯勺米克公"
_CURRENCIES = {"¥": "元", "￥": "元", "$": "美元", "€": "欧元", "£": "英镑"}


def integer(digits: str, *, liang: bool = False) -> str:
    """An integer as said: 12 十二, 110 一百一十, 10010 一万零一十; `liang`: a lone 2 is 两."""
    value = int(digits)
    if liang and value == 2:
        return "两"
    if value == 0:
        return "零"
    if value >= 10**16:
        return serial(digits)
    groups, n = [], value
    while n:
        groups.append(n % 10_000)
        n //= 10_000
    out = ""
    for k in range(len(groups) - 1, -1, -1):
        group = groups[k]
        if group == 0:
            if out and not out.endswith("零") and any(groups[:k]):
                out += "零"
            continue
        if out and group < 1000 and not out.endswith("零"):
            out += "零"
        out += _below_ten_thousand(group) + ("", "万", "亿", "万亿")[k]
    if out.startswith("一十"):
        out = out[1:]
    if out.startswith(("二万", "二千", "二亿")) and len(digits) != 4:
        out = "两" + out[1:]
    return out.rstrip("零") or "零"


def _below_ten_thousand(value: int) -> str:
    out, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            out += ("零" if gap and out else "") + _DIGITS[digit] + name
            gap = False
        else:
            gap = True
    return out


def number(text: str, *, liang: bool = False) -> str:
    """A decimal number as said: 99.9 九十九点九."""
    whole, _, part = plain_number(text).partition(".")
    return integer(whole, liang=liang and not part) + ("点" + serial(part) if part else "")


def serial(digits: str, *, phone: bool = False) -> str:
    """Digits one by one; in telephone numbers 1 is 幺."""
    said = "".join(_DIGITS[int(d)] for d in digits if d.isdigit())
    return said.replace("一", "幺") if phone else said


def price(text: str) -> str:
    """An amount of yuan as said in a shop: 99.90 九十九块九, 128 一百二十八块, 39.95 三十九块九毛五."""
    amount = Decimal(plain_number(text))
    if amount != amount.quantize(Decimal("0.01")):
        return number(text) + "块"
    yuan, cents = divmod(int(amount * 100), 100)
    jiao, fen = divmod(cents, 10)
    said = integer(str(yuan), liang=True) + "块" if yuan else ""
    if jiao and fen:
        return said + f"{_DIGITS[jiao]}毛{_DIGITS[fen]}"
    if jiao:
        return said + (_DIGITS[jiao] if yuan else _two(jiao) + "毛")
    if fen:
        return said + ("零" if yuan else "") + f"{_two(fen)}分"
    return said or "零块"


def _two(digit: int) -> str:
    return "两" if digit == 2 else _DIGITS[digit]


def _price_of(m: re.Match[str]) -> str:
    currency = _CURRENCIES[m["cur"]]
    return price(m["pn"]) if currency == "元" else number(m["pn"], liang=True) + currency


def _date(m: re.Match[str]) -> str:
    return f"{serial(m['y'])}年{integer(m['mo'])}月{integer(m['d'])}日"


def _clock(m: re.Match[str]) -> str:
    minute = int(m["mi"])
    said = integer(m["h"], liang=True) + "点"
    if minute == 30:
        return said + "半"
    if minute == 0:
        return said + "整"
    return said + ("零" if minute < 10 else "") + integer(str(minute)) + "分"


def _range(m: re.Match[str]) -> str:
    tail = m["rt"]
    if tail in ("%", "％"):
        return f"百分之{number(m['r1'])}到百分之{number(m['r2'])}"
    if tail in ("元", "块钱"):
        return f"{number(m['r1'])}到{number(m['r2'])}块"
    return f"{number(m['r1'], liang=bool(tail))}到{number(m['r2'], liang=bool(tail))}{_UNITS.get(tail, tail)}"


def _discount(m: re.Match[str]) -> str:
    digits = m["z"]
    if "." in digits:
        return number(digits) + "折"
    return serial(digits) + "折" if len(digits) == 2 and not digits.endswith("0") else integer(digits[0]) + "折"


def _measured(m: re.Match[str]) -> str:
    return number(m["mn"], liang=True) + m["mw"]


_RULES: list[tuple[str, Callable[[re.Match[str]], str]]] = [
    (r"(?P<url>https?://\S+|www\.\S+)", lambda m: "网址"),
    (r"(?P<y>\d{4})[-/.](?P<mo>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)", _date),
    (
        r"(?<!\d)(?P<ph>1\d{2}[- ]?\d{4}[- ]?\d{4}|0\d{2,3}-\d{7,8}|400-?\d{3}-?\d{4})(?![\d-])",
        lambda m: serial(m["ph"], phone=True),
    ),
    (r"(?P<year>\d{4}|\d{2})(?=年)", lambda m: serial(m["year"])),
    (r"(?<!\d)(?P<h>[01]?\d|2[0-4])[:：](?P<mi>[0-5]\d)(?!\d)", _clock),
    (rf"(?P<cur>[¥￥$€£])\s?(?P<pn>{NUMBER})元?", _price_of),
    (rf"(?P<yn>{NUMBER})(?:元|块钱)(?!素|件|月|旦)", lambda m: price(m["yn"])),
    (
        rf"(?P<r1>{NUMBER})\s?(?:[-~～—–]|至)\s?(?P<r2>{NUMBER})\s?"
        rf"(?P<rt>%|％|ml|mL|ML|g|kg|cm|mm|℃|元|块钱|[{_MEASURES}])?(?![\d:：-])",
        lambda m: _range(m) if m["rt"] else f"{number(m['r1'])}到{number(m['r2'])}",
    ),
    (r"(?P<to>(?<=[\u4e00-\u9fff%％\d℃])\s?[-~～—–]\s?(?=[¥￥$€£]?\d))", lambda m: "到"),
    (rf"(?P<pc>{NUMBER})[%％]", lambda m: "百分之" + number(m["pc"])),
    (r"(?P<z>\d(?:\.\d)?|\d{2})折", _discount),
    (r"第(?P<o>\d+)", lambda m: "第" + integer(m["o"])),
    (r"(?<![\d/])(?P<fa>\d{1,2})/(?P<fb>\d{1,3})(?![\d/])", lambda m: f"{integer(m['fb'])}分之{integer(m['fa'])}"),
    (
        rf"(?P<un>{NUMBER})\s?(?P<uu>ml|mL|ML|kg|KG|mg|cm|mm|km|min|oz|℃|°C|[gLlmhwW])(?![A-Za-z])",
        lambda m: number(m["un"], liang=True) + _UNITS[m["uu"]],
    ),
    (r"(?P<plus>[+＋]+)(?![\d\s]*[\d])", lambda m: ("加", "两个加", "三个加", "四个加")[min(len(m["plus"]), 4) - 1]),
    (rf"(?P<mn>{NUMBER})(?P<mw>[{_MEASURES}])", _measured),
    (
        r"(?<![\d\u4e00-\u9fff%])-(?P<neg>\d+(?:\.\d+)?)(?P<nu>℃|°C)?",
        lambda m: "负" + number(m["neg"]) + _UNITS.get(m["nu"] or "", ""),
    ),
    (r"(?P<sn>\d{3,}\d{4}(?<!0000))", lambda m: serial(m["sn"])),
    (rf"(?P<n>{NUMBER})", lambda m: number(m["n"])),
    (r"(?P<x>[×xX*])(?=\s?\d)", lambda m: "乘"),
    (r"(?P<and>[&＆])", lambda m: "和"),
    (r"(?P<p2>[+＋])", lambda m: "加"),
]
_NUMERIC = re.compile("|".join(rf"(?P<_{k}>{pattern})" for k, (pattern, _) in enumerate(_RULES)))


def read(text: str) -> list[Piece]:
    """Pieces of a Chinese text."""
    out: list[Piece] = []
    at = 0
    while at < len(text):
        if m := HAN.match(text, at):
            end = m.end()
            # 第 belongs to the number after it.
            if text[end - 1] == "第" and text[end : end + 1].isdigit():
                end -= 1
            out += [Piece(text[k], k, k + 1, "zh") for k in range(at, end)]
            if end > at:
                at = end
                continue
        if (m := _NUMERIC.match(text, at)) and m.end() > at:
            rule = next(k for k in range(len(_RULES)) if m[f"_{k}"] is not None)
            out.append(Piece(_RULES[rule][1](m), at, m.end(), "zh"))
            at = m.end()
        elif m := LATIN.match(text, at):
            out.append(Piece(latin(m[0]), at, m.end(), "en"))
            at = m.end()
        else:
            pause = PAUSES.get(text[at], "")
            out.append(Piece({",": "，", ".": "。", "!": "！", "?": "？"}.get(pause, pause), at, at + 1, "zh"))
            at += 1
    return [p for p in out if p.spoken]
