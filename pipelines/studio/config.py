"""Config: what a studio is started with, as the supervisor hands it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch

from streaming.errors import BadInput


@dataclass(frozen=True, slots=True)
class StudioConfig:
    """Fields of the settings' `studio`, `visual` and `language` sections; empty paths mean no such base."""

    device: str = "auto"
    dtype: str = "auto"
    threads: int = 1
    rooms: int = 2
    staged_mb: int = 512
    compile: bool = False
    spec_dir: str = ""
    visual_path: str = ""
    visual_rank: int = 32
    visual_targets: str = "transformer"
    visual_scheduler: str = "auto"
    language_path: str = ""
    language_rank: int = 32

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> StudioConfig:
        """From the child's configuration; raises `BadInput`."""
        try:
            return cls(**{k: v for k, v in config.items() if k in {f.name for f in fields(cls)}})
        except TypeError as e:
            raise BadInput(f"studio: {e}") from e

    def resolve_device(self) -> torch.device:
        """The device to live on; raises `BadInput` for one that is not there."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if self.device.startswith("cuda") and not torch.cuda.is_available():
            raise BadInput(
                "studio.device says cuda, but PyTorch sees no CUDA device",
                next_step="Install a CUDA build of PyTorch and the driver, or set studio.device to cpu.",
            )
        return torch.device(self.device)

    def resolve_dtype(self, device: torch.device) -> torch.dtype:
        """Half precision on a GPU, single on a CPU, unless said otherwise."""
        if self.dtype != "auto":
            return {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[self.dtype]
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
