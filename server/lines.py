"""Lines: sentences that are ready, to be said with one click."""

from __future__ import annotations

import secrets
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.line import Lang
from server.db.models import LineRow, RoomRow
from server.db.store import Store
from server.documents import LineIn, LineSay
from server.rooms.rooms import Rooms
from streaming.errors import Conflict, NotFound

MAX_LINES = 200


class Lines:
    """Ready lines of all rooms, in the order of their position."""

    def __init__(self, store: Store, rooms: Rooms) -> None:
        self._store, self._rooms = store, rooms

    def every(self, room: str) -> list[dict[str, Any]]:
        """Lines of a room; raises `NotFound`."""
        with self._store.session() as s:
            _need_room(s, room)
            query = select(LineRow).where(LineRow.room == room).order_by(LineRow.position, LineRow.id)
            return [document(row) for row in s.scalars(query)]

    def create(self, body: LineIn) -> dict[str, Any]:
        """Add a line, at the end unless a position is given; raises `NotFound`, `Conflict` when there are too many."""
        with self._store.session() as s:
            _need_room(s, body.room)
            count, last = s.execute(
                select(func.count(), func.max(LineRow.position)).where(LineRow.room == body.room)
            ).one()
            if count >= MAX_LINES:
                raise Conflict(f"the room has {MAX_LINES} lines already", next_step="Delete some first.")
            values = body.model_dump()
            if body.position is None:
                values["position"] = 0 if last is None else last + 1
            row = LineRow(id="l-" + secrets.token_hex(5), **values)
            s.add(row)
            s.flush()
            return document(row)

    def replace(self, line_id: str, body: LineIn) -> dict[str, Any]:
        """Overwrite a line; without a position it stays where it is."""
        with self._store.session() as s:
            row = _row(s, line_id)
            _need_room(s, body.room)
            for key, value in body.model_dump().items():
                if key != "position" or value is not None:
                    setattr(row, key, value)
            s.flush()
            return document(row)

    def delete(self, line_id: str) -> None:
        """Remove a line; raises `NotFound`."""
        with self._store.session() as s:
            s.delete(_row(s, line_id))

    def say(self, line_id: str, body: LineSay, by: dict[str, str]) -> str:
        """Have the presenter say it; raises what `RoomShow.say` raises."""
        with self._store.session() as s:
            row = _row(s, line_id)
            room, text, lang = row.room, row.text, cast(Lang | None, row.lang)
        return self._rooms.need(room).show.say(text, lang, body.when, override=body.override, by=by)


def _need_room(s: Session, room: str) -> None:
    if s.get(RoomRow, room) is None:
        raise NotFound(f"there is no room {room!r}", next_step="list them with GET /rooms")


def _row(s: Session, line_id: str) -> LineRow:
    row = s.get(LineRow, line_id)
    if row is None:
        raise NotFound(f"there is no line {line_id!r}", next_step="list them with GET /lines")
    return row


def document(row: LineRow) -> dict[str, Any]:
    """A line as the API shows it."""
    return {"id": row.id, "room": row.room, "position": row.position, "title": row.title, "text": row.text,
            "lang": row.lang}
