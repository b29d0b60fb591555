"""Chats: who said what in exports of messengers and shop consoles, and which of them is the presenter.

    [2024/1/5, 20:01:02] Shop: hello          stamp and name before the text (WhatsApp, live rooms)
    12/31/23, 10:00 PM - Shop: hello
    2024-01-05 20:01:02 店铺(12345)            stamp and name on a line of their own, the text below (QQ)
    店铺 2024/01/05 20:01:02                   name first (WeChat, shop consoles)
    发送人,时间,内容                            a table, or JSON, with a column for who and one for what
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_DATE = r"(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}月\d{1,2}日)"
_CLOCK = (
    r"(?:(?:上午|下午|晚上|早上|凌晨|中午|傍晚)\s*)?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?(?!\d)"
)
_DAY = rf"[\[(【（]?\s*{_DATE}[,，T\s]*(?:(?:星期|周).\s*)?{_CLOCK}\s*[\])】）]?"
_STAMP = rf"(?:[\[(【（]?\s*{_DATE}\s*[\])】）]?|[\[(【（]?\s*{_CLOCK}\s*[\])】）]?)(?=\s)"
_FIRST = re.compile(rf"^[\s\u200e\u200f]*(?:{_DAY}|{_STAMP})[\s\-–—]*(.*)$")
_DATED = re.compile(rf"^[\s\u200e\u200f]*{_DAY}[\s\-–—]*(\S.*)?$")
_LAST = re.compile(rf"^(\S.{{0,40}}?)\s*{_DAY}\s*[:：]?\s*$")
_SAID = re.compile(r"^([^:：\n]{1,40}?)\s*[:：]\s*(.*)$")
_NUMBER = re.compile(r"\s*[(（<][^()（）<>]*[)）>]\s*$")

WHO = ("发送人", "发送者", "发言人", "说话人", "发信人", "昵称", "用户昵称", "角色", "身份", "speaker", "sender",
       "from", "sender_name", "from_name", "role", "nickname", "user_name", "username", "author")
WHAT = ("内容", "消息", "消息内容", "聊天内容", "发言内容", "弹幕", "弹幕内容", "content", "message", "text", "msg",
        "value")
WHICH = ("会话", "会话id", "对话", "对话id", "session", "session_id", "conversation", "conversation_id", "chat_id")

_HOST = re.compile(
    r"客服|主播|店主|店家|卖家|官方|旗舰店|专卖店|小店|店铺|商家|助播|小助手|"
    r"\b(?:shop|store|seller|host|service|support|anchor)\b", re.I,
)
_GUEST = re.compile(r"买家|观众|顾客|粉丝|客户|用户|访客|\b(?:buyer|customer|viewer|guest|client)\b", re.I)
LEAST = 0.3
"""Share of lines that have a stamp, from which on a text is a chat; a fifth where the text stands below its stamp."""


@dataclass(frozen=True, slots=True)
class Saying:
    """`line` is where it began, `chat` which conversation it belongs to."""

    who: str
    text: str
    line: int
    chat: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """Role by speaker; `guess` is the one who was taken for the presenter since nothing says who is."""

    roles: Mapping[str, str]
    guess: str = ""


def of_text(text: str) -> list[Saying]:
    """What was said in an export of a messenger; empty when the text is none."""
    lines = text.split("\n")
    full = sum(bool(line.strip()) for line in lines)
    above = [_head(line) for line in lines]
    beside = [_beside(line) for line in lines]
    if sum(b is not None for b in beside) >= max(2, LEAST * full):
        return _assembled(lines, beside)
    if sum(h is not None for h in above) >= max(2, 0.2 * full):
        return _assembled(lines, [(h, "") if h is not None else None for h in above])
    return []


def _beside(line: str) -> tuple[str, str] | None:
    """Name and text of a line with a stamp before both."""
    first = _FIRST.match(line)
    said = _SAID.match(first[1].strip()) if first else None
    return (_name(said[1]), said[2].strip()) if said else None


def _head(line: str) -> str | None:
    """The name on a line of stamp and name alone."""
    dated = _DATED.match(line)
    if dated:
        name = (dated[1] or "").strip().rstrip(":：")
        return _name(name) if 0 < len(name) <= 40 and not _SAID.match(name) else None
    last = _LAST.match(line)
    return _name(last[1].rstrip("(（[【 ")) if last else None


def _name(text: str) -> str:
    return _NUMBER.sub("", text).strip() or text.strip()


def _assembled(lines: Sequence[str], heads: Sequence[tuple[str, str] | None]) -> list[Saying]:
    """Lines without a head go on with what was said; those before the first head belong to nobody."""
    out: list[Saying] = []
    for n, (line, head) in enumerate(zip(lines, heads, strict=True), 1):
        if head is not None:
            out.append(Saying(head[0], head[1], n))
        elif out and line.strip() and not _FIRST.match(line):
            last = out[-1]
            out[-1] = Saying(last.who, f"{last.text}\n{line.strip()}".strip(), last.line)
    return [s for s in out if s.text]


def of_rows(rows: Sequence[Mapping[str, object]], first: int) -> list[Saying]:
    """What was said in a table whose columns are named in lower case; empty when it is no chat.

    `first` is the number of the first row.
    """
    names = {k for row in rows[:20] for k in row}
    who, what, which = (next((c for c in columns if c in names), "") for columns in (WHO, WHAT, WHICH))
    if not who or not what or who == what:
        return []
    return [
        Saying(_name(str(row.get(who) or "").strip()), str(row[what]).strip(), n, str(row.get(which, "")))
        for n, row in enumerate(rows, first)
        if row.get(who) and isinstance(row.get(what), str | int | float) and str(row[what]).strip()
    ]


def parts(sayings: Iterable[Saying], known: Mapping[str, str]) -> Parts | None:
    """Who is the presenter: by role, by a word of the name, or the one who speaks most; None when nobody can be told.

    `known` gives roles by words that are a whole name, in lower case.
    """
    said = [s.who.lower() for s in sayings]
    roles = {n: known[n] for n in said if n in known}
    for name in dict.fromkeys(said):
        if name not in roles and (_HOST.search(name) or _GUEST.search(name)):
            roles[name] = "assistant" if _HOST.search(name) else "user"
    guess = ""
    if "assistant" not in roles.values():
        others = [n for n in said if n not in roles]
        # What is said once each is a list with times rather than a talk.
        if len(set(said)) < 2 or not others or len(set(said)) == len(said):
            return None
        guess = max(dict.fromkeys(others), key=others.count)
        roles[guess] = "assistant"
    return Parts({n: roles.get(n, "user") for n in dict.fromkeys(said)}, guess)


def exchanges(sayings: Iterable[Saying], roles: Mapping[str, str]) -> list[tuple[int, list[tuple[str, str]]]]:
    """(line, turns) of each question with its answers; a new one begins where a guest speaks after the presenter.

    Where she is the only one who speaks, each saying is one of its own.
    """
    out: list[tuple[int, list[tuple[str, str]]]] = []
    chat, alone = None, "user" not in roles.values()
    for s in sayings:
        role = roles[s.who.lower()]
        if not out or alone or s.chat != chat or (role == "user" and out[-1][1][-1][0] == "assistant"):
            out.append((s.line, []))
            chat = s.chat
        out[-1][1].append((role, s.text))
    return out
