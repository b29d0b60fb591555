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
_TAIL = _HARD + "”’」』）)】》 \t\u3000"
"""What still belongs to a sentence that was given already."""
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


def _unclosed(text: str) -> bool:
    """Whether a quotation or a bracket is open: its closing mark belongs to the sentence."""
    pairs = (("“", "”"), ("「", "」"), ("『", "』"), ("（", "）"), ("(", ")"))
    return text.count('"') % 2 == 1 or any(text.count(a) > text.count(b) for a, b in pairs)


class Cutter:
    """`split` for a text that is still being written: each sentence is given as soon as its end is certain.

    A full stop may turn out to be a decimal point and is waited on; a short sentence is joined to the next one.
    """

    def __init__(self, *, max_units: float = MAX_UNITS, min_units: float = MIN_UNITS) -> None:
        self._max, self._min = max_units, min_units
        self._rest = self._short = ""
        self._begun = False

    def feed(self, piece: str) -> list[str]:
        """Sentences that are whole now."""
        self._rest += piece
        return self._ready(final=False)

    def end(self) -> list[str]:
        """What is left, whole or not."""
        out = self._ready(final=True)
        rest, self._rest = self._rest.strip(), ""
        for part in _shorten(rest, self._max) if rest else ():
            out += self._joined(part)
        if self._short:
            out.append(self._short)
            self._short = ""
        return out

    def _ready(self, *, final: bool) -> list[str]:
        out: list[str] = []
        while True:
            if self._begun:
                self._rest = self._rest.lstrip(_TAIL)
            cut = self._end(final=final)
            if cut is None and not final and units(self._rest) > self._max:
                cut = _cut_at(self._rest, self._max)
            if cut is None:
                return out
            sentence, self._rest = self._rest[:cut].strip(), self._rest[cut:]
            self._begun = True
            for part in _shorten(sentence, self._max) if sentence else ():
                out += self._joined(part)

    def _end(self, *, final: bool) -> int | None:
        text = self._rest
        guarded = _guarded(text)
        for at, char in enumerate(text):
            if char in "\r\n":
                return at + 1
            if guarded[at] or not _ends_here(text, at) or (char == "." and not final and not text[at + 1 :].strip()):
                continue
            at += 1
            while at < len(text) and (text[at] in _HARD or text[at] in _CLOSERS or text[at] == "."):
                at += 1
            return None if at == len(text) and not final and _unclosed(text) else at
        return None

    def _joined(self, part: str) -> list[str]:
        whole = _join_short([self._short, part] if self._short else [part], self._max, self._min)
        self._short = whole.pop() if units(whole[-1]) < self._min else ""
        return whole
