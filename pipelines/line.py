"""Line and Speech: what will be said, and what it sounds like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Lang = Literal["zh", "en", "ja"]
LANGS: tuple[Lang, ...] = ("zh", "en", "ja")
Source = Literal["script", "reply", "greeting", "operator", "transition", "writer", "notice"]


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence to be said.

    `epoch` is the room's epoch when it was written: an interruption raises the room's epoch, and
    every stage drops older work. `asked_ts` is the monotonic arrival time of the chat it answers. `clip` names what an
    operator spoke into a microphone: the line is said in that voice, and `text` may be empty.
    """

    line_id: str
    room: str
    epoch: int
    text: str
    lang: Lang
    source: Source
    voice: str = ""
    mood: Literal["calm", "warm", "lively"] = "warm"
    product_id: str | None = None
    reply_to: str | None = None
    asked_ts: float | None = None
    clip: str = ""
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phone:
    """One phoneme as the engine names it, with its place in the PCM in seconds."""

    name: str
    t0: float
    t1: float
    stress: bool = False


@dataclass(frozen=True, slots=True)
class WordSpan:
    """A run of characters of the *display* text and when it is spoken, in seconds."""

    start: int
    end: int
    t0: float
    t1: float


@dataclass(frozen=True, slots=True)
class Speech:
    """PCM (mono float32, -1..1) with timings; `phones` are contiguous and cover the speech."""

    pcm: npt.NDArray[np.float32]
    sample_rate: int
    phones: tuple[Phone, ...]
    words: tuple[WordSpan, ...]
    lang: Lang
