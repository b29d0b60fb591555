"""Compare: the same base trained whole and by LoRA — parameters, memory, time, size and switching, side by side.

The LoRA column is measured in this training. The full-parameter column is measured by one true step of the whole model
where that fits into memory, else computed; each figure says which.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from adapters.training import fit, memory
from adapters.training.config import TrainConfig
from adapters.training.loop import Outcome
from adapters.training.task import Task

MEASURED, COMPUTED = "measured", "computed"
LARGEST = 300_000_000
"""Parameters up to which `auto` measures a step of the whole model; above, it would take minutes and much memory."""
STATES = 4
"""Weight, gradient and two moments of AdamW, each in float32."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of both; `how` says where the full-parameter one comes from, `zh` is the name in Chinese."""

    name: str
    unit: str
    lora: float
    full: float
    how: str
    zh: str


def total_parameters(task: Task) -> int:
    """Of the adapted models, without the adapters."""
    return sum(
        p.numel() for lora in task.loras.values() for n, p in lora.model.named_parameters() if "lora_" not in n
    )


def table(
    task: Task, config: TrainConfig, device: torch.device, fitted: fit.Fit, outcome: Outcome, file: Path
) -> list[Row]:
    """All rows; empty when `compare_full` is off."""
    if config.compare_full == "off":
        return []
    trainable = sum(p.numel() for lora in task.loras.values() for p in lora.parameters)
    total = total_parameters(task)
    seconds, lora_mb = _lora_step(task, device, fitted.rows)
    state_mb = trainable * STATES * 4 / memory.MB
    weights_mb = total * 4 / memory.MB
    full_mb = lora_mb - state_mb + weights_mb * (STATES - 1)
    full_s, how = seconds * 1.5, COMPUTED
    fits = full_mb < memory.available(device, config.memory_limit_mb) and total <= LARGEST
    if config.compare_full == "measure" or (config.compare_full == "auto" and fits):
        found = _full_step(task, device, fitted.rows)
        if found is not None:
            (full_s, full_mb), how = found, MEASURED
    steps = max(1, outcome.step)
    learnt = outcome.course.seconds / max(1, len(outcome.course.curve)) * steps
    lora_switch, full_switch = _switching(task)
    return [
        Row("trainable parameters", "", trainable, total, "counted", "可训练参数"),
        Row("share of all parameters", "%", 100 * trainable / total, 100.0, "counted", "占全部参数"),
        Row("peak memory", "MB", lora_mb, full_mb, how, "内存峰值"),
        Row("time of a step", "s", seconds, full_s, how, "每步用时"),
        Row(f"time of {steps} steps", "s", learnt, learnt * full_s / max(1e-9, seconds), COMPUTED, f"{steps} 步用时"),
        Row("size of the result", "MB", file.stat().st_size / 1e6, total * 2 / 1e6, COMPUTED, "结果大小"),
        Row("switching to it in memory", "ms", lora_switch * 1e3, full_switch * 1e3, MEASURED, "内存中切换"),
    ]


def _lora_step(task: Task, device: torch.device, rows: int) -> tuple[float, float]:
    params = [p for lora in task.loras.values() for p in lora.parameters]
    return _steps(task, params, device, rows)


def _steps(task: Task, params: list[nn.Parameter], device: torch.device, rows: int) -> tuple[float, float]:
    """Seconds of the fastest of three steps, and the peak memory, in MB; the weights are put back."""
    before = [p.detach().cpu().clone() for p in params]
    optimiser = torch.optim.AdamW(params, lr=1e-6, fused=True)
    items = task.heaviest(rows)
    weight = task.weight(items)
    took = math.inf
    try:
        task.train(True)
        with memory.Peak(device) as peak:
            for _ in range(3):
                began = time.perf_counter()
                fit.backward(task, items, 0, 0, weight)
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
                if device.type == "cuda":
                    torch.cuda.synchronize(device)
                took = min(took, time.perf_counter() - began)
        return took, peak.mb
    finally:
        with torch.no_grad():
            for p, value in zip(params, before, strict=True):
                p.copy_(value)
        task.train(False)
        optimiser.state.clear()
        fit.release(device)


def _full_step(task: Task, device: torch.device, rows: int) -> tuple[float, float] | None:
    """The same for every parameter of the base; None when memory did not suffice after all."""
    params = [p for lora in task.loras.values() for n, p in lora.model.named_parameters() if "lora_" not in n]
    loras = [p for lora in task.loras.values() for p in lora.parameters]
    try:
        for p in params:
            p.requires_grad_(True)
        for p in loras:
            p.requires_grad_(False)
        return _steps(task, params, device, rows)
    except Exception as e:
        if not memory.is_out_of_memory(e):
            raise
        return None
    finally:
        for p in params:
            p.requires_grad_(False)
            p.grad = None
        for p in loras:
            p.requires_grad_(True)


@torch.no_grad()
def _switching(task: Task) -> tuple[float, float]:
    """Seconds to copy another adapter's matrices, and another whole model's weights, over those in use."""
    loras: list[Tensor] = [p.data for lora in task.loras.values() for p in lora.parameters]
    whole: list[Tensor] = [
        p.data for lora in task.loras.values() for n, p in lora.model.named_parameters() if "lora_" not in n
    ]
    flat = torch.cat([t.flatten() for t in loras])
    other = torch.empty_like(flat)
    # One after another, so that no second model has to fit into memory.
    return min(_copy(other, flat) for _ in range(3)), sum(_copy(t, t.clone()) for t in whole)


def _copy(into: Tensor, source: Tensor) -> float:
    began = time.perf_counter()
    into.copy_(source)
    if into.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - began
