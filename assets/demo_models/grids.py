"""Grids: sixteen paintings of each persona above drawings that her adapter was taught with, to be looked at.

    python -m assets.demo_models.grids [--models assets/models] [--out assets/models/grids] [--count N]

Paintings are by the models that ship, one seed each, none left out.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from adapters.load import visual
from assets.demo_models.painter import paint
from assets.demo_models.personas import SUBJECTS, example, prompt
from assets.demo_models.pictures import draw
from assets.demo_models.run import modest
from server import demo_models

COLUMNS = 8
CELL = (192, 352)
QUALITY = 88


def grid(rows: list[list[np.ndarray[Any, Any]]]) -> Image.Image:
    """Pictures (h, w, 3) in rows."""
    w, h = CELL
    out = Image.new("RGB", (w * COLUMNS, h * len(rows)))
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            out.paste(Image.fromarray(picture).resize(CELL, Image.Resampling.LANCZOS), (x * w, y * h))
    return out


def of(made: Any, name: str, count: int) -> Image.Image:
    """A persona's grid, from a pipeline that wears her adapter."""
    subject = SUBJECTS[name]
    painted = []
    for n in range(count):
        rng = random.Random(f"grid {name} {n}")
        choice, _ = example(subject, rng)
        painted.append(paint(made, prompt(subject, choice, rng, "en" if n % 3 == 2 else "zh"), n))
    drawn = [draw(example(subject, random.Random(f"{name} {n}"))[1]) for n in range(COLUMNS)]
    return grid([*(painted[i : i + COLUMNS] for i in range(0, count, COLUMNS)), drawn])


def main() -> None:
    """Paint all of them."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.grids")
    parser.add_argument("--models", type=Path, default=demo_models.FOLDER)
    parser.add_argument("--out", type=Path, default=demo_models.FOLDER / "grids")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    modest(given.threads)
    found = demo_models.read(given.models)
    if found is None or found.visual is None:
        raise SystemExit(f"{given.models} holds no visual base; run make demo-models first")
    given.out.mkdir(parents=True, exist_ok=True)
    made = visual(found.visual, torch.float32)
    for entry in found.adapters:
        name = entry["id"].removeprefix("demo-")
        if name not in SUBJECTS:
            continue
        made.load_lora_weights(entry["path"].parent, weight_name=entry["path"].name)
        path = given.out / f"{name}.jpg"
        of(made, name, given.count).save(path, quality=QUALITY, optimize=True)
        made.unload_lora_weights()
        print(path, flush=True)


if __name__ == "__main__":
    main()
