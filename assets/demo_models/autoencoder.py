"""Autoencoder: pictures of presenters to latents of a sixteenth of their sides and back (an `AutoencoderTiny`).

    python -m assets.demo_models.autoencoder --pictures FOLDER --out FOLDER [--steps N] [--threads N]

The loss is the absolute error of pixels and of their differences, which keeps edges; latents are held near a standard
normal distribution, and a little noise on them in training makes the decoder forgive what the UNet gets slightly wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from PIL import Image
from torch import Tensor

from assets.demo_models.run import DEVICE, Run, modest, write_json

CHANNELS = 12
FACTOR = 16
CROP = 192
BATCH = 4
HELD_OUT = 32
"""The first pictures are for judging alone."""
JUDGED = 8
"""So many of them say how well it does."""
THUMB_MEAN, THUMB_SPREAD = 0.2, 0.5
FACE = (112, 160, 272, 352)
"""Where faces are in a picture."""
FACES = 0.35
"""Share of crops that show some of one."""


def new() -> Any:
    """An untrained one, of 2.1 million parameters, that keeps a blurred picture from the first step on."""
    torch.manual_seed(0)
    vae = AutoencoderTiny(
        latent_channels=CHANNELS, encoder_block_out_channels=(48,) * 5, decoder_block_out_channels=(64,) * 5,
        num_encoder_blocks=(0, 1, 2, 3, 3), num_decoder_blocks=(3, 3, 3, 1, 0),
    )
    _begin_as_thumbnail(vae)
    return vae


@torch.no_grad()
def _begin_as_thumbnail(vae: Any) -> None:
    """Set the weights so that three channels carry the picture's colours all the way, and the others something else.

    There is no normalisation in this network, and one whose layers are drawn at random takes thousands of steps to
    find out about colour.
    """
    for module in vae.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
    for name, module in vae.named_modules():
        if name.endswith(".conv.4"):
            module.weight.mul_(0.1)
            module.weight[:3] = 0
    smooth = torch.tensor([1.0, 2.0, 1.0])
    smooth = smooth[:, None] * smooth / 16
    enter, *between, leave = [m for m in vae.encoder.layers if isinstance(m, torch.nn.Conv2d)]
    for layer in (enter, *between):
        for c in range(3):
            layer.weight[c] = 0
            layer.weight[c, c] = smooth if layer is not enter else 0
    for c in range(3):
        enter.weight[c, c, 1, 1] = 1
        leave.weight[c] = 0
        leave.weight[c, c, 1, 1] = 2 / THUMB_SPREAD
        leave.bias[c] = -(1 + THUMB_MEAN) / THUMB_SPREAD
    enter, *between, leave = [m for m in vae.decoder.layers if isinstance(m, torch.nn.Conv2d)]
    for layer in between:
        for c in range(3):
            layer.weight[c] = 0
            layer.weight[c, c] = smooth
    leave.weight.zero_()
    for c in range(3):
        enter.weight[c] = 0
        enter.weight[c, c, 1, 1] = THUMB_SPREAD / 2
        enter.bias[c] = (1 + THUMB_MEAN) / 2
        leave.weight[c, c, 1, 1] = 1


@torch.no_grad()
def whiten(vae: Any, x: Tensor) -> None:
    """Give the latents of `x`, but for the first three, mean 0 and variance 1 by scaling the encoder's last layer."""
    last = [m for m in vae.encoder.layers if isinstance(m, torch.nn.Conv2d)][-1]
    z = vae.encode(x).latents[:, 3:]
    mean, deviation = z.mean((0, 2, 3)), z.std((0, 2, 3)).clamp(min=1e-4)
    last.weight[3:].div_(deviation[:, None, None, None])
    last.bias[3:].sub_(mean).div_(deviation)


class Pictures:
    """Pictures of a folder, decoded when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.files = sorted(folder.glob("*.webp"))
        self._kept: dict[int, np.ndarray[Any, np.dtype[np.uint8]]] = {}

    def __len__(self) -> int:
        return len(self.files)

    def get(self, index: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """(height, width, 3)."""
        if index not in self._kept:
            self._kept[index] = self.read(index)
        return self._kept[index]

    def read(self, index: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The same, not kept."""
        with Image.open(self.files[index]) as image:
            return np.asarray(image.convert("RGB"))

    def tensor(self, index: int) -> Tensor:
        """(3, height, width) in -1..1."""
        return as_tensor(self.read(index))


def as_tensor(picture: np.ndarray[Any, np.dtype[np.uint8]]) -> Tensor:
    """A picture (height, width, 3) as (3, height, width) in -1..1."""
    return torch.from_numpy(picture.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)


