"""Ease: from 0 to 1 without a corner at either end."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def ease(t: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """0 where `t` is 0 or less, 1 where it is 1 or more, smooth between (smoothstep)."""
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
