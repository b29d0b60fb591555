"""Fit: places a portrait on a canvas of another shape, with the face where a presenter's face belongs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.looks.picture import Rgb

EYES_AT = 0.30
"""Height of the eyes on an upright canvas, as a part of its height."""
WIDE_EYES_AT, WIDE_FACE = 0.34, 0.30
"""On a wide canvas: the eyes' height, and eyes-to-chin as a part of the height."""
_EYES_TO_CHIN = 1.35
"""Eyes-to-chin over the distance of the eyes, where the chin is not known better."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Canvas = scale * source + shift."""

    width: int
    height: int
    scale: float
    dx: float
    dy: float
    sides: bool

    def point(self, p: tuple[float, float]) -> tuple[float, float]:
        """A source point on the canvas."""
        return p[0] * self.scale + self.dx, p[1] * self.scale + self.dy

    def apply(self, rgb: Rgb) -> Rgb:
        """The picture on the canvas; what lies beside it is the picture itself, large and blurred."""
        matrix = np.array([[self.scale, 0, self.dx], [0, self.scale, self.dy]], np.float64)
        source, shrink = rgb, self.scale
        if shrink < 0.75:
            # Bilinear sampling reaches two pixels only; average first.
            size = (max(1, round(rgb.shape[1] * shrink)), max(1, round(rgb.shape[0] * shrink)))
            source = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
            matrix[0, 0], matrix[1, 1] = rgb.shape[1] * shrink / size[0], rgb.shape[0] * shrink / size[1]
        out = cv2.warpAffine(
            source, matrix, (self.width, self.height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        if self.sides:
            out = self._with_sides(rgb, np.asarray(out, np.uint8))
        return np.asarray(out, np.uint8)

    def _with_sides(self, rgb: Rgb, sharp: Rgb) -> Rgb:
        h, w = rgb.shape[:2]
        cover = max(self.width / w, self.height / h) * 1.1
        size = (int(np.ceil(w * cover)), int(np.ceil(h * cover)))
        wide = cv2.resize(cv2.GaussianBlur(cv2.resize(rgb, (96, max(2, 96 * h // w))), (0, 0), 7), size)
        x, y = (size[0] - self.width) // 2, max(0, (size[1] - self.height) // 5)
        soft = wide[y : y + self.height, x : x + self.width].astype(np.float32)
        left, right = self.dx, self.dx + w * self.scale
        at = np.arange(self.width, dtype=np.float32)
        feather = 0.16 * w * self.scale
        alpha = np.clip(np.minimum(at - left, right - at) / feather, 0, 1)
        alpha = (alpha * alpha * (3 - 2 * alpha))[None, :, None]
        return np.asarray(np.rint(sharp * alpha + soft * (1 - alpha)), np.uint8)


def fit(picture: Rgb, landmarks: dict[str, tuple[float, float]], width: int, height: int) -> Fit:
    """Choose scale and place; the picture always covers an upright canvas."""
    h, w = picture.shape[:2]
    (lx, ly), (rx, ry) = landmarks["left_eye"], landmarks["right_eye"]
    ex, ey = (lx + rx) / 2, (ly + ry) / 2
    chin = landmarks["chin"][1] - ey
    chin = chin if chin > 0 else _EYES_TO_CHIN * float(np.hypot(rx - lx, ry - ly))
    if width <= height:
        scale = max(width / w, height / h)
        # A face that is far away is brought nearer, within what the picture's pixels allow.
        scale = max(scale, min(0.095 * height / chin, 1.6 * scale))
        dx, dy = width / 2 - ex * scale, EYES_AT * height - ey * scale
        dx = min(0.0, max(width - w * scale, dx))
        dy = min(0.0, max(height - h * scale, dy))
        return Fit(width, height, scale, dx, dy, False)
    scale = max(WIDE_FACE * height * 0.62 / chin, height / h)
    dx, dy = width * 0.40 - ex * scale, WIDE_EYES_AT * height - ey * scale
    dy = min(0.0, max(height - h * scale, dy))
    sides = w * scale < width
    if not sides:
        dx = min(0.0, max(width - w * scale, dx))
    return Fit(width, height, scale, dx, dy, sides)
