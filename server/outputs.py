"""Outputs: a room's destinations. Stream keys go in and never come out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.models import OutputRow, RoomRow
from server.db.store import Store
from server.documents import OutputIn, OutputPatch
from server.settings import RecordingSection
from streaming.errors import BadAddress, NotFound
from streaming.sinks.address import parse_address, redacted


class Outputs:
    """Destinations in the database; every change is told to the room."""

    def __init__(self, store: Store, recording: RecordingSection, data: Path) -> None:
        self._store = store
        self._recording = recording
        self._data = data
        self.changed: Callable[[str], None] = lambda room: None

    def every(self, room: str | None = None) -> list[dict[str, Any]]:
        """Destinations, without what they are doing."""
        query = select(OutputRow).order_by(OutputRow.id)
        if room is not None:
            query = query.where(OutputRow.room == room)
        with self._store.session() as s:
            return [document(row) for row in s.scalars(query)]

    def get(self, output_id: int) -> dict[str, Any]:
        """One destination; raises `NotFound`."""
        with self._store.session() as s:
            return document(_row(s, output_id))

    def create(self, body: OutputIn) -> dict[str, Any]:
        """Add a destination; raises `BadAddress`."""
        with self._store.session() as s:
            if s.get(RoomRow, body.room) is None:
                raise NotFound(f"there is no room {body.room!r}", next_step="list them with GET /rooms")
            row = OutputRow(**body.model_dump())
            _check(row)
            s.add(row)
            s.flush()
            made = document(row)
        self.changed(body.room)
        return made

    def patch(self, output_id: int, body: OutputPatch) -> dict[str, Any]:
        """Change the fields that were given."""
        with self._store.session() as s:
            row = _row(s, output_id)
            for key, value in body.model_dump(exclude_unset=True).items():
                if value is not None or key in ("segment_s", "keep_gb"):
                    setattr(row, key, value)
            _check(row)
            s.flush()
            changed = document(row)
        self.changed(changed["room"])
        return changed

    def delete(self, output_id: int) -> None:
        """Remove a destination."""
        with self._store.session() as s:
            row = _row(s, output_id)
            room = row.room
            s.delete(row)
        self.changed(room)

    def sinks(self, room: str) -> dict[str, tuple[str, dict[str, Any]]]:
        """Child name -> (kind, config) of every sink that should run."""
        with self._store.session() as s:
            rows = s.scalars(select(OutputRow).where(OutputRow.room == room)).all()
        out: dict[str, tuple[str, dict[str, Any]]] = {}
        for row in rows:
            config: dict[str, Any] = {"room": room, "output_id": row.id, "paused": row.paused}
            if row.kind == "rtmp":
                # An address that no longer passes is left to the sink, which says so where the owner looks.
                try:
                    url = parse_address(row.url, row.key).url
                except BadAddress:
                    url = row.url
                config |= {"url": url, "refresh_url": row.refresh_url, "refresh_command": []}
            else:
                config |= {
                    "folder": self._recording.folder or str(self._data / "recordings" / room),
                    "segment_s": row.segment_s or self._recording.segment_s,
                    "keep_gb": row.keep_gb or self._recording.keep_gb,
                }
            out[f"sink:{room}:{row.id}"] = (f"sink.{row.kind}", config)
        return out


def _row(s: Session, output_id: int) -> OutputRow:
    row = s.get(OutputRow, output_id)
    if row is None:
        raise NotFound(f"there is no output {output_id}", next_step="list them with GET /outputs")
    return row


def _check(row: OutputRow) -> None:
    if row.kind == "rtmp" and not (row.refresh_url and not row.url):
        parse_address(row.url, row.key)
    if row.refresh_url:
        parts = urlsplit(row.refresh_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadAddress("refresh_url must be an http or https address", next_step="correct it or leave it empty")


def document(row: OutputRow) -> dict[str, Any]:
    """A destination as the API shows it: the key never, and an address without what may be a key."""
    return {
        "id": row.id, "room": row.room, "name": row.name, "kind": row.kind,
        "url": row.url if row.key else redacted(row.url), "has_key": bool(row.key), "refresh_url": row.refresh_url,
        "platform": row.platform, "paused": row.paused, "segment_s": row.segment_s, "keep_gb": row.keep_gb,
    }
