"""Folder: where a training's results and its own notes go, held by one training at a time.

    <name>.safetensors         the adapter: kohya's names (visual), PEFT's (language)
    diffusers/, peft/          the same for diffusers' load_lora_weights, for PEFT's from_pretrained
    report.html
    run/                       config.yaml, journal.jsonl, samples/, checkpoints/, cache/, tensorboard/
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from typing import IO

from adapters.errors import NoSpace, Occupied

RUN, SAMPLES, CHECKPOINTS, CACHE = "run", "samples", "checkpoints", "cache"


class Folder:
    """Make with `claim`; `release` lets the next one in."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name = root, name
        self.run = root / RUN
        self.samples, self.checkpoints, self.cache = (self.run / n for n in (SAMPLES, CHECKPOINTS, CACHE))
        self._lock: IO[str] | None = None

    @property
    def results(self) -> list[Path]:
        """Every result there can be."""
        return [self.root / f"{self.name}.safetensors", self.root / "diffusers" / "pytorch_lora_weights.safetensors",
                self.root / "peft" / "adapter_model.safetensors", self.root / "peft" / "adapter_config.json",
                self.root / "report.html"]

    def claim(self, *, resume: bool, overwrite: bool) -> None:
        """Take the folder; raises `Occupied` when another training has it, or it holds what must not be lost."""
        try:
            self.run.mkdir(parents=True, exist_ok=True)
            self._lock = (self.run / ".lock").open("w")
        except OSError as e:
            raise NoSpace("no_disk", f"{self.root} can't be written: {e.strerror}",
                          next_step="Choose another output_dir.") from e
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            raise Occupied(f"another training is writing to {self.root}",
                           next_step="Wait for it, or choose another output_dir.") from None
        try:
            self._look(resume, overwrite)
        except BaseException:
            self.release()
            raise
        try:
            for folder in (self.samples, self.checkpoints):
                folder.mkdir(exist_ok=True)
        except OSError as e:
            self.release()
            raise NoSpace("no_disk", f"{self.root} can't be written: {e.strerror}",
                          next_step="Free some space, or choose another output_dir.") from e

    def _look(self, resume: bool, overwrite: bool) -> None:
        began = any(self.checkpoints.glob("*/state.json"))
        if resume and not began:
            raise Occupied(f"there is no training to resume in {self.root}",
                           next_step="Start it without resume; init_from is what begins with an adapter's weights.")
        if resume:
            return
        there = [p.relative_to(self.root).as_posix() for p in self.results if p.exists()]
        if not overwrite and (there or began):
            what = f"holds {there[0]} already" if there else "holds a training that was cut off"
            how = "--resume goes on with it, " if began else ""
            raise Occupied(f"{self.root} {what}",
                           next_step=f"{how}--overwrite replaces it, another output_dir keeps both.")
        if overwrite:
            self.clear()

    def clear(self) -> None:
        """Remove what a training made here, and nothing else: `run`, `peft` and `diffusers` may hold others' files."""
        for name in (SAMPLES, CHECKPOINTS, CACHE, "prior", "tensorboard"):
            place = self.run / name
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place, ignore_errors=True)
        layouts = {"diffusers": ("pytorch_lora_weights.safetensors",),
                   "peft": ("adapter_model.safetensors", "adapter_config.json")}
        files = [self.root / f"{self.name}.safetensors", self.root / "report.html", self.run / "config.yaml",
                 self.run / "journal.jsonl", *(self.root / d / n for d, names in layouts.items() for n in names)]
        for path in files:
            path.unlink(missing_ok=True)
        for name in layouts:
            with contextlib.suppress(OSError):
                (self.root / name).rmdir()

    def release(self) -> None:
        """Let others in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all; raises `NoSpace`."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as e:
        with contextlib.suppress(OSError):
            part.unlink()
        raise NoSpace("no_disk", f"{path} can't be written: {e.strerror}",
                      next_step="Free some space, then go on with --resume.") from e