def crops(pictures: Pictures, rng: torch.Generator, count: int = BATCH, side: int = CROP) -> Tensor:
    """(count, 3, side, side): pieces at places of the latents' grid, mostly, since pictures will be cut there."""
    out = []
    for _ in range(count):
        index, face, grid, a, b = (float(v) for v in torch.rand(5, generator=rng))
        picture = pictures.get(HELD_OUT + int(index * (len(pictures) - HELD_OUT)))
        h, w = picture.shape[:2]
        left, top, right, bottom = (0, 0, w - side, h - side)
        if face < FACES:
            left, top = max(0, FACE[0] - side // 3), max(0, FACE[1] - side // 3)
            right, bottom = min(w, FACE[2] + side // 3) - side, min(h, FACE[3] + side // 3) - side
        x, y = left + int(a * (right - left + 1)), top + int(b * (bottom - top + 1))
        if grid < 0.85:
            x, y = x // FACTOR * FACTOR, y // FACTOR * FACTOR
        piece = picture[y : y + side, x : x + side].astype(np.float32) / 127.5 - 1
        out.append(torch.from_numpy(piece).permute(2, 0, 1))
    return torch.stack(out).contiguous(memory_format=torch.channels_last)


def error(out: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Of pixels at four scales, so that colours are right before details, and of neighbours' differences at two."""
    plain, edges = out.new_zeros(()), out.new_zeros(())
    for scale in (1, 2, 4, 8):
        a, b = (F.avg_pool2d(t, scale) if scale > 1 else t for t in (out, wanted))
        plain = plain + F.l1_loss(a, b)
        if scale <= 2:
            for dim in (2, 3):
                edges = edges + F.l1_loss(a.diff(dim=dim), b.diff(dim=dim))
    return plain, edges


@torch.no_grad()
def psnr(vae: Any, pictures: Iterable[Tensor]) -> float:
    """Mean peak signal-to-noise ratio of pictures (3, height, width) in dB."""
    found = []
    for picture in pictures:
        x = picture[None].to(vae.device)
        y = vae.decode(vae.encode(x).latents).sample.clamp(-1, 1)
        found.append(10 * torch.log10(4 / F.mse_loss(y, x)))
    return float(torch.stack(found).mean())


def train(pictures_folder: Path, out: Path, *, steps: int, threads: int, lr: float = 1e-3) -> Any:
    """Train, and leave `out/model`, its judgement and a sheet of held-out pictures beside what became of them."""
    modest(threads)
    pictures = Pictures(pictures_folder)
    vae = new().to(memory_format=torch.channels_last)
    whiten(vae, crops(pictures, torch.Generator().manual_seed(0), 16))
    run = Run("autoencoder", vae, out, steps=steps, lr=lr, decay=0.0, every=250, betas=(0.9, 0.98))

    def loss(step: int, rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        x = crops(pictures, rng).to(DEVICE)
        with torch.autocast(DEVICE.type, torch.bfloat16):
            z = vae.encode(x).latents.float()
            shaken = z + 0.08 * torch.randn(z.shape, generator=rng).to(DEVICE)
            y = vae.decode(shaken).sample
        plain, edges = error(y.float(), x)
        mean, var = z.mean((0, 2, 3)), z.var((0, 2, 3))
        spread = (mean.square() + (var - 1).square()).mean() + 0.01 * (z.abs() - 2.5).clamp(min=0).square().mean()
        said = {"pixels": plain, "edges": edges, "spread": spread}
        return plain + 0.7 * edges + 0.02 * spread, {k: float(v.detach()) for k, v in said.items()}

    run.go(loss, lambda step: leave(vae, pictures, out, step))


def leave(vae: Any, pictures: Pictures, out: Path, step: int) -> None:
    """Leave `out/model`, how well it does on held-out pictures, and a sheet of them."""
    vae.save_pretrained(out / "model", safe_serialization=True)
    found = psnr(vae, (pictures.tensor(n) for n in range(min(JUDGED, len(pictures)))))
    write_json(out / "judged.json", {"step": step, "psnr_db": round(found, 2)})
    sheet(vae, pictures, out / "sheet.png")
    print(f"autoencoder {step}: {found:.2f} dB on held-out pictures", flush=True)


@torch.no_grad()
def sheet(vae: Any, pictures: Pictures, path: Path, count: int = 4) -> None:
    """Held-out pictures above, what the autoencoder makes of them below."""
    rows: list[list[Any]] = [[], []]
    for index in range(min(count, len(pictures))):
        x = pictures.tensor(index)[None].to(vae.device)
        y = vae.decode(vae.encode(x).latents).sample.clamp(-1, 1)
        for row, t in zip(rows, (x, y), strict=True):
            row.append(((t[0].permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).cpu().numpy())
    Image.fromarray(np.vstack([np.hstack(row) for row in rows])).save(path)


def main() -> None:
    """Train one."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.autoencoder")
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    train(given.pictures, given.out, steps=given.steps, threads=given.threads)


if __name__ == "__main__":
    main()
