"""Denial: whether a clause says that something is not so."""

from __future__ import annotations

from pipelines.guard.fold import BREAK, pattern

REACH = 12
"""Characters (or, in Latin, four times as many) before a term in which a negation still speaks of it."""
_NOT = pattern(
    r"(?:不(?:是|能|会|可|具备|具有|承诺|宣称|宣传|等于|代表|涉及|属于|算|敢说|说|存在|含|包括|保证|做|主打|用来|适合用来|可能)|没有|没|并无|无法|无(?!敌|与|论)|未(?!必不)"
    r"|别(?:信|指望|说)|谈不上|而不|并非|拒绝|禁止|请勿|切勿|难以|不要(?:用来|当作|指望|相信|说)|有没有|能不能|会不会|是不是|可不可以)"
)
_NOT_REALLY = pattern(r"不得不|不能不|不会不|不可不|没有(?:人|谁|哪).{0,6}(?:不|比)|没有比|没(?:有)?别的|不仅|不但|不光|不只|不止|无不|不是.{0,8}(?:而是|就是)")
_NOT_EN = pattern(
    r"\b(?:not|no|never|cannot|can't|don't|doesn't|isn't|aren't|won't|wouldn't|without claiming|nor|neither|instead of claiming"
    r"|does it|can it|will it|is it)\b"
)
_NOT_REALLY_EN = pattern(r"\b(?:not only|no doubt|cannot deny|can't deny|no wonder|not just|nothing but|no one else)\b")
_NOT_JA = pattern(r"(?:ません|ではない|わけではない|しない|できない|ないの|ありません)")
_CLAUSE_EN = pattern(r"[.,;!?]")


def denied(text: str, start: int) -> bool:
    """Whether what begins at `start` of a folded sentence stands under a negation of its own clause."""
    clause = text[:start].rsplit(BREAK, 1)[-1]
    if clause and clause[-1:].isascii() and clause[-1:] not in ("", BREAK) and not _has_han(clause):
        clause = _CLAUSE_EN.split(clause)[-1][-4 * REACH :]
        return bool(_NOT_EN.search(clause)) and not _NOT_REALLY_EN.search(clause)
    near = clause[-REACH:]
    if near.endswith(("不", "没", "未", "别", "勿")) and not _NOT_REALLY.search(near + text[start : start + 1]):
        return True
    if _NOT.search(near) and not _NOT_REALLY.search(near):
        return True
    after = text[start:].split(BREAK, 1)[0]
    return bool(_NOT_JA.search(after[-12:])) and any("\u3040" <= c <= "\u30ff" for c in after)


def _has_han(text: str) -> bool:
    return any("\u3400" <= c <= "\u9fff" for c in text)
