"""Run: a training loop that is killed and goes on, for the parts of the demo models.

Everything random in a step is drawn from (name, step), so a run that was cut off ends with the weights it would have
had: https://pytorch.org/docs/stable/notes/randomness.html says within which bounds.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from adapters.training.checkpoint import Checkpoint, latest, optimiser_state, optimiser_tensors, save
from streaming.priority import lower

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
"""Where models are trained. What is random is drawn on the CPU, so that it is the same everywhere."""
Loss = Callable[[int, torch.Generator], tuple[Tensor, Mapping[str, float]]]
"""(step, generator) -> what is to be lowered, and what to print."""


class Run:
    """`steps` steps of AdamW with warm-up and cosine decay, and an average of the weights (EMA)."""

    def __init__(
        self, name: str, model: nn.Module, folder: Path, *, steps: int, lr: float, warmup: int = 100,
        decay: float = 0.01, ema: float = 0.999, clip: float = 1.0, every: int = 200, show: int = 20,
        betas: tuple[float, float] = (0.9, 0.99), floor: float = 0.02,
    ) -> None:
        self.name, self.model, self.folder, self.steps = name, model.to(DEVICE), folder, steps
        self._lr, self._warmup, self._ema, self._clip, self._every, self._show = lr, warmup, ema, clip, every, show
        self._floor = floor
        self.parameters = {k: p for k, p in model.named_parameters() if p.requires_grad}
        flat = [p for p in self.parameters.values() if p.ndim < 2]
        deep = [p for p in self.parameters.values() if p.ndim >= 2]
        groups = [{"params": deep, "weight_decay": decay}, {"params": flat, "weight_decay": 0.0}]
        self._optimiser = torch.optim.AdamW(groups, lr=lr, betas=betas)
        self.mean = {k: p.detach().clone() for k, p in self.parameters.items()}
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def _resume(self) -> None:
        found = latest(self.folder / "checkpoints")
        if found is None:
            return
        with torch.no_grad():
            for k, p in self.parameters.items():
                p.copy_(found.tensors[f"weight.{k}"])
                self.mean[k].copy_(found.tensors[f"mean.{k}"])
        self._optimiser.load_state_dict(optimiser_state(found, self._optimiser.state_dict()["param_groups"]))
        self.step = found.step
        print(f"{self.name}: going on after step {self.step}", flush=True)

    def save(self) -> None:
        """Write a checkpoint."""
        tensors, rest = optimiser_tensors(self._optimiser.state_dict())
        tensors |= {f"weight.{k}": p for k, p in self.parameters.items()}
        tensors |= {f"mean.{k}": t for k, t in self.mean.items()}
        save(self.folder / "checkpoints", Checkpoint(self.step, tensors, {"optimiser": rest}))

    def rate(self, step: int) -> float:
        """Learning rate of a step."""
        done = max(0.0, (step - self._warmup) / max(1, self.steps - self._warmup))
        full = self._lr * (self._floor + (1 - self._floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
        return full * min(1.0, (step + 1) / self._warmup)

    def go(self, loss: Loss, after: Callable[[int], None] | None = None) -> None:
        """Train to the end; `after` is called with the step at every checkpoint, the averaged weights in place."""
        began, shown = time.monotonic(), self.step
        sums: dict[str, float] = {}
        if self.step >= self.steps and after is not None:
            with self.averaged():
                after(self.step)
        while self.step < self.steps:
            generator = torch.Generator().manual_seed(hash_of(self.name, self.step))
            value, said = loss(self.step, generator)
            if not torch.isfinite(value):
                raise SystemExit(f"{self.name}: the loss of step {self.step} is not a number; lower the learning rate")
            value.backward()  # type: ignore[no-untyped-call]
            norm = nn.utils.clip_grad_norm_(self.parameters.values(), self._clip)
            for group in self._optimiser.param_groups:
                group["lr"] = self.rate(self.step)
            self._optimiser.step()
            self._optimiser.zero_grad(set_to_none=True)
            self.step += 1
            keep = min(self._ema, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                for k, p in self.parameters.items():
                    self.mean[k].lerp_(p, 1 - keep)
            for k, v in {"loss": float(value.detach()), "norm": float(norm), **said}.items():
                sums[k] = sums.get(k, 0.0) + v
            if self.step % self._show == 0:
                n, took = self.step - shown, time.monotonic() - began
                line = " ".join(f"{k} {v / n:.4f}" for k, v in sums.items())
                print(f"{self.name} {self.step}/{self.steps} {line} {took / n:.2f} s/step", flush=True)
                began, shown, sums = time.monotonic(), self.step, {}
            if self.step % self._every == 0 or self.step == self.steps:
                self.save()
                if after is not None:
                    with self.averaged():
                        after(self.step)

    @contextlib.contextmanager
    def averaged(self) -> Any:
        """The model with its averaged weights."""
        with torch.no_grad():
            live = {k: p.detach().clone() for k, p in self.parameters.items()}
            for k, p in self.parameters.items():
                p.copy_(self.mean[k])
        self.model.eval()
        try:
            yield self.model
        finally:
            self.model.train()
            with torch.no_grad():
                for k, p in self.parameters.items():
                    p.copy_(live[k])


def hash_of(*parts: object) -> int:
    """A seed from anything printable; the same in every process."""
    import hashlib

    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:8], "big") >> 1


def modest(threads: int) -> None:
    """Leave the machine to others: lowest priority, and no more threads than that."""
    lower(19)
    torch.set_num_threads(threads)


def write_json(path: Path, value: Any) -> None:
    """Write it whole."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")
    part.replace(path)
