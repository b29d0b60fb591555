"""Backdrop: the scene when no look can be shown, so that the stream is never black."""

from __future__ import annotations

import cv2
import numpy as np

from streaming.canvas import Canvas, Rect, rgb_to_i420

_MESH = np.array(
    [
        [(64, 44, 92), (88, 56, 112), (120, 72, 116)],
        [(44, 40, 84), (72, 60, 116), (150, 96, 118)],
        [(30, 34, 70), (50, 52, 104), (96, 76, 120)],
        [(20, 24, 48), (30, 36, 74), (52, 48, 88)],
    ],
    np.float32,
)
"""Colours of a coarse grid that is stretched smoothly over the canvas."""


def paint_backdrop(scene: Canvas) -> Rect:
    """Fill `scene` with a soft gradient; returns all of it."""
    size = (scene.width, scene.height)
    smooth = cv2.resize(cv2.resize(_MESH, (24, 32), interpolation=cv2.INTER_CUBIC), size,
                        interpolation=cv2.INTER_LINEAR)
    noise = np.random.default_rng(1).random((scene.height, scene.width, 1), np.float32) - np.float32(0.5)
    rgb = np.clip(np.rint(smooth + noise * 2), 0, 255).astype(np.uint8)
    for plane, made in zip((scene.y, scene.u, scene.v), rgb_to_i420(rgb), strict=True):
        plane[:] = made
    return Rect(0, 0, scene.width, scene.height)
