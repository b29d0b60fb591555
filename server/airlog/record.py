"""Record: one line of the air log, chained to the one before by its hash.

The hash is SHA-256 over the canonical JSON (keys in order, no spaces) of all fields but itself, and one of them is
the hash of the record before. So a record that is changed, taken out, put in or moved breaks the chain from there on.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

GENESIS = "0" * 64
"""Stands for the record before the first."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was spoken, when, by whom and by which rules.

    `at` is the instant (ISO 8601, UTC) at which the encoder had the first sample; `tick` the playout's media time in
    seconds; `recording` the file and the offset in it, where one was running; `duration_s` how long the sentence is.
    `by` is who had it said or done: name and role of the token. `voice`: it was spoken into a microphone.
    `kind` is `said`, `cut` (the sentence `line_id` was broken off; unless it was skipped, it is said again), `guarded`
    (a line that was changed, held, or that an operator answered for) or `event` (on air, off air, who came on,
    takeover, slate).
    """

    seq: int
    at: str
    room: str
    kind: str
    line_id: str = ""
    text: str = ""
    lang: str = ""
    source: str = ""
    product_id: str | None = None
    reply_to: str | None = None
    persona: str | None = None
    visual: str | None = None
    language: str | None = None
    guard: dict[str, Any] | None = None
    tick: float | None = None
    recording: dict[str, Any] | None = None
    note: str = ""
    by: dict[str, str] | None = None
    voice: bool = False
    duration_s: float | None = None
    prev: str = GENESIS
    hash: str = ""

    def sealed(self) -> dict[str, Any]:
        """As JSON with its hash."""
        data = asdict(self)
        data["hash"] = digest(data)
        return data


def digest(data: dict[str, Any]) -> str:
    """The hash of a record's fields."""
    body = {k: v for k, v in data.items() if k != "hash"}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def line(data: dict[str, Any]) -> str:
    """A sealed record as a line of the file."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
