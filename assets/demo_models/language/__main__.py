"""`python -m assets.demo_models.language train|judge|dialogues ...`."""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.language")
    parts = parser.add_subparsers(dest="part", required=True)
    train = parts.add_parser("train", help="train the model; goes on where it was cut off")
    train.add_argument("--out", type=Path, required=True)
    train.add_argument("--steps", type=int, default=6000)
    train.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    if given.part == "train":
        from assets.demo_models.language.train import train as run

        run(given.out, steps=given.steps, threads=given.threads)


if __name__ == "__main__":
    main()
