"""Fold: one sentence as rules read it — look-alike writing made alike, with the way back to the original's places.

Width, case, traditional characters, digits for numerals, marks and spaces inside words: none of them changes what is
heard, so none of them may change what is found. Traditional characters are OpenCC's table; readings are pypinyin's.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_normal

MAX_CHARS = 2000
"""Of a sentence that is looked at; a spoken one has a tenth of it."""
_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_NUMERALS = dict(zip("〇壹贰叁肆伍陆柒捌玖拾佰仟两", "零一二三四五六七八九十百千二", strict=True))
_STOPS = frozenset("。！？!?;；\n")
_COMMAS = frozenset("，,、：:")
_LEET = str.maketrans("013457@$", "oieastas")
_TOKEN = re.compile(r"[a-z0-9@$]+")
_SPELT = re.compile(r"(?<![a-z0-9])[a-z](?:[^\w]{1,2}[a-z](?![a-z0-9])){2,}")
_HANZI = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[a-z]+")
BREAK = "\x00"
"""Stands in `joined` where a sentence ends."""


@functools.cache
def simplified() -> dict[int, str]:
    """Traditional characters and their simplified forms, for `str.translate`."""
    text = files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if "\t" in line)
    return {ord(a): b.split(" ")[0] for a, b in pairs if len(a) == 1}


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """A regular expression for folded text; it may be written in traditional characters."""
    return re.compile(text.translate(simplified()), flags)


@functools.cache
def syllables() -> frozenset[str]:
    """Every syllable of Mandarin that a common character has, without its tone."""
    return frozenset(s for code in range(0x4E00, 0x9FA6) for s in lazy_pinyin(chr(code)) if s.isascii() and s.isalpha())


@dataclass(frozen=True, slots=True)
class Folded:
    """A sentence in three readings.

    `plain`: NFKC, lower case, simplified; spaces and marks as they were. `joined`: the same without marks and spaces,
    numerals in hanzi, `BREAK` where a sentence ends. `words`: Latin words with letters put for digits, a spelt-out
    one in one piece. `at`, `joined_at`: place of each character in `text`.
    """

    text: str
    plain: str
    at: tuple[int, ...]
    joined: str
    joined_at: tuple[int, ...]
    commas: frozenset[int]
    """Places in `joined` before which a comma stood."""
    words: str
    words_at: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Place in `text` of a piece of `joined`."""
        return self.joined_at[start], self.joined_at[end - 1] + 1


def fold(text: str) -> Folded:
    """Read a sentence; what is beyond `MAX_CHARS` is not read."""
    text = text[:MAX_CHARS]
    plain: list[str] = []
    at: list[int] = []
    table = simplified()
    for place, char in enumerate(text):
        # Marks that are stacked on letters change how they look, not what they are.
        for c in unicodedata.normalize("NFKC", char):
            if unicodedata.category(c) in ("Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn") and c != "\n":
                continue
            for low in table.get(ord(c), c).casefold():
                plain.append(low)
                at.append(place)
    joined: list[str] = []
    joined_at: list[int] = []
    commas: set[int] = set()
    for c, place in zip(plain, at, strict=True):
        if c in _STOPS:
            joined.append(BREAK)
            joined_at.append(place)
        elif c.isalnum():
            joined.append(_DIGITS.get(c) or _NUMERALS.get(c, c))
            joined_at.append(place)
        elif c in "%#":
            joined.append(c)
            joined_at.append(place)
        elif c in _COMMAS:
            commas.add(len(joined))
    flat = "".join(plain)
    words, words_at = _words(flat, at)
    return Folded(
        text, flat, tuple(at), "".join(joined), tuple(joined_at), frozenset(commas), words, words_at,
    )


def _words(plain: str, at: list[int]) -> tuple[str, tuple[int, ...]]:
    kept = [True] * len(plain)
    for m in _SPELT.finditer(plain):
        for i in range(m.start(), m.end()):
            kept[i] = plain[i].isalnum()
    out = [c for c, k in zip(plain, kept, strict=True) if k]
    places = tuple(p for p, k in zip(at, kept, strict=True) if k)
    text = "".join(out)

    def letters(m: re.Match[str]) -> str:
        word = m[0]
        # A figure at either end is one (top1, 2nd); one between letters stands for a letter.
        inside = re.fullmatch(r"[a-z]+(?:[0134557@$][a-z]+)+", word)
        return word.translate(_LEET) if inside else word

    return _TOKEN.sub(letters, text), places


@dataclass(frozen=True, slots=True)
class Read:
    """How the Chinese of a sentence sounds: syllables with tone (0 where it is not known) and their places in `joined`."""

    sounds: tuple[str, ...]
    tones: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


def read(folded: Folded) -> Read:
    """Syllables of hanzi, and of Latin letters that are nothing but pinyin; other characters stand for themselves."""
    text = folded.joined
    found = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, errors=_each)
    sounds: list[str] = []
    tones: list[str] = []
    spans: list[tuple[int, int]] = []
    place = 0
    while place < len(text):
        if _HANZI.match(text[place]):
            sound = found[place]
            sounds.append(to_normal(sound))
            tones.append(sound[-1] if sound[-1].isdigit() else "0")
            spans.append((place, place + 1))
            place += 1
            continue
        m = _LATIN.match(text, place)
        pieces = spelt(m[0]) if m else []
        if m and pieces:
            for piece in pieces:
                sounds.append(piece)
                tones.append("0")
                spans.append((place, place + len(piece)))
                place += len(piece)
        else:
            step = len(m[0]) if m else 1
            sounds.append(text[place : place + step])
            tones.append("0")
            spans.append((place, place + step))
            place += step
    return Read(tuple(sounds), tuple(tones), tuple(spans))


def _each(other: str) -> Any:
    """What is no hanzi stands in the list of readings character by character."""
    return list(other)


@functools.lru_cache(4096)
def spelt(word: str) -> list[str]:
    """The syllables a run of letters falls into without rest, the fewest; empty when it doesn't."""
    known = syllables()
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            before = best[start]
            here = best[end]
            if before is not None and word[start:end] in known and (here is None or len(before) + 1 < len(here)):
                best[end] = [*before, word[start:end]]
    return best[-1] or []
