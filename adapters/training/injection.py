"""LoraModel: a frozen base with trainable LoRA matrices, injected with PEFT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import Tensor, nn

NAME = "default"
Matrices = dict[str, tuple[Tensor, Tensor]]


@dataclass(slots=True)
class LoraModel:
    """`modules` are the layers that PEFT put in place of the targets, by the path of the target."""

    model: nn.Module
    modules: dict[str, Any]
    scale: float

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All matrices, A before B of each module."""
        return [p for m in self.modules.values() for p in (m.lora_A[NAME].weight, m.lora_B[NAME].weight)]

    def matrices(self) -> Matrices:
        """Path -> copies of (A, B)."""
        return {
            path: (m.lora_A[NAME].weight.detach().clone(), m.lora_B[NAME].weight.detach().clone())
            for path, m in self.modules.items()
        }

    @torch.no_grad()
    def load(self, matrices: Mapping[str, tuple[Tensor, Tensor]]) -> None:
        """Put these values in place of those that are there."""
        for path, (a, b) in matrices.items():
            module = self.modules[path]
            module.lora_A[NAME].weight.copy_(a.reshape(module.lora_A[NAME].weight.shape))
            module.lora_B[NAME].weight.copy_(b.reshape(module.lora_B[NAME].weight.shape))

    @torch.no_grad()
    def bound(self, largest: float) -> int:
        """Scale down each module's change whose norm is over `largest`; returns how many were.

        The norm of B·A is taken without making the product: ||BA||² = trace((BᵀB)(AAᵀ)), both of rank times rank.
        """
        scaled = 0
        for m in self.modules.values():
            a, b = m.lora_A[NAME].weight, m.lora_B[NAME].weight
            flat_a, flat_b = a.flatten(1), b.flatten(1) if b.ndim > 2 else b
            norm = ((flat_b.T @ flat_b) * (flat_a @ flat_a.T)).sum().clamp_min(0).sqrt() * self.scale
            if float(norm) > largest:
                shrink = (largest / norm).sqrt()
                a.mul_(shrink)
                b.mul_(shrink)
                scaled += 1
        return scaled


def inject(
    model: nn.Module, targets: Mapping[str, str], *, rank: int, alpha: float, dropout: float, rslora: bool, seed: int
) -> LoraModel:
    """Freeze a model and give its targets LoRA matrices in float32, A random and B zero (arXiv:2106.09685).

    `targets` are the names that the base's specification has for its modules, and the model's own names for them.
    """
    model.requires_grad_(False)
    config = LoraConfig(
        r=rank, lora_alpha=alpha,  # type: ignore[arg-type]  # any number, says its documentation
        lora_dropout=dropout, use_rslora=rslora, target_modules=list(targets.values()), bias="none",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(config, model, adapter_name=NAME)
    modules: dict[str, Any] = {path: model.get_submodule(name) for path, name in targets.items()}
    for module in modules.values():
        for side in (module.lora_A, module.lora_B):
            side[NAME].to(torch.float32)
            side[NAME].requires_grad_(True)
    return LoraModel(model, modules, float(next(iter(modules.values())).scaling[NAME]))
