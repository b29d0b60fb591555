"""Topics: what a figure is about — delivery, returns, shelf life, how long one lasts — by the words of its clause."""

from __future__ import annotations

import re
from typing import Literal

from pipelines.guard.fold import pattern
from pipelines.guard.quantities import Quantity

Topic = Literal["ship", "return", "warranty", "closed", "opened", "finish", "use", "gift", ""]
TIMES = frozenset(("months", "days", "minutes"))
_TOPICS: tuple[tuple[Topic, re.Pattern[str]], ...] = (
    ("ship", pattern(r"发货|寄|送达|到货|发出|必达|送到|签收|派送|快递|物流|发走|发完|\bship|deliver|arriv|dispatch|届|発送|配送|到着")),
    ("return", pattern(r"(?<!消)(?<!褪)退(?!休|步|后|红|下来|散|出)|换货|调换|保价|价保|\breturn|refund|money.back|返品|返金|交换")),
    ("warranty", pattern(r"质保|保修|包修|维修|坏|warrant|guarantee|保证|保障|修理")),
    ("closed", pattern(r"(?:没|未|不)(?:有)?开(?:封|盖)|保质期|unopened|shelf life|keeps?\b|expir|best.before|赏味期限|使用期限|未开封")),
    ("opened", pattern(r"开封|开盖|开了|打开|once .{0,8}open|after opening|of opening|opened|开封后")),
    ("finish", pattern(r"用完|喝完|吃完|使い切|use (?:it )?up|finish")),
    ("use", pattern(
        r"(?:能|可以|够|可|刚好|足足|大概|大约|差不多)(?:你|您)?(?:用|喝|吃|撑|穿|管)(?!.?完)|(?:用|喝|吃|撑)(?:上|个|到|满|足)?$|\blasts?\b|good for$|もち|お使いいただけ|足り|用(?:上|个)?(?:半|一|两|三|几)")),
)
_GIFT = pattern(r"(?:送|赠|附赠|附送|搭)(?:您|你|大家|一)?$|(?:free|extra|bonus)\s*$|おまけ(?:で|に)?$")


def topic(plain: str, q: Quantity) -> Topic:
    """What the clause of a folded sentence in which a figure stands is about; empty when it doesn't tell."""
    if q.kind in ("count", "bare", "sorts"):
        return "gift" if _GIFT.search(plain[max(0, q.start - 8) : q.start]) else ""
    if q.kind not in TIMES:
        return ""
    start = max((m.end() for m in _CUTS.finditer(plain, 0, q.start)), default=0)
    found = _CUTS.search(plain, q.end)
    before, after = plain[start : q.start], plain[q.end : found.start() if found else len(plain)]
    for name, form in _TOPICS:
        if form.search(before) or form.search(after):
            return name
    return ""


_CUTS = pattern(r"[，,。;；!！?？、]|\.(?!\d)| and | but |、")
