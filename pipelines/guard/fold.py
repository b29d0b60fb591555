"""Fold: one sentence as rules read it — look-alike writing made alike, with the way back to the original's places.

Width, case, traditional characters, digits for numerals, marks and spaces inside words: none of them changes what is
heard, so none of them may change what is found. Traditional characters are OpenCC's table; readings are pypinyin's.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_normal

MAX_CHARS = 2000
"""Of a sentence that is looked at; a spoken one has a tenth of it."""
_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_NUMERALS = dict(zip("〇壹贰叁肆伍陆柒捌玖拾佰仟两", "零一二三四五六七八九十百千二", strict=True))
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏкмтвнԛԝɡαοειυνρτκ🅐🅑🅒🅓🅔🅕🅖🅗🅘🅙🅚🅛🅜🅝🅞🅟🅠🅡🅢🅣🅤🅥🅦🅧🅨🅩",
    "aeopcyxijsdhlkmtbhqwgaoeiuvptkabcdefghijklmnopqrstuvwxyz",
)
"""Cyrillic, Greek and ringed letters that look like Latin ones (Unicode TR 39, confusables)."""
_SIGNS = {"➕": "加", "🥇": "第一", "🔝": "top", "💯": "百分百", "🐧": "qq", "🛰": "卫星", "🆓": "免费", "🔟": "十", "朂": "最", "㝡": "最",
          "徽": "微", "嶶": "微", "薇": "微", "羙": "美"}
"""Signs that are read as a word, and characters that are written for another which they resemble."""
_KANA_MARKS = {"ﾞ": "\u3099", "ﾟ": "\u309a", "\u3099": "\u3099", "\u309a": "\u309a"}
_STRAY = re.compile(r"(?<=[\u3400-\u9fff])[a-z]{1,2}(?=[\u3400-\u9fff])")
_STOPS = frozenset("。！？!?;；\n")
_COMMAS = frozenset("，,、：:")
_LEET = str.maketrans("013457@$", "oieastas")
_INSIDE = re.compile(r"[a-z]{1,24}(?:[0134557@$*]{1,3}[a-z]{1,24}){1,8}")
_TOKEN = re.compile(r"[a-z0-9@$]+")
_SPELT = re.compile(r"(?<![a-z0-9])[a-z](?:[^\w'’]{1,2}[a-z](?![a-z0-9])){2,}")
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


@functools.lru_cache(1024)
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
    cuts: frozenset[int] = frozenset()
    """Those of `commas` that divide clauses, not the items of a list."""
    changed: tuple[int, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Place in `text` of a piece of `joined`."""
        return self.joined_at[start], self.joined_at[end - 1] + 1

    def others(self) -> Iterator[Folded]:
        """The sentence with halves put together to characters, and without letters that stand alone between hanzi.

        In `joined` only; `changed` of each are the places that are read otherwise.
        """
        for found in (list(_halves().finditer(self.joined)), list(_STRAY.finditer(self.joined))):
            if found:
                yield self._without(found)

    def _without(self, found: list[re.Match[str]]) -> Folded:
        joined: list[str] = []
        at: list[int] = []
        changed: list[int] = []
        commas: set[int] = set()
        cuts: set[int] = set()
        done = 0

        def copy(start: int, end: int) -> None:
            commas.update(len(joined) + c - start for c in range(start, end + 1) if c in self.commas)
            cuts.update(len(joined) + c - start for c in range(start, end + 1) if c in self.cuts)
            joined.extend(self.joined[start:end])
            at.extend(self.joined_at[start:end])

        for m in found:
            copy(done, m.start())
            changed.append(len(joined))
            whole = _whole().get(m[0])
            if whole:
                joined.append(whole)
                at.append(self.joined_at[m.start()])
            done = m.end()
        copy(done, len(self.joined))
        return replace(
            self, joined="".join(joined), joined_at=tuple(at), commas=frozenset(commas), cuts=frozenset(cuts),
            changed=tuple(changed),
        )


@functools.cache
def _whole() -> dict[str, str]:
    """Halves of characters -> the character, of `lists/split.txt`."""
    text = files("pipelines.guard").joinpath("lists/split.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {half: whole for whole, *halves in rows for half in halves}


@functools.cache
def _halves() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, _whole()), key=len, reverse=True)))


@functools.lru_cache(256)
def fold(text: str) -> Folded:
    """Read a sentence; what is beyond `MAX_CHARS` is not read."""
    text = text[:MAX_CHARS]
    plain: list[str] = []
    at: list[int] = []
    for place, char in enumerate(text):
        if len(plain) >= MAX_CHARS:
            break
        if char in _KANA_MARKS and plain:
            plain[-1] = unicodedata.normalize("NFC", plain[-1] + _KANA_MARKS[char])[:1]
            continue
        for low in _forms(char):
            if low.isspace():
                # One space stands for a row of them, so that no pattern runs through it again and again.
                if plain and plain[-1].isspace():
                    continue
                low = "\n" if low == "\n" else " "
            plain.append(low)
            at.append(place)
    del plain[MAX_CHARS:], at[MAX_CHARS:]
    joined: list[str] = []
    joined_at: list[int] = []
    commas: set[int] = set()
    cuts: set[int] = set()
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
            if c in "，,":
                cuts.add(len(joined))
    flat = "".join(plain)
    words, words_at = _words(flat, at)
    return Folded(
        text, flat, tuple(at), "".join(joined), tuple(joined_at), frozenset(commas), words, words_at, frozenset(cuts),
    )


@functools.lru_cache(16384)
def _forms(char: str) -> str:
    """What a character is read as: empty for what is not seen, letters without the marks that are stacked on them."""
    if "a" <= char <= "z" or char in " \n":
        return char
    if char in _SIGNS:
        return _SIGNS[char]
    letter = unicodedata.normalize("NFKD", char)
    # Kana keep their marks, which make another sound of them.
    shown = letter if letter[:1].isascii() else unicodedata.normalize("NFKC", char)
    kept = "".join(c for c in shown if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"))
    if 0x1F170 <= ord(char) <= 0x1F189:
        kept = chr(ord("a") + ord(char) - 0x1F170)
    elif 0x1F1E6 <= ord(char) <= 0x1F1FF:
        kept = chr(ord("a") + ord(char) - 0x1F1E6)
    low = "".join(simplified().get(ord(c), c) for c in kept).casefold().translate(_LOOKALIKES)
    return _SIGNS.get(low, low)


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
        return word.translate(_LEET) if _INSIDE.fullmatch(word) else word

    return _TOKEN.sub(letters, text), places


@dataclass(frozen=True, slots=True)
class Read:
    """How the Chinese of a sentence sounds: syllables with tone (0 where it is not known) and their places in `joined`."""

    sounds: tuple[str, ...]
    tones: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


@functools.lru_cache(1024)
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
            sounds.append(_toneless(sound))
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


_toneless = functools.lru_cache(4096)(to_normal)


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
