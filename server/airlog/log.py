"""AirLog: writes records, one file a room and day; files are only appended to, and deleted whole when they are old.

`<room>/head.json` holds the newest record's number and hash, so that records cut off the end are missed, too; a file
that retention deletes leaves its last hash there as the `anchor` of what is kept.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from server.airlog.record import GENESIS, Record, line
from streaming.errors import BadInput

log = logging.getLogger("nightanchor.airlog")

HEAD = "head.json"
WAITING = 1000
"""Records that may wait for a slow disk; what comes on top is lost and counted."""


class AirLog:
    """The log of all rooms under `folder`; `keep_days` 0 keeps everything."""

    def __init__(self, folder: Path, keep_days: int = 0) -> None:
        self.folder, self._keep_days = folder, keep_days
        self._heads: dict[str, dict[str, Any]] = {}
        self._beheaded: set[str] = set()
        self._pruned = ""
        self.failed = 0
        """Records that could not be written, since the start."""
        self.down = False
        """Whether the newest record could not be written."""
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="airlog")

    def post(self, room: str, kind: str, **fields: Any) -> None:
        """`write` without waiting for the disk, in the order of the calls."""
        if self._waiting >= WAITING:
            self.failed += 1
            self.down = True
            return
        self._waiting += 1
        at = dt.datetime.now(dt.UTC)
        self._thread.submit(self.write, room, kind, at, **fields).add_done_callback(self._written)

    def _written(self, done: Future[Any]) -> None:
        self._waiting -= 1
        if not done.cancelled() and (error := done.exception()) is not None:
            self.failed += 1
            log.error("the air log can't be written: %r", error)

    def close(self) -> None:
        """Wait until all is written."""
        self._thread.shutdown(wait=True)

    def write(self, room: str, kind: str, at: dt.datetime | None = None, **fields: Any) -> dict[str, Any] | None:
        """Append a record; None when the disk refuses it: the show is not stopped for it, but the fault is counted."""
        at = at or dt.datetime.now(dt.UTC)
        try:
            head = self._head(room)
            if room in self._beheaded:
                self._beheaded.discard(room)
                self.write(room, "event", at, note=f"{HEAD} was missing: records before this may have been cut off")
                head = self._head(room)
            stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            record = Record(seq=head["seq"] + 1, at=stamp, room=room, kind=kind, prev=head["hash"], **fields).sealed()
            path = self.folder / room / f"{at.date().isoformat()}.jsonl"
            with open(path, "ab") as f:
                # A crash may have left half a line.
                f.write((b"" if _ends_a_line(path) else b"\n") + line(record).encode())
                f.flush()
                os.fdatasync(f.fileno())
            self._keep(room, {**head, "seq": record["seq"], "hash": record["hash"]})
        except OSError as e:
            self.failed += 1
            self.down = True
            log.error("the air log can't be written: %s", e)
            return None
        self.down = False
        self._prune(at.date())
        return record

    def _head(self, room: str) -> dict[str, Any]:
        if room not in self._heads:
            home = self.folder / room
            home.mkdir(parents=True, exist_ok=True)
            try:
                head = json.loads((home / HEAD).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                head = {"seq": 0, "hash": GENESIS, "anchor": {"seq": 0, "hash": GENESIS}}
            # A crash between the line and the head leaves one line more than the head knows.
            newest = _last(home)
            if newest is not None and not head["seq"]:
                self._beheaded.add(room)
            if newest is not None and newest["seq"] > head["seq"]:
                head = {**head, "seq": newest["seq"], "hash": newest["hash"]}
            self._heads[room] = head
        return self._heads[room]

    def _keep(self, room: str, head: dict[str, Any]) -> None:
        path = self.folder / room / HEAD
        part = path.with_suffix(".part")
        part.write_text(json.dumps(head), encoding="utf-8")
        part.replace(path)
        self._heads[room] = head

    def _prune(self, today: dt.date) -> None:
        """Once a day, delete the files that are older than they must be kept."""
        if not self._keep_days or self._pruned == today.isoformat():
            return
        self._pruned = today.isoformat()
        oldest = (today - dt.timedelta(days=self._keep_days)).isoformat()
        for home in self._homes():
            for path in days(home):
                if path.stem >= oldest:
                    break
                newest = _last_of(path)
                if newest is not None:
                    head = self._head(home.name)
                    self._keep(home.name, {**head, "anchor": {"seq": newest["seq"], "hash": newest["hash"]}})
                path.unlink()

    def _homes(self) -> list[Path]:
        return sorted(p for p in self.folder.iterdir() if p.is_dir()) if self.folder.is_dir() else []

    def records(
        self, room: str, since: dt.datetime | None = None, until: dt.datetime | None = None
    ) -> Iterator[dict[str, Any]]:
        """Records of a room in their order, between two instants; lines that can't be read are left out.

        Raises `BadInput` for an instant without a time zone.
        """
        return self._between(room, since, until, _stamp(since), _stamp(until))

    def _between(
        self, room: str, since: dt.datetime | None, until: dt.datetime | None, first: str, last: str
    ) -> Iterator[dict[str, Any]]:
        for path in days(self.folder / room):
            if (since and path.stem < since.date().isoformat()) or (until and path.stem > until.date().isoformat()):
                continue
            for record in read(path):
                if (not first or record["at"] >= first) and (not last or record["at"] <= last):
                    yield record

    def latest(self, room: str, limit: int) -> list[dict[str, Any]]:
        """The newest records, oldest first."""
        found: list[dict[str, Any]] = []
        for path in reversed(days(self.folder / room)):
            found = list(read(path))[-(limit - len(found)) :] + found
            if len(found) >= limit:
                break
        return found


def _stamp(at: dt.datetime | None) -> str:
    if at is None:
        return ""
    if at.tzinfo is None:
        raise BadInput("an instant needs a time zone", next_step="Write it as 2026-11-24T01:00:00Z.")
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ends_a_line(path: Path) -> bool:
    with open(path, "rb") as f:
        if f.seek(0, os.SEEK_END) == 0:
            return True
        f.seek(-1, os.SEEK_END)
        return f.read(1) == b"\n"


def days(home: Path) -> list[Path]:
    """The files of a room, oldest first."""
    return sorted(home.glob("????-??-??.jsonl"))


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a file."""
    with open(path, encoding="utf-8", errors="replace") as f:
        for text in f:
            try:
                record = json.loads(text)
            except ValueError:
                continue
            if isinstance(record, dict) and isinstance(record.get("seq"), int):
                yield record


def _last_of(path: Path) -> dict[str, Any] | None:
    newest = None
    for record in read(path):
        newest = record
    return newest


def _last(home: Path) -> dict[str, Any] | None:
    return next((r for path in reversed(days(home)) if (r := _last_of(path)) is not None), None)
