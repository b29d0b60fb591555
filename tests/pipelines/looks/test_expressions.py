"""A mouth opened in a photograph: the chin goes along as a whole."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipelines.looks.expressions import WIDE, complete
from pipelines.looks.picture import Portrait, Rgb

SKIN, HAIR, LIPS = (238, 205, 186), (40, 30, 34), (190, 70, 80)
MARKS = {
    "left_eye": (250.0, 260.0), "right_eye": (390.0, 260.0), "mouth_left": (275.0, 392.0), "mouth_right": (365.0, 392.0),
    "mouth_top": (320.0, 384.0), "mouth_bottom": (320.0, 412.0), "chin": (320.0, 462.0),
}


def face() -> Rgb:
    """Skin before hair, with closed lips."""
    picture = np.full((640, 640, 3), HAIR, np.uint8)
    cv2.ellipse(picture, (320, 290), (128, 172), 0, 0, 360, SKIN, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (320, 396), (45, 14), 0, 0, 360, LIPS, -1, cv2.LINE_AA)
    return picture


@pytest.fixture(scope="module")
def opened() -> Portrait:
    portrait = Portrait(face(), dict(MARKS))
    complete(portrait)
    return portrait


def outline(picture: Rgb) -> npt.NDArray[np.float64]:
    """How far skin reaches down in each column below the lips, in parts of a row."""
    bright = picture[446:, 268:372].astype(float).mean(2)
    share: npt.NDArray[np.float64] = ((bright - np.mean(HAIR)) / (np.mean(SKIN) - np.mean(HAIR))).clip(0, 1).sum(0)
    return share


@pytest.mark.parametrize("wide", WIDE)
def test_the_chins_outline_has_no_step(opened: Portrait, wide: float) -> None:
    moved = outline(opened.mouth[1.0, wide]) - outline(opened.mouth[0.0, 0.0])
    assert moved.max() > 10, "the jaw moves"
    assert np.abs(np.diff(moved)).max() < 1.0, "a step would show in the outline of the face"
