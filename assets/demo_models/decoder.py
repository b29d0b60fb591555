"""Decoder: the autoencoder's second half, taught on once its latents are settled, to draw hair and cloth crisply.

    python -m assets.demo_models.decoder --pictures F --autoencoder F --judge F --out F [--steps N] [--threads N]

The error of pixels alone asks for the mean of all strands that a latent could stand for, which is a blur. Here pictures
also have to look alike to the judge's layers: in what stands where, and in which patterns there are, wherever they
stand (Gatys et al. 2015, arXiv:1508.06576; Johnson et al. 2016, arXiv:1603.08155). The latents stay as they are, since
the painter knows them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from torch import Tensor

from assets.demo_models.autoencoder import Pictures, crops, error, leave
from assets.demo_models.judge import Judge, load
from assets.demo_models.run import DEVICE, Run, modest

STAGES = (6, 12, 18)
"""Layers of the judge's body after which pictures are compared: at a half, a quarter and an eighth of the side."""
ALIKE, PATTERNS = 0.10, 2.0
"""Weights of what stands where and of patterns, beside an error of pixels of about 0.1."""
PATCH = 6
"""Patterns are compared in squares of so many places a side, since hair's are not those of cloth."""


def seen(judge: Judge, x: Tensor) -> list[Tensor]:
    """What the judge's first layers make of pictures (n, 3, h, w), each of mean square one."""
    out = []
    for n, layer in enumerate(judge.body, 1):
        x = layer(x)
        if n in STAGES:
            out.append(x / x.square().mean().sqrt().detach().clamp(min=1e-4))
        if n == STAGES[-1]:
            break
    return out


def patterns(x: Tensor) -> Tensor:
    """Which channels go together, by square: (n * squares, channels, channels)."""
    n, c = x.shape[:2]
    pieces = F.unfold(x, PATCH, stride=PATCH).view(n, c, PATCH * PATCH, -1).permute(0, 3, 1, 2).flatten(0, 1)
    return pieces @ pieces.transpose(1, 2) / (PATCH * PATCH * c)


def look(judge: Judge, made: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """How differently two sets of pictures look: in places and in patterns."""
    places, textures = made.new_zeros(()), made.new_zeros(())
    for a, b in zip(seen(judge, made), seen(judge, wanted), strict=True):
        places = places + F.l1_loss(a, b)
        textures = textures + F.l1_loss(patterns(a), patterns(b))
    return places, textures


def train(pictures_folder: Path, begun: Path, judge_folder: Path, out: Path, *, steps: int, threads: int,
          lr: float = 1e-4) -> Any:
    """Train, and leave `out/model`, a whole autoencoder with the old encoder, its judgement and a sheet."""
    modest(threads)
    pictures = Pictures(pictures_folder)
    judge = load(judge_folder).to(DEVICE, memory_format=torch.channels_last)
    vae = AutoencoderTiny.from_pretrained(begun / "model", local_files_only=True)
    vae.to(DEVICE, memory_format=torch.channels_last)
    vae.encoder.requires_grad_(False)
    vae.train()
    run = Run("decoder", vae.decoder, out, steps=steps, lr=lr, decay=0.0, every=250, betas=(0.9, 0.98))

    def loss(_step: int, rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        x = crops(pictures, rng).to(DEVICE)
        with torch.autocast(DEVICE.type, torch.bfloat16):
            with torch.no_grad():
                z = vae.encode(x).latents.float()
            y = vae.decode(z + 0.06 * torch.randn(z.shape, generator=rng).to(DEVICE)).sample.float()
            places, textures = look(judge, y, x)
        plain, edges = error(y, x)
        said = {"pixels": plain, "edges": edges, "places": places, "patterns": textures}
        total = plain + 0.7 * edges + ALIKE * places + PATTERNS * textures
        return total, {k: float(v.detach()) for k, v in said.items()}

    run.go(loss, lambda step: leave(vae, pictures, out, run.name, step))
    return vae


def main() -> None:
    """Train one."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.decoder")
    for name in ("pictures", "autoencoder", "judge", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    train(given.pictures, given.autoencoder, given.judge, given.out, steps=given.steps, threads=given.threads)


if __name__ == "__main__":
    main()
