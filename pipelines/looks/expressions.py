"""Expressions: closed eyes and an open mouth for a photograph that has neither, made by warping it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipelines.looks.ease import ease
from pipelines.looks.picture import Portrait, Rgb

CLOSED = (0.0, 1 / 3, 2 / 3, 1.0)
OPEN = (0.0, 0.25, 0.5, 0.75, 1.0)
LIP_LINE = 6.0
"""Levels of 255 by which the line between the lips is darker than both of them."""
CHIN = 0.6
"""So much of the way of the lower lip the chin goes."""
WIDE = (-1.0, 0.0, 1.0)
Field = npt.NDArray[np.float32]


def complete(portrait: Portrait) -> None:
    """Add the eye and mouth variants that are missing; the landmarks must be known."""
    points = {k: np.array(v, np.float32) for k, v in portrait.landmarks.items()}
    span = float(np.linalg.norm(points["right_eye"] - points["left_eye"]))
    if not portrait.eyes:
        for closed in CLOSED:
            portrait.eyes[closed] = _lids(portrait.picture, points, span, closed)
        x0, y0 = np.minimum(points["left_eye"], points["right_eye"]) - np.array([0.55 * span, 0.55 * span])
        x1, y1 = np.maximum(points["left_eye"], points["right_eye"]) + np.array([0.55 * span, 0.38 * span])
        portrait.eyes_rect = _rect(x0, y0, x1, y1, portrait.picture)
    if not portrait.mouth:
        for opening in OPEN:
            for wide in WIDE:
                portrait.mouth[opening, wide] = _mouth(portrait.picture, points, span, opening, wide)
        w = float(points["mouth_right"][0] - points["mouth_left"][0])
        low = max(float(points["chin"][1]) + 0.35 * w, float(points["mouth_bottom"][1]) + 0.6 * w)
        portrait.mouth_rect = _rect(
            points["mouth_left"][0] - 0.55 * w, points["mouth_top"][1] - 0.35 * w, points["mouth_right"][0] + 0.55 * w,
            low, portrait.picture,
        )


def _rect(x0: float, y0: float, x1: float, y1: float, rgb: Rgb) -> tuple[int, int, int, int]:
    h, w = rgb.shape[:2]
    return max(0, int(x0)), max(0, int(y0)), min(w, int(x1) + 1), min(h, int(y1) + 1)


def _grid(rgb: Rgb) -> tuple[Field, Field]:
    h, w = rgb.shape[:2]
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    return x, y


def _lids(rgb: Rgb, points: dict[str, npt.NDArray[np.float32]], span: float, closed: float) -> Rgb:
    """Draw the skin above each eye down over it."""
    if closed <= 0:
        return rgb
    out = rgb.astype(np.float32)
    x, y = _grid(rgb)
    for name in ("left_eye", "right_eye"):
        cx, cy = points[name]
        rx, ry = 0.27 * span, 0.135 * span
        u, v = (x - cx) / rx, (y - cy) / ry
        inside = np.clip((1.05 - np.sqrt(u * u + v * v)) / 0.22, 0, 1)
        edge = cy - ry + 2 * ry * closed * np.sqrt(np.clip(1 - u * u * 0.7, 0.1, 1))
        covered = np.clip((edge - y) / (0.05 * span) + 0.5, 0, 1) * inside
        lid = _skin(rgb, cx, cy - 1.75 * ry, rx, 0.4 * ry)
        shade = 0.93 + 0.07 * np.clip(-v, -1, 1)
        out = out * (1 - covered[..., None]) + (lid * shade[..., None]) * covered[..., None]
        lash = np.exp(-(((y - edge) / (0.018 * span)) ** 2)) * np.clip((1.02 - np.abs(u)) / 0.2, 0, 1) * (v < 1.3)
        out *= 1 - 0.72 * lash[..., None] * min(1.0, closed * 1.5)
    return np.asarray(np.clip(out, 0, 255), np.uint8)


def _skin(rgb: Rgb, cx: float, cy: float, rx: float, ry: float) -> npt.NDArray[np.float32]:
    x0, x1, y0, y1 = int(cx - rx * 0.7), int(cx + rx * 0.7) + 1, int(cy - ry), int(cy + ry) + 1
    patch = rgb[max(0, y0) : max(1, y1), max(0, x0) : max(1, x1)].reshape(-1, 3)
    return np.median(patch, 0).astype(np.float32) if len(patch) else np.array([220, 190, 170], np.float32)


def _lip_line(rgb: Rgb, cx: float, half: float, top: float, low: float) -> float:
    """The row in which closed lips meet: the darkest between `top` and `low`, where one stands out."""
    usual = top + 0.45 * (low - top)
    first, last = round(top + 0.2 * (low - top)), round(low - 0.2 * (low - top))
    band = rgb[first : last + 1, max(0, round(cx - 0.5 * half)) : round(cx + 0.5 * half) + 1]
    if band.size == 0 or len(band) < 4:
        return usual
    rows = cv2.GaussianBlur(band.mean((1, 2))[:, None].astype(np.float32), (1, 3), 0.8)[:, 0]
    darkest = int(rows.argmin())
    stands_out = min(rows[0], rows[-1]) - rows[darkest] > LIP_LINE
    return float(first + darkest) if stands_out and 0 < darkest < len(rows) - 1 else usual


def _mouth(rgb: Rgb, points: dict[str, npt.NDArray[np.float32]], span: float, opening: float, wide: float) -> Rgb:
    """Part the lips at the line between them, move the jaw down, show what is inside."""
    if opening <= 0 and wide == 0:
        return rgb
    left, right, chin = points["mouth_left"], points["mouth_right"], points["chin"]
    cx, half = float(left[0] + right[0]) / 2, float(right[0] - left[0]) / 2
    top, low = float(points["mouth_top"][1]), float(points["mouth_bottom"][1])
    gap = 0.62 * half * opening
    x, y = _grid(rgb)
    u = (x - cx) / half
    # Lips meet in a bow: it ends in the corners, which a smile draws up.
    middle, ends = _lip_line(rgb, cx, half, top, low), float(left[1] + right[1]) / 2
    line = middle + (ends - middle) * np.clip(u * u, 0, 1)
    stretch = 1 + wide * (0.12 if wide > 0 else 0.24)
    near = np.exp(-((y - line) / (0.9 * half)) ** 2) * np.exp(-((u / 1.7) ** 4))
    source_x = x + (cx + (x - cx) / stretch - x) * near
    arch = np.sqrt(np.clip(1 - (u / stretch) ** 2, 0, 1))
    jaw = np.exp(-((u / 2.3) ** 4))
    reach = max(float(chin[1]) - low, 0.5 * half)
    below = np.clip((y - line) / max(1.0, gap), 0, 1)
    fade = ease(1 - (y - float(chin[1]) - 0.1 * reach) / (0.9 * reach))
    # Beside the lips the cheeks are drawn down little by little; a step would show at the outline of a narrow face.
    follows = np.maximum(ease((y - line) / (0.9 * half)), arch)
    # The chin comes down less than the lip, and as a whole: the lip's arch would be seen in its outline.
    firm = ease((y - low) / max(float(chin[1]) - low, 0.3 * half))
    lip, bone = 0.35 * jaw * follows + 0.65 * arch, CHIN * np.exp(-((u / 1.9) ** 4))
    drop = gap * (lip * (1 - firm) + bone * firm) * fade * (y > line)
    lift = 0.12 * gap * arch * np.clip(1 - (line - y) / (0.8 * half), 0, 1) * (y <= line)
    warped = cv2.remap(rgb, source_x.astype(np.float32), (y - drop + lift).astype(np.float32), cv2.INTER_LINEAR,
                       borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    if opening <= 0:
        return np.asarray(warped, np.uint8)
    upper, lower = line - 0.10 * gap * arch, line + gap * (0.30 + 0.70 * arch) * (arch > 0)
    soft = 0.035 * half
    hole = np.clip((y - upper) / soft, 0, 1) * np.clip((lower - y) / soft, 0, 1) * (arch > 0.05) * below.clip(0.0, 1.0)
    hole = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), max(0.6, 0.02 * half))
    depth = np.clip((y - upper) / np.maximum(lower - upper, 1), 0, 1)
    inside = np.stack([62 + 60 * depth, 16 + 26 * depth, 22 + 26 * depth], -1)
    # Teeth stand back from the lip, in its shadow; in a mouth that is hardly open they would be a bright seam.
    teeth = np.clip((upper + 0.34 * gap * arch - y) / (2 * soft), 0, 1) * np.clip((opening - 0.15) / 0.45, 0, 1)
    teeth = teeth * np.clip((0.8 - np.abs(u / stretch)) / 0.2, 0, 1)
    shade = 0.62 + 0.38 * np.clip((y - upper) / (0.14 * half), 0, 1)
    inside = inside * (1 - teeth[..., None]) + np.array([236, 228, 222]) * (shade * teeth)[..., None]
    return np.asarray(np.clip(warped * (1 - hole[..., None]) + inside * hole[..., None], 0, 255), np.uint8)
