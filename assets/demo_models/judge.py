"""Judge: a classifier of the illustrator's traits, which says whether a painting shows what was asked for.

    python -m assets.demo_models.judge train --pictures FOLDER --out FOLDER
    python -m assets.demo_models.judge look MODEL --judge FOLDER --pictures FOLDER [--count N]

It reads pictures at a quarter of their size, never sees a painting in training, and its last layer's features also give
a distance between sets of pictures in the manner of FID (arXiv:1706.08500).
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from adapters.load import visual
from assets.demo_models.autoencoder import HELD_OUT, Pictures
from assets.demo_models.painter import paint
from assets.demo_models.run import DEVICE, Run, modest, write_json
from assets.demo_models.traits import TRAITS, Choice, choose, plain_caption

SIZE = (176, 96)
WIDTH = 96
BATCH = 24
ASKED = tuple(TRAITS)


class Judge(nn.Module):
    """Scores by trait of pictures (n, 3, 176, 96) in -1..1, and the features they come from."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        widths = (3, 24, 48, 96, WIDTH)
        layers: list[nn.Module] = []
        for a, b in itertools.pairwise(widths):
            layers += [nn.Conv2d(a, b, 3, padding=1), nn.GroupNorm(8, b), nn.SiLU(),
                       nn.Conv2d(b, b, 3, padding=1, stride=2), nn.GroupNorm(8, b), nn.SiLU()]
        self.body = nn.Sequential(*layers)
        # Faces stand where they stand, so places matter: pooled to a coarse grid, not away.
        self.squeeze = nn.Linear(WIDTH * 11 * 6, 256)
        self.heads = nn.ModuleDict({t: nn.Linear(256, len(TRAITS[t])) for t in ASKED})

    def features(self, x: Tensor) -> Tensor:
        """(n, 256)."""
        return F.silu(self.squeeze(self.body(x).flatten(1)))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Scores by trait."""
        f = self.features(x)
        return {t: head(f) for t, head in self.heads.items()}


def small(picture: np.ndarray[Any, Any]) -> Tensor:
    """A picture as the judge reads it, (3, 176, 96)."""
    image = Image.fromarray(picture).resize((SIZE[1], SIZE[0]), Image.Resampling.BOX)
    return torch.from_numpy(np.asarray(image).astype(np.float32) / 127.5 - 1).permute(2, 0, 1)


def labels(choices: list[Choice]) -> dict[str, Tensor]:
    """Index of each trait's value."""
    return {
        t: torch.tensor([next(i for i, v in enumerate(values) if v.name == c[t]) for c in choices])
        for t, values in TRAITS.items()
    }


def train(pictures_folder: Path, out: Path, *, steps: int, threads: int) -> None:
    """Train, and leave `out/judge.safetensors` and how often it is right on held-out pictures."""
    modest(threads)
    pictures = Pictures(pictures_folder)
    choices: list[Choice] = [json.loads(f.with_suffix(".json").read_text()) for f in pictures.files]
    print("judge: reading", len(pictures), flush=True)
    inputs = torch.stack([small(pictures.read(i)) for i in range(len(pictures))])
    judge = Judge()
    held = max(HELD_OUT, len(pictures) // 20)
    run = Run("judge", judge, out, steps=steps, lr=1e-3, every=200)

    def loss(_step: int, rng: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        index = held + (torch.rand(BATCH, generator=rng) * (len(pictures) - held)).long()
        # Paintings are a little softer and noisier than drawings; neither must matter.
        x = inputs[index] + 0.06 * torch.randn(BATCH, 3, *SIZE, generator=rng)
        if float(torch.rand(1, generator=rng)) < 0.5:
            x = F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        scores, wanted = judge(x.to(DEVICE)), labels([choices[int(i)] for i in index])
        return torch.stack([F.cross_entropy(scores[t], wanted[t].to(DEVICE)) for t in ASKED]).mean(), {}

    def after(step: int) -> None:
        save_file({k: t.half() for k, t in judge.state_dict().items()}, out / "judge.safetensors")
        with torch.no_grad():
            scores, wanted = judge(inputs[:held].to(DEVICE)), labels(choices[:held])
            right = {t: round(float((scores[t].argmax(1).cpu() == wanted[t]).float().mean()), 4) for t in ASKED}
        write_json(out / "judged.json", {"step": step, "right": right})
        print(f"judge {step}: {sum(right.values()) / len(right):.2%} on held-out drawings", flush=True)

    run.go(loss, after)


def load(folder: Path) -> Judge:
    """A trained one."""
    judge = Judge()
    judge.load_state_dict({k: t.float() for k, t in load_file(folder / "judge.safetensors").items()})
    return judge.eval().requires_grad_(False)


def distance(a: Tensor, b: Tensor) -> float:
    """Frechet distance between two sets of features (n, 256)."""
    mean = (a.mean(0) - b.mean(0)).square().sum()
    c, d = torch.cov(a.T), torch.cov(b.T)
    root = torch.linalg.eigvals(c @ d).real.clamp(min=0).sqrt().sum()
    return float(mean + c.trace() + d.trace() - 2 * root)


def look(model: Path, judge: Judge, drawings: Sequence[np.ndarray[Any, Any]], count: int) -> dict[str, Any]:
    """Paint `count` people from prompts that name all their traits, and say how many of these are to be seen.

    `drawings` (704, 384, 3) of others are what the paintings' distance and diversity are compared with.
    """
    made = visual(model, torch.float32)
    rng = random.Random("judge")
    choices = [choose(rng) for _ in range(count)]
    began = time.monotonic()
    painted = [paint(made, plain_caption(c, "zh" if n % 2 else "en"), n) for n, c in enumerate(choices)]
    took = (time.monotonic() - began) / count
    x = torch.stack([small(p) for p in painted])
    with torch.no_grad():
        scores, wanted, seen = judge(x), labels(choices), judge.features(x)
        drawn = judge.features(torch.stack([small(d) for d in drawings]))
        half = len(drawn) // 2
        right = {t: round(float((scores[t].argmax(1) == wanted[t]).float().mean()), 3) for t in ASKED}
    return {
        "count": count, "traits_right": round(sum(right.values()) / len(right), 4), "by_trait": right,
        "distance": round(distance(seen, drawn), 2),
        "distance_of_drawings": round(distance(drawn[:half], drawn[half:]), 2),
        "diversity": round(float(seen.std(0).mean() / drawn.std(0).mean()), 3), "seconds_each": round(took, 2),
    }


def main() -> None:
    """Train it, or have it look."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.judge")
    parts = parser.add_subparsers(dest="part", required=True)
    learn = parts.add_parser("train")
    see = parts.add_parser("look")
    see.add_argument("model", type=Path)
    for part in (learn, see):
        part.add_argument("--pictures", type=Path, required=True)
        part.add_argument("--threads", type=int, default=2)
    learn.add_argument("--out", type=Path, required=True)
    learn.add_argument("--steps", type=int, required=True)
    see.add_argument("--judge", type=Path, required=True)
    see.add_argument("--count", type=int, default=64)
    given = parser.parse_args()
    if given.part == "train":
        train(given.pictures, given.out, steps=given.steps, threads=given.threads)
        return
    modest(given.threads)
    pictures = Pictures(given.pictures)
    drawings = [pictures.read(i) for i in range(min(400, len(pictures)))]
    found = look(given.model, load(given.judge), drawings, given.count)
    print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
