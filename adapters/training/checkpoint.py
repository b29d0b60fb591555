"""Checkpoint: all that a training needs to go on exactly where it was. No pickle: safetensors and JSON.

Noise, order, dropout and timesteps of a step are drawn from (seed, step) alone, so the state of every random
generator is the number of the step.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as load_bytes
from safetensors.torch import save as save_bytes
from torch import Tensor

from adapters.errors import NoSpace
from adapters.training.folder import write_whole

KEEP = 2
STATE, TENSORS = "state.json", "tensors.safetensors"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`step` steps are done; `tensors` by name, `state` everything else."""

    step: int
    tensors: Mapping[str, Tensor]
    state: Mapping[str, Any]


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write one and drop the oldest over `KEEP`; raises `NoSpace` and leaves the earlier ones."""
    place = folder / f"{checkpoint.step:08d}"
    part = folder / f".{checkpoint.step:08d}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        tensors = {k: t.detach().cpu().contiguous() for k, t in checkpoint.tensors.items()}
        write_whole(part / TENSORS, save_bytes(tensors))
        body = dict(checkpoint.state) | {"step": checkpoint.step}
        write_whole(part / STATE, json.dumps(body, ensure_ascii=False).encode())
        shutil.rmtree(place, ignore_errors=True)
        os.replace(part, place)
    except OSError as e:
        raise NoSpace("no_disk", f"the checkpoint can't be written: {e.strerror}",
                      next_step="Free some space, then go on with --resume.") from e
    finally:
        shutil.rmtree(part, ignore_errors=True)
    for old in _all(folder)[:-KEEP]:
        shutil.rmtree(old, ignore_errors=True)


def latest(folder: Path) -> Checkpoint | None:
    """The newest one that can be read; None when there is none."""
    for place in reversed(_all(folder)):
        with contextlib.suppress(OSError, ValueError, KeyError, RuntimeError, SafetensorError):
            state = json.loads((place / STATE).read_text(encoding="utf-8"))
            return Checkpoint(int(state["step"]), load_bytes((place / TENSORS).read_bytes()), state)
    return None


def _all(folder: Path) -> list[Path]:
    return sorted(p.parent for p in folder.glob(f"[0-9]*/{STATE}"))


def optimiser_tensors(state: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimiser's `state_dict()` -> tensors by name, and the rest as JSON."""
    tensors: dict[str, Tensor] = {}
    rest: dict[str, Any] = {}
    for index, entry in state["state"].items():
        for key, value in entry.items():
            if isinstance(value, Tensor):
                tensors[f"optimiser.{index}.{key}"] = value
            else:
                rest[f"{index}.{key}"] = value
    return tensors, rest


def optimiser_state(checkpoint: Checkpoint, groups: list[dict[str, Any]]) -> dict[str, Any]:
    """What `optimiser_tensors` took apart, as `load_state_dict` wants it."""
    state: dict[int, dict[str, Any]] = {}
    for name, tensor in checkpoint.tensors.items():
        if name.startswith("optimiser."):
            _, index, key = name.split(".", 2)
            state.setdefault(int(index), {})[key] = tensor
    for name, value in checkpoint.state.get("optimiser", {}).items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    return {"state": state, "param_groups": groups}
