"""Fit: how many items go through the base at once, measured before the start and mended when memory runs out.

What is given up, in this order: batch size (accumulation makes up for it, so a step learns the same), kept activations,
latents in memory. Never the resolution.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from adapters.errors import NoSpace
from adapters.training import memory
from adapters.training.config import TrainConfig
from adapters.training.task import Task

Note = Callable[[str], None]
MORE_MEMORY = (
    "Close other programs, use a GPU with more memory or a smaller base; a smaller resolution or max_length would fit, "
    "too, but that is yours to choose."
)


@dataclass(slots=True)
class Fit:
    """`rows` items at once; what a step takes then, in MB and seconds."""

    rows: int
    peak_mb: float = 0.0
    item_s: float = 0.0
    checkpointing: bool = False
    lightened: bool = False

    def give_way(self, task: Task) -> str:
        """Give up the next thing when memory runs out on the way; says what, or nothing when all is given up."""
        if self.rows > 1:
            self.rows = (self.rows + 1) // 2
            return f"batch_size is {self.rows} from here on, accumulation makes up for it"
        if not self.checkpointing:
            self.checkpointing = True
            task.checkpointing()
            return "gradient_checkpointing is on from here on"
        if not self.lightened:
            self.lightened = True
            return task.lighten()
        return ""


class TooBig(Exception):
    """One item alone takes more memory than there is."""


def measure(task: Task, rows: int, device: torch.device) -> tuple[float, float]:
    """Peak memory in MB and seconds of forward and backward of the heaviest `rows` items; leaves no gradient."""
    items = task.heaviest(rows)
    task.train(True)
    try:
        with memory.Peak(device) as peak:
            began = time.perf_counter()
            backward(task, items, 0, 0, task.weight(items))
        return peak.mb, time.perf_counter() - began
    finally:
        for lora in task.loras.values():
            for p in lora.parameters:
                p.grad = None
        release(device)


def backward(
    task: Task, items: Sequence[int], step: int, at: int, weight: float, scaler: torch.amp.GradScaler | None = None
) -> float:
    """Add the gradients of some items of a step; returns their share of its loss."""
    loss = task.loss(items, step, at) / weight
    (scaler.scale(loss) if scaler is not None else loss).backward()  # type: ignore[no-untyped-call]
    return float(loss.detach())


def fit(task: Task, config: TrainConfig, device: torch.device, note: Note) -> Fit:
    """Find what fits; raises `NoSpace` when nothing does.

    One item is measured and then two, since a batch that does not fit could end the process: the rest is a line through
    both points.
    """
    made = Fit(rows=config.batch_size, checkpointing=config.gradient_checkpointing)
    if made.checkpointing:
        task.checkpointing()
    while True:
        limit = memory.available(device, config.memory_limit_mb)
        try:
            return _rows(task, made, config, device, limit, note)
        except TooBig as e:
            if not made.checkpointing:
                made.checkpointing = True
                task.checkpointing()
                note(f"gradient_checkpointing is on: {e}")
            elif not made.lightened:
                made.lightened = True
                note(f"{task.lighten() or 'nothing else can be moved out of memory'}: {e}")
            else:
                raise NoSpace("no_memory", f"a single item does not fit: {e}", next_step=MORE_MEMORY) from None


def _rows(
    task: Task, made: Fit, config: TrainConfig, device: torch.device, limit: float, note: Note
) -> Fit:
    one, seconds = _try(task, 1, device)
    if one > limit:
        raise TooBig(f"one item takes {one:.0f} MB of {limit:.0f} MB")
    rows = config.batch_size
    made.peak_mb, made.item_s = one, seconds
    if rows > 1:
        two, seconds = _try(task, 2, device)
        made.item_s = seconds / 2
        slope = max(0.0, two - one)
        while rows > 1 and one + slope * (rows - 1) > limit:
            rows = (rows + 1) // 2
        made.peak_mb = one + slope * (rows - 1)
        if rows < config.batch_size:
            note(
                f"batch_size {config.batch_size} -> {rows} with gradient_accumulation "
                f"{-(-config.step_items // rows)}: {one + slope * (config.batch_size - 1):.0f} MB would be needed, "
                f"{limit:.0f} MB are there"
            )
    made.rows = rows
    return made


def _try(task: Task, rows: int, device: torch.device) -> tuple[float, float]:
    try:
        _, first = measure(task, rows, device)  # Kernels are chosen and buffers made at the first run.
        mb, second = measure(task, rows, device)
        return mb, min(first, second)
    except Exception as e:
        if not memory.is_out_of_memory(e):
            raise
        release(device)
        return float("inf"), 0.0


def release(device: torch.device) -> None:
    """Give freed memory of a GPU back, so that the next measurement sees it; the CPU's goes back by itself."""
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
