"""Figures in digits and words, in three languages, are what they say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipelines.guard.numerals import number
from pipelines.guard.quantities import quantities


@pytest.mark.parametrize(("text", "value"), [
    ("九十九点九", "99.9"), ("一百五", "150"), ("一百零五", "105"), ("三万二", "32000"), ("两千零二十六", "2026"), ("十", "10"), ("二十三", "23"),
    ("2,980", "2980"), ("1.5万", "15000"), ("ninety-nine point nine", "99.9"), ("one hundred and twenty eight", "128"),
    ("two thousand", "2000"), ("十二亿", "1200000000"),
])
def test_numbers(text: str, value: str) -> None:
    assert number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "abc", "元"])
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(("text", "kind", "value"), [
    ("九十九块九", "money", "99.9"), ("99块9毛", "money", "99.9"), ("¥99.90", "money", "99.9"), ("九十九元九角五分", "money", "99.95"),
    ("$12.50", "money", "12.5"), ("twelve dollars and fifty cents", "money", "12.5"), ("2,980円", "money", "2980"),
    ("八折", "share", "0.8"), ("八八折", "share", "0.88"), ("9.9折", "share", "0.99"), ("半价", "share", "0.5"), ("半額", "share", "0.5"),
    ("20% off", "share", "0.2"), ("二割引", "share", "0.2"), ("百分之二十", "share", "0.2"),
    ("30毫升", "volume", "30"), ("1.5升", "volume", "1500"), ("thirty millilitres", "volume", "30"), ("30ミリリットル", "volume", "30"),
    ("两公斤", "weight", "2000"), ("三年", "months", "36"), ("36个月", "months", "36"), ("半年", "months", "6"),
    ("两周", "days", "14"), ("three weeks", "days", "21"), ("两个小时", "minutes", "120"), ("三岁", "age", "3"), ("SPF50+", "code", "50"),
    ("一百二十八瓶", "count", "128"), ("128 bottles", "count", "128"), ("十万人", "people", "100000"), ("九十度", "degrees", "90"),
])
def test_quantities(text: str, kind: str, value: str) -> None:
    found = [q for q in quantities(f"它是{text}。" if not text.isascii() else f"it is {text}.")]
    assert [(q.kind, q.value) for q in found][:1] == [(kind, Decimal(value))], found


@pytest.mark.parametrize("text", ["十分感谢", "万一不合适", "一起看看", "第一次来", "一样的", "四季都能用", "百搭", "one more time"])
def test_idioms_are_no_figures(text: str) -> None:
    assert quantities(text) == []


def test_a_range_is_both_its_ends() -> None:
    assert [q.value for q in quantities("泡三到五分钟")] == [Decimal(3), Decimal(5)]
    assert [q.value for q in quantities("取两三滴")] == [Decimal(2), Decimal(3)]
