"""Numerals: numbers in digits, hanzi and English words, by the grammar in which each is said.

四十五一瓶 is forty-five and then one bottle, because no numeral goes on after its ones; ninety-nine ninety is 9990
or, of money, 99.90.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9, "幺": 1, "弐": 2, "参": 3, "壱": 1,
}
POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000, "萬": 10_000, "亿": 100_000_000}
_SHORT = {"万": 10_000, "千": 1000, "百": 100, "k": 1000, "w": 10_000, "thousand": 1000, "million": 1_000_000, "": 1}
HAN = "零〇一二两三四五六七八九壹贰叁肆伍陆柒捌玖十拾百佰千仟万萬亿"
_D = "[一二两三四五六七八九壹贰叁肆伍陆柒捌玖]"
_Z = "[零〇]"
_TENS = rf"(?:{_D}?[十拾]{_D}?)"
_HUNDREDS = rf"(?:{_D}?[百佰](?:{_Z}?{_TENS}|{_Z}{_D}|{_D}(?![十拾百佰千仟]))?)"
_THOUSANDS = rf"(?:{_D}?[千仟](?:{_Z}?(?:{_HUNDREDS}|{_TENS})|{_Z}?{_D}(?![十拾百佰]))?)"
_BELOW = rf"(?:{_THOUSANDS}|{_HUNDREDS}|{_TENS}|{_D})"
_WHOLE = rf"(?:{_BELOW}?[万萬亿](?:{_Z}?{_BELOW})?(?:[万萬](?:{_Z}?{_BELOW})?)?|{_THOUSANDS}|{_HUNDREDS}|{_TENS})"
_ROW = rf"(?:{_D}|{_Z})(?:{_D}|{_Z}){{1,18}}(?![十拾百佰千仟万萬亿])"
HANZI = rf"(?:{_ROW}|{_WHOLE}|{_D}|{_Z})(?:[点・](?:{_D}|{_Z}){{1,6}})?"
"""A numeral in hanzi, or digits said one by one."""
ARABIC = r"(?<!\d)(?:\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,6})?|\d{1,15}(?!\d)(?:\.\d{1,6})?(?:\s*[万千百]|[kw]\b|\s+(?:thousand|million)\b)?)"
_ONES = {w: n for n, w in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen".split())}
_TEN_WORDS = {w: 10 * n for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_GROUPS = {"dozen": 12, "couple": 2}
_WORD = "|".join([*_ONES, *_TEN_WORDS, "hundred", "thousand", "million"])
ENGLISH = (
    rf"(?:(?:(?:an?\s+)?(?:hundred|thousand|million)|(?:{_WORD}))(?:[\s-]{{1,3}}(?:and[\s-]|oh[\s-])?(?:{_WORD})){{0,10}}(?:\s+point(?:\s+(?:{_WORD})){{1,4}})?"
    r"|(?:half\s+)?an?\s+dozen|half\s+a\s+dozen|(?:two|three|four|five|\d{1,4})\s+dozen)"
)
ANY = rf"(?:{ARABIC}|{HANZI}|\b{ENGLISH}\b)"


def number(text: str) -> Decimal | None:
    """The value of a number in digits, hanzi or English words; None when it is none."""
    found = readings(text)
    return found[0] if found else None


def readings(text: str) -> tuple[Decimal, ...]:
    """Every value a number may have, the likeliest first; empty when it is none."""
    text = text.strip().replace("兩", "两").replace("・", "点")
    digits = re.fullmatch(r"(\d[\d,]*(?:\.\d+)?)\s*([万千百kw]|thousand|million|)", text)
    if digits:
        try:
            value = Decimal(digits[1].replace(",", ""))
        except InvalidOperation:
            return ()
        return (value * _SHORT[digits[2]],)
    if re.fullmatch(rf"[{HAN}]+(?:点[{HAN}]+)?", text):
        whole, _, part = text.partition("点")
        value = Decimal(_han(whole))
        if part:
            value += Decimal("0." + "".join(str(DIGITS.get(c, 0)) for c in part))
        return (value,)
    return _english(text)


def hanzi(text: str) -> int:
    """The value of a numeral in hanzi."""
    return _han(text)


def _han(text: str) -> int:
    if not any(c in POWERS for c in text):
        return int("".join(str(DIGITS[c]) for c in text)[:30] or "0")
    total = section = digit = 0
    last = 1
    for c in text:
        if c in DIGITS:
            digit = DIGITS[c]
            continue
        power = POWERS[c]
        if power >= 10_000:
            total = (total + section + digit or 1) * power
            section = 0
        else:
            section += (digit or 1) * power
        last, digit = power, 0
    # 一百五 is 150, 三万二 is 32,000.
    short = digit and last >= 100 and text[-1] in DIGITS and text[-2] in POWERS
    return total + section + (digit * last // 10 if short else digit)


def _english(text: str) -> tuple[Decimal, ...]:
    words = [w for w in re.split(r"[\s-]+", text.lower()) if w not in ("a", "an", "and", "oh")]
    if words and words[-1] == "dozen":
        many = number(words[-2]) if len(words) > 1 and words[-2] != "half" else None
        return (Decimal(6),) if "half" in words else ((many or Decimal(1)) * 12,)
    whole, _, part = " ".join(words).partition(" point ")
    said = whole.split()
    value = _cardinal(said)
    if value is None:
        return ()
    if part:
        return (Decimal(f"{value}." + "".join(str(_ONES.get(w, _TEN_WORDS.get(w, 0))) for w in part.split())),)
    return (Decimal(value), *_spoken_price(said))


def _cardinal(words: list[str]) -> int | None:
    total = current = 0
    for word in words:
        if word in _ONES or word in _TEN_WORDS:
            value = _ONES.get(word, _TEN_WORDS.get(word, 0))
            if (word in _ONES and current % 100 >= 20 and current % 10 == 0 and value < 10) or current % 100 == 0:
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
    return total + current if words else None


def _spoken_price(words: list[str]) -> tuple[Decimal, ...]:
    """Ninety-nine ninety as 99.90: the last two digits are hundredths."""
    for at in range(1, len(words)):
        tail = _cardinal(words[at:])
        head = _cardinal(words[:at])
        if words[at] in _TEN_WORDS or (words[at] in _ONES and _ONES[words[at]] >= 10):
            if head is not None and tail is not None and 10 <= tail < 100 and words[at - 1] not in ("hundred", "thousand"):
                return (Decimal(head) + Decimal(tail) / 100,)
    return ()
