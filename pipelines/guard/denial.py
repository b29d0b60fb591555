"""Denial: whether a clause says that something is not so, or leaves it to somebody else to say."""

from __future__ import annotations

import re
from collections.abc import Collection

from pipelines.guard.fold import BREAK, pattern

REACH = 12
"""Characters (or, in Latin, four times as many) before a term in which a negation still speaks of it."""
_NOT = pattern(
    r"(?:不(?:是|能|会|可|具备|具有|承诺|宣称|宣传|等于|代表|涉及|属于|算|敢说|说|讲|存在|含|包括|保证|做|主打|用来|适合用来|可能|治|支持|提供|存在)|没有|没(?!想到|错|问题)|并无|无法|无(?!敌|与|论|需|比|数|忧|不)|未(?!必不)"
    r"|别(?:信|指望|说|提|问|把|当|拿)|不(?:加|留|走|转|收|私聊)(?!价|色|开|为)|(?:不要|不用|别|切勿|请勿|谨防|警惕|小心|防止|提防)(?:轻信|相信|在|加|给|跟|和|向|被|私|点|扫|转|打|发|留|透露|上当|陌生|公开)|不方便|不便|谈不上|而不|并非|拒绝|禁止|请勿|切勿|难以|不要(?:用来|当作|指望|相信|说)|有没有|能不能|会不会|是不是|可不可以|哪有|哪里有|解决不)"
)
_NOT_REALLY = pattern(
    r"不得不|不能不|不是不(?:能|会|可以|管)|并非不|没有不(?:能|会)|会不会不|不会不|不可不|没有(?:人|谁|哪).{0,6}(?:不|比)|没有比|没(?:有)?别的|不仅|不但|不光|不只|不止|无不|不是.{0,8}(?:而是|就是)|不可错过|不能错过|没有什么.{0,4}不|没有理由不|不敢不|无法抗拒|不会错|不能少|没得说|不说了|不用说"
)
_NOT_EN = pattern(
    r"\b(?:not|no|never|cannot|can't|don't|doesn't|isn't|aren't|won't|wouldn't|without claiming|nor|neither|instead of claiming|nothing"
    r"|does it|can it|will it|is it|nobody says)\b"
)
_NOT_REALLY_EN = pattern(
    r"\b(?:not only|no doubt|cannot deny|can't deny|no wonder|not just|nothing but|no one else|can't miss|don't miss|don't wait|won't regret|no exaggeration|not to mention|no kidding|why not)\b"
)
_NOT_JA = pattern(r"(?:ません|ではない|わけではない|しない|できない|ないの|ないで|ありません|ではなく|かどうか|わけでは)")
_NOT_AFTER = pattern(
    r"^.{0,3}(?:这(?:件事|个词|种话|句话|些|个)|的(?:话|事|词))?(?:什么的|之类的|功效|效果|作用)?(?:我们?|咱们?|本店|这款|它|主播)?(?:都|也|可|就)?(?:不(?:敢|能|会|可以|方便)?|没法|没有办法)(?:乱|随便)?(?:说|讲|承诺|保证|宣传|宣称|做|提|打包票)(?!不)"
    r"|^.{0,4}(?:请|要|得|还是|就|的话)*(?:应该)?(?:去|找|看|问|咨询)(?:一下|下|看)?(?:医院|医生|皮肤科|大夫|专业|专科)"
    r"|^的话.{0,6}(?:帮不上|不行|没用|不管用|不合适|用不上|不建议|别|说了不算|要看|得看|看)|^(?:的话)?(?:倒|真|确实|暂时|目前)?(?:是)?没有$"
    r"|^.{0,2}(?:这|那)?(?:是)?(?:做不到|没有的|不可能|不现实|谣言|假的|办不到|不存在|不支持|不行|没戏|别想)"
)
"""Right after a term: 抗衰老我们不承诺, 打八折做不到."""
_NOT_SO = pattern(
    r"^(?:但|可|不过)?(?:我们?|咱们?|主播)?(?:都|也|可)?(?:不敢|不能|不会|没法)(?:这么|这样|乱|跟着)(?:说|讲|承诺|写)"
)
"""In the clause after a term's: 有人说蜂蜜治咳嗽，我们不敢这么说."""
_VERBS = frozenset("加留转扫私点发信给找打进付买看搜")
_INSIDE = pattern(r"不(?:会|能|可能|代表|等于|保证|一定)(?!再|够)|没法|无法|\b(?:not|never|cannot|can't|doesn't|don't|won't|isn't)\b")
_CLAUSE_EN = pattern(r"[.,;!?]")
_REFERRED = pattern(
    r"(?:按|看|以|见|依|照|参照|查看|请看|咨询|找|问|联系|听|由).{0,6}(?:平台|页面|规则|规定|详情|客服|订单|为准|售后|介绍|政策)|什么时候|多久|几天|怎么(?:办|退|换)"
    r"|\b(?:check|see|ask|read|depends? on|according to|up to)\b.{0,24}\b(?:page|policy|service|platform|order|rules|shop|staff)\b|\b(?:when|how long|whether)\b"
    r"|(?:ページ|規約|ルール|窓口|カスタマー|注文).{0,8}(?:ご確認|ご覧|従|お問い合わせ|問い合わせ)"
)


def denied(text: str, start: int, end: int, cuts: Collection[int] = ()) -> bool:
    """Whether what stands at `start`..`end` of a folded sentence is said not to be so, in its own clause or right after.

    `cuts` are places before which a comma stood that `text` no longer has.
    """
    clause = text[:start].rsplit(BREAK, 1)[-1]
    if _INSIDE.search(text, start, end):
        return True
    if clause and clause[-1:].isascii() and clause[-1:] not in ("", BREAK) and not _has_han(clause):
        clause = _CLAUSE_EN.split(clause)[-1][-4 * REACH :]
        return bool(_NOT_EN.search(clause)) and not _NOT_REALLY_EN.search(clause)
    cut = max((c for c in cuts if c <= start), default=0)
    near = re.split("[，,]", text[max(cut, start - len(clause)) : start])[-1][-REACH:]
    if near.endswith(("不", "没", "未", "别", "勿")) and not _NOT_REALLY.search(near + text[start : start + 1]):
        return True
    if near.endswith(("不要", "请勿", "切勿")) and not near.endswith("要不要") and text[start : start + 1] in _VERBS:
        return True
    if _NOT.search(near) and not _NOT_REALLY.search(near):
        return True
    after = text[end:].split(BREAK, 1)[0]
    following = min((c - end for c in cuts if c >= end), default=len(after))
    following = min(following, *(after.find(c) % (len(after) + 1) for c in "，,"))
    if _NOT_AFTER.match(after[:following]) or _NOT_SO.match(after[following:].lstrip("，,")):
        return True
    return bool(_NOT_JA.search(after[-12:])) and any("\u3040" <= c <= "\u30ff" for c in text)


def referred(plain: str) -> bool:
    """Whether a sentence leaves the answer to the platform's rules or the product's page."""
    return bool(_REFERRED.search(plain))


def _has_han(text: str) -> bool:
    return any("\u3400" <= c <= "\u9fff" for c in text)
