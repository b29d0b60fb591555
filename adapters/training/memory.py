"""Memory: what a step takes, measured, and what there is."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType

import psutil
import torch

MB = 1 << 20
SPARE = 0.1
"""Share of what is free that is left alone."""


class Peak:
    """The most memory in use while it lasts, in MB: the process's on the CPU, torch's on CUDA."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.before = self.mb = 0.0

    def __enter__(self) -> Peak:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
            torch.cuda.reset_peak_memory_stats(self._device)
            self.before = torch.cuda.memory_allocated(self._device) / MB
        else:
            # Linux forgets the high-water mark when 5 is written here (proc(5)).
            with contextlib.suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5")
            self.before = _status("VmRSS")
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
            self.mb = torch.cuda.max_memory_allocated(self._device) / MB
        else:
            self.mb = max(_status("VmHWM"), self.before)


def used(device: torch.device) -> float:
    """MB in use now."""
    return torch.cuda.memory_allocated(device) / MB if device.type == "cuda" else _status("VmRSS")


def available(device: torch.device, limit_mb: int = 0) -> float:
    """MB that the training may have in use in all: `limit_mb`, or what it has and what is free, less a tenth."""
    if limit_mb:
        return float(limit_mb)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device)
        return (free + kept) / MB * (1 - SPARE)
    return _status("VmRSS") + psutil.virtual_memory().available / MB * (1 - SPARE)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is spent, on the CPU or the GPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "memory" in str(error).lower()


def _status(key: str) -> float:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
    return psutil.Process().memory_info().rss / MB
