"""Base: what a model to be adapted is made of, what sizes it takes, and how it is told from another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from adapters.errors import BadConfig
from adapters.spec import BaseSpec, adaptable, visual_spec
from adapters.training.config import TrainConfig

Size = tuple[int, int]
"""(height, width) in pixels."""


def visual_base_spec(pipeline: Any, config: TrainConfig) -> BaseSpec:
    """The base's modules; live are those that `lora_targets` names."""
    def shapes(model: Any) -> Mapping[str, tuple[int, ...]]:
        return adaptable((name, tuple(p.shape)) for name, p in model.named_parameters())

    text = {p.removeprefix("text_model."): s for p, s in shapes(pipeline.text_encoder).items()
            if ".encoder.layers." in f".{p}"}
    parts = {"unet": shapes(pipeline.unet), "text_encoder": text}
    spec = visual_spec(parts, rank_max=config.lora_rank, targets=config.targets)
    if not any(t.live for t in spec.parts["unet"].values()):
        raise BadConfig("lora_targets", f"the base has no {config.targets} modules", next_step="Set it to all.")
    return spec


def resolution_of(config: TrainConfig, pipeline: Any) -> Size:
    """(height, width) that was set, or that the base was made for; raises `BadConfig` when it can't be encoded."""
    factor = int(pipeline.vae_scale_factor)
    levels = len(pipeline.unet.config.block_out_channels) - 1
    if config.resolution is not None:
        size = (config.resolution[1], config.resolution[0])
    else:
        sample = pipeline.unet.config.sample_size
        height, width = sample if isinstance(sample, list | tuple) else (sample, sample)
        size = (height * factor, width * factor)
    unit = factor * 2**levels
    if size[0] % unit or size[1] % unit:
        raise BadConfig("resolution", f"this base takes sides that are multiples of {unit}, not {size[1]}x{size[0]}",
                        next_step=f"Set it to {round(size[1] / unit) * unit or unit},"
                        f"{round(size[0] / unit) * unit or unit}.")
    if config.buckets and config.bucket_step % unit:
        raise BadConfig("bucket_step", f"this base takes sides that are multiples of {unit}",
                        next_step=f"Set bucket_step to a multiple of {unit}, or buckets: false.")
    return size


def spec_hash(model: Any) -> str:
    """A hash of a model's shapes and of some of its values, enough to tell one base from another."""
    digest = hashlib.sha256()
    for name, p in model.named_parameters():
        digest.update(f"{name}{tuple(p.shape)}".encode())
        digest.update(p.detach().flatten()[:16].float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
