"""Fake voice and stage for the show's tests, on the virtual clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipelines.line import Line
from pipelines.profile import RoomProfile
from pipelines.show import RoomShow
from pipelines.stage import SpokenTake
from streaming.errors import BadInput, ChildDown, TimedOut

TICK = 0.04


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass
class FakeVoice:
    """Speaks at five characters a second after `delay` seconds; refuses texts in `refuses`."""

    delay: float = 0.05
    down: bool = False
    refuses: set[str] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)

    async def speak(self, line: Line) -> SpokenTake:
        await asyncio.sleep(self.delay)
        if self.down:
            raise ChildDown("voice is down")
        if line.text in self.refuses:
            raise BadInput("can't be spoken")
        self.lines.append(line)
        seconds = max(0.4, len(line.text) / 5)
        take_id = f"t{len(self.lines)}"
        return SpokenTake(take_id, f"/nonexistent/{take_id}.take", seconds, round(seconds / TICK))


@dataclass
class Heard:
    """One take as viewers heard it."""

    text: str
    line: Line
    began: float
    ended: float = 0.0
    outcome: str = ""


class FakeStage:
    """A playout that keeps its contract: one take plays, others queue, each is finished exactly once."""

    def __init__(self) -> None:
        self.show: RoomShow | None = None
        self.heard: list[Heard] = []
        self.queue: list[tuple[SpokenTake, Line]] = []
        self.down = False
        self.latency = 0.002
        self.fault: Callable[[str], str] = lambda call: ""
        self.epoch = 0
        self.cancelled: list[str] = []
        self._stop = asyncio.Event()
        self._restart = asyncio.Event()
        self._more = asyncio.Event()
        self._played = 0

    async def _answer(self, call: str) -> None:
        await asyncio.sleep(self.latency)
        if self.down:
            raise ChildDown("playout is down")
        if self.fault(call) == "refuse":
            raise ChildDown("playout is down")

    def _late(self, call: str) -> None:
        if self.fault(call) == "no answer":
            raise TimedOut("playout does not answer")

    async def enqueue(self, take: SpokenTake, line: Line, *, front: bool = False) -> None:
        await self._answer("enqueue")
        assert take.take_id not in {t.take_id for t, _ in self.queue}, "queued twice"
        if line.epoch < self.epoch:
            self.tell_finished(take.take_id, "stale")
        else:
            self.queue.insert(0 if front else len(self.queue), (take, line))
            self._more.set()
        self._late("enqueue")

    async def cancel(self, take_ids: list[str] | None) -> list[str]:
        await self._answer("cancel")
        gone = [t.take_id for t, _ in self.queue if take_ids is None or t.take_id in take_ids]
        self.queue = [(t, li) for t, li in self.queue if t.take_id not in gone]
        self.cancelled += gone
        for take_id in gone:
            self.tell_finished(take_id, "cancelled")
        self._late("cancel")
        return gone

    async def stop_now(self) -> None:
        await self._answer("stop")
        self._stop.set()
        self._late("stop")

    async def raise_epoch(self, epoch: int) -> None:
        await self._answer("epoch")
        self.epoch = max(self.epoch, epoch)
        for take, line in list(self.queue):
            if line.epoch < epoch:
                self.queue.remove((take, line))
                self.tell_finished(take.take_id, "stale")
        self._late("epoch")

    def tell_finished(self, take_id: str, outcome: str) -> None:
        assert self.show is not None
        self.show.on_take_finished(take_id, outcome)

    def restart(self) -> None:
        """Playout dies and comes back: what it had is gone."""
        assert self.show is not None
        self.queue.clear()
        self.epoch = 0
        self._restart.set()
        self.show.on_stage_restarted()

    async def run(self) -> None:
        assert self.show is not None
        while True:
            while not self.queue:
                self._more.clear()
                await self._more.wait()
            take, line = self.queue.pop(0)
            self._stop.clear()
            self._restart.clear()
            heard = Heard(line.text, line, now())
            self.heard.append(heard)
            self.show.on_take_started(take.take_id)
            waits = [asyncio.ensure_future(e.wait()) for e in (self._stop, self._restart)]
            await asyncio.wait(waits, timeout=take.duration_s, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
            heard.outcome = "lost" if self._restart.is_set() else "stopped" if self._stop.is_set() else "played"
            if heard.outcome == "played" and self.fault("play") == "lose":
                heard.outcome = "lost"
            if heard.outcome == "stopped":
                await asyncio.sleep(0.12)
            heard.ended = now()
            if not self._restart.is_set():
                self.show.on_take_finished(take.take_id, heard.outcome)


class Studio:
    """A show with fake voice and stage, all running."""

    def __init__(self, *, seed: int = 1, state: dict[str, Any] | None = None, **profile: Any) -> None:
        self.voice, self.stage = FakeVoice(), FakeStage()
        self.events: list[dict[str, Any]] = []
        self.show = RoomShow(
            RoomProfile("main", "测试直播间", **profile), self.voice, self.stage, clock=now, rng=random.Random(seed),
            state=state, on_event=self.events.append,
        )
        self.stage.show = self.show
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Studio:
        self._tasks = [asyncio.ensure_future(self.stage.run()), asyncio.ensure_future(self.show.run())]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in ends:
            assert isinstance(end, asyncio.CancelledError), end

    @property
    def texts(self) -> list[str]:
        return [h.text for h in self.stage.heard]
