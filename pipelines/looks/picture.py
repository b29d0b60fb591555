"""Picture: reads what a user gave, and refuses what can't become a look before decoding it."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from streaming.errors import BadPicture

Rgb = npt.NDArray[np.uint8]
MIN_SIDE, MAX_SIDE, MAX_PIXELS = 256, 12_000, 60_000_000
WORKING_SIDE = 2160
POINTS = ("left_eye", "right_eye", "mouth_left", "mouth_right", "mouth_top", "mouth_bottom", "chin")
_STEP = "use a PNG, JPEG or WebP picture of a person from the front, at least 512 pixels a side"


@dataclass(slots=True)
class Portrait:
    """A picture with what is known of the face in it; points are in its own pixels.

    `eyes` maps closed 0..1, and `mouth` (open, wide), to whole pictures in which that is so; both are empty for a
    photograph. `scale` is how many working pixels one pixel of the file became.
    """

    picture: Rgb
    landmarks: dict[str, tuple[float, float]] = field(default_factory=dict)
    eyes: dict[float, Rgb] = field(default_factory=dict)
    mouth: dict[tuple[float, float], Rgb] = field(default_factory=dict)
    eyes_rect: tuple[int, int, int, int] | None = None
    mouth_rect: tuple[int, int, int, int] | None = None
    scale: float = 1.0


def open_picture(path: Path) -> tuple[Rgb, float]:
    """Decode a picture upright; returns it at working size and the factor it was scaled by."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(path) as image:
                w, h = image.size
                if max(w, h) > MAX_SIDE or w * h > MAX_PIXELS:
                    raise BadPicture(f"the picture has {w}x{h} pixels", next_step=f"make it at most {MAX_SIDE} a side")
                if min(w, h) < MIN_SIDE:
                    raise BadPicture(f"the picture has only {w}x{h} pixels", next_step=_STEP)
                image.draft("RGB", (WORKING_SIDE * 2, WORKING_SIDE * 2))
                upright = ImageOps.exif_transpose(image)
                if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                    flat = Image.new("RGBA", upright.size, (236, 232, 228, 255))
                    upright = Image.alpha_composite(flat, upright.convert("RGBA"))
                rgb = np.asarray(upright.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as e:
        raise BadPicture("this is no picture, or it is damaged", next_step=_STEP) from e
    file_side = max(w, h)
    factor = min(1.0, WORKING_SIDE / max(rgb.shape[:2]))
    if factor < 1:
        size = (round(rgb.shape[1] * factor), round(rgb.shape[0] * factor))
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(rgb), max(rgb.shape[:2]) / file_side


def open_portrait(path: Path) -> Portrait:
    """A picture with all that its portrait sheet (assets/README.md) tells, if there is one beside it."""
    sheet = path.with_suffix(".json")
    if not sheet.is_file():
        rgb, scale = open_picture(path)
        return Portrait(rgb, scale=scale)
    try:
        known: dict[str, Any] = json.loads(sheet.read_text(encoding="utf-8"))
        with Image.open(path) as image:
            rgb = np.asarray(image.convert("RGB")).copy()
        portrait = Portrait(rgb, {k: (float(v[0]), float(v[1])) for k, v in known["landmarks"].items()})
        if "eyes" in known:
            _add_eyes(portrait, known["eyes"], sheet.parent)
        if "mouth" in known:
            _add_mouth(portrait, known["mouth"], sheet.parent)
        return portrait
    except (OSError, ValueError, KeyError, IndexError, TypeError) as e:
        raise BadPicture(f"the portrait {sheet.name} is damaged: {e}", next_step="draw it again") from e


def _tiles(entry: dict[str, Any], folder: Path) -> Rgb:
    with Image.open(folder / entry["file"]) as image:
        return np.asarray(image.convert("RGB"))


def _with(rgb: Rgb, tile: Rgb, rect: tuple[int, int, int, int]) -> Rgb:
    out = rgb.copy()
    x0, y0, x1, y1 = rect
    out[y0:y1, x0:x1] = tile
    return out


def _add_eyes(portrait: Portrait, entry: dict[str, Any], folder: Path) -> None:
    x0, y0, x1, y1 = map(int, entry["rect"])
    tiles, h = _tiles(entry, folder), y1 - y0
    portrait.eyes_rect = (x0, y0, x1, y1)
    for k, closed in enumerate(entry["closed"]):
        portrait.eyes[float(closed)] = _with(portrait.picture, tiles[k * h : (k + 1) * h], (x0, y0, x1, y1))


def _add_mouth(portrait: Portrait, entry: dict[str, Any], folder: Path) -> None:
    x0, y0, x1, y1 = map(int, entry["rect"])
    tiles, w, h = _tiles(entry, folder), x1 - x0, y1 - y0
    portrait.mouth_rect = (x0, y0, x1, y1)
    for r, opening in enumerate(entry["open"]):
        for c, wide in enumerate(entry["wide"]):
            tile = tiles[r * h : (r + 1) * h, c * w : (c + 1) * w]
            portrait.mouth[float(opening), float(wide)] = _with(portrait.picture, tile, (x0, y0, x1, y1))
