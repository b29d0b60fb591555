"""Sprite: a drawing ready to be blended into a canvas, and the sheet it is drawn on.

A sprite keeps its Y, U and V planes multiplied by its opacity, and the inverse opacity, so that one tick
blends it with two saturating operations a plane: `canvas * inverse / 255 + colour`.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from streaming.canvas import Canvas, Plane, Rect
from streaming.overlays.fonts import FreeTypeFont

Colour = tuple[int, int, int]
Floats = npt.NDArray[np.float32]

_RGB_TO_YUV = np.array(
    [
        [0.1826, 0.6142, 0.0620, 16],
        [-0.1006, -0.3386, 0.4392, 128],
        [0.4392, -0.3989, -0.0403, 128],
    ],
    np.float32,
)
"""BT.709 limited range (ITU-R BT.709-6, 8 bit); the last column is scaled by the opacity."""


class Sprite:
    """Premultiplied I420 planes with inverse opacity, at a place on the canvas."""

    __slots__ = ("_inverse", "_inverse_c", "_u", "_v", "_y", "rect")

    def __init__(self, rect: Rect, planes: tuple[Plane, Plane, Plane], inverse: Plane, inverse_c: Plane) -> None:
        self.rect = rect
        self._y, self._u, self._v = planes
        self._inverse = inverse
        self._inverse_c = inverse_c

    def blend(self, canvas: Canvas, clip: Rect) -> None:
        """Blend the part under `clip` (which may reach beyond the sprite) into `canvas`."""
        part = self.rect.intersect(clip)
        if part is None:
            return
        x, y, w, h = part
        sx, sy = x - self.rect.x, y - self.rect.y
        dst = canvas.y[y : y + h, x : x + w]
        _over(dst, self._y[sy : sy + h, sx : sx + w], self._inverse[sy : sy + h, sx : sx + w])
        x, y, w, h, sx, sy = x >> 1, y >> 1, w >> 1, h >> 1, sx >> 1, sy >> 1
        inverse = self._inverse_c[sy : sy + h, sx : sx + w]
        _over(canvas.u[y : y + h, x : x + w], self._u[sy : sy + h, sx : sx + w], inverse)
        _over(canvas.v[y : y + h, x : x + w], self._v[sy : sy + h, sx : sx + w], inverse)

    def at(self, x: int, y: int) -> Sprite:
        """The same drawing with its upper left corner at (x, y), rounded down to even."""
        moved = Rect(x & ~1, y & ~1, self.rect.w, self.rect.h)
        return Sprite(moved, (self._y, self._u, self._v), self._inverse, self._inverse_c)

    def faded(self, opacity: float) -> Sprite:
        """The same drawing at a fraction 0..1 of its opacity."""
        if opacity >= 1:
            return self
        y, u, v = (cv2.convertScaleAbs(p, alpha=opacity) for p in (self._y, self._u, self._v))
        inverse, inverse_c = (
            cv2.convertScaleAbs(p, alpha=opacity, beta=255 * (1 - opacity))
            for p in (self._inverse, self._inverse_c)
        )
        return Sprite(self.rect, (_u8(y), _u8(u), _u8(v)), _u8(inverse), _u8(inverse_c))


def _u8(plane: Any) -> Plane:
    return np.asarray(plane, np.uint8)


def _over(dst: Plane, colour: Plane, inverse: Plane) -> None:
    cv2.add(cv2.multiply(dst, inverse, scale=1 / 255), colour, dst=dst)


class Sheet:
    """A transparent drawing surface of (h, w) pixels: premultiplied float RGBA, 0..1."""

    def __init__(self, width: float, height: float) -> None:
        self.width = (int(np.ceil(width)) + 1) & ~1
        self.height = (int(np.ceil(height)) + 1) & ~1
        self.rgba: Floats = np.zeros((self.height, self.width, 4), np.float32)

    def _distance(self, x: float, y: float, w: float, h: float, radius: float) -> Floats:
        """Signed distance in pixels from the edge of a rounded rectangle, negative inside."""
        px = np.abs(np.arange(self.width, dtype=np.float32) + 0.5 - (x + w / 2)) - (w / 2 - radius)
        py = np.abs(np.arange(self.height, dtype=np.float32) + 0.5 - (y + h / 2)) - (h / 2 - radius)
        outside = np.hypot(np.maximum(px, 0)[None, :], np.maximum(py, 0)[:, None])
        out: Floats = outside + np.minimum(np.maximum(px[None, :], py[:, None]), 0) - np.float32(radius)
        return out

    def cover(self, mask: Floats, colour: Colour | Floats, opacity: float = 1.0) -> None:
        """Lay `colour` (RGB 0..255, one or per pixel) over the sheet where `mask` (h, w) is above 0."""
        alpha = (mask * np.float32(opacity))[..., None]
        rgb = np.asarray(colour, np.float32) / np.float32(255)
        self.rgba *= 1 - alpha
        self.rgba[..., :3] += rgb * alpha
        self.rgba[..., 3:] += alpha

    def rounded(
        self, x: float, y: float, w: float, h: float, radius: float, colour: Colour, opacity: float = 1.0
    ) -> None:
        """Fill a rounded rectangle."""
        radius = min(radius, w / 2, h / 2)
        self.cover(np.clip(0.5 - self._distance(x, y, w, h, radius), 0, 1), colour, opacity)

    def gradient(
        self, x: float, y: float, w: float, h: float, radius: float, left: Colour, right: Colour
    ) -> None:
        """Fill a rounded rectangle with a horizontal gradient."""
        radius = min(radius, w / 2, h / 2)
        t = np.clip((np.arange(self.width, dtype=np.float32) - x) / max(w, 1), 0, 1)[None, :, None]
        a, b = np.asarray(left, np.float32), np.asarray(right, np.float32)
        self.cover(np.clip(0.5 - self._distance(x, y, w, h, radius), 0, 1), a + (b - a) * t)

    def shadow(
        self, x: float, y: float, w: float, h: float, radius: float, blur: float, opacity: float = 0.3
    ) -> None:
        """Lay a soft black shadow of a rounded rectangle, about `blur` pixels wide."""
        t = np.clip(0.5 - self._distance(x, y, w, h, min(radius, w / 2, h / 2)) / (2 * blur), 0, 1)
        self.cover(t * t * (3 - 2 * t), (0, 0, 0), opacity)

    def outline(
        self, x: float, y: float, w: float, h: float, radius: float, colour: Colour, opacity: float = 1.0
    ) -> None:
        """Draw a one-pixel line along the edge of a rounded rectangle."""
        d = np.abs(self._distance(x + 0.5, y + 0.5, w - 1, h - 1, min(radius, w / 2, h / 2)))
        self.cover(np.clip(1 - d, 0, 1), colour, opacity)

    def picture(self, x: int, y: int, rgb: npt.NDArray[np.uint8], radius: float) -> None:
        """Lay an (h, w, 3) picture with rounded corners."""
        h, w = rgb.shape[:2]
        full = np.zeros((self.height, self.width, 3), np.float32)
        full[y : y + h, x : x + w] = rgb[: self.height - y, : self.width - x]
        self.cover(np.clip(0.5 - self._distance(x, y, w, h, radius), 0, 1), full)

    def text(
        self, x: float, baseline: float, text: str, font: FreeTypeFont, colour: Colour,
        opacity: float = 1.0, stroke: int = 0,
    ) -> float:
        """Draw `text` from `x` on `baseline`, `stroke` pixels fatter; returns the pen's x after it."""
        from PIL import Image, ImageDraw

        image = Image.new("L", (self.width, self.height))
        draw = ImageDraw.Draw(image)
        draw.text((x, baseline), text, font=font, fill=255, anchor="ls", stroke_width=stroke)
        box = image.getbbox()
        if box is not None:
            x0, y0, x1, y1 = box
            mask = np.asarray(image.crop(box), np.float32) * np.float32(opacity / 255)
            part = self.rgba[y0:y1, x0:x1]
            part *= 1 - mask[..., None]
            part[..., :3] += np.asarray(colour, np.float32) / 255 * mask[..., None]
            part[..., 3] += mask
        return x + font.getlength(text)

    def strike(self, x0: float, x1: float, y: float, thick: float, colour: Colour) -> None:
        """Draw a horizontal line."""
        self.rounded(x0, y - thick / 2, x1 - x0, thick, 0, colour)

    def sprite(self, x: int, y: int) -> Sprite:
        """The drawing as a sprite with its upper left corner at (x, y), rounded down to even."""
        yuv = cv2.transform(self.rgba, _RGB_TO_YUV * np.array([255, 255, 255, 1], np.float32))
        alpha = self.rgba[..., 3]
        size = (self.width // 2, self.height // 2)
        half = cv2.resize(yuv[..., 1:], size, interpolation=cv2.INTER_AREA)
        half_alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        rect = Rect(x & ~1, y & ~1, self.width, self.height)
        planes = (_quantise(yuv[..., 0]), _quantise(half[..., 0]), _quantise(half[..., 1]))
        return Sprite(rect, planes, _quantise(255 * (1 - alpha)), _quantise(255 * (1 - half_alpha)))


def _quantise(values: Any) -> Plane:
    return np.ascontiguousarray(np.clip(np.rint(values), 0, 255), np.uint8)
