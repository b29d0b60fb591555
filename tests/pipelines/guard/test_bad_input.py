"""The guard on bad input: whatever is sent to it is judged in bounded work, and a wrong catalogue is told, not repeated."""

from __future__ import annotations

import re
import re._constants as sre
import re._parser as parser
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from bench.guard import goods
from pipelines import moderation
from pipelines.catalogue import Faq, Product
from pipelines.guard import (
    Guard,
    claims,
    denial,
    facts,
    figures,
    findings,
    fold,
    guard,
    numerals,
    place,
    private,
    quantities,
    terms,
    topics,
)
from pipelines.guard.fold import MAX_CHARS

CREAM = Product(
    "cream", {"zh": "暖冬面霜", "en": "Winter Cream"}, Decimal("88"), was_price=Decimal("110"), stock=20, unit={"zh": "罐"},
    facts={"zh": ("一罐50克", "不含酒精", "质保一年")},
)


@pytest.fixture(scope="module")
def judge() -> Guard:
    return Guard(goods())


@pytest.mark.parametrize("unit", [
    "最", "1", "一", "亿", "twenty-", "one two ", "九十九块九", "买一送一", "1,", "no.1 ", "b e s t ", "zhuang", "失眠，", "我是", "from ", "contains a, ", "市区路1号", "www.@a.",
    "女子", "ゼロ", "折", "\ud800", "\udfff🙂", "Z\u0301\u0302", "\u200b最", "𒀀ꯁ", "Ω", "\x00", "\u202e最", "((\\d+)+", "a" * 40 + "!",
])
def test_any_text_is_judged_up_to_what_a_sentence_may_have(judge: Guard, unit: str) -> None:
    assert judge.judge((unit * MAX_CHARS)[:MAX_CHARS], "zh", "serum").action in ("allow", "rewrite", "hold")


@pytest.mark.parametrize("unit", ["1", "一", "one ", "最"])
def test_blanks_between_make_it_no_harder(judge: Guard, unit: str) -> None:
    assert judge.judge((unit + " " * 999) * 2, "zh", "serum").action in ("allow", "rewrite", "hold")
    assert len(fold.fold((unit + "\u3000\t " * 300) * 2).plain) < 20


