"""`nightanchor airlog`: proves and exports the record of what was spoken; reads files, so no server need run."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args

from server.airlog import AirLog, verify
from server.airlog.export import Format, export
from server.cli import terminal
from streaming.errors import BadInput, NotFound


def _folder(data: Path) -> Path:
    folder = data / "airlog"
    if not folder.is_dir():
        raise NotFound(f"nothing was recorded in {data}", next_step="Give the data folder with --data.")
    return folder


def check(data: Path, room: str | None) -> int:
    """Follow the chain of one room's log, or of all."""
    homes = [p for p in sorted(_folder(data).iterdir()) if p.is_dir() and room in (None, p.name)]
    if not homes:
        raise NotFound(f"room {room} has no record", next_step="Leave --room out for all.")
    reports = [verify(home) for home in homes]
    for r in reports:
        if r.good:
            terminal.done(
                f"{r.room}：{r.records} 条记录完整（{r.first} 至 {r.last}）",
                f"{r.room}: {r.records} records are untouched ({r.first} to {r.last})",
            )
        else:
            terminal.failure(f"{r.room}: {r.fault}", f"{r.records} records before it are untouched.")
    return 0 if all(r.good for r in reports) else 1


def formats(name: str) -> Format:
    """The name of a format; raises `BadInput` for another."""
    if name not in get_args(Format):
        raise BadInput(f"there is no format {name}", next_step=f"Use one of {', '.join(get_args(Format))}.")
    return cast(Format, name)


def write(
    data: Path, room: str, form: Format, out: Path | None, since: datetime | None, until: datetime | None,
    recording: str = "",
) -> int:
    """Export to a file, or to the terminal."""
    log = AirLog(_folder(data))
    if not (log.folder / room).is_dir():
        raise NotFound(f"room {room} has no record", next_step="See the rooms with: nightanchor airlog verify")
    first, last = (t.replace(tzinfo=UTC) if t is not None else None for t in (since, until))
    pieces = export(log.records(room, first, last), form, recording)
    if out is None:
        sys.stdout.writelines(pieces)
        return 0
    with open(out, "w", encoding="utf-8", newline="") as f:
        f.writelines(pieces)
    terminal.done(f"已写入 {out}", f"written to {out}")
    return 0
