"""Verify: whether an air log is what was written, and where not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.airlog.log import HEAD, days
from server.airlog.record import GENESIS, digest


@dataclass(frozen=True, slots=True)
class Report:
    """`records` were read up to the end or to the first `fault` (file, line, what is wrong).

    `torn` lines were cut off by a crash; the chain goes on around them, so nothing is missing.
    """

    room: str
    records: int
    first: str
    last: str
    fault: str = ""
    torn: int = 0

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.fault

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"room": self.room, "ok": self.good, "records": self.records, "first": self.first, "last": self.last,
                "fault": self.fault, "torn": self.torn}


def verify(home: Path) -> Report:
    """Read a room's whole log and follow its chain."""
    head = _head(home)
    anchor = head.get("anchor") or {"seq": 0, "hash": GENESIS}
    seq, before = int(anchor["seq"]), str(anchor["hash"])
    count, torn, first, last = 0, 0, "", ""

    def end(fault: str = "") -> Report:
        return Report(home.name, count, first, last, fault, torn)

    for path in days(home):
        for number, text in enumerate(path.read_bytes().splitlines(), 1):
            where = f"{path.name}:{number}"
            try:
                record = json.loads(text)
                if not isinstance(record, dict):
                    raise ValueError("no object")
            except ValueError:
                torn += 1
                continue
            if record.get("hash") != digest(record):
                return end(f"{where}: the record was changed")
            if record.get("prev") != before or record.get("seq") != seq + 1:
                return end(f"{where}: a record before it is missing, or was put in")
            if path.stem != str(record.get("at"))[:10]:
                return end(f"{where}: the record belongs to another day")
            seq, before = record["seq"], record["hash"]
            if head and seq == head["seq"] and before != head["hash"]:
                return end(f"{where}: not the record that was the newest once")
            count, first, last = count + 1, first or record["at"], record["at"]
    if not head and count:
        return end(f"{HEAD} is missing or damaged: whether records were cut off the end can't be told")
    if head and seq < head["seq"]:
        return end(f"{head['seq'] - seq} records are missing at the end")
    # A log that is being written grew meanwhile; a crash leaves one line more than the head knows.
    if head and seq > int(_head(home).get("seq", head["seq"])) + 1:
        return end(f"{seq - head['seq']} records were put in at the end")
    return end()


def _head(home: Path) -> dict[str, Any]:
    try:
        data = json.loads((home / HEAD).read_text(encoding="utf-8"))
        return data if isinstance(data, dict) else {}
    except (OSError, ValueError):
        return {}
