"""Colours survive I420, and rectangles stay even and inside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.canvas import Canvas, Rect, i420_to_rgb, rgb_to_i420


def paint(colour: tuple[int, int, int]) -> Canvas:
    canvas = Canvas(32, 32)
    rgb = np.full((32, 32, 3), colour, np.uint8)
    for mine, theirs in zip(canvas.planes(Rect(0, 0, 32, 32)), rgb_to_i420(rgb), strict=True):
        mine[:] = theirs
    return canvas


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (220, 40, 60), (20, 200, 90), (30, 60, 210)])
def test_flat_colours_come_back(colour: tuple[int, int, int]) -> None:
    out = i420_to_rgb(paint(colour)).astype(int)
    assert np.abs(out - np.array(colour)).max() <= 3


def test_limited_range() -> None:
    assert paint((0, 0, 0)).y.max() == 16
    assert paint((255, 255, 255)).y.min() == 235


def test_planes_are_views_of_one_picture() -> None:
    canvas = Canvas(64, 32)
    canvas.planes(Rect(8, 4, 4, 2))[0][:] = 200
    assert canvas.data.reshape(-1)[4 * 64 + 8] == 200
    canvas.v[:] = 7
    assert (canvas.data.reshape(-1)[-(32 * 16) :] == 7).all()


def test_odd_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        Canvas(64, 30)


corner = st.floats(-50, 800, allow_nan=False)


@given(corner, corner, st.floats(0, 300), st.floats(0, 300))
def test_around_is_even_and_covers(x: float, y: float, w: float, h: float) -> None:
    rect = Rect.around(x, y, x + w, y + h)
    assert not any(n % 2 for n in rect)
    assert rect.x <= x or x < 0
    assert rect.x + rect.w >= x + w and rect.y + rect.h >= y + h


@given(*[st.integers(-40, 400).map(lambda n: n * 2)] * 2, *[st.integers(1, 200).map(lambda n: n * 2)] * 2)
def test_inside_stays_inside(x: int, y: int, w: int, h: int) -> None:
    inner = Rect(x, y, w, h).inside(720, 1280)
    if inner is not None:
        assert inner.x >= 0 and inner.y >= 0
        assert inner.x + inner.w <= 720 and inner.y + inner.h <= 1280
        assert not any(n % 2 for n in inner)