def test_a_sign_that_unfolds_to_a_phrase_does_not_push_words_out_of_sight(judge: Guard) -> None:
    assert judge.judge("ﷺ" * (MAX_CHARS // 10) + "全网第一", "zh", "serum").action == "hold"
    assert len(fold.fold("ﷺ" * MAX_CHARS).plain) <= MAX_CHARS


@pytest.mark.parametrize("text", ["Z\u0301\u0302\u0303" * 262_144, "最" * 1_000_000, "\ud800" * 1_000_000, "1" * 1_000_000])
def test_a_million_characters_are_held_unread_and_not_kept(judge: Guard, text: str) -> None:
    assert judge.judge(text, "zh", "serum").rule == "form:long"
    assert all(len(key[0]) <= MAX_CHARS for key in judge._kept)


def test_a_sentence_that_cannot_be_read_in_part_is_judged_by_the_rest(judge: Guard) -> None:
    assert judge.judge("国\ud800家\udfff级的面霜", "zh", "cream").action == "rewrite"
    assert judge.judge("مرحبا، 全网第一", "zh", "cream").action != "allow"


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every pattern that a sentence meets."""
    modules: list[ModuleType] = [claims, denial, facts, figures, findings, fold, guard, numerals, place, private, quantities, terms, topics, moderation]
    for module in modules:
        for name, value in vars(module).items():
            for found in _within(value):
                yield f"{module.__name__}.{name}", found
    held = claims.claims()
    yield from ((f"promise {k}", v) for k, v in held.promises.items())
    yield "ingredients", held.finder
    lists = terms.Terms()
    yield from ((rule.name, form) for form, rule in (*lists._patterns, *lists._words))


def _within(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple):
        for piece in value:
            yield from _within(piece)


def _endless(tree: Any, within: bool = False) -> bool:
    """Whether a repetition without a bound stands in another one."""
    for op, value in tree:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            _, high, inner = value
            unbounded = high == sre.MAXREPEAT
            if (unbounded and within) or _endless(inner, within or unbounded):
                return True
        elif op is sre.SUBPATTERN and _endless(value[-1], within):
            return True
        elif op is sre.BRANCH and any(_endless(branch, within) for branch in value[1]):
            return True
        elif op in (sre.ASSERT, sre.ASSERT_NOT) and _endless(value[1]):
            return True
    return False


def test_no_pattern_repeats_a_repetition_without_bound() -> None:
    found = dict(patterns())
    assert len(found) > 150
    assert [name for name, form in found.items() if _endless(parser.parse(form.pattern, form.flags & ~re.UNICODE))] == []


def test_the_check_of_patterns_sees_an_endless_one() -> None:
    assert _endless(parser.parse(r"x(?:a+b?)*y"))
    assert not _endless(parser.parse(r"x(?:a+b?){0,4}y"))


def test_where_a_fact_names_another_price_the_field_counts() -> None:
    wrong = replace(CREAM, facts={"zh": ("今天只要66元", "打六折", "还剩5罐", "运费8元")})
    judge = Guard([wrong])
    assert judge.judge("今天只要66元。", "zh", "cream").text == "今天只要88元。"
    assert judge.judge("现在88元。", "zh", "cream").action == "allow"
    assert judge.judge("打六折。", "zh", "cream").action == "hold"
    assert judge.judge("打八折。", "zh", "cream").action == "allow"
    assert judge.judge("还剩5罐。", "zh", "cream").text == "还剩20罐。"
    assert judge.judge("运费8元。", "zh", "cream").action == "allow"
    assert sorted(f.kind for f in findings.findings(wrong)) == ["discount", "price", "stock"]


def test_an_answer_that_names_another_price_is_overruled_too() -> None:
    asked = replace(CREAM, faq=(Faq({"zh": "多少钱"}, {"zh": "一罐九十九"}), Faq({"en": "How much"}, {"en": "It is 88 yuan"})))
    judge = Guard([replace(asked, faq=(Faq({"zh": "多少钱"}, {"zh": "一罐九十九块"}), asked.faq[1]))])
    assert judge.judge("一罐九十九块。", "zh", "cream").text == "一罐88元。"
    assert judge.judge("It is 88 yuan.", "en", "cream").action == "allow"


@pytest.mark.parametrize(("facts", "kind"), [
    (("一罐50克", "每罐净含量80克"), "content"),
    (("不含酒精", "含有少量酒精"), "ingredient"),
    (("质保一年", "坏了保修三年"), "time"),
    (("没开封可以放三年", "保质期24个月"), "time"),
    (("原价110，现在88元", "今天99元"), "price"),
])
def test_what_contradicts_itself_is_found(facts: tuple[str, ...], kind: str) -> None:
    found = findings.findings(replace(CREAM, facts={"zh": facts}))
    assert [f.kind for f in found] == [kind]
    assert set(found[0].texts) <= set(facts) and found[0].texts
    assert found[0].message["zh"] and found[0].message["en"]


def test_neither_of_two_opposite_ingredients_is_said() -> None:
    judge = Guard([replace(CREAM, facts={"zh": ("不含酒精", "含有少量酒精")})])
    assert judge.judge("它不含酒精。", "zh", "cream").action == "hold"
    assert judge.judge("它含酒精。", "zh", "cream").action == "hold"


def test_a_price_before_that_is_lower_is_found() -> None:
    assert [f.kind for f in findings.findings(replace(CREAM, was_price=Decimal("80")))] == ["was_price"]


def test_a_catalogue_that_agrees_with_itself_has_no_findings() -> None:
    assert [f for p in (CREAM, *goods()) for f in findings.findings(p)] == []
