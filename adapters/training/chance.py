"""Chance: random numbers drawn from what they are for, so that no state has to be kept to go on."""

from __future__ import annotations

import hashlib

import torch


def generator(*names: int | str) -> torch.Generator:
    """A generator on the CPU that depends on `names` alone."""
    return torch.Generator("cpu").manual_seed(seed_of(*names))


def seed_of(*names: int | str) -> int:
    """63 bits from `names`."""
    digest = hashlib.blake2b("/".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def permutation(n: int, *names: int | str) -> list[int]:
    """0..n-1 in an order that depends on `names` alone."""
    return [int(i) for i in torch.randperm(n, generator=generator(*names))]


def held_out(n: int, share: float, seed: int, *, largest: int = 200) -> list[int]:
    """Which of n items are held out; none of fewer than five, since each one is needed to learn from."""
    if share == 0 or n < 5:
        return []
    count = max(1, min(largest, round(share * n)))
    return sorted(permutation(n, seed, "held out")[:count])
