"""Progress: how far a job is, read from the journal that its process writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adapters.training import journal

POINTS, SAMPLES, NOTES = 600, 200, 50


class Progress:
    """Reads on from where it stopped; a journal that was cut back is read anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._at = self._file = 0
        self._begin()

    def _begin(self) -> None:
        self.facts: dict[str, Any] = {}
        self.end: dict[str, Any] | None = None
        self.train: dict[int, float] = {}
        self.held_out: dict[int, float] = {}
        self.samples: dict[tuple[int, int], dict[str, Any]] = {}
        self.notes: list[dict[str, Any]] = []
        self.history: dict[str, float] = {}

    def read(self) -> Progress:
        """Take up what is new."""
        try:
            facts = (self._folder / journal.FILE).stat()
        except OSError:
            return self
        if facts.st_ino != self._file or facts.st_size < self._at:
            # A journal that is cut back is written as a new file, which may have grown past the old one since.
            self._at, self._file = 0, facts.st_ino
            self._begin()
        for e in journal.read(self._folder, self._at):
            self._at = e["at"]
            getattr(self, f"_on_{e['event']}", lambda e: None)(e)
        return self

    def _on_state(self, e: dict[str, Any]) -> None:
        self.end = None
        self.facts["state"] = "preparing"

    def _on_begin(self, e: dict[str, Any]) -> None:
        keys = ("steps", "epochs", "step", "device", "memory_mb", "trainable", "total", "items", "held_out")
        self.facts |= {k: e[k] for k in keys if k in e} | {"state": "running"}

    def _on_step(self, e: dict[str, Any]) -> None:
        self.facts |= {k: e[k] for k in ("step", "epoch", "loss", "speed", "left_s", "memory_mb") if k in e}
        if e.get("loss") is not None:
            self.train[e["step"]] = e["loss"]

    def _on_validation(self, e: dict[str, Any]) -> None:
        if e.get("loss") is not None:
            self.held_out[e["step"]] = e["loss"]
            self.facts["val_loss"] = e["loss"]
        if e.get("best"):
            self.facts["best_step"] = e["step"]

    def _on_sample(self, e: dict[str, Any]) -> None:
        body = {"step": e["step"], "index": e["index"], "prompt": e["prompt"], "file": e.get("file") or None,
                "text": e.get("text") or None}
        self.samples[e["step"], e["index"]] = body

    def _on_note(self, e: dict[str, Any]) -> None:
        self.notes = [*self.notes[-NOTES:], {k: e.get(k, "") for k in ("level", "message", "next_step")}]

    def _on_end(self, e: dict[str, Any]) -> None:
        self.end = e

    def curve(self) -> dict[str, list[list[float]]]:
        """Both curves, thinned."""
        return {"train": _thinned(self.train), "val": _thinned(self.held_out)}

    def shown_samples(self) -> list[dict[str, Any]]:
        """Those of all steps, the latest ones when there are too many."""
        return [self.samples[key] for key in sorted(self.samples)][-SAMPLES:]


def _thinned(points: dict[int, float]) -> list[list[float]]:
    every = sorted(points.items())
    stride = -(-len(every) // POINTS) or 1
    kept = every[::stride]
    if every and kept[-1] != every[-1]:
        kept = [*kept[: POINTS - 1], every[-1]]
    return [list(p) for p in kept]
