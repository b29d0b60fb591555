"""Place: what stands around a figure — whether it is said to be less, more or about, and how many pieces it buys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from pipelines.guard.fold import pattern
from pipelines.guard.numerals import ANY, number
from pipelines.guard.quantities import Quantity
from pipelines.guard.topics import Topic, topic

_LESS = pattern(r"不到|低于|不超过|不足|少于|不用|没到|(?:under|less than|below|not even|within|no more than)\s*(?:an?\s*|about\s*)?[¥$€£]?$|以下|未满")
_LESS_AFTER = pattern(r"^\s*(?:都|还)?(?:不到|以内|以下|出头都不到|未满|or less|足らず)")
_MORE_AFTER = pattern(r"多|来|几|余|出头|以上|左右|上下|or so|plus|ほど|くらい|ぐらい|前后")
_ABOUT = pattern(r"差不多|大约|大概|约|将近|接近|左右|上下|前后|相当于|about|around|roughly|nearly|almost|approximately|ほぼ|约|ぐらい|くらい|ほど")
_ITEM = r"(?:瓶|支|盒|罐|件|套|个|条|台|只|本|箱|缶|枚|つ|份|bottles?|jars?|tubes?|boxes|pieces?|of them|kettles?|tees?|shirts?|cups?|lipsticks?|creams?|serums?)"
_PIECES = pattern(rf"({ANY})\s*{_ITEM}")
_MANY_BEFORE = pattern(rf"({ANY})\s*{_ITEM}\s*(?:一共|总共|加起来|合计|一起|也?就?只?要|也?就?只?是|才|就|只|也|也就|都|到手|是|带走|are|is|for|cost|costs|come to|で|は|なら|合わせて|[,，\s])*[¥￥$]?$")
_MANY_AFTER = pattern(rf"^\s*(?:块钱?|元)?\s*(?:买|拿|得|带走|到手|for)?\s*({ANY})\s*{_ITEM}")
TOTAL = pattern(r"一共|总共|加起来|合计|一起|共计|total|altogether|together|both|合计|全部で|セットで")
"""Of several goods or pieces together."""
FEW = 9
"""Pieces up to which a count before a comma may be what the amount after it buys."""


@dataclass(frozen=True, slots=True)
class Place:
    """A figure's surroundings in the folded sentence `plain`: `before` to its beginning, `after` a few characters, `rest` some more."""

    plain: str
    before: str
    after: str
    rest: str
    topic: Topic

    @classmethod
    def of(cls, plain: str, q: Quantity) -> Place:
        """Of a figure."""
        before = re.split(r"[。！？!?;；]", plain[max(0, q.start - 24) : q.start])[-1]
        return cls(plain, before, plain[q.end : q.end + 8], plain[q.end : q.end + 24], topic(plain, q))

    @property
    def less(self) -> bool:
        """Whether it is said to be under the figure."""
        return bool(_LESS.search(self.before[-14:]) or _LESS_AFTER.match(self.after))

    def more(self, q: Quantity) -> bool:
        """Whether it is said to be somewhat over the figure."""
        return bool(_MORE_AFTER.search(q.unit) or _MORE_AFTER.match(self.after.strip()))

    def about(self, q: Quantity) -> bool:
        """Whether the figure is said to be round."""
        return bool(_ABOUT.search(self.before[-10:]) or _ABOUT.search(q.unit) or _ABOUT.match(self.after.strip()))

    def many(self) -> Decimal | None:
        """How many pieces an amount is said to buy; None when it isn't said."""
        m = _MANY_BEFORE.search(self.before) or _MANY_AFTER.match(self.rest)
        if m is None and TOTAL.search(self.before):
            m = _PIECES.search(self.before) or _PIECES.search(self.rest)
        if m is None:
            return None
        many = number(m[1])
        return many if many is not None and (many <= FEW or "," not in m[0].replace("，", ",")) else None
