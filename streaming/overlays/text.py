"""Text layout: cleaning, measuring, breaking into rows, and shortening with an ellipsis.

Row breaking follows the parts of Unicode UAX #14 that Chinese, Japanese and Latin text needs: no break
inside a Latin word, number or price, none before closing punctuation, none after opening punctuation.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from streaming.overlays.fonts import FreeTypeFont, drawable

MAX_CHARS = 600
ELLIPSIS = "…"

_NO_START = frozenset(
    "、。，．・：；？！ー’”）〕］｝〉》」』】°′″℃％‰…‥·!%),.:;?]}¢~〜～ゝゞ々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ元％"
)
"""Characters that may not begin a row: classes CL, CP, EX, IS, NS, CJ and PO of UAX #14."""
_NO_END = frozenset("‘“（〔［｛〈《「『【([{$£¥￥€#@")
"""Characters that may not end a row: classes OP and PR of UAX #14."""


def clean(text: object) -> str:
    """What of `text` can be drawn: one line, no control or bidi characters, nothing the font lacks.

    Runs of white space become one space. The result has at most `MAX_CHARS` characters.
    """
    return clean_indexed(unicodedata.normalize("NFC", str(text)[: 4 * MAX_CHARS]))[0]


def clean_indexed(text: str) -> tuple[str, list[int]]:
    """`clean` without composing characters, and which index of `text` each kept character had."""
    out: list[str] = []
    origin: list[int] = []
    for i, char in enumerate(text[: 4 * MAX_CHARS]):
        kept = " " if char.isspace() else char if drawable(char) else ""
        if kept and not (kept == " " and (not out or out[-1] == " ")):
            out.append(kept)
            origin.append(i)
    shown = "".join(out)[:MAX_CHARS].rstrip()
    return shown, origin[: len(shown)]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a text: `text[start:end]` with white space trimmed from its ends."""

    start: int
    end: int
    text: str
    width: float


def _wordlike(char: str) -> bool:
    if char.isascii():
        return char.isalnum() or char in "'-_&+/@"
    return unicodedata.category(char)[0] in "LN" and unicodedata.east_asian_width(char) not in ("W", "F")


def breakable(text: str, at: int) -> bool:
    """Whether a row may end before `text[at]`."""
    if not 0 < at < len(text):
        return False
    a, b = text[at - 1], text[at]
    if b == " ":
        return False
    if a == " ":
        return b not in _NO_START
    if b in _NO_START or a in _NO_END:
        return False
    if _wordlike(a) and _wordlike(b):
        return False
    return not (a in ".,:" and b.isascii() and b.isalnum())


def wrap(text: str, font: FreeTypeFont, width: float) -> list[Row]:
    """Break cleaned `text` into rows of at most `width` pixels; a longer word is cut where it must be."""
    rows: list[Row] = []
    at = 0
    while at < len(text):
        while at < len(text) and text[at] == " ":
            at += 1
        if at >= len(text):
            break
        end = _fit(text, at, font, width)
        if end < len(text):
            soft = next((i for i in range(end, at, -1) if breakable(text, i)), 0)
            end = soft or end
        piece = text[at:end].rstrip()
        rows.append(Row(at, at + len(piece), piece, font.getlength(piece)))
        at = end
    return rows


def balanced(text: str, font: FreeTypeFont, width: float) -> list[Row]:
    """`wrap` with no more rows than `width` needs, but rows of about the same length."""
    rows = wrap(text, font, width)
    low, high = width / 2, width
    while len(rows) > 1 and high - low > 4:
        middle = (low + high) / 2
        tried = wrap(text, font, middle)
        if len(tried) == len(rows):
            high, rows = middle, tried
        else:
            low = middle
    return rows


def _fit(text: str, start: int, font: FreeTypeFont, width: float) -> int:
    """Largest end so that `text[start:end]` is within `width`; at least one character."""
    low, high = start + 1, len(text)
    while low < high:
        mid = (low + high + 1) // 2
        if font.getlength(text[start:mid].rstrip()) <= width:
            low = mid
        else:
            high = mid - 1
    return low


def shorten(text: str, font: FreeTypeFont, width: float) -> str:
    """`text`, or as much of its beginning as fits `width` pixels with an ellipsis."""
    if font.getlength(text) <= width:
        return text
    room = width - font.getlength(ELLIPSIS)
    end = _fit(text, 0, font, room) if text else 0
    return text[:end].rstrip(" ，,、") + ELLIPSIS


def paragraph(text: str, font: FreeTypeFont, width: float, max_rows: int) -> list[str]:
    """Rows of `text`, at most `max_rows`; the last one ends in an ellipsis when more was there."""
    rows = wrap(text, font, width)
    if len(rows) <= max_rows:
        return [r.text for r in rows]
    kept = [r.text for r in rows[: max_rows - 1]]
    return [*kept, shorten(text[rows[max_rows - 1].start :], font, width)]
