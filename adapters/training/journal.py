"""Journal: what happens in a training, one JSON object a line, for the terminal, the server and the report.

    begin       steps, epochs, items, held_out, trainable, total, device, precision
    step        step, epoch, loss, rate, speed (steps/s), left_s, memory_mb
    validation  step, loss (held out), train_loss (the same way on items that are learnt), best
    sample      step, index, prompt, file or text
    note        level (info, warn), message, next_step
    checkpoint  step
    end         state (finished, stopped, failed), message, next_step, best_step, files, advice
Each has `event` and `time` (seconds since 1970).
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from adapters.training.folder import write_whole

FILE = "journal.jsonl"
Event = dict[str, Any]


class Journal:
    """Writes events and hands them on to listeners; a full disk never ends a training here."""

    def __init__(self, folder: Path, *, tensorboard: Path | None = None) -> None:
        self.path = folder / FILE
        self.listeners: list[Callable[[Event], None]] = []
        self._board: Any = None
        if tensorboard is not None:
            with contextlib.suppress(OSError):
                from tensorboardX import SummaryWriter

                self._board = SummaryWriter(str(tensorboard), flush_secs=10)

    def tell(self, event: str, **fields: Any) -> None:
        """Record one event; NaN and infinity become null."""
        body = {"event": event, "time": round(time.time(), 3)} | {k: _finite(v) for k, v in fields.items()}
        with contextlib.suppress(OSError), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(body, ensure_ascii=False) + "\n")
        if self._board is not None:
            with contextlib.suppress(OSError):
                self._draw(body)
        for listener in self.listeners:
            listener(body)

    def _draw(self, e: Event) -> None:
        if e["event"] == "step":
            for key in ("loss", "rate", "speed", "memory_mb"):
                if e.get(key) is not None:
                    self._board.add_scalar(f"train/{key}", e[key], e["step"])
        elif e["event"] == "validation":
            for key in ("loss", "train_loss"):
                if e.get(key) is not None:
                    self._board.add_scalar(f"validation/{key}", e[key], e["step"])
        elif e["event"] == "sample" and e.get("text"):
            self._board.add_text(f"sample/{e['index']}", e["text"], e["step"])
        elif e["event"] == "sample" and e.get("file"):
            import numpy as np
            from PIL import Image

            with Image.open(self.path.parent / "samples" / e["file"]) as image:
                self._board.add_image(f"sample/{e['index']}", np.asarray(image), e["step"], dataformats="HWC")

    def close(self) -> None:
        """Write what is buffered."""
        if self._board is not None:
            with contextlib.suppress(OSError):
                self._board.close()


def read(folder: Path, after: int = 0) -> Iterator[Event]:
    """Events of a journal from byte `after` on; a half-written line at the end is left for the next time."""
    try:
        file = (folder / FILE).open("rb")
    except OSError:
        return
    with file:
        file.seek(after)
        for line in file:
            if not line.endswith(b"\n"):
                return
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    yield event | {"at": file.tell() if file.seekable() else 0}


def forget_after(folder: Path, step: int) -> None:
    """Strike out what was told of steps that a resumed training will do again; raises `NoSpace`."""
    _keep(folder, lambda e: e.get("step", 0) <= step and e["event"] != "end")


def forget_ends(folder: Path) -> None:
    """Strike out how earlier runs ended, for a training that goes on; raises `NoSpace`."""
    _keep(folder, lambda e: e["event"] != "end")


def _keep(folder: Path, wanted: Callable[[Event], bool]) -> None:
    path = folder / FILE
    if not path.is_file():
        return
    kept = [e for e in read(folder) if wanted(e)]
    lines = (json.dumps({k: v for k, v in e.items() if k != "at"}, ensure_ascii=False) for e in kept)
    write_whole(path, "".join(line + "\n" for line in lines).encode())


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
