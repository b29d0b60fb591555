"""Record: activations as documents in the database, so that everybody can see how far each is and what came of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, select

from server.db.models import ActivationRow, now
from server.db.store import Store
from server.wardrobe.worn import Worn
from streaming.errors import BadInput, Conflict, NightAnchorError, NotFound, Spent, TimedOut, Unavailable

OVER = ("committed", "failed", "superseded", "cancelled")
SHOWN_AFTER_S = 30.0
KEPT = 500
REASONS = frozenset(
    "unknown incompatible consent deleted studio_down no_memory no_disk look canary playout timed_out internal".split()
)
Document = dict[str, Any]


class Failed(NightAnchorError):
    """An activation that can't be; `reason` is a word of docs/api.md."""

    code = "activation"

    def __init__(self, reason: str, message: str, *, next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.reason = reason
        self.extra: dict[str, Any] = {}


class Record:
    """All activations of one installation; the newest 500 a room are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._latest: dict[str, tuple[float, Document]] = {}

    def get(self, activation_id: str) -> Document:
        """One activation; raises `NotFound`."""
        with self._store.session() as s:
            row = s.get(ActivationRow, activation_id)
            if row is None:
                raise NotFound(
                    f"there is no activation {activation_id!r}", next_step="list them with GET /adapters/activations"
                )
            return dict(row.document)

    def every(self, room: str | None, limit: int) -> list[Document]:
        """The newest activations, newest first."""
        query = select(ActivationRow).order_by(ActivationRow.created.desc(), ActivationRow.id.desc()).limit(limit)
        if room is not None:
            query = query.where(ActivationRow.room == room)
        with self._store.session() as s:
            return [dict(row.document) for row in s.scalars(query)]

    def unfinished(self) -> list[Document]:
        """Those that an earlier server left."""
        with self._store.session() as s:
            rows = s.scalars(select(ActivationRow).where(ActivationRow.state.not_in(OVER)))
            return [dict(row.document) for row in rows]

    def latest(self, room: str) -> Document | None:
        """What the status of a room shows: one under way, or over for no more than half a minute."""
        at, document = self._latest.get(room, (0.0, None))
        if document is None or (document["state"] in OVER and time.monotonic() - at > SHOWN_AFTER_S):
            return None
        return document

    def again(self, key: str | None, asked: Document) -> Document | None:
        """What was begun with a key before; raises `Conflict` when that was something else."""
        if key is None:
            return None
        with self._store.session() as s:
            row = s.scalar(select(ActivationRow).where(ActivationRow.key == key))
            document = dict(row.document) if row is not None else None
        if document is not None and document.get("asked") != asked:
            raise Conflict("this Idempotency-Key was used for another activation", next_step="Use a new key.")
        return document

    def new(self, room: str, source: str, before: Worn, key: str | None, **fields: Any) -> Document:
        """A new document, written down."""
        d = {
            "id": f"act-{secrets.token_hex(5)}", "room": room, "persona": None, "visual": None, "language": None,
            "weight": None, "when": "boundary", "due": None, "source": source, "state": "queued", "steps": [],
            "reason": "", "message": "", "next_step": "", "stayed": before.short(), "created": now(), "committed": None,
            "swap_ms": None, "late_s": None, "key": key, **fields,
        }
        with self._store.session() as s:
            old = s.scalars(
                select(ActivationRow.id).where(ActivationRow.room == room, ActivationRow.state.in_(OVER))
                .order_by(ActivationRow.created.desc()).offset(KEPT)
            ).all()
            if old:
                s.execute(delete(ActivationRow).where(ActivationRow.id.in_(old)))
            s.add(ActivationRow(
                id=d["id"], room=room, key=key, state=d["state"], document=dict(d), created=d["created"]
            ))
        self._show(d)
        return d

    def state(self, document: Document, state: str) -> None:
        """Say how far one is."""
        document["state"] = state
        self._save(document)

    @contextmanager
    def step(self, document: Document, name: str, *, skip: bool = False) -> Iterator[None]:
        """One step of it, with its time and what came of it."""
        step = {"name": name, "state": "running", "ms": 0.0}
        document["steps"] = [*(s for s in document["steps"] if s["name"] != name), step]
        self._save(document)
        began = time.monotonic()
        try:
            yield
        except BaseException:
            step["state"] = "failed"
            raise
        else:
            step["state"] = "skipped" if skip else "done"
        finally:
            step["ms"] = round((time.monotonic() - began) * 1000, 1)

    def _save(self, document: Document) -> None:
        with self._store.session() as s:
            row = s.get(ActivationRow, document["id"])
            if row is not None:
                row.state, row.document = document["state"], dict(document)
        self._show(document)

    def _show(self, document: Document) -> None:
        """Make it what the status shows, unless that is one under way and this one only waits for its time."""
        room = document["room"]
        _, shown = self._latest.get(room, (0.0, None))
        busy = shown is not None and shown["state"] not in (*OVER, "queued") and shown["id"] != document["id"]
        if not (busy and document["state"] in ("queued", *OVER)):
            self._latest[room] = (time.monotonic(), document)


def reason_of(error: NightAnchorError) -> str:
    """The word of docs/api.md for an error on the way."""
    if error.reason in REASONS:
        return error.reason
    if isinstance(error, Spent):
        return "no_memory"
    if isinstance(error, TimedOut):
        return "timed_out"
    if isinstance(error, Unavailable):
        return "studio_down"
    if isinstance(error, NotFound):
        return "deleted"
    return "incompatible" if isinstance(error, BadInput) else "internal"
