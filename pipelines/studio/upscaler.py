"""Upscaler: a small network that doubles a picture of one base and draws its edges again (sub-pixel convolution).

Shi et al., arXiv:1609.05158; the residual is added to the bicubic picture, so what it has not learnt stays as it was.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from pipelines.looks.picture import Rgb

CONFIG, WEIGHTS = "config.json", "model.safetensors"
BAND = 192
"""Rows that are worked on at a time, so that memory stays small."""
REACH = 12
"""Rows beside a band that its edge depends on."""


class Upscaler(nn.Module):
    """Pictures (n, 3, h, w) in -1..1 to (n, 3, 2h, 2w)."""

    def __init__(self, width: int = 32, depth: int = 4) -> None:
        super().__init__()
        self.settings = {"width": width, "depth": depth}
        self.enter = nn.Conv2d(3, width, 5, padding=2)
        self.body = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(depth))
        self.leave = nn.Conv2d(width, 12, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Twice the size."""
        state = F.silu(self.enter(x))
        for layer in self.body:
            state = state + F.silu(layer(state))
        large = F.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
        return large + F.pixel_shuffle(self.leave(state), 2)

    @classmethod
    def load(cls, folder: Path) -> Upscaler:
        """From `config.json` and `model.safetensors`."""
        made = cls(**json.loads((folder / CONFIG).read_text(encoding="utf-8")))
        made.load_state_dict({k: t.float() for k, t in load_file(folder / WEIGHTS).items()})
        return made.eval().requires_grad_(False)

    @torch.inference_mode()
    def enlarge(self, picture: Rgb) -> Rgb:
        """A picture (h, w, 3) of uint8, doubled."""
        x = torch.from_numpy(picture.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
        x = x.to(next(self.parameters()).device)
        height, out = x.shape[2], []
        for top in range(0, height, BAND):
            first, last = max(0, top - REACH), min(height, top + BAND + REACH)
            piece = self(x[:, :, first:last])
            out.append(piece[:, :, 2 * (top - first) : 2 * (min(top + BAND, height) - first)])
        y = torch.cat(out, 2)[0].permute(1, 2, 0)
        large: Rgb = ((y.cpu().numpy() + 1) * 127.5).round().clip(0, 255).astype(np.uint8)
        return large
