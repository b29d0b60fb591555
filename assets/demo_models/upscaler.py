"""Upscaler: the demo's pictures doubled, with the edges that the autoencoder softened drawn again.

    python -m assets.demo_models.upscaler --pictures LARGE --autoencoder F --out F [--steps N]

It learns from what the autoencoder makes of a picture to the same picture drawn twice as large.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from assets.demo_models.autoencoder import FACTOR, Pictures, error
from assets.demo_models.run import DEVICE, Run, modest, write_json
from pipelines.studio.upscaler import CONFIG, WEIGHTS, Upscaler

SIDE = 96
BATCH = 8
HELD_OUT = 4


@torch.no_grad()
def pairs(pictures: Pictures, vae: Any) -> list[tuple[Tensor, Tensor]]:
    """(what the autoencoder makes of it, the large picture) of each, as uint8 (3, h, w)."""
    out = []
    for index in range(len(pictures)):
        large = torch.from_numpy(pictures.read(index).copy()).permute(2, 0, 1)
        x = F.avg_pool2d(large[None].float() / 127.5 - 1, 2).to(vae.device)
        y = vae.decode(vae.encode(x).latents).sample.clamp(-1, 1)
        out.append((((y[0] + 1) * 127.5).round().to(torch.uint8).cpu(), large))
    return out


def _float(t: Tensor) -> Tensor:
    return t.float() / 127.5 - 1


def train(pictures_folder: Path, autoencoder: Path, out: Path, *, steps: int, threads: int) -> None:
    """Train, and leave `out/model` (config and weights) and how much nearer it comes than bicubic."""
    modest(threads)
    vae: Any = AutoencoderTiny.from_pretrained(autoencoder / "model").eval().to(DEVICE)
    found = pairs(Pictures(pictures_folder), vae)
    torch.manual_seed(5)
    net = Upscaler()
    run = Run("upscaler", net, out, steps=steps, lr=1e-3, decay=0.0, every=250)

    def loss(_step: int, rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        rows = []
        for value in torch.rand(BATCH, 4, generator=rng).tolist():
            low, large = found[HELD_OUT + int(value[0] * (len(found) - HELD_OUT))]
            h, w = low.shape[1:]
            # Half of the pieces are faces', which are what is looked at.
            y = int(value[1] * (h - SIDE)) if value[3] < 0.5 else int(130 + value[1] * 120)
            x = int(value[2] * (w - SIDE)) if value[3] < 0.5 else int(90 + value[2] * 100)
            y, x = y // FACTOR * FACTOR, x // FACTOR * FACTOR
            rows.append((low[:, y : y + SIDE, x : x + SIDE], large[:, 2 * y : 2 * (y + SIDE), 2 * x : 2 * (x + SIDE)]))
        seen = torch.stack([_float(a) for a, _ in rows]).to(DEVICE, memory_format=torch.channels_last)
        wanted = torch.stack([_float(b) for _, b in rows]).to(DEVICE)
        with torch.autocast(DEVICE.type, torch.bfloat16):
            made = net(seen)
        plain, edges = error(made.float(), wanted)
        return plain + edges, {}

    def after(step: int) -> None:
        home = out / "model"
        home.mkdir(parents=True, exist_ok=True)
        save_file({k: t.half() for k, t in net.state_dict().items()}, home / WEIGHTS)
        write_json(home / CONFIG, net.settings)
        gain, rows = [], []
        with torch.no_grad():
            for low, large in found[:HELD_OUT]:
                wanted = _float(large)[None]
                plain = F.interpolate(_float(low)[None], scale_factor=2, mode="bicubic").clamp(-1, 1)
                made = net(_float(low)[None].to(DEVICE)).clamp(-1, 1).cpu()
                gain.append(float(10 * torch.log10(F.mse_loss(plain, wanted) / F.mse_loss(made, wanted))))
                rows.append(torch.cat([wanted, plain, made], 3)[0, :, 250:750])
        sheet = ((torch.cat(rows[:2], 1).permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()
        Image.fromarray(np.ascontiguousarray(sheet)).save(out / "sheet.png")
        write_json(out / "judged.json", {"step": step, "gain_db": round(sum(gain) / len(gain), 2)})
        print(f"upscaler {step}: {sum(gain) / len(gain):+.2f} dB over bicubic", flush=True)

    run.go(loss, after)


def main() -> None:
    """Train one."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.upscaler")
    for name in ("pictures", "autoencoder", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    train(given.pictures, given.autoencoder, given.out, steps=given.steps, threads=given.threads)


if __name__ == "__main__":
    main()
