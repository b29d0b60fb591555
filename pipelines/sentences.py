"""Cutting text into sentences that are spoken one at a time, in Chinese, English and Japanese."""

from __future__ import annotations

import itertools
import re

MAX_UNITS = 48.0
"""Longest sentence for speech, about ten seconds: a Han or kana character counts 1, any other 0.45."""
MIN_UNITS = 5.0
"""A shorter sentence is joined to the next, so that the voice doesn't chop."""

_HARD = "。！？!?…‥"
_CLOSERS = "”’」』）)】》\"'"
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st vs etc no nos vol fig approx inc ltd co dept est jan feb mar apr jun jul aug sep sept oct "
    "nov dec e.g i.e a.m p.m u.s u.k".split()
)
_URL = re.compile(r"(?:https?://|www\.)[^\s，。！？、）)」]+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|cn|net|org|io|jp)\b(?:/[^\s，。]*)?")
_SLOT = re.compile(r"\{[^{}]*\}")
_WEAK = "，、,；;：:—"
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


def units(text: str) -> float:
    """Length of `text` for speech; see `MAX_UNITS`."""
    wide = len(_WIDE.findall(text))
    return wide + 0.45 * (len(text) - wide)


def split(text: str, *, max_units: float = MAX_UNITS, min_units: float = MIN_UNITS) -> list[str]:
    """Cut `text` into sentences of at most `max_units`, losing nothing but white space.

    Decimals, abbreviations, initials, addresses on the web and `{placeholders}` are never cut,
    unless one of them alone is longer than `max_units`.
    """
    short: list[str] = []
    for paragraph in text.splitlines():
        for sentence in _sentences(paragraph):
            short += _shorten(sentence, max_units)
    return _join_short(short, max_units, min_units)


def _sentences(text: str) -> list[str]:
    guarded = _guarded(text)
    out: list[str] = []
    start = at = 0
    while at < len(text):
        if guarded[at] or not _ends_here(text, at):
            at += 1
            continue
        at += 1
        while at < len(text) and (text[at] in _HARD or text[at] in _CLOSERS or text[at] == "."):
            at += 1
        out.append(text[start:at].strip())
        start = at
    out.append(text[start:].strip())
    return [s for s in out if s]


def _guarded(text: str) -> list[bool]:
    inside = [False] * len(text)
    for pattern in (_URL, _SLOT):
        for found in pattern.finditer(text):
            end = found.end()
            while end > found.start() and text[end - 1] in ".!?":
                end -= 1
            for i in range(found.start(), end):
                inside[i] = True
    return inside


def _ends_here(text: str, at: int) -> bool:
    char = text[at]
    if char in _HARD:
        return True
    if char != ".":
        return False
    rest = text[at + 1 :].lstrip(_CLOSERS + ".")
    if rest and not rest[0].isspace():
        return False
    before = text[:at].split()
    word = before[-1].lstrip("(\"'“‘").lower() if before else ""
    if not rest.strip():
        return True
    if word in _ABBREVIATIONS:
        return False
    return not (len(word) == 1 and word.isalpha() and word.isascii())


def _shorten(sentence: str, max_units: float) -> list[str]:
    out: list[str] = []
    while units(sentence) > max_units:
        cut = _cut_at(sentence, max_units)
        out.append(sentence[:cut].strip())
        sentence = sentence[cut:].strip()
    return [s for s in [*out, sentence] if s]


def _cut_at(sentence: str, max_units: float) -> int:
    guarded = _guarded(sentence)
    sizes = itertools.accumulate(map(units, sentence))
    limit = max(1, next(at for at, size in enumerate(sizes) if size > max_units))

    def free(i: int) -> bool:
        return not guarded[i] and not _within_number(sentence, i)

    for breaks in (_WEAK, " "):
        found = [i + 1 for i in range(limit // 3, limit) if sentence[i] in breaks and free(i)]
        if found:
            return found[-1]
    while limit > 1 and guarded[limit] and guarded[limit - 1]:
        limit -= 1
    return limit if limit > 1 else max(1, next((i for i, g in enumerate(guarded) if not g), len(sentence)))


def _within_number(text: str, at: int) -> bool:
    return 0 < at < len(text) - 1 and text[at] in ",:." and text[at - 1].isdigit() and text[at + 1].isdigit()


def _join_short(sentences: list[str], max_units: float, min_units: float) -> list[str]:
    out: list[str] = []
    for sentence in sentences:
        if out and units(out[-1]) < min_units and units(out[-1]) + units(sentence) <= max_units:
            glue = "" if _WIDE.match(out[-1][-1]) else " "
            out[-1] = out[-1] + glue + sentence
        else:
            out.append(sentence)
    return out
