"""Find: where the face is in a photograph, by colour and symmetry alone.

No detector's weights ship with the program, so this is a modest one: the skin makes a blob, the eyes are the two
dark spots that mirror each other in its upper half, the mouth is the reddest bar below. It says how sure it is;
whatever it is not sure of, people put right by dragging.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.looks.picture import Rgb

Landmarks = dict[str, tuple[float, float]]
_SIDE = 480
_SURE = 0.62
_Map = npt.NDArray[np.float32]


def find_landmarks(rgb: Rgb) -> tuple[Landmarks, bool]:
    """The seven points, and whether they are good enough to bake with."""
    h, w = rgb.shape[:2]
    factor = _SIDE / max(h, w)
    small = np.asarray(cv2.resize(rgb, (round(w * factor), round(h * factor)), interpolation=cv2.INTER_AREA), np.uint8)
    box = _skin_box(small)
    sure = False
    if box is None:
        sh, sw = small.shape[:2]
        box = (sw * 0.30, sh * 0.12, sw * 0.70, sh * 0.12 + sw * 0.52)
        points = _typical(box)
    else:
        points = _typical(box)
        refined, score = _refine(small, box)
        if refined is not None:
            points, sure = refined, score >= _SURE
    return {k: (x / factor, y / factor) for k, (x, y) in points.items()}, sure


def confirm(rgb: Rgb, points: Mapping[str, Sequence[float]]) -> bool:
    """Whether a face is where it should be: eyes darker than what is around them, lips redder than the cheeks."""
    (lx, ly), (rx, ry) = points["left_eye"], points["right_eye"]
    half = (rx - lx) / 2
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    around, near = (cv2.GaussianBlur(grey, (0, 0), half * s) for s in (0.64, 0.14))
    dark: _Map = np.asarray(around - near, np.float32)
    eyes = min(_at(dark, lx, ly), _at(dark, rx, ry))
    red = rgb[..., 0].astype(np.float32) - 0.5 * rgb[..., 1] - 0.5 * rgb[..., 2]
    red = np.asarray(cv2.GaussianBlur(red, (0, 0), max(1.0, 0.08 * half)), np.float32)
    x = (points["mouth_left"][0] + points["mouth_right"][0]) / 2
    y = (points["mouth_top"][1] + points["mouth_bottom"][1]) / 2
    lips = max(_at(red, x + k * 0.2 * half, y) for k in (-1, 0, 1))
    cheeks = float(np.median([_at(red, x + s * 0.75 * half, y) for s in (-1, 1)]))
    return eyes > 6 and lips > cheeks + 4


def _typical(box: tuple[float, float, float, float]) -> Landmarks:
    """Where the points of an average face lie in the box from hairline to chin."""
    x0, y0, x1, y1 = box
    w, h, cx = x1 - x0, y1 - y0, (x0 + x1) / 2
    return {
        "left_eye": (cx - 0.23 * w, y0 + 0.45 * h), "right_eye": (cx + 0.23 * w, y0 + 0.45 * h),
        "mouth_left": (cx - 0.17 * w, y0 + 0.77 * h), "mouth_right": (cx + 0.17 * w, y0 + 0.77 * h),
        "mouth_top": (cx, y0 + 0.74 * h), "mouth_bottom": (cx, y0 + 0.81 * h), "chin": (cx, y1),
    }


def _skin_box(rgb: Rgb) -> tuple[float, float, float, float] | None:
    """The largest face-shaped patch of skin colour (Chai and Ngan, 1999: Cr 133..173, Cb 77..127)."""
    ycc = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
    y, cr, cb = (ycc[..., k] for k in range(3))
    skin = ((cr > 135) & (cr < 175) & (cb > 77) & (cb < 127) & (y > 60)).astype(np.uint8)
    skin = np.asarray(cv2.morphologyEx(skin, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(skin)
    best: tuple[float, tuple[float, float, float, float]] | None = None
    for k in range(1, count):
        top, w, h, area = (int(v) for v in stats[k][1:5])
        if area < 0.01 * skin.size or w < 24:
            continue
        rows = (labels[top : top + h] == k).sum(1)
        # The neck and shoulders hang on: the face ends where the blob is narrow again below its widest part.
        width = float(np.percentile(rows[: max(8, int(1.3 * w))], 90))
        height = min(h, 1.38 * width)
        xs = np.nonzero((labels[top : top + int(height)] == k).any(0))[0]
        score = area * (1 - abs((top + height / 2) / rgb.shape[0] - 0.35))
        if best is None or score > best[0]:
            best = (score, (float(xs.min()), float(top), float(xs.max()), top + height))
    return best[1] if best else None


def _refine(rgb: Rgb, box: tuple[float, float, float, float]) -> tuple[Landmarks | None, float]:
    """Eyes by darkness and mirror symmetry, mouth by redness; a score 0..1."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    around, near = (cv2.GaussianBlur(grey, (0, 0), w * s) for s in (0.16, 0.035))
    dark: _Map = np.asarray(around - near, np.float32)
    best: tuple[float, float, float, float] | None = None
    for cx in np.arange((x0 + x1) / 2 - 0.12 * w, (x0 + x1) / 2 + 0.12 * w, 2.0):
        for ey in np.arange(y0 + 0.30 * h, y0 + 0.62 * h, 2.0):
            for half in np.arange(0.17 * w, 0.30 * w, 2.0):
                left, right = _at(dark, cx - half, ey), _at(dark, cx + half, ey)
                between = _at(dark, cx, ey)
                value = min(left, right) - 0.5 * abs(left - right) - max(0.0, between)
                if best is None or value > best[0]:
                    best = (value, cx, ey, half)
    if best is None or best[0] <= 4:
        return None, 0.0
    value, cx, ey, half = best
    red = rgb[..., 0].astype(np.float32) - 0.5 * rgb[..., 1] - 0.5 * rgb[..., 2]
    red = np.asarray(cv2.GaussianBlur(red, (0, 0), max(1.0, 0.04 * half)), np.float32)
    ys = np.arange(ey + 1.45 * half, ey + 2.35 * half, 1.0)
    rows = [np.mean([_at(red, cx + k * half * 0.3, y) for k in (-1, 0, 1)]) for y in ys]
    if not rows:
        return None, 0.0
    my = float(ys[int(np.argmax(rows))])
    lip, skin = max(rows), float(np.median([_at(red, cx + s * 1.1 * half, ey + 1.2 * half) for s in (-1, 1)]))
    thick = 0.17 * half
    chin = my + 0.95 * half
    score = float(np.clip(value / 30, 0, 1) * 0.6 + np.clip((lip - skin) / 25, 0, 1) * 0.4)
    return {
        "left_eye": (cx - half, ey), "right_eye": (cx + half, ey), "mouth_left": (cx - 0.62 * half, my),
        "mouth_right": (cx + 0.62 * half, my), "mouth_top": (cx, my - thick), "mouth_bottom": (cx, my + thick),
        "chin": (cx, chin),
    }, score


def _at(values: _Map, x: float, y: float) -> float:
    h, w = values.shape
    return float(values[min(max(int(y), 0), h - 1), min(max(int(x), 0), w - 1)])
