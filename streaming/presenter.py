"""Presenter: a look brought to life, one tick after another."""

from __future__ import annotations

import itertools
from bisect import bisect_right

import cv2
import numpy as np

from streaming.canvas import Canvas, Plane, Rect
from streaming.idle import Idle
from streaming.look import Look, Region
from streaming.take import FaceFrame

STILL = FaceFrame()
SETTLE_S = 0.12
"""Within this time the head comes back to idle when speech ends; tracks end at 0, so it is hardly ever seen."""
_SMILE_WIDE = 0.35
_TALK_SWAY = 0.25
_NEAR = 0.04
"""A value this close to a grid point (in grid steps) is taken for it: less than a tenth of a pixel."""
_SLOW = ("breath", "sway")
"""Axes so slow that a region of theirs alone is painted every other tick."""


class Presenter:
    """Paints one look onto a scene; see `streaming.compositor.Presenter`."""

    def __init__(self, look: Look, fps: float, seed: int = 1) -> None:
        self.look = look
        self._fps = fps
        self._idle = Idle(seed)
        self._head = [0.0, 0.0, 0.0, 0.0]
        self._pull = 1 - 0.5 ** (1 / max(1.0, SETTLE_S * fps))
        self._painters = [_Painter(region) for region in look.regions]
        self._first: int | None = None

    def paint_all(self, scene: Canvas) -> Rect:
        """Paint the resting picture; returns what was painted."""
        look = self.look
        if (scene.width, scene.height) != (look.width, look.height):
            raise ValueError(f"a look for {look.width}x{look.height} on a canvas of {scene.width}x{scene.height}")
        np.copyto(scene.data, look.rest)
        return Rect(0, 0, look.width, look.height)

    def render(self, scene: Canvas, tick: int, face: FaceFrame | None) -> list[Rect]:
        """Paint what moved in `tick`; `face` is None while nobody speaks."""
        said = face or STILL
        if self._first is None:
            self._first = tick
        pose = self._idle.at(tick / self._fps)
        wanted = (said.yaw + 0.25 * said.roll, said.pitch, said.brow, said.smile)
        for k, value in enumerate(wanted):
            # Speech that is cut off leaves its last pose; the head must not jump from it.
            self._head[k] = value if face is not None else self._head[k] * (1 - self._pull)
        yaw, pitch, brow, smile = self._head
        opening = said.open
        values = {
            "yaw": pose.yaw + 0.6 * yaw, "pitch": pose.pitch + 0.6 * pitch, "open": opening,
            "wide": said.wide + _SMILE_WIDE * smile if opening > 0 else _SMILE_WIDE * smile,
            "closed": pose.closed, "gaze": pose.gaze, "brow": min(1.0, pose.brow + brow), "breath": pose.breath,
            "sway": pose.sway + _TALK_SWAY * yaw,
        }
        moved: list[Rect] = []
        for painter in self._painters:
            if painter.slow and tick % 2 and tick != self._first:
                continue
            rect = painter.paint(scene, values)
            if not any(_inside(rect, other) for other in moved):
                moved.append(rect)
        return moved


def _inside(rect: Rect, other: Rect) -> bool:
    return rect.intersect(other) == rect


class _Painter:
    """Blends one region's states; regions are painted in the look's order, later ones over earlier ones."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self.slow = all(axis in _SLOW for axis in region.axes)
        rect = region.rect
        n = rect.w * rect.h
        self._cuts = (slice(0, n), slice(n, n + n // 4), slice(n + n // 4, None))
        self._shapes = ((rect.h, rect.w), (rect.h // 2, rect.w // 2), (rect.h // 2, rect.w // 2))
        self._buffers = [np.empty(n * 3 // 2, np.uint8) for _ in range(2 ** len(region.axes))]

    def paint(self, scene: Canvas, values: dict[str, float]) -> Rect:
        """Put the region for these values onto the scene."""
        states, share = self._blend(values)
        planes = scene.planes(self._region.rect)
        for plane, cut, shape in zip(planes, self._cuts, self._shapes, strict=True):
            if len(states) == 1:
                np.copyto(plane, states[0][cut].reshape(shape))
            else:
                one, two = (state[cut].reshape(shape) for state in states)
                cv2.addWeighted(one, 1 - share, two, share, 0, dst=plane)
        return self._region.rect

    def _blend(self, values: dict[str, float]) -> tuple[list[Plane], float]:
        """The last two states to blend, and how; or the only one."""
        region = self._region
        ends: list[tuple[int, ...]] = []
        shares: list[float] = []
        for name, grid in zip(region.axes, region.grids, strict=True):
            low, share = _place(grid, values[name])
            if share < _NEAR:
                ends.append((low,))
            elif share > 1 - _NEAR:
                ends.append((low + 1,))
            else:
                ends.append((low, low + 1))
                shares.append(share)
        states = [region.states[index] for index in itertools.product(*ends)]
        # The last axis varies fastest: halve the list along it, then along the one before.
        at = 0
        for share in reversed(shares[1:]):
            merged = []
            for k in range(0, len(states), 2):
                out = self._buffers[at]
                at += 1
                cv2.addWeighted(states[k], 1 - share, states[k + 1], share, 0, dst=out)
                merged.append(out)
            states = merged
        return states, shares[0] if shares else 0.0


def _place(grid: tuple[float, ...], value: float) -> tuple[int, float]:
    """The grid step that `value` (clamped) lies in, and how far into it, 0..1."""
    if len(grid) == 1 or value <= grid[0]:
        return 0, 0.0
    if value >= grid[-1]:
        return len(grid) - 2, 1.0
    low = bisect_right(grid, value) - 1
    return low, (value - grid[low]) / (grid[low + 1] - grid[low])
