"""Surroundings: the device and the number type of a training."""

from __future__ import annotations

import torch

from adapters.errors import BadConfig
from adapters.training.config import TrainConfig
from adapters.training.task import Surroundings


def surroundings(config: TrainConfig) -> Surroundings:
    """What `device` and `mixed_precision` mean on this machine; raises `BadConfig` when they can't be had."""
    wanted = config.device
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        raise BadConfig("device", "there is no CUDA device here", next_step="Set device to auto or cpu.")
    device = torch.device("cuda" if wanted == "auto" and torch.cuda.is_available() else wanted.replace("auto", "cpu"))
    half: torch.dtype | None = {"fp16": torch.float16, "bf16": torch.bfloat16}.get(config.mixed_precision)
    if config.mixed_precision == "auto" and device.type == "cuda":
        half = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if half is torch.float16 and device.type == "cpu":
        raise BadConfig("mixed_precision", "fp16 needs CUDA", next_step="Set it to no, or bf16.")
    if config.threads:
        torch.set_num_threads(config.threads)
    return Surroundings(device, half, half if half is not None and device.type == "cuda" else torch.float32)


def described(where: Surroundings) -> str:
    """Device and type for people."""
    name = torch.cuda.get_device_name(where.device) if where.device.type == "cuda" else "CPU"
    return f"{name}, {str(where.half or torch.float32).removeprefix('torch.')}"
