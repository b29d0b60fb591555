"""Curves as dense polylines: float arrays of shape (n, 2) in source pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Knots = Sequence[tuple[float, float]] | Points


def spline(knots: Knots, n: int = 48, closed: bool = False) -> Points:
    """Centripetal Catmull-Rom curve through `knots` (Barry and Goldman, 1988), `n` samples in all."""
    p = np.asarray(knots, np.float64)
    if closed:
        p = np.vstack([p[-1], p, p[0], p[1]])
    else:
        p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    step = np.sqrt(np.maximum(np.linalg.norm(np.diff(p, axis=0), axis=1), 1e-6))
    knot = np.concatenate([[0.0], np.cumsum(step)])
    u = np.linspace(knot[1], knot[-2], n, endpoint=not closed)
    i = np.clip(np.searchsorted(knot, u, side="right") - 1, 1, len(p) - 3)
    t0, t1, t2, t3 = (knot[i + k][:, None] for k in (-1, 0, 1, 2))
    q0, q1, q2, q3 = (p[i + k] for k in (-1, 0, 1, 2))
    v = u[:, None]
    a1 = (t1 - v) / (t1 - t0) * q0 + (v - t0) / (t1 - t0) * q1
    a2 = (t2 - v) / (t2 - t1) * q1 + (v - t1) / (t2 - t1) * q2
    a3 = (t3 - v) / (t3 - t2) * q2 + (v - t2) / (t3 - t2) * q3
    b1 = (t2 - v) / (t2 - t0) * a1 + (v - t0) / (t2 - t0) * a2
    b2 = (t3 - v) / (t3 - t1) * a2 + (v - t1) / (t3 - t1) * a3
    out: Points = (t2 - v) / (t2 - t1) * b1 + (v - t1) / (t2 - t1) * b2
    return out


def mirrored(half: Points, axis: float) -> Points:
    """Close a right half (top to bottom) with its mirror image about x = `axis`."""
    other = half[::-1].copy()
    other[:, 0] = 2 * axis - other[:, 0]
    return np.vstack([half, other])


def flip(points: Points, axis: float) -> Points:
    """Mirror about x = `axis`."""
    out = points.copy()
    out[:, 0] = 2 * axis - out[:, 0]
    return out


def ellipse(cx: float, cy: float, rx: float, ry: float, turn: float = 0.0, n: int = 64) -> Points:
    """Ellipse, turned by `turn` radians."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    x, y = rx * np.cos(t), ry * np.sin(t)
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([cx + c * x - s * y, cy + s * x + c * y], axis=1)


def box(x0: float, y0: float, x1: float, y1: float) -> Points:
    """Rectangle."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def rounded_box(x0: float, y0: float, x1: float, y1: float, radius: float) -> Points:
    """Rectangle with round corners."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    t = np.linspace(0, np.pi / 2, 10)
    corner = r * np.stack([np.cos(t), np.sin(t)], axis=1)
    turns = (np.array([[c, s], [-s, c]], np.float64) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1)))
    centres = ((x1 - r, y1 - r), (x0 + r, y1 - r), (x0 + r, y0 + r), (x1 - r, y0 + r))
    return np.vstack([np.array(c) + corner @ m for c, m in zip(centres, turns, strict=True)])


def normals(points: Points) -> Points:
    """Unit normals of a polyline."""
    d = np.gradient(points, axis=0)
    length = np.maximum(np.linalg.norm(d, axis=1, keepdims=True), 1e-9)
    d = d / length
    return np.stack([-d[:, 1], d[:, 0]], axis=1)


Profile = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


def taper(root: float = 0.0, tip: float = 0.0, peak: float = 0.5) -> Profile:
    """Width along a stroke: `root` at 0, 1 at `peak`, `tip` at 1, smoothly."""

    def width(t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        rise = root + (1 - root) * np.sin(np.clip(t / max(peak, 1e-6), 0, 1) * np.pi / 2)
        fall = tip + (1 - tip) * np.cos(np.clip((t - peak) / max(1 - peak, 1e-6), 0, 1) * np.pi / 2)
        return np.where(t < peak, rise, fall)

    return width


def ribbon(line: Points, width: float, profile: Profile) -> Points:
    """Outline of a stroke along `line`, `width` pixels where the profile is 1."""
    t = np.linspace(0, 1, len(line))
    half = (normals(line) * (profile(t) * width / 2)[:, None])
    return np.vstack([line + half, (line - half)[::-1]])


def lerp(a: Points, b: Points, t: float) -> Points:
    """Between two curves of the same length."""
    return a + (b - a) * t


def bounds(points: Points, margin: float = 0.0) -> list[int]:
    """Return [x0, y0, x1, y1] around the points, x1 and y1 exclusive."""
    lo, hi = np.floor(points.min(0) - margin), np.ceil(points.max(0) + margin)
    return [int(lo[0]), int(lo[1]), int(hi[0]), int(hi[1])]
