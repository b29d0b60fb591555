"""What viewers write, made safe to show and to say."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Literal

from pipelines.line import Lang

Finding = Literal["", "abuse", "link", "contact", "spam"]

_TAG = re.compile(r"<(?:script|style)\b.*?(?:</(?:script|style)\s*>|$)|</?[a-zA-Z!][^<>]*>", re.S | re.I)
_SPACE = re.compile(r"\s+")
_LINK = re.compile(
    r"https?\s*:\s*/\s*/|\bwww\s*\.\s*\w|\b[\w-]+\.(?:com|cn|net|org|top|xyz|vip|cc|io|me|link|shop)\b", re.I
)
_PHONE = re.compile(
    r"(?<!\d)(?:\+?\d{1,3}[\s\-.()]*)?1[3-9](?:[\s\-.]*\d){9}(?!\d)"
    r"|\+(?:[\s\-.()]*\d){8,15}"
    r"|(?<!\d)0\d{1,3}[\s\-]\d{3,4}[\s\-]?\d{4}(?!\d)"
)
_CONTACT = re.compile(
    r"(?:加|➕|\+)\s*(?:我|个)?\s*(?:v|vx|wx|微信|薇信|威信|扣扣|qq)"
    r"|(?:微信|薇信|威信|vx|wx|qq|whatsapp|telegram|line\s*id)\s*(?:号|id)?\s*[:：]?\s*[a-z0-9_\-]{5,}",
    re.I,
)
_ABUSE_JOINED = (
    "傻逼", "傻比", "傻b", "煞笔", "沙雕", "操你", "草你妈", "草泥马", "艹你", "你妈的", "他妈的", "尼玛", "去死吧",
    "贱人", "婊子", "脑残", "智障", "狗东西", "畜生", "滚你", "死ね", "しね", "くたばれ", "クソ女", "キチガイ", "ブス",
)
_ABUSE_WORDS = re.compile(
    r"\b(?:f+u+c+k+\w*|shit\w*|bitch\w*|asshole\w*|bastard\w*|cunt\w*|whore\w*|slut\w*|retard\w*|nigg\w+|fagg\w+|kys|sb|cnm|nmsl|tmd)\b",
    re.I,
)
_SPAM = (
    "刷单", "代开发票", "博彩", "赌博", "裸聊", "约炮", "色情", "六合彩", "网赌", "高利贷",
    "porn", "casino", "onlyfans",
)
_NOISE = re.compile(r"[\W_]+")
_NAMELESS: dict[Lang, str] = {"zh": "这位朋友", "en": "friend", "ja": "お客様"}
_SPEAKABLE = re.compile(r"[\u3040-\u30ff\u3400-\u9fffA-Za-zÀ-ɏ]")
MAX_NAME_WIDE, MAX_NAME_LATIN = 8, 16


def clean(text: str, limit: int, *, fold: bool = True) -> str:
    """Plain text of at most `limit` characters: no markup, control, bidi or invisible characters.

    Emoji stay (they are shown in bubbles); `speakable` removes them. With `fold`, look-alike forms become one
    (NFKC), so that what viewers write can be judged; it makes full-width punctuation narrow.
    """
    text = text[: limit * 4]
    text = _TAG.sub(" ", html.unescape(_TAG.sub(" ", text)))
    text = unicodedata.normalize("NFKC" if fold else "NFC", text)
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Zs") else c for c in text if _visible(c))
    return _SPACE.sub(" ", text).strip()[:limit].rstrip()


def _visible(char: str) -> bool:
    category = unicodedata.category(char)
    return char == "\u200d" or category not in ("Cf", "Cs", "Co", "Cn")


def speakable(text: str) -> str:
    """`text` without emoji, symbols and joiners that a voice would spell out."""
    kept = (
        " " if unicodedata.category(c) in ("So", "Sk", "Cf", "Me") or c == "\ufe0f" else c for c in text
    )
    return _SPACE.sub(" ", "".join(kept)).strip()


def finding(text: str) -> Finding:
    """Why cleaned `text` must be neither shown nor answered; empty when nothing was found."""
    low = text.casefold()
    joined = _NOISE.sub("", low)
    if any(word in joined for word in _ABUSE_JOINED) or _ABUSE_WORDS.search(low):
        return "abuse"
    if any(word in joined for word in _SPAM):
        return "spam"
    if _LINK.search(low):
        return "link"
    if _PHONE.search(low) or _CONTACT.search(low):
        return "contact"
    return ""


def spoken_name(user: str, lang: Lang) -> str:
    """The name by which a viewer is addressed: short, pronounceable and harmless."""
    name = speakable(clean(user, 64))
    if not name or finding(name) or not _SPEAKABLE.search(name) or len(re.findall(r"\d", name)) > 6:
        return _NAMELESS[lang]
    wide = bool(re.search(r"[\u3040-\u30ff\u3400-\u9fff]", name))
    limit = MAX_NAME_WIDE if wide else MAX_NAME_LATIN
    if len(name) > limit:
        first = re.split(r"[\s_\-|·/,，。.]+", name)[0]
        name = first if 2 <= len(first) <= limit else name[:limit]
    return name.strip(" _-|·/,，。.") or _NAMELESS[lang]
