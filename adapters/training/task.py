"""Task: what a kind of training is to the loop that drives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from adapters.spec import BaseSpec
from adapters.training.injection import LoraModel

Which = Literal["held_out", "learnt"]


@dataclass(frozen=True, slots=True)
class Sample:
    """What the adapter does so far: `file` in the samples folder, or `text`."""

    index: int
    prompt: str
    file: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a training runs: `half` is the type of mixed precision, None for full precision."""

    device: torch.device
    half: torch.dtype | None
    base_dtype: torch.dtype


class Task(Protocol):
    """Items are numbered; a loss is a sum, divided by the weight of all items of its step."""

    loras: dict[str, LoraModel]
    spec: BaseSpec
    items: int
    held_out: int
    dataset_hash: str
    base_hash: str

    def steps(self, epoch: int) -> list[list[int]]:
        """The items of each step of an epoch, from 0, in an order that the seed and the epoch alone determine."""

    def weight(self, items: Sequence[int]) -> float:
        """Pictures, or tokens of answers."""

    def loss(self, items: Sequence[int], step: int, at: int) -> Tensor:
        """Sum of the losses of items that stand at `at` and on in a step; noise depends on seed, step and place."""

    def heaviest(self, count: int) -> list[int]:
        """The `count` items that take the most memory at once."""

    def evaluate(self, which: Which, rows: int = 0) -> float | None:
        """Mean loss on fixed noise, `rows` items at once (0: batch_size); None when there is no such item."""

    def sample(self, step: int) -> Iterator[Sample]:
        """Pictures or lines from fixed seeds."""

    def train(self, on: bool) -> None:
        """Switch dropout."""

    def checkpointing(self) -> None:
        """Compute activations anew instead of keeping them."""

    def lighten(self) -> str:
        """Free what training does not need, if there is anything; returns what was done, or nothing."""

    def facts(self) -> dict[str, Any]:
        """What the report says of base and data."""
