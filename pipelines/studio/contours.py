"""Contours: soft edges of a painting drawn together, as an illustrator would have left them; the face stays as it is.

A coherence-enhancing shock filter (Weickert, DAGM 2003): across each edge, on either side of its steepest place, every
colour goes to what lies behind it. Shading, which is no edge, is too flat to be touched.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.looks.picture import Rgb

STEPS = 5
FINE, COARSE = 2.5, 5.0
"""Pixels of blur, at a width of 768, under which an edge's course and its direction are looked for."""
WIDTH = 768
FLAT, STEEP = 1.0, 3.0
"""Change a pixel, of 255 levels, that is shading and that is certainly an edge."""
BENT = 0.15
"""Change of the change at which a pixel goes all the way."""
Plane = npt.NDArray[np.float32]


def draw(picture: Rgb, landmarks: Mapping[str, tuple[float, float]]) -> Rgb:
    """A picture (h, w, 3) with crisp contours; `landmarks` are in parts of its sides, and without them all is drawn."""
    h, w = picture.shape[:2]
    kept = face(h, w, landmarks)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    u = picture.astype(np.float32)
    for _ in range(STEPS):
        pull, slope = _pull(_blurred(u, FINE * w / WIDTH), COARSE * w / WIDTH)
        pull = (pull * (1 - kept))[..., None]
        behind = np.where(pull * slope > 0, cv2.erode(u, kernel), cv2.dilate(u, kernel))
        u += 0.5 * np.abs(pull) * (behind - u)
    out: Rgb = u.round().clip(0, 255).astype(np.uint8)
    return out


def _pull(smooth: Plane, coarse: float) -> tuple[Plane, Plane]:
    """How far each pixel is to go, (h, w) in -1..1, positive before an edge, and the colours' slopes across it."""

    def derived(x: int, y: int) -> Plane:
        out: Plane = cv2.Sobel(smooth, cv2.CV_32F, x, y, scale=1 / 8 if x + y == 1 else 1 / 4).astype(
            np.float32, copy=False
        )
        return out

    gx, gy = derived(1, 0), derived(0, 1)
    xx, xy, yy = (_blurred((a * b).sum(2), coarse) for a, b in ((gx, gx), (gx, gy), (gy, gy)))
    across = 0.5 * np.arctan2(2 * xy, xx - yy)
    c, s = np.cos(across)[..., None], np.sin(across)[..., None]
    slope = c * gx + s * gy
    bend = c * c * derived(2, 0) + 2 * c * s * derived(1, 1) + s * s * derived(0, 2)
    steep = np.sqrt((slope * slope).sum(2))
    pull = (bend * slope).sum(2) / (steep + 1e-3)
    return np.clip(pull / BENT, -1, 1) * np.clip((steep - FLAT) / (STEEP - FLAT), 0, 1), slope


def _blurred(plane: Plane, sigma: float) -> Plane:
    out: Plane = cv2.GaussianBlur(plane, (0, 0), sigma).astype(np.float32, copy=False)
    return out


def face(height: int, width: int, landmarks: Mapping[str, tuple[float, float]]) -> Plane:
    """(height, width): 1 on the face, from the forehead to the chin, 0 elsewhere."""
    out = np.zeros((height, width), np.float32)
    if not {"left_eye", "right_eye", "chin"} <= landmarks.keys():
        return out
    (lx, ly), (rx, ry), (_, chin) = (
        (landmarks[k][0] * width, landmarks[k][1] * height) for k in ("left_eye", "right_eye", "chin")
    )
    apart = abs(rx - lx)
    top, bottom = (ly + ry) / 2 - apart, chin - 0.02 * apart
    middle = (round((lx + rx) / 2), round((top + bottom) / 2))
    radii = (round(0.95 * apart), round((bottom - top) / 2))
    if min(radii) > 0:
        cv2.ellipse(out, middle, radii, 0, 0, 360, 1.0, -1)
        out = _blurred(out, apart / 14)
    return out
