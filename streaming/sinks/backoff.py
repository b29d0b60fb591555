"""Backoff: how long to wait before the next attempt, as one table."""

from __future__ import annotations

import random

WAIT_S: dict[str, tuple[float, ...]] = {
    # What usually passes within seconds.
    "busy": (3.0, 5.0, 8.0, 15.0),
    "lost": (0.5, 1.0, 2.0, 4.0, 8.0, 15.0),
    "stalled": (0.5, 1.0, 2.0, 4.0, 8.0, 15.0),
    # What somebody must mend first.
    "rejected": (3.0, 6.0, 15.0, 30.0),
    "address": (10.0, 30.0),
    "refresh": (3.0, 6.0, 15.0, 30.0),
}
OTHER_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
JITTER = 0.2
"""Part by which a wait is made longer or shorter, so that destinations don't knock in step."""
GOOD_S = 30.0
"""A connection that lived this long starts the table anew."""


def wait_s(reason: str, attempt: int, rng: random.Random) -> float:
    """Seconds before attempt number `attempt` (1 is the first retry); the last of a row repeats for ever."""
    row = WAIT_S.get(reason, OTHER_S)
    return row[min(max(attempt, 1), len(row)) - 1] * rng.uniform(1 - JITTER, 1 + JITTER)
