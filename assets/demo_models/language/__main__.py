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
    train.add_argument("--steps", type=int, required=True)
    train.add_argument("--threads", type=int, default=1)
    judge = parts.add_parser("judge", help="measure how well a trained folder copies, and its dictions")
    judge.add_argument("folder", type=Path)
    judge.add_argument("--adapters", type=Path)
    judge.add_argument("--out", type=Path, default=Path("build/demo-models/llm/judge.json"))
    judge.add_argument("--count", type=int, default=600)
    judge.add_argument("--threads", type=int, default=1)
    dialogues = parts.add_parser("dialogues", help="write the training set of a diction")
    dialogues.add_argument("style")
    dialogues.add_argument("--out", type=Path, required=True)
    dialogues.add_argument("--count", type=int, required=True)
    given = parser.parse_args()
    if given.part == "train":
        from assets.demo_models.language.train import train as run

        run(given.out, steps=given.steps, threads=given.threads)
    elif given.part == "judge":
        from assets.demo_models.language.judge import run as judged
        from assets.demo_models.run import modest

        modest(given.threads)
        judged(given.folder, given.out, given.adapters, given.count)
    else:
        from assets.demo_models.language.dialogues import write

        print(write(given.style, given.out, given.count))


if __name__ == "__main__":
    main()
