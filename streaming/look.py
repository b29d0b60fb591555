"""Look: one presenter's baked picture bank, mapped into memory.

A bank is a folder with `look.json` and `bank.bin`. The bank holds the resting picture (I420) and, for each region
that moves, the region in every state of a small grid: the axes are poses and expressions, a state is the region's
Y, U and V planes one after another. What lies between two states is had by blending them, so that a tick needs no
warping.
"""

from __future__ import annotations

import json
import math
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from streaming.canvas import Plane, Rect
from streaming.errors import Corrupt

FORMAT = "nightanchor.look/1"
AXES = ("yaw", "pitch", "open", "wide", "closed", "gaze", "brow", "breath", "sway")
MAX_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Region:
    """One part that moves: `states` has a dimension per axis, then the bytes of the planes."""

    name: str
    rect: Rect
    axes: tuple[str, ...]
    grids: tuple[tuple[float, ...], ...]
    states: Plane


@dataclass(frozen=True, slots=True)
class Look:
    """A bank that can be shown; `rest` is the whole picture, (height * 3 // 2, width)."""

    name: str
    width: int
    height: int
    rest: Plane
    regions: tuple[Region, ...]

    @classmethod
    def open(cls, path: Path) -> Look:
        """Map the bank in folder `path`; raises `Corrupt` for anything that was not baked whole."""
        try:
            head = json.loads((path / "look.json").read_text(encoding="utf-8"))
            with open(path / "bank.bin", "rb") as f:
                size = f.seek(0, 2)
                if not 0 < size <= MAX_BYTES or size != head["size"]:
                    raise ValueError(f"the bank has {size} bytes")
                data = np.frombuffer(mmap.mmap(f.fileno(), size, prot=mmap.PROT_READ), np.uint8)
            return cls._read(head, data)
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise Corrupt(f"look {path.name} can't be shown: {e}", next_step="make the look again") from e

    @classmethod
    def _read(cls, head: dict[str, Any], data: Plane) -> Look:
        if head["format"] != FORMAT:
            raise ValueError(f"format {head['format']!r}")
        width, height = int(head["width"]), int(head["height"])
        n = width * height * 3 // 2
        if width % 2 or height % 4 or n > len(data):
            raise ValueError(f"size {width}x{height}")
        regions = []
        for entry in head["regions"]:
            rect = Rect(*map(int, entry["rect"]))
            if any(v % 2 for v in rect) or rect.inside(width, height) != rect:
                raise ValueError(f"region {entry['name']} lies at {tuple(rect)}")
            axes = tuple(a["name"] for a in entry["axes"])
            grids = tuple(tuple(map(float, a["grid"])) for a in entry["axes"])
            if any(a not in AXES for a in axes) or any(list(g) != sorted(g) or not g for g in grids):
                raise ValueError(f"region {entry['name']} has wrong axes")
            shape = (*map(len, grids), rect.w * rect.h * 3 // 2)
            at, count = int(entry["offset"]), math.prod(shape)
            if at < 0 or at + count > len(data):
                raise ValueError(f"region {entry['name']} is cut off")
            regions.append(Region(str(entry["name"]), rect, axes, grids, data[at : at + count].reshape(shape)))
        return cls(str(head["name"]), width, height, data[:n].reshape(height * 3 // 2, width), tuple(regions))
