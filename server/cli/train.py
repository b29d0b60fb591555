"""`nightanchor train` and `dataset` hand over to the training's own programs: the command line loads no torch."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import NoReturn

from streaming.errors import Unavailable


def train(arguments: list[str]) -> NoReturn:
    """Become `python -m adapters.training`; raises `Unavailable` when its packages are missing."""
    missing = [name for name in ("torch", "diffusers", "transformers", "peft") if find_spec(name) is None]
    if missing:
        raise Unavailable(f"{', '.join(missing)} not installed · 缺少软件包", next_step="make studio")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "adapters.training", *arguments])


def dataset(arguments: list[str]) -> NoReturn:
    """Become `python -m adapters.training.dataset`."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "adapters.training.dataset", *arguments])
