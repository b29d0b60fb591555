"""Pictures: presenters at random, drawn by the illustrator, with what is to be seen in each.

    python -m assets.demo_models.pictures --out FOLDER --count N [--first K --step S]

Several processes may draw into one folder, each its own share; what is there already is left.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from assets.demo_models.traits import Choice, choose, person
from assets.illustrator.person import Person
from assets.illustrator.portrait import landmarks, render

WIDTH, HEIGHT = 384, 704
CROP = (144, 100, 936, 1552)
"""The part of the illustrator's 1080x1920 that a picture shows: from above the bun to below the elbows."""
ZOOM = WIDTH / (CROP[2] - CROP[0])
Rgb = npt.NDArray[np.uint8]


def draw(p: Person, size: int = 1) -> Rgb:
    """The picture of a person, (704, 384, 3) times `size`."""
    drawn = render(p, rect=CROP, size=ZOOM * size)
    image = Image.fromarray(drawn).resize((WIDTH * size, HEIGHT * size), Image.Resampling.BOX)
    return np.asarray(image)


def marks(p: Person) -> dict[str, list[float]]:
    """Landmarks of a person in the picture's pixels."""
    return {k: [round((x - CROP[0]) * ZOOM, 2), round((y - CROP[1]) * ZOOM, 2)] for k, (x, y) in landmarks(p).items()}


def example(index: int) -> tuple[Choice, Person]:
    """The person of a number; the same on every machine."""
    rng = random.Random(f"presenter {index}")
    choice = choose(rng)
    return choice, person(choice, rng)


def write(folder: Path, index: int, size: int = 1) -> Path:
    """Draw one, unless it is there."""
    path = folder / f"{index:05d}.webp"
    if not path.is_file():
        choice, p = example(index)
        data = io.BytesIO()
        Image.fromarray(draw(p, size)).save(data, "WEBP", quality=97, method=2)
        (folder / f"{index:05d}.json").write_text(json.dumps(choice))
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(data.getvalue())
        part.replace(path)
    return path


def main() -> None:
    """Draw a share of them."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.pictures")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--size", type=int, default=1)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for index in range(given.first, given.count, given.step):
        write(given.out, index, given.size)


if __name__ == "__main__":
    main()
