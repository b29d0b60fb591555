"""Canvas: one I420 picture in memory, and rectangles on it.

I420 (BT.709, limited range): a full-size luma plane, then two quarter-size chroma planes, all in one
contiguous array of shape (height * 3 // 2, width), which the encoder takes without conversion.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]


class Rect(NamedTuple):
    """A rectangle in luma pixels; x, y, w and h are even so that chroma lines up."""

    x: int
    y: int
    w: int
    h: int

    @classmethod
    def around(cls, x0: float, y0: float, x1: float, y1: float) -> Rect:
        """Smallest even-aligned rectangle that covers the given corners."""
        left, top = int(x0) & ~1, int(y0) & ~1
        return cls(left, top, (int(np.ceil(x1)) - left + 1) & ~1, (int(np.ceil(y1)) - top + 1) & ~1)

    def intersect(self, other: Rect) -> Rect | None:
        """Common part, or None."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        w = min(self.x + self.w, other.x + other.w) - x
        h = min(self.y + self.h, other.y + other.h) - y
        return Rect(x, y, w, h) if w > 0 and h > 0 else None

    def inside(self, width: int, height: int) -> Rect | None:
        """The part that lies on a canvas of the given size, or None."""
        return self.intersect(Rect(0, 0, width, height))


class Canvas:
    """One I420 picture: `data` is (height * 3 // 2, width); `y`, `u`, `v` are views into it."""

    def __init__(self, width: int, height: int, data: Plane | None = None) -> None:
        if width % 2 or height % 4:
            raise ValueError(f"canvas of {width}x{height}: width must be even, height a multiple of 4")
        self.width = width
        self.height = height
        self.data: Plane = np.empty((height * 3 // 2, width), np.uint8) if data is None else data
        flat = self.data.reshape(-1)
        n, q = width * height, width * height // 4
        self.y: Plane = flat[:n].reshape(height, width)
        self.u: Plane = flat[n : n + q].reshape(height // 2, width // 2)
        self.v: Plane = flat[n + q :].reshape(height // 2, width // 2)
        if data is None:
            self.y[:] = 16
            self.u[:] = 128
            self.v[:] = 128

    def planes(self, rect: Rect) -> tuple[Plane, Plane, Plane]:
        """Views of the three planes under `rect`."""
        x, y, w, h = rect
        cx, cy, cw, ch = x // 2, y // 2, w // 2, h // 2
        return (
            self.y[y : y + h, x : x + w],
            self.u[cy : cy + ch, cx : cx + cw],
            self.v[cy : cy + ch, cx : cx + cw],
        )

    def copy_from(self, other: Canvas, rect: Rect) -> None:
        """Copy the pixels under `rect` from a canvas of the same size."""
        for mine, theirs in zip(self.planes(rect), other.planes(rect), strict=True):
            np.copyto(mine, theirs)


_RGB_TO_YUV = np.array(
    [[0.1826, 0.6142, 0.0620], [-0.1006, -0.3386, 0.4392], [0.4392, -0.3989, -0.0403]], np.float32
)
"""BT.709 limited range (ITU-R BT.709-6, 8 bit)."""


def rgb_to_i420(rgb: npt.NDArray[np.uint8]) -> tuple[Plane, Plane, Plane]:
    """Convert an (h, w, 3) RGB picture (even h and w) into BT.709 limited-range planes."""
    h, w = rgb.shape[:2]
    yuv = cv2.transform(rgb.astype(np.float32), _RGB_TO_YUV) + np.array([16, 128, 128], np.float32)
    y = np.clip(np.rint(yuv[..., 0]), 0, 255).astype(np.uint8)
    small = cv2.resize(yuv[..., 1:], (w // 2, h // 2), interpolation=cv2.INTER_AREA)
    uv = np.clip(np.rint(small), 0, 255).astype(np.uint8)
    return y, np.ascontiguousarray(uv[..., 0]), np.ascontiguousarray(uv[..., 1])


def i420_to_rgb(canvas: Canvas) -> npt.NDArray[np.uint8]:
    """Convert back to (h, w, 3) RGB, for pictures people look at."""
    size = (canvas.width, canvas.height)
    u = cv2.resize(canvas.u, size, interpolation=cv2.INTER_LINEAR)
    v = cv2.resize(canvas.v, size, interpolation=cv2.INTER_LINEAR)
    yuv = np.stack([canvas.y, u, v], -1).astype(np.float32) - np.array([16, 128, 128], np.float32)
    inverse = np.linalg.inv(_RGB_TO_YUV.astype(np.float64)).astype(np.float32)
    rgb = np.clip(np.rint(cv2.transform(yuv, inverse)), 0, 255)
    out: npt.NDArray[np.uint8] = rgb.astype(np.uint8)
    return out
