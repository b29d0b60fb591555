"""Stage: what the show asks of the processes that voice its lines and put them on air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from pipelines.line import Line
from pipelines.running_order import Cue


@dataclass(frozen=True, slots=True)
class SpokenTake:
    """One sentence that the voice process has made into a take file at `path`."""

    take_id: str
    path: str
    duration_s: float
    ticks: int


class Voice(Protocol):
    """Makes a take of a line."""

    async def speak(self, line: Line) -> SpokenTake:
        """Raises `Unavailable` when the voice is away, `BadInput` when the line can't be spoken."""


class Stage(Protocol):
    """Where takes are shown: the room's playout."""

    async def enqueue(self, take: SpokenTake, line: Line, *, front: bool = False) -> None:
        """Queue a take; raises `Unavailable`."""

    async def cancel(self, take_ids: list[str] | None) -> list[str]:
        """Remove queued takes (None: all) and return the ids really removed; raises `Unavailable`."""

    async def stop_now(self) -> None:
        """Fade the playing take out; raises `Unavailable`."""

    async def raise_epoch(self, epoch: int) -> None:
        """Drop queued takes of older epochs; raises `Unavailable`."""


@dataclass(slots=True, eq=False)
class Airing:
    """One attempt to say a cue. `due_s` is when it should have started, or ended once it plays.

    `recall`: it is to be taken back from the stage. `unsure`: the stage may never have had it.
    `asked`: the stage was asked for it and did not give it back.
    """

    cue: Cue
    line: Line
    state: Literal["voicing", "voiced", "sent", "playing", "over"] = "voicing"
    take: SpokenTake | None = None
    started_s: float = 0.0
    due_s: float = 0.0
    drop: bool = False
    recall: bool = False
    unsure: bool = False
    asked: bool = False

    @property
    def duration_s(self) -> float:
        """Length of the take, 0 while it is being voiced."""
        return self.take.duration_s if self.take else 0.0
