"""Piece: some characters of the text as written, and the words they are said with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipelines.line import Lang


class Piece(NamedTuple):
    """`text[start:end]` of the original is said as `spoken` in language `lang`."""

    spoken: str
    start: int
    end: int
    lang: Lang


@dataclass(frozen=True, slots=True)
class Segment:
    """A run in one language; `origin[i]` are start and end in the original of character i of `text`."""

    lang: Lang
    text: str
    origin: tuple[tuple[int, int], ...]


LATIN = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f'’]*")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
KANA = re.compile(r"[\u3040-\u30ffー]+")
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
PAUSES = {
    "，": ",", ",": ",", "、": ",", "；": ",", ";": ",", "：": ",", ":": ",", "。": ".", ".": ".", "！": "!", "!": "!",
    "？": "?", "?": "?", "…": ",", "—": ",", "·": " ", "\n": ".", "（": ",", "）": ",", "(": ",", ")": ",", "~": ",",
    "～": ",", "「": ",", "」": ",", "“": "", "”": "",
}
"""Marks that are heard as a pause or in the melody; everything else that is no letter is silent."""
_SPELLED = re.compile(r"^[A-Z]{2,5}$")
_AS_WORDS = {"PLUS", "VIP", "NASA", "OK", "MINI", "SALE", "DIY", "PIN", "TOP"}
_READ_AS_WORD = {"PLUS": "plus", "MINI": "mini", "SALE": "sale", "PIN": "pin", "TOP": "top"}


def latin(word: str) -> str:
    """A Latin word for an English voice: capitals such as SPF are spelled, other words are read."""
    if word in _READ_AS_WORD:
        return _READ_AS_WORD[word]
    if (_SPELLED.match(word) and (word not in _AS_WORDS or word in ("VIP", "OK", "DIY"))) or len(word) == 1:
        return " ".join(word.upper())
    return word.replace("’", "'")


def plain_number(text: str) -> str:
    """Digits without their thousands' commas."""
    return text.replace(",", "")


def join(pieces: Sequence[Piece]) -> list[Segment]:
    """Merge neighbouring pieces of one language; punctuation stays with what came before it."""
    out: list[Segment] = []
    lang: Lang | None = None
    text: list[str] = []
    origin: list[tuple[int, int]] = []

    def close() -> None:
        whole = "".join(text)
        if lang is not None and any(c.isalnum() for c in whole):
            out.append(Segment(lang, whole, tuple(origin)))
        text.clear()
        origin.clear()

    for piece in pieces:
        said = any(c.isalnum() for c in piece.spoken)
        if said and lang is not None and piece.lang != lang:
            close()
        if said:
            lang = piece.lang
        # Latin words need a space between them; Han and kana do not.
        spoken = piece.spoken
        if said and text and lang == "en" and text[-1][-1:].isalnum() and spoken[:1].isalnum():
            spoken = " " + spoken
        text.append(spoken)
        origin += [(piece.start, piece.end)] * len(spoken)
    close()
    return out
