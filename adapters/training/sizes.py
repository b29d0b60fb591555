"""Sizes: how large a result may be."""

from __future__ import annotations

from adapters.errors import BadConfig
from adapters.training.config import TrainConfig

LIMIT_MB = 100
BYTES = 2
"""Of a value in the file, float16."""


def size_mb(parameters: int) -> float:
    """Of a file with so many parameters."""
    return parameters * BYTES / 1e6


def check_size(config: TrainConfig, parameters: int) -> None:
    """Raise `BadConfig` when the file would be over `LIMIT_MB`."""
    size = size_mb(parameters)
    if size > LIMIT_MB:
        rank = max(1, int(config.lora_rank * LIMIT_MB / size * 0.98))
        raise BadConfig(
            "lora_rank", f"an adapter of rank {config.lora_rank} on these modules would be {size:.0f} MB; the limit is "
            f"{LIMIT_MB} MB", next_step=f"Lower lora_rank to {rank}, or choose fewer lora_targets.",
        )
