"""BaseCard: what a base says of itself beyond what diffusers keeps — its size of pictures, and where faces stand.

It is `nightanchor.json` in the base's folder. A base that paints every face at the same place says where, so that
nothing has to be found in what it paints.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streaming.errors import BadInput

NAME = "nightanchor.json"
FORMAT = "nightanchor.base/1"
Landmarks = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class BaseCard:
    """`width`, `height` of a picture in pixels; `landmarks` in parts of them; `upscaler` a folder beside the card.

    `contours`: its paintings are softer than what it learnt from, and are drawn again around the face.
    """

    width: int = 512
    height: int = 768
    landmarks: Landmarks = field(default_factory=dict)
    upscaler: Path | None = None
    contours: bool = False

    @classmethod
    def read(cls, base: Path) -> BaseCard:
        """The card of a base's folder, or that of any other base; raises `BadInput` for one that is damaged."""
        path = base / NAME
        if not path.is_file():
            return cls()
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                raise ValueError(f"format is {data['format']!r}")
            width, height = (int(v) for v in data["size"])
            points = {str(k): (float(x), float(y)) for k, (x, y) in data.get("landmarks", {}).items()}
            inside = all(0 <= c <= 1 for p in points.values() for c in p)
            if not inside or not (64 <= width <= 4096 and 64 <= height <= 4096):
                raise ValueError("size or landmarks are out of bounds")
            upscaler = path.parent / str(data["upscaler"]) if data.get("upscaler") else None
            if upscaler is not None and upscaler.parent != path.parent:
                raise ValueError("the upscaler lies elsewhere")
            soft = data.get("contours", False)
            if not isinstance(soft, bool):
                raise ValueError("contours is neither true nor false")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
            raise BadInput(f"{path} is damaged: {e}", next_step="Restore it from where the base came from.") from e
        return cls(width, height, points, upscaler, soft)

    def points(self, width: int, height: int) -> dict[str, list[float]]:
        """Landmarks in a picture of that size."""
        return {k: [round(x * width, 1), round(y * height, 1)] for k, (x, y) in self.landmarks.items()}
