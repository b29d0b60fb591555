"""RoomShow: everything one room says, from chat, catalogue and scripts to takes on the stage."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pipelines.catalogue import Product
from pipelines.events import ChatEvent
from pipelines.line import Lang, Line

Mood = Literal["calm", "warm", "lively"]
ScriptKind = Literal["greeting", "pitch", "transition", "thanks", "cta", "closing"]
Reason = Literal["", "duplicate", "rate_limited", "expired", "moderated", "too_long", "empty"]


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


@dataclass(frozen=True, slots=True)
class Script:
    """Something to say that an operator wrote; see `pipelines/scriptbook.py` for placeholders."""

    script_id: str
    kind: ScriptKind
    lang: Lang
    text: str
    product_id: str | None = None
    enabled: bool = True
    room: str = "main"


@dataclass(frozen=True, slots=True)
class RoomProfile:
    """What the show must know of its room. `voices` maps a language to a voice id."""

    room: str
    title: str
    lang: Lang = "zh"
    voices: Mapping[Lang, str] = field(default_factory=dict)
    mood: Mood = "warm"
    rest_s: float = 1.2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a chat event: taken into the show, or why not."""

    event_id: str
    accepted: bool
    reason: Reason = ""


class RoomShow:
    """One room's show; every method but `run` is called from the same event loop and never blocks."""

    def __init__(
        self, room: RoomProfile, voice: Voice, stage: Stage, *, clock: Callable[[], float], rng: random.Random,
        state: dict[str, Any] | None = None, on_event: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        """Run until cancelled; outlives any fault of voice and stage."""

    def set_profile(self, room: RoomProfile) -> None:
        """Use a changed profile from the next sentence on."""

    def set_products(self, products: Sequence[Product]) -> None:
        """Replace the catalogue, effective for the very next sentence."""

    def set_scripts(self, scripts: Sequence[Script]) -> None:
        """Replace the scripts."""

    def on_chat(self, event: ChatEvent) -> Verdict:
        """Take one chat event in."""
        raise NotImplementedError

    def on_take_started(self, take_id: str) -> None:
        """Playout has the take's first sample at the encoder."""

    def on_take_finished(self, take_id: str, outcome: str) -> None:
        """Playout is done with the take: played, cancelled, stopped, stale or lost."""

    def on_stage_restarted(self) -> None:
        """Playout was restarted: what was queued there is lost, and is put back."""

    def on_voice_restarted(self) -> None:
        """The voice process is back: try it at once."""

    def pause(self, on: bool) -> None:
        """Finish the current sentence, then idle until `pause(False)`."""

    def skip(self) -> None:
        """Drop the sentence being spoken and go on with the next."""

    def say(self, text: str, lang: Lang | None, when: Literal["now", "boundary"]) -> str:
        """Speak the operator's text; returns its line id. Raises `BadInput` or `Conflict`."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """The show's part of the status document: now, next, paused, chat_waiting, pinned_product_id, faults."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """Small JSON-able resume state, given back to `__init__` after a restart."""
        raise NotImplementedError
