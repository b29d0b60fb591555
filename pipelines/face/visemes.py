"""Visemes: what the lips do for a phoneme, by espeak-ng's mnemonics for Chinese, English and Japanese."""

from __future__ import annotations

from typing import NamedTuple


class Viseme(NamedTuple):
    """Lips and jaw: `open` 0..1, `wide` -1..1; `closed` marks sounds that can't be made with open lips."""

    open: float
    wide: float
    closed: float = 0.0


REST = Viseme(0.0, 0.0)
_VOWELS = {
    "a": Viseme(0.92, 0.15), "A": Viseme(0.95, 0.05), "&": Viseme(0.8, 0.4), "V": Viseme(0.7, 0.1),
    "Q": Viseme(0.7, -0.35), "0": Viseme(0.72, -0.25), "O": Viseme(0.65, -0.55), "o": Viseme(0.55, -0.65),
    "E": Viseme(0.58, 0.45), "e": Viseme(0.48, 0.55), "3": Viseme(0.45, -0.15), "@": Viseme(0.42, 0.05),
    "I": Viseme(0.32, 0.6), "i": Viseme(0.26, 0.85), "U": Viseme(0.32, -0.7), "u": Viseme(0.24, -0.9),
    "y": Viseme(0.22, -0.85), "Y": Viseme(0.3, -0.7), "M": Viseme(0.25, -0.1), "W": Viseme(0.25, -0.9),
}
_CONSONANTS = {
    "m": Viseme(0.0, 0.0, 1.0), "b": Viseme(0.0, 0.0, 1.0), "p": Viseme(0.0, 0.0, 1.0),
    "f": Viseme(0.08, 0.15, 0.75), "v": Viseme(0.08, 0.15, 0.75), "w": Viseme(0.14, -0.95), "j": Viseme(0.22, 0.55),
    "l": Viseme(0.32, 0.15), "n": Viseme(0.2, 0.15), "t": Viseme(0.18, 0.2), "d": Viseme(0.2, 0.2),
    "s": Viseme(0.12, 0.45), "z": Viseme(0.14, 0.4), "T": Viseme(0.22, 0.15), "D": Viseme(0.22, 0.1),
    "S": Viseme(0.18, -0.45), "Z": Viseme(0.18, -0.45), "r": Viseme(0.24, -0.35), "k": Viseme(0.28, 0.05),
    "g": Viseme(0.28, 0.05), "h": Viseme(0.38, 0.0), "x": Viseme(0.34, 0.0), "X": Viseme(0.34, 0.0),
    "N": Viseme(0.3, 0.0), "q": Viseme(0.3, 0.0), "R": Viseme(0.3, -0.1),
}
_OTHER = Viseme(0.25, 0.0)


def is_vowel(name: str) -> bool:
    """Whether a phoneme has a vowel in it."""
    return any(c in _VOWELS for c in name)


def path(name: str) -> tuple[Viseme, ...]:
    """The lip shapes a phoneme passes through: one for a plain sound, several for `iou` or `tS;`."""
    if name.startswith("_"):
        return (REST,)
    vowels = tuple(_VOWELS[c] for c in name if c in _VOWELS)
    if vowels:
        # i before another vowel is a glide: the lips only touch it.
        return vowels
    if "s." in name or "S" in name or name.startswith("ts."):
        return (_CONSONANTS["S"],)
    return (next((_CONSONANTS[c] for c in name if c in _CONSONANTS), _OTHER),)
