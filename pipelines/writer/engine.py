"""Engine: what writes text, in pieces as it comes; and what can go wrong with one.

    NightAnchorError
    └── Unavailable
        └── EngineFault     the engine gave nothing that could be used; `state` says how
            ├── EngineDown      not there, refuses, or set up wrongly
            ├── EngineSlow      nothing in time, or asks us to slow down
            └── EngineGarbage   an answer that is none: another form, empty, without end
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from pipelines.brief import Brief
from streaming.errors import Unavailable

EngineKind = Literal["resident", "remote", "template"]
EngineState = Literal["ok", "down", "slow", "garbage"]


class EngineFault(Unavailable):
    """An engine gave nothing that could be used; `hold_s` is how long it asks to be left alone, 0 when it doesn't."""

    code = "engine"
    state: ClassVar[EngineState] = "down"

    def __init__(self, message: str, *, next_step: str = "", hold_s: float = 0.0) -> None:
        super().__init__(message, next_step=next_step)
        self.hold_s = hold_s


class EngineDown(EngineFault):
    """Not there, refuses, or set up wrongly."""

    state = "down"


class EngineSlow(EngineFault):
    """Nothing in time, or it asks us to slow down."""

    state = "slow"


class EngineGarbage(EngineFault):
    """An answer that is none."""

    state = "garbage"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next word is chosen (nucleus sampling, arXiv:1904.09751); temperature 0 takes the likeliest.

    Over 1, `repetition_penalty` makes words that came already less likely (arXiv:1909.05858). Over 0, `copy_bias` keeps
    what is copied from a brief where it began (see `pipelines.studio.pointer`). Engines that don't know them leave
    them out.
    """

    max_tokens: int = 120
    temperature: float = 0.7
    top_p: float = 0.9
    repetition_penalty: float = 1.1
    copy_bias: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be written for a room.

    `adapter` is the language adapter that the presenter wears, `lately` what she said last, `moment` the hour in words,
    `spare` what the catalogue alone would say, with placeholders.
    """

    room: str
    brief: Brief
    adapter: str | None = None
    lately: tuple[str, ...] = ()
    moment: str = ""
    spare: tuple[str, ...] = ()


class Engine(Protocol):
    """Writes text; one object serves all rooms, any number of texts at once."""

    kind: EngineKind
    name: str
    remark: str
    """What an operator should know although it writes; mostly empty."""

    def stream(self, request: Request, sampling: Sampling) -> AsyncGenerator[str, None]:
        """The text in pieces; raises `EngineFault`. Closing it ends the work on the other side."""

    async def aclose(self) -> None:
        """Let go of connections."""


class TemplateEngine:
    """The catalogue's own wording: never down, never slow, and nothing in it is invented."""

    kind: EngineKind = "template"
    name = "template"
    remark = ""

    async def stream(self, request: Request, sampling: Sampling) -> AsyncGenerator[str, None]:
        """The sentences of `spare`."""
        for sentence in request.spare:
            yield sentence

    async def aclose(self) -> None:
        """Nothing is held."""
