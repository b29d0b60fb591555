"""Private: numbers and addresses by which somebody can be reached or known, and links, however they are spelt."""

from __future__ import annotations

import re

from pipelines import moderation
from pipelines.guard.fold import Folded, pattern
from pipelines.guard.verdict import Hit
from pipelines.line import Lang

_N = "[零一二三四五六七八九]"
_PHONE = pattern(rf"(?<!{_N})(?:八六)?一[三四五六七八九]{_N}{{9}}(?!{_N})")
_LONG = pattern(rf"{_N}{{12,}}x?")
_MAIL = pattern(r"[\w.+-]{2,}\s*(?:@|\(at\)|\[at\]| at )\s*[\w-]{2,}\s*(?:\.|\(dot\)| dot )\s*(?:com|cn|net|org|io|jp|co)\b", re.I)
_ADDRESS = pattern(
    r"(?:省|市|自治区).{0,10}(?:区|县|镇).{0,12}(?:路|街|道|巷|弄|村|小区|大厦)|(?:路|街|巷|弄|小区|花园|大厦)\s*\d+\s*(?:号|弄|栋|幢|楼)|\d+\s*(?:栋|幢|号楼)\s*\d*\s*(?:单元|室|楼|层)"
    r"|\b\d{1,5}\s+\w+(?:\s\w+)?\s(?:street|st\.|avenue|ave\.?|road|rd\.?|lane|boulevard|blvd)\b|丁目\d*|\d+番地", re.I,
)
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

    def add(kind: str, start: int, end: int) -> None:
        if folded.text[start:end] not in shop:
            out.append(Hit(f"private:{kind}", "private", folded.text[start:end], start, end, _REASONS[kind]))

    for form in (_PHONE, _LONG):
        for m in form.finditer(folded.joined):
            add("phone", *folded.span(*m.span()))
            break
    for kind, form in (("mail", _MAIL), ("address", _ADDRESS)):
        found = form.search(folded.plain)
        if found:
            add(kind, folded.at[found.start()], folded.at[found.end() - 1] + 1)
    known = moderation.finding(folded.plain)
    if known and not out:
        add("abuse" if known in ("abuse", "spam") else "link", 0, len(folded.text))
    return out
