"""Form: whether a written sentence can be said at all, before the guard asks whether it may be.

Left out are sentences in another script than the language's, cut off, with marks that no voice reads, with words that
are moderated, with a figure that was not given, and those that only repeat what a viewer wrote.
"""

from __future__ import annotations

import difflib
import re
from typing import Literal

from pipelines import moderation, sentences
from pipelines.lately import fold
from pipelines.line import Lang

Fault = Literal["", "form", "figure", "echo"]
MAX_SENTENCES = 4
MAX_TEXT = 2000
ECHO_SHARE, ECHO_CHARS = 0.6, 8
"""A sentence is an echo when that share of it, and so many characters at least, stand in one piece in the question."""

_FIGURE = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[一二两三四五六七八九十百千万]+\s*(?:元|块|折|[%％]|件|瓶|盒|支|毫升|克)")
_WIDE = str.maketrans("０１２３４５６７８９．", "0123456789.")
_OWN = {
    "zh": re.compile(r"[\u4e00-\u9fff]"), "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]"),
    "en": re.compile(r"[A-Za-z]"),
}
_KANA = re.compile(r"[\u3040-\u30ff]")
_SAYABLE = re.compile(r"[\w\s\u3000-\u303f\uff00-\uffef,.!?;:'\"“”‘’…—·+$€£%-]+")
_BULLET = re.compile(r"^\s*(?:[-*•·]\s+|\d{1,2}[.、)]\s*(?=\D)|#{1,6}\s+|>\s+)")
_MARKUP = re.compile(r"\*\*|__|`+|~~|^#+|\*(?=\S)|(?<=\S)\*")
_ASIDE = re.compile(r"[（(\[【][^（）()\[\]【】]{0,24}[)）\]】]")
_SPEAKER = re.compile(r"^\s*(?:主播|回答|答|小助手|AI|Presenter|Host|Answer|Assistant|配信者|回答)\s*[:：]\s*", re.I)
_GAP = re.compile(r"\s+(?=[，。！？、；：,.!?])")
_QUOTES = "\"“”「」『』"
_ENDS = ("。", "！", "？", "!", "?", ".", "…")


def tidy(sentence: str) -> str:
    """A sentence without what large models like to put around it: list marks, Markdown, emoji, asides, quotes."""
    text = moderation.clean(sentence, MAX_TEXT, fold=False)
    if "\ufffd" in text:
        return text
    text = _SPEAKER.sub("", _BULLET.sub("", text))
    text = _GAP.sub("", moderation.speakable(_ASIDE.sub("", _MARKUP.sub("", text)))).strip()
    if text[:1] in _QUOTES and not any(q in text[1:-1] for q in _QUOTES):
        text = text.strip(_QUOTES)
    return text.strip()


def fault(sentence: str, lang: Lang, known: str = "", question: str = "") -> Fault:
    """What is wrong with the form of a tidied sentence; figures are compared with those in `known`."""
    whole = sentence.rstrip("”’」』）)\"'").endswith(_ENDS)
    own, letters = len(_OWN[lang].findall(sentence)), sum(c.isalpha() for c in sentence)
    if not (whole and letters and own * 2 >= letters and _SAYABLE.fullmatch(sentence)):
        return "form"
    if lang == "zh" and _KANA.search(sentence):
        return "form"
    if moderation.finding(sentence):
        return "form"
    given = set(_FIGURE.findall(known.translate(_WIDE)))
    if set(_FIGURE.findall(sentence.translate(_WIDE))) - given:
        return "figure"
    return "echo" if question and _echoes(sentence, known, question) else ""


def readable(text: str, lang: Lang) -> bool:
    """Whether a text is mostly in the language's own script; what is not is garbage, not a sentence that failed."""
    text = text[:MAX_TEXT]
    return 2 * len(_OWN[lang].findall(text)) >= sum(c.isalpha() for c in text) > 0 and "\ufffd" not in text


def _echoes(sentence: str, known: str, question: str) -> bool:
    said, asked = fold(sentence), fold(question)
    match = difflib.SequenceMatcher(None, said, asked, autojunk=False).find_longest_match()
    piece = said[match.a : match.a + match.size]
    return match.size >= ECHO_CHARS and match.size >= ECHO_SHARE * len(said) and piece not in fold_long(known)


def fold_long(text: str) -> str:
    """`fold` of a text of any length, line by line."""
    return "".join(fold(line) for line in text[: MAX_TEXT * 2].splitlines())


def sayable(text: str, lang: Lang, known: str = "") -> list[str]:
    """The sentences of a text whose form is good; a cut-off last one is left out."""
    cut = sentences.split(moderation.clean(text, MAX_TEXT // 2, fold=False))
    return [s for s in map(tidy, cut) if not fault(s, lang, known)][:MAX_SENTENCES]
