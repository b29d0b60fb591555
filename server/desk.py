"""Desk: what is asked, found, written, judged and said in each room, as it happens; the newest records are kept."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from typing import Any

from server.db.models import now

KEPT = 100
MAX_TEXT = 2000
Record = dict[str, Any]
Feed = Callable[[Record], None]
_FIELDS: dict[str, tuple[str, ...]] = {
    "question": ("event_id", "user", "text", "lang", "intent"),
    "retrieved": ("event_id", "product_id", "facts", "faq", "scores"),
    "draft": ("job", "text", "done", "engine", "event_id", "kind"),
    "verdict": ("line_id", "action", "text", "said", "lang", "hits", "source", "product_id", "event_id"),
    "said": ("line_id", "text", "lang", "source", "product_id", "event_id", "engine"),
    "engine": ("engine", "name", "state", "message", "next_step"),
    "skipped": ("text", "reason", "event_id", "job"),
}
_REASONS = {"held": "held", "repeated": "repeated", "stale": "stale"}
"""Finer reasons of the writer (form, figure, echo) are all `form` here."""


class Desk:
    """A ring of records per room; `id` rises over all rooms as long as the server lives."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._rings: dict[str, deque[Record]] = {}
        self._feeds: dict[str, set[Feed]] = {}

    def note(self, room: str, event: dict[str, Any]) -> None:
        """Take an event of a room's show; what the desk doesn't show is ignored."""
        kind = {"allowed": "verdict", "guarded": "verdict"}.get(event["type"], event["type"])
        fields = _FIELDS.get(kind)
        if fields is None:
            return
        record: Record = {"id": next(self._ids), "ts": now(), "type": kind}
        record |= {k: event.get("reply_to") if k == "event_id" and kind == "said" else event.get(k) for k in fields}
        if kind == "said":
            record["engine"] = (event.get("guard") or {}).get("engine")
        if isinstance(record.get("text"), str):
            record["text"] = record["text"][:MAX_TEXT]
        if kind == "skipped":
            record["detail"], record["reason"] = record["reason"], _REASONS.get(str(record["reason"]), "form")
        ring = self._rings.setdefault(room, deque(maxlen=KEPT))
        if kind == "draft":
            # A text that grows is one record; the newest is what it is.
            for old in [r for r in ring if r["type"] == "draft" and r["job"] == record["job"]]:
                ring.remove(old)
        ring.append(record)
        for feed in list(self._feeds.get(room, ())):
            feed(record)

    def latest(self, room: str, limit: int = KEPT) -> list[Record]:
        """The newest records, oldest first."""
        return list(self._rings.get(room, ()))[-limit:]

    def feed(self, room: str, feed: Feed) -> Callable[[], None]:
        """Have `feed` called with every record; returns what ends it."""
        feeds = self._feeds.setdefault(room, set())
        feeds.add(feed)
        return lambda: feeds.discard(feed)

    def forget(self, room: str) -> None:
        """A room is deleted."""
        self._rings.pop(room, None)
