"""Engine: what turns words into sound. espeak-ng is one; neural ones fill the same interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from pipelines.line import Lang, Phone

Mood = Literal["calm", "warm", "lively"]
Pcm = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """One voice a room may choose; `name` in Chinese and English."""

    id: str
    lang: Lang
    name: dict[str, str]


@dataclass(frozen=True, slots=True)
class Clip:
    """What an engine made of one segment.

    `pcm` is mono, -1..1, at `sample_rate`. `phones` are contiguous, in seconds from the clip's start; pauses are
    phones named `_`. `words` are (first, last + 1) characters of the segment and the second they begin.
    """

    pcm: Pcm
    sample_rate: int
    phones: tuple[Phone, ...]
    words: tuple[tuple[int, int, float], ...]


class Engine(Protocol):
    """A voice engine; called from one thread."""

    name: str

    def voices(self) -> list[VoiceInfo]:
        """Every voice it has."""

    def synthesise(self, text: str, lang: Lang, voice: str, mood: Mood) -> Clip:
        """Say `text`, already in words of `lang`, with `voice`; "" is the language's default.

        A voice of another language says it with its own timbre. Raises `BadInput` for an unknown voice,
        `Unavailable` when the engine fails.
        """

    def warm_up(self) -> None:
        """Load what the first synthesis would otherwise wait for."""
