"""Optimiser, learning rate by step, and the moving average of the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from adapters.errors import BadConfig
from adapters.training.config import TrainConfig
from adapters.training.injection import LoraModel

BETAS, EPS = (0.9, 0.999), 1e-8


def optimiser(config: TrainConfig, loras: Mapping[str, LoraModel], device: torch.device) -> torch.optim.Optimizer:
    """AdamW (arXiv:1711.05101) over all matrices; each group keeps its own rate as `base`."""
    groups: list[dict[str, Any]] = []
    for part, lora in loras.items():
        rate = config.rate
        if part == "text_encoder":
            rate = config.text_encoder_learning_rate or rate / 2
        every = lora.parameters
        for params, factor in ((every[0::2], 1.0), (every[1::2], config.loraplus_ratio)):
            groups.append({"params": params, "lr": rate * factor, "base": rate * factor})
    if config.optimizer == "adamw8bit":
        return _eight_bit(groups, config, device)
    return torch.optim.AdamW(groups, betas=BETAS, eps=EPS, weight_decay=config.weight_decay, fused=True)


def _eight_bit(groups: list[dict[str, Any]], config: TrainConfig, device: torch.device) -> torch.optim.Optimizer:
    try:
        from bitsandbytes.optim import AdamW8bit  # type: ignore[import-not-found, unused-ignore]
    except Exception as e:
        raise BadConfig("optimizer", f"adamw8bit is not to be had: {e}",
                        next_step="Install bitsandbytes, or set optimizer: adamw.") from e
    if device.type != "cuda":
        raise BadConfig("optimizer", "adamw8bit needs CUDA", next_step="Set optimizer: adamw.")
    made: torch.optim.Optimizer = AdamW8bit(groups, betas=BETAS, eps=EPS, weight_decay=config.weight_decay)
    return made


def rate_factor(config: TrainConfig, step: int, steps: int) -> float:
    """What the rate is multiplied by at `step` (from 0): warm-up, then cosine (arXiv:1608.03983) or another."""
    warmup = config.warmup_steps if config.warmup_steps is not None else round(0.05 * steps)
    warmup = min(warmup, max(0, steps - 1))
    if step < warmup:
        return (step + 1) / (warmup + 1)
    share = (step - warmup) / max(1, steps - warmup)
    if config.lr_scheduler == "cosine":
        return 0.5 * (1 + math.cos(math.pi * share))
    return 1 - share if config.lr_scheduler == "linear" else 1.0


def set_rate(made: torch.optim.Optimizer, factor: float) -> float:
    """Set every group's rate; returns the first one's."""
    for group in made.param_groups:
        group["lr"] = group["base"] * factor
    return float(made.param_groups[0]["lr"])


class MovingAverage:
    """Exponential moving average of parameters; early on it follows faster, so that the start is forgotten."""

    def __init__(self, params: list[nn.Parameter], decay: float) -> None:
        self._params, self._decay = params, decay
        self.values = [p.detach().clone() for p in params]

    @torch.no_grad()
    def follow(self, step: int) -> None:
        """After `step` steps."""
        decay = min(self._decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.values, [p.detach() for p in self._params], 1 - decay)

    @torch.no_grad()
    def exchange(self) -> None:
        """Put the average where the parameters are and the other way round; twice changes nothing."""
        for value, p in zip(self.values, self._params, strict=True):
            kept = p.detach().clone()
            p.copy_(value)
            value.copy_(kept)

    def tensors(self) -> dict[str, Tensor]:
        """For a checkpoint."""
        return {f"average.{n}": v for n, v in enumerate(self.values)}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """From a checkpoint."""
        for n, value in enumerate(self.values):
            value.copy_(tensors[f"average.{n}"])
