"""Latents: pictures cut to their buckets and encoded once, kept in memory or on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from diffusers.training_utils import find_nearest_bucket, generate_aspect_ratio_buckets
from PIL import Image
from safetensors.torch import load as load_bytes
from safetensors.torch import save as save_bytes
from torch import Tensor

from adapters.training.base import Size
from adapters.training.folder import write_whole
from adapters.training.pictures import Picture, open_rgb


def bucket_sizes(resolution: Size, step: int, keep_ratio: bool) -> list[Size]:
    """Sizes of about the area of `resolution`, itself among them."""
    if not keep_ratio:
        return [resolution]
    side = round((resolution[0] * resolution[1]) ** 0.5)
    made = generate_aspect_ratio_buckets(side, step)  # type: ignore[no-untyped-call]
    sides = [(h, w) for h, w in made if min(h, w) >= step]
    return sorted({*sides, resolution})


def bucket_of(picture: Picture, sizes: Sequence[Size]) -> Size:
    """The size whose shape is nearest."""
    return sizes[find_nearest_bucket(picture.height, picture.width, sizes)]  # type: ignore[no-untyped-call]


def pixels(path: Path, size: Size, flip: bool) -> Tensor:
    """A picture as (3, height, width) in -1..1: scaled to cover the size, then cut about its centre."""
    height, width = size
    image = open_rgb(path)
    scale = max(height / image.height, width / image.width)
    scaled = (max(width, round(image.width * scale)), max(height, round(image.height * scale)))
    image = image.resize(scaled, Image.Resampling.LANCZOS)
    left, top = (scaled[0] - width) // 2, (scaled[1] - height) // 2
    values = np.asarray(image.crop((left, top, left + width, top + height)), dtype=np.float32)
    if flip:
        values = values[:, ::-1]
    return torch.from_numpy(np.ascontiguousarray(values / 127.5 - 1.0)).permute(2, 0, 1)


@torch.no_grad()
def encode(vae: Any, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation, each (n, channels, h, w), of scaled latents; the deviation of a VAE without one is zero."""
    out = vae.encode(batch.to(vae.device, vae.dtype))
    factor = float(vae.config.scaling_factor)
    shift = float(getattr(vae.config, "shift_factor", None) or 0.0)
    if hasattr(out, "latent_dist"):
        return (out.latent_dist.mean - shift) * factor, out.latent_dist.std * factor
    mean = (out.latents - shift) * factor
    return mean, torch.zeros_like(mean)


class Latents:
    """Mean and deviation of each (picture, size, flip), computed at first use or by `prepare`."""

    def __init__(
        self, vae: Any, keep: Literal["memory", "disk", "none"], folder: Path, dtype: torch.dtype, vae_hash: str
    ) -> None:
        self._vae, self._folder, self._dtype, self._hash = vae, folder, dtype, vae_hash
        self.keep = keep
        self._kept: dict[tuple[Path, Size, bool], tuple[Tensor, Tensor]] = {}

    def get(self, path: Path, size: Size, flip: bool) -> tuple[Tensor, Tensor]:
        """Mean and deviation, each (channels, h, w)."""
        key = (path, size, flip)
        if key in self._kept:
            return self._kept[key]
        file = self._file(path, size, flip)
        if self.keep == "disk" and file.is_file():
            found = load_bytes(file.read_bytes())
            return found["mean"], found["deviation"]
        mean, deviation = (t[0].to("cpu", self._dtype) for t in encode(self._vae, pixels(path, size, flip)[None]))
        if self.keep == "memory":
            self._kept[key] = (mean, deviation)
        elif self.keep == "disk":
            write_whole(file, save_bytes({"mean": mean, "deviation": deviation}))
        return mean, deviation

    def to_disk(self) -> None:
        """Move what is kept in memory to the disk."""
        self.keep = "disk"
        for (path, size, flip), (mean, deviation) in self._kept.items():
            write_whole(self._file(path, size, flip), save_bytes({"mean": mean, "deviation": deviation}))
        self._kept.clear()

    def _file(self, path: Path, size: Size, flip: bool) -> Path:
        facts = path.stat()
        text = f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}|{size}|{flip}|{self._dtype}|{self._hash}"
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.safetensors"
