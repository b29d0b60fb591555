"""Normalise: written text into words an engine can say, keeping where each came from."""

from __future__ import annotations

from pipelines.line import Lang
from pipelines.voice.normalise import en, ja, zh
from pipelines.voice.normalise.pieces import Piece, Segment, join

__all__ = ["Segment", "spoken"]

_READERS = {"zh": zh.read, "en": en.read, "ja": ja.read}


def spoken(text: str, lang: Lang) -> list[Segment]:
    """What to say for `text`: one segment per run of a language, pauses inside."""
    pieces: list[Piece] = _READERS[lang](text)
    return join(pieces)
