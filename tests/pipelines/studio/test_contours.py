"""Soft contours of a painting are drawn together, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.looks.picture import Rgb
from pipelines.studio import contours

SIZE = 384


def soft(width: float, colours: tuple[tuple[int, int, int], tuple[int, int, int]]) -> Rgb:
    """Two colours side by side, with a soft edge in the middle that is so many pixels wide."""
    x = (np.arange(SIZE) - SIZE / 2) / width
    part = (1 / (1 + np.exp(-4 * x)))[None, :, None]
    a, b = (np.array(c, float) for c in colours)
    return np.broadcast_to(a + (b - a) * part, (SIZE, SIZE, 3)).round().astype(np.uint8)


def between(picture: Rgb, channel: int) -> int:
    """Pixels of a row that are neither of its two colours."""
    row = picture[SIZE // 2, :, channel].astype(int)
    low, high = sorted((row[10], row[-10]))
    margin = (high - low) * 0.1
    return int(((row > low + margin) & (row < high - margin)).sum())


@pytest.mark.parametrize("colours", [
    ((40, 40, 60), (240, 220, 200)), ((240, 220, 200), (40, 40, 60)), ((200, 60, 60), (60, 160, 200)),
])
def test_a_soft_edge_is_drawn_together_where_it_is(colours: tuple[tuple[int, int, int], tuple[int, int, int]]) -> None:
    picture = soft(10, colours)
    out = contours.draw(picture, {})
    for channel in range(3):
        assert between(out, channel) < 0.7 * between(picture, channel), channel
        middle = (int(picture[0, 0, channel]) + int(picture[0, -1, channel])) / 2
        rising = np.abs(out[SIZE // 2, :, channel] - middle).argmin()
        assert abs(int(rising) - SIZE // 2) <= 3, "an edge stays where it was"
    assert out.min() >= picture.min() and out.max() <= picture.max(), "no new colours"


def test_shading_is_left_alone() -> None:
    ramp = np.broadcast_to(np.linspace(60, 200, SIZE)[None, :, None], (SIZE, SIZE, 3)).round().astype(np.uint8)
    assert np.abs(contours.draw(ramp, {}).astype(int) - ramp).max() <= 1


def test_the_face_stays_as_it_was_painted() -> None:
    marks = {"left_eye": (0.4, 0.4), "right_eye": (0.6, 0.4), "chin": (0.5, 0.6)}
    picture = soft(10, ((40, 40, 60), (240, 220, 200)))
    out = contours.draw(picture, marks)
    inside = contours.face(SIZE, SIZE, marks) > 0.999
    assert inside[int(0.4 * SIZE), SIZE // 2] and inside[int(0.5 * SIZE), SIZE // 2], "eyes and mouth"
    assert np.array_equal(out[inside], picture[inside])
    assert not np.array_equal(out[-40:], picture[-40:]), "clothes"


@pytest.mark.parametrize("marks", [{}, {"left_eye": (0.5, 0.5), "right_eye": (0.5, 0.5), "chin": (0.5, 0.5)}])
def test_any_picture_and_any_marks_will_do(marks: dict[str, tuple[float, float]]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (9, 5, 3), dtype=np.uint8)
    assert contours.draw(picture, marks).shape == picture.shape
