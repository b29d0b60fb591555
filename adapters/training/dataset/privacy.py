"""Privacy: phones, identity numbers, bank cards, addresses and accounts in a text, found and put out of sight.

Numbers with check digits are taken only when those are right; prices, weights, dates and article numbers stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_identity_number(digits: str) -> bool:
    """GB 11643-1999: 17 digits and a check character modulo 11, with a date of birth that can be."""
    total = sum(int(d) * w for d, w in zip(digits[:17], _WEIGHTS, strict=True))
    month, day = int(digits[10:12]), int(digits[12:14])
    return "10X98765432"[total % 11] == digits[17].upper() and 1 <= month <= 12 and 1 <= day <= 31


def is_card_number(digits: str) -> bool:
    """ISO/IEC 7812-1: the Luhn check, on 15 to 19 digits."""
    digits = re.sub(r"\D", "", digits)
    total = sum(d if n % 2 == 0 else d * 2 - 9 * (d > 4) for n, d in enumerate(int(c) for c in reversed(digits)))
    return 15 <= len(digits) <= 19 and digits[0] in "3456" and total % 10 == 0


@dataclass(frozen=True, slots=True)
class _Rule:
    zh: str
    en: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool] = lambda text: True


_RULES = (
    _Rule("【邮箱】", "[e-mail]", re.compile(r"[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")),
    _Rule("【证件号】", "[id]", re.compile(r"(?<![\dA-Za-z])\d{17}[\dXx](?![\dA-Za-z])"), is_identity_number),
    _Rule("【卡号】", "[card]", re.compile(r"(?<![\dA-Za-z])\d{4}(?:[ -]?\d{4}){2}(?:[ -]?\d{3,4}){1}(?:[ -]?\d{1,3})?(?![\dA-Za-z])"),
          is_card_number),
    _Rule("【电话】", "[phone]", re.compile(r"(?<![\dA-Za-z])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![\dA-Za-z])")),
    _Rule("【电话】", "[phone]", re.compile(r"(?<![\dA-Za-z-])0\d{2,3}[- ]\d{7,8}(?![\d-])")),
    _Rule("【电话】", "[phone]", re.compile(r"(?<![\dA-Za-z-])400-?\d{3}-?\d{4}(?![\d-])")),
    _Rule("【电话】", "[phone]", re.compile(r"(?<![\dA-Za-z.])(?:\+1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?![\d-])")),
    _Rule("【电话】", "[phone]", re.compile(r"(?<![\dA-Za-z])\+(?!86)\d{2}[ -]?\d(?:[ -]?\d){7,11}(?!\d)")),
    _Rule("【账号】", "[account]", re.compile(
        r"(?:微信|薇信|威信|wechat|weixin|[vw]x|扣扣|qq)\s*(?:号码?|id|群)?\s*(?:[:：是]|\s)\s*(?:[A-Za-z][\w-]{5,19}|\d{5,11})(?![\w.])",
        re.I)),
    _Rule("【地址】", "[address]", re.compile(
        r"(?:[\u4e00-\u9fff]{2,7}(?:省|自治区|特别行政区))?(?:[\u4e00-\u9fff]{2,7}(?:市|州|盟))?(?:[\u4e00-\u9fff]{1,7}(?:区|县|旗|镇|乡))?"
        r"[\u4e00-\u9fff]{1,10}(?:路|街|大道|巷|弄|胡同|小区|花园|村)[\u4e00-\u9fffA-Za-z]{0,8}?\d{1,5}(?:号|弄|栋|幢|座|室|单元)"
        r"(?:[\dA-Za-z\u4e00-\u9fff-]{0,12}?(?:号|弄|栋|幢|座|楼|层|室|单元))*")),
    _Rule("【地址】", "[address]", re.compile(
        r"\b\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd)\b\.?")),
)


def mask(text: str, *, chinese: bool = True) -> tuple[str, list[str]]:
    """The text with neutral words in place of what is private, and those words in order."""
    found: list[str] = []
    for rule in _RULES:
        word = rule.zh if chinese else rule.en

        def put(m: re.Match[str], rule: _Rule = rule, word: str = word) -> str:
            if not rule.check(m[0]):
                return m[0]
            found.append(word)
            return word

        text = rule.pattern.sub(put, text)
    return text, found
