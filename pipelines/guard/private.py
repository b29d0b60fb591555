"""Private: numbers and addresses by which somebody can be reached or known, and links, however they are spelt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines import moderation
from pipelines.guard.fold import Folded, pattern
from pipelines.guard.verdict import Hit
from pipelines.line import Lang

_N = "[零一二三四五六七八九幺]"
_COUNTED = r"(?![十百千万亿]|个?赞|次|人|位|元|块|毫|克|瓶|粉丝)"
_PHONE = pattern(rf"(?<!{_N})(?:八六)?[一幺][三四五六七八九]{_N}{{9}}(?!{_N})")
_LONG = pattern(rf"{_N}{{9,}}x?{_COUNTED}")
_NUMBER = pattern(
    rf"(?:qq|扣扣|企鹅|微信|薇信|威信|vx|wx|号码|电话|手机|座机|热线|账号|卡号|帐号|身份证|护照|联系|拨打|打给|短信|密码|验证码|单号|电話|番号|phone|call|number|line|id|tel)[^\x00]{{0,6}}?{_N}{{5,}}{_COUNTED}"
)
_PLATE = pattern(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][a-z零一二三四五六七八九]{5,6}(?![a-z零一二三四五六七八九])")
_DIGIT_WORDS = {w: c for c, ws in zip("零一二三四五六七八九", (
    "zero oh ゼロ れい まる", "one yao いち", "two に", "three さん", "four よん", "five ご", "six ろく", "seven なな", "eight はち", "nine きゅう",
), strict=True) for w in ws.split()}
_DIGIT_WORD = "|".join(sorted(_DIGIT_WORDS, key=len, reverse=True))
_SPELT = pattern(rf"(?:(?:double |triple )?(?:{_DIGIT_WORD}|[0-9零一二三四五六七八九])[\s,、.・\-—–]{{0,3}}){{7,}}")
_DOT = r"\s*(?:\.|。|点|點|\(dot\)|\[dot\]|\bdot\b|ドット)\s*"
_ENDING = r"(?:com|cn|net|org|io|jp|co|top|xyz|vip|cc|me|shop|link|club)"
_MAIL = pattern(
    rf"[\w.+-]{{2,64}}\s*(?:@|\(at\)|\[at\]|(?<=\w) at (?=\w)|艾特|圈a|アットマーク|小老鼠)\s*(?:[\w-]{{2,64}}{_DOT})(?:com|cn|net|org|io|jp|co)\b", re.I)
_LINK = pattern(rf"www(?:{_DOT}|点)\w|\b[a-z0-9-]{{2,64}}{_DOT}{_ENDING}(?![a-z])|\bhttps?\b|\b(?:bit|t|goo)\.(?:ly|cn|gl)/", re.I)
_ROAD = r"(?:路|街|道|巷|弄|胡同|小区|花园|大厦|公寓|新村|家园|苑)"
_ADDRESS = pattern(
    rf"(?:省|市|自治区)[^，,。\x00]{{0,10}}(?:区|县|镇)[^，,。\x00]{{0,12}}(?:路|街|道|巷|弄|村|小区|大厦)|{_ROAD}\s*[\d零一二三四五六七八九十百]+\s*(?:号|弄|栋|幢|楼)(?!线|店)|[\d一二三四五六七八九十]+\s*(?:栋|幢|号楼)\s*[\d一二三四五六七八九十零]*\s*(?:单元|室|楼|层)"
    r"|\b\d{1,5}[a-z]?\s+\w+(?:\s\w+)?\s(?:street|st\.|avenue|ave\.?|road|rd\.?|lane|boulevard|blvd|drive)\b|丁目\d*|[\d一二三四五六七八九十]+番地|(?:区|市)\S{1,8}\d+-\d+-\d+", re.I,
)
_WARNING = pattern(r"别信|不加|不走|不留|不要|请勿|谨防|小心|骗子|上当|never|don't|do not|scam")
_REASONS: dict[str, dict[Lang, str]] = {
    "phone": {"zh": "像是电话、证件或账号，不能念出来。", "en": "It looks like a phone, identity or account number."},
    "mail": {"zh": "邮箱地址不能念出来。", "en": "An e-mail address is not read out."},
    "address": {"zh": "具体住址不能念出来。", "en": "A private address is not read out."},
    "link": {"zh": "链接或联系方式不能念出来。", "en": "Links and contact details are not read out."},
    "abuse": {"zh": "辱骂或违规词语。", "en": "Abuse or forbidden words."},
}


def find(folded: Folded, shop: str = "") -> list[Hit]:
    """What must not be read out; `shop` are texts of the catalogue, whose links and addresses are the shop's own."""
    out = []
    for kind, start, end in _found(folded):
        if folded.text[start:end] not in shop:
            out.append(Hit(f"private:{kind}", "private", folded.text[start:end], start, end, _REASONS[kind]))
    known = moderation.finding(folded.plain)
    if known == "contact" and _WARNING.search(folded.plain) and not re.search(r"\d{4}|[零一二三四五六七八九]{5}", folded.plain):
        return out
    if known and not out:
        kind = "abuse" if known in ("abuse", "spam") else "link"
        out.append(Hit(f"private:{kind}", "private", folded.text, 0, len(folded.text), _REASONS[kind]))
    return out


def _found(folded: Folded) -> Iterator[tuple[str, int, int]]:
    for form in (_PHONE, _NUMBER, _LONG, _PLATE):
        m = form.search(folded.joined)
        if m:
            yield "phone", *folded.span(*m.span())
            break
    else:
        m = next((m for m in _SPELT.finditer(folded.plain) if _digits(m[0]) >= 9), None)
        if m:
            yield "phone", folded.at[m.start()], folded.at[m.end() - 1] + 1
    for kind, form in (("mail", _MAIL), ("address", _ADDRESS), ("link", _LINK)):
        m = form.search(folded.plain)
        if m:
            yield kind, folded.at[m.start()], folded.at[m.end() - 1] + 1


def _digits(text: str) -> int:
    """How many digits a row of digits and digit words has; a pause of more than a mark ends it."""
    count = 0
    for m in re.finditer(rf"(double |triple )?(?:{_DIGIT_WORD}|[0-9零一二三四五六七八九])", text):
        count += {"double ": 2, "triple ": 3}.get(m[1] or "", 1)
    return count
