"""Export: an air log as CSV for a spreadsheet, JSON lines for a program, SRT for the recording's subtitles."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal

Format = Literal["csv", "jsonl", "srt"]
COLUMNS = ("seq", "at", "room", "kind", "persona", "source", "lang", "text", "product_id", "reply_to", "guard",
           "visual", "language", "tick", "recording", "duration_s", "voice", "by", "note", "line_id", "prev", "hash")
SECONDS_A_LETTER = {"zh": 0.24, "ja": 0.17, "en": 0.065}
MAX_SHOWN_S = 12.0
MICROPHONE = "(microphone)"
"""Stands for what was spoken into a microphone, of which no text was given."""
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def export(records: Iterable[dict[str, Any]], form: Format, recording: str = "") -> Iterator[str]:
    """The text of a file, in pieces; with the name of a `recording`, what was said in that one."""
    if recording:
        records = _within(records, recording)
    if form == "csv":
        return _csv(records)
    return _srt(records) if form == "srt" else (json.dumps(r, ensure_ascii=False) + "\n" for r in records)


def _within(records: Iterable[dict[str, Any]], recording: str) -> Iterator[dict[str, Any]]:
    lines: set[str] = set()
    for record in records:
        if (record.get("recording") or {}).get("file") == recording:
            lines.add(record["line_id"])
            yield record
        elif record["kind"] == "cut" and record["line_id"] in lines:
            yield record


def _csv(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    # The mark by which spreadsheets know that it is UTF-8.
    yield "\ufeff"
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for record in records:
        writer.writerow([_cell(record.get(c)) for c in COLUMNS])
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    # A spreadsheet would take it for a formula: https://owasp.org/www-community/attacks/CSV_Injection
    return f"'{text}" if text.startswith(_RISKY) and isinstance(value, str) else text


def _srt(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Times count from the recording's start where all that was said is in one; else from the first sentence."""
    kept = list(records)
    said = [r for r in kept if r.get("kind") == "said"]
    if not said:
        return
    cut = {r["line_id"]: _instant(r) for r in kept if r.get("kind") == "cut"}
    places = [r.get("recording") or {} for r in said]
    offsets = [p.get("offset_s") if p.get("file") == places[0].get("file") else None for p in places]
    began = _instant(said[0])
    starts = [_instant(r) - began for r in said]
    if all(isinstance(o, int | float) for o in offsets):
        starts = [float(o or 0.0) for o in offsets]
    for n, (record, start) in enumerate(zip(said, starts, strict=True), 1):
        guess = min(0.6 + len(record["text"]) * SECONDS_A_LETTER.get(record["lang"], 0.2), MAX_SHOWN_S)
        lasts = record.get("duration_s") or guess
        broken = cut.get(record["line_id"], 0.0) - _instant(record)
        later = [s for s in starts[n : n + 1] if s > start]
        end = min([start + (broken if 0 < broken < lasts else lasts), *later])
        yield f"{n}\n{_clock(start)} --> {_clock(end)}\n{record['text'] or MICROPHONE}\n\n"


def _instant(record: dict[str, Any]) -> float:
    return dt.datetime.fromisoformat(record["at"].replace("Z", "+00:00")).timestamp()


def _clock(seconds: float) -> str:
    ms = round(max(0.0, seconds) * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"
