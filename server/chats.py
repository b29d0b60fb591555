"""Chats: what viewers wrote, for the panel's feed; the newest lines are kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select, update

from server.db.models import ChatRow, RoomRow
from server.db.store import Store
from streaming.errors import NotFound

KEPT = 5000
PRUNE_EVERY = 500
MAX_TEXT, MAX_USER = 500, 64


class Chats:
    """Chat lines in the database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._since_prune = 0

    def add(self, room: str, user: str, text: str, kind: str) -> dict[str, Any]:
        """Keep one line, shortened; raises `NotFound` for an unknown room."""
        with self._store.session() as s:
            if s.get(RoomRow, room) is None:
                raise NotFound(f"there is no room {room!r}", next_step="list them with GET /rooms")
            row = ChatRow(room=room, user=user[:MAX_USER], text=text[:MAX_TEXT], kind=kind)
            s.add(row)
            s.flush()
            made = document(row)
        self._since_prune += 1
        if self._since_prune >= PRUNE_EVERY:
            self._since_prune = 0
            self._prune(room)
        return made

    def settle(self, chat_id: int, *, accepted: bool, reason: str) -> None:
        """Note what the inbox made of a line."""
        with self._store.session() as s:
            s.execute(update(ChatRow).where(ChatRow.id == chat_id).values(accepted=accepted, reason=reason))

    def answered(self, chat_id: int) -> dict[str, Any] | None:
        """Note that the presenter answers a line now."""
        with self._store.session() as s:
            row = s.get(ChatRow, chat_id)
            if row is None:
                return None
            row.answered = True
            return document(row)

    def latest(self, room: str, limit: int) -> list[dict[str, Any]]:
        """The newest lines, oldest first."""
        query = select(ChatRow).where(ChatRow.room == room).order_by(ChatRow.id.desc()).limit(limit)
        with self._store.session() as s:
            return [document(row) for row in reversed(s.scalars(query).all())]

    def _prune(self, room: str) -> None:
        with self._store.session() as s:
            newest = s.scalar(select(func.max(ChatRow.id)).where(ChatRow.room == room)) or 0
            s.execute(delete(ChatRow).where(ChatRow.room == room, ChatRow.id <= newest - KEPT))


def document(row: ChatRow) -> dict[str, Any]:
    """A chat line as the API shows it."""
    return {
        "id": row.id, "room": row.room, "user": row.user, "text": row.text, "kind": row.kind, "ts": row.ts,
        "accepted": row.accepted, "reason": row.reason, "answered": row.answered,
    }
