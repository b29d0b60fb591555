"""Leave: what trainings in a build folder have reached, as small files that another machine can go on from.

    python -m assets.demo_models.leave [--build build/demo-models] [--bits N] NAME...

A training that finds no checkpoint begins with what lies in `run.BEGUN`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn

from adapters.training.checkpoint import latest
from assets.demo_models.run import Run

FOLDERS = {"words": "words", "autoencoder": "autoencoder", "painter": "sd", "language": "llm", "judge": "judge",
           "upscaler": "upscaler"}


class _Kept(nn.Module):
    """The parameters of a checkpoint under their own names."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.kept = tensors

    def named_parameters(self, *_: object, **__: object):  # type: ignore[no-untyped-def]
        return iter((k, nn.Parameter(t.clone())) for k, t in self.kept.items())


def leave(name: str, build: Path, bits: int = 16) -> int:
    """Leave one; returns its step."""
    folder = build / FOLDERS[name]
    found = latest(folder / "checkpoints")
    if found is None:
        raise SystemExit(f"{name} has no checkpoint in {folder}")
    weights = {k.removeprefix("weight."): t for k, t in found.tensors.items() if k.startswith("weight.")}
    run = Run(name, _Kept(weights), folder, steps=found.step, lr=0.0)
    run.leave(bits=bits)
    return run.step


def main() -> None:
    """Leave those that are named."""
    parser = argparse.ArgumentParser(prog="python -m assets.demo_models.leave")
    parser.add_argument("names", nargs="+", choices=sorted(FOLDERS))
    parser.add_argument("--build", type=Path, default=Path("build/demo-models"))
    parser.add_argument("--bits", type=int, choices=(6, 8, 16), default=16, help="of a weight; 6 are enough to go on")
    given = parser.parse_args()
    for name in given.names:
        print(name, leave(name, given.build, given.bits))


if __name__ == "__main__":
    main()
