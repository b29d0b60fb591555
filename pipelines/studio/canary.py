"""Canary: whether a painted picture may become a presenter.

Judged before anything is baked: a black, blown-out or flat picture, and one that is noise. Whether there is a face in
it is asked of `pipelines.looks.find` where the picture is baked.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.looks.picture import Rgb

_DARK, _BRIGHT = 12.0, 243.0
_FLAT = 6.0
_NOISE = 0.55
"""Share of the variance that a 5-pixel blur takes away; portraits stay under 0.1, white noise is near 0.95."""


def judge(picture: Rgb) -> str | None:
    """What is wrong with a picture (height, width, 3), in words; None when it may go on."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean, spread = float(grey.mean()), float(grey.std())
    if mean < _DARK:
        return "the picture is black"
    if mean > _BRIGHT:
        return "the picture is white"
    if spread < _FLAT:
        return "the picture is of one colour"
    rest = grey - cv2.GaussianBlur(grey, (5, 5), 0)
    if float(rest.var()) / float(grey.var()) > _NOISE:
        return "the picture is noise"
    return None
