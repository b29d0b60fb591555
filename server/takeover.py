"""Takeover: an operator speaks in place of the automation, and stops everything in an emergency."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from pathlib import Path
from typing import Any

from pipelines.line import Lang
from pipelines.operator import When
from server.bus import Bus
from server.db.models import RoomRow
from server.db.store import Store
from server.rooms.backstage import SAMPLE_RATE
from server.rooms.rooms import Rooms
from streaming.errors import BadInput

MAX_VOICE_BYTES = 8 << 20
HEAR_LIMIT_S = 25.0


class Takeover:
    """Who has taken which room over is kept in the room's row, so that a restart changes nothing."""

    def __init__(self, store: Store, rooms: Rooms, bus: Bus, run_dir: Path) -> None:
        self._store, self._rooms, self._bus, self._folder = store, rooms, bus, run_dir / "clips"
        self.counts: dict[tuple[str, str], int] = {}

    def _keep(self, room_id: str, **values: Any) -> None:
        with self._store.session() as s:
            row = s.get(RoomRow, room_id)
            for key, value in values.items():
                setattr(row, key, value)

    def _count(self, room_id: str, what: str) -> None:
        self.counts[room_id, what] = self.counts.get((room_id, what), 0) + 1

    def take(self, room_id: str, on: bool, by: dict[str, str]) -> dict[str, Any]:
        """Let only the operator speak from the next boundary on, or hand back; the room's status."""
        room = self._rooms.need(room_id)
        if on != room.spec.takeover:
            self._keep(room_id, takeover=on)
            room.take_over(self._rooms.spec(room_id))
            room.note("takeover" if on else "takeover ended", by)
            self._count(room_id, "takeover") if on else None
        return self._rooms.status(room_id)

    async def emergency(self, room_id: str, on: bool, text: str, by: dict[str, str]) -> dict[str, Any]:
        """Silence and a slate at once, or on with the show; the room's status."""
        room = self._rooms.need(room_id)
        wanted = text if on else None
        if wanted != room.spec.slate:
            room.show.emergency(on)
            was = room.spec.slate
            self._keep(room_id, slate=wanted)
            if (was is not None) != on:
                room.note(f"slate: {text}" if on else "slate ended", by)
                self._count(room_id, "slate") if on else None
            await room.slate(self._rooms.spec(room_id))
        return self._rooms.status(room_id)

    async def voice(
        self, room_id: str, data: bytes, text: str, lang: Lang | None, when: When, *, override: bool,
        override_text: bool, by: dict[str, str],
    ) -> str:
        """Have the presenter say what was spoken in `data`; returns the line's id.

        Raises `BadInput` for what is no sound, is silent or too long, without `override`, or (reason `held`) when the
        guard stops the text and `override_text` is false; `Unavailable` when the voice process is away.
        """
        room = self._rooms.need(room_id)
        if not override:
            step = "Send override=true: you answer for what you say, and it is logged."
            error = BadInput("the guard can't read sound", next_step=step)
            error.reason = "override"
            raise error
        if not data:
            raise BadInput("the file is empty", next_step="Record it again.")
        room.show.check_recorded(text, lang, override=override_text)
        path = self._folder / f"{secrets.token_hex(8)}.upload"
        await asyncio.to_thread(_store, path, data)
        try:
            heard = await self._bus.request(
                "voice", "hear", timeout_s=HEAR_LIMIT_S, path=str(path), sample_rate=SAMPLE_RATE
            )
        finally:
            with contextlib.suppress(OSError):
                path.unlink()
        self._count(room_id, "voice")
        return room.show.say_recorded(str(heard["clip"]), text, lang, when, override=override_text, by=by)


def _store(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
