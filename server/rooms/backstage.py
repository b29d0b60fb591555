"""Voice and stage of a room, spoken to over the bus."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pipelines.line import Line
from pipelines.stage import SpokenTake
from server.bus import Bus

SAMPLE_RATE = 44_100


class BusVoice:
    """The voice process, making takes for one room's frame rate."""

    def __init__(self, bus: Bus, fps: int) -> None:
        self._bus = bus
        self._fps = fps

    async def speak(self, line: Line) -> SpokenTake:
        """Have a line voiced; raises `Unavailable` or `BadInput`."""
        answer = await self._bus.request(
            "voice", "speak", timeout_s=25.0, line=asdict(line), fps_num=self._fps, fps_den=1, sample_rate=SAMPLE_RATE
        )
        return SpokenTake(answer["take_id"], answer["take"], float(answer["duration_s"]), int(answer["ticks"]))


class BusStage:
    """The room's playout."""

    def __init__(self, bus: Bus, room: str) -> None:
        self._bus = bus
        self._to = f"playout:{room}"

    async def _ask(self, op: str, **fields: Any) -> dict[str, Any]:
        return await self._bus.request(self._to, op, timeout_s=4.0, **fields)

    async def enqueue(self, take: SpokenTake, line: Line, *, front: bool = False) -> None:
        """Queue a take."""
        await self._ask("take.enqueue", take=take.path, at="front" if front else "back")

    async def cancel(self, take_ids: list[str] | None) -> list[str]:
        """Remove queued takes and return which were removed."""
        answer = await self._ask("take.cancel", take_ids=take_ids)
        return [str(t) for t in answer["cancelled"]]

    async def stop_now(self) -> None:
        """Fade the playing take out."""
        await self._ask("take.stop")

    async def raise_epoch(self, epoch: int) -> None:
        """Drop queued takes of older epochs."""
        await self._ask("epoch", epoch=epoch)
