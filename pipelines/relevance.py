"""Relevance: whether a written sentence answers what was asked, and does not turn a fact into its opposite.

A model that is fluent and beside the point is worse than a plain answer from the catalogue, and the guard, which looks
for what is forbidden, does not notice it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from pipelines import sentences
from pipelines.brief import Brief
from pipelines.catalogue import in_lang
from pipelines.line import Lang
from pipelines.retrieval import Found, terms

Point = Literal["answers", "opens", "beside"]
OPENING_UNITS = 20.0
"""A longer sentence that does not answer is no opening but something else."""
SHARED = 2
"""Terms that a sentence shares with the answer at least; one of the question's own is enough."""

_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_SOLD_OUT = re.compile(
    r"卖完|售罄|没有?货|缺货|补货|sold out|out of stock|売り切れ|在庫(?:が|は)?(?:あり|ござい)ません", re.I
)
_UNKNOWN = re.compile(
    r"没有?(?:这个|这方面|相关)?(?:信息|资料|写)|资料里没|不清楚|不太清楚|不确定|不知道|不敢乱说|记下|客服|店里(?:的)?(?:同事|回复)"
    r"|don't (?:have|know)|do not (?:have|know)|not sure|can't say|written it down|shop will|ask the shop"
    r"|分かりません|わかりません|情報が(?:なく|ありません)|資料に(?:あり|ござい)ません|確認(?:いた)?し"
)
_NOT = "不会|不能|不用|不需要|不含|不|没有|没|无需|无|未|别"
_NEGATED_ZH = re.compile(rf"(?:{_NOT})([\u4e00-\u9fff]{{2}})")
_NEGATED_EN = re.compile(
    r"\b(?:not|no|never|without|doesn't|don't|won't|isn't)\s+(?:a |an |any |the )?([a-z]{4,})", re.I
)
_NEGATION_ZH = re.compile(rf"(?:{_NOT})[\u4e00-\u9fff]{{0,2}}$")
_NEGATION_EN = re.compile(r"\b(?:not|no|never|without|\w+n't)\b[\w\s]{0,16}$", re.I)


def point(sentence: str, brief: Brief, found: Found) -> Point:
    """What a sentence is to the question: its answer, a mere opening, or something else."""
    if _answers(sentence, brief, found):
        return "answers"
    told = set(terms(" ".join((brief.product, *brief.facts)))) - set(terms(brief.viewer))
    short = sentences.units(sentence) <= OPENING_UNITS
    return "opens" if short and len(set(terms(sentence)) & told) < SHARED else "beside"


def _answers(sentence: str, brief: Brief, found: Found) -> bool:
    figures = set(_FIGURE.findall(sentence))
    match found.intent:
        case "price":
            return not brief.price or bool(figures & set(_FIGURE.findall(brief.price)))
        case "discount":
            return not brief.price or bool(figures & set(_FIGURE.findall(brief.price + " " + brief.was_price)))
        case "stock":
            return not brief.stock or bool(figures & set(_FIGURE.findall(brief.stock)) or _SOLD_OUT.search(sentence))
    asked = set(terms(brief.question)) - set(terms(brief.product))
    said = set(terms(sentence))
    if asked & said:
        return True
    if found.faq is not None or found.fact:
        answer = in_lang(found.faq.answer, brief.lang) if found.faq is not None else found.fact
        wanted = set(terms(answer))
        return len(wanted & said) >= min(SHARED, len(wanted))
    # Nothing was found: that nothing is known is an answer.
    return bool(_UNKNOWN.search(sentence))


def contradicts(sentence: str, facts: Iterable[str], lang: Lang) -> bool:
    """Whether it says without a negation what the facts say with one only.

    Japanese negates at the end of a sentence and is not looked at.
    """
    if lang == "ja":
        return False
    negated, negation = (_NEGATED_ZH, _NEGATION_ZH) if lang == "zh" else (_NEGATED_EN, _NEGATION_EN)
    # The question of a pair says nothing.
    texts = [fact.rpartition("答：" if lang == "zh" else "? A: ")[2] for fact in facts]
    for fact in texts:
        for word in {w.casefold() for w in negated.findall(fact)}:
            if any(_bare(word, text, negation) for text in texts):
                continue
            if _bare(word, sentence, negation):
                return True
    return False


def _bare(word: str, text: str, negation: re.Pattern[str]) -> bool:
    """Whether a word stands in a text without a negation before it."""
    return any(not negation.search(text[: m.start()]) for m in re.finditer(re.escape(word), text.casefold()))
