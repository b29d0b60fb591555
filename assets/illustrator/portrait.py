"""Portrait: one person in a room as the files of assets/README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from assets.illustrator.body import paint_earrings
from assets.illustrator.brush import SCREEN, SOFT_LIGHT, Brush
from assets.illustrator.colour import WHITE, Colour
from assets.illustrator.face import CX, EYE_DX, EYE_Y, JAW_DROP, NOSE_Y, eye_curves, mouth_curves, outline, paint_face
from assets.illustrator.hair import paint_back, paint_front
from assets.illustrator.outfits import paint_body
from assets.illustrator.person import REST, Person, Pose
from assets.illustrator.scene import H, W, paint_scene, paint_table

Rgb = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
SCALE = 2.0
EYES: Box = (408, 486, 672, 640)
MOUTH: Box = (404, 652, 676, 884)
BODY_Y = -52.0
"""Where neck and clothes stand below the head."""
CLOSED = (0.0, 1 / 3, 2 / 3, 1.0)
OPEN = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
WIDE = (-1.0, 0.0, 1.0)


def _person(b: Brush, p: Person, pose: Pose) -> None:
    paint_back(b, p)
    b.canvas.save()
    b.canvas.translate(0, BODY_Y)
    paint_body(b, p)
    b.canvas.restore()
    paint_face(b, p, pose)
    if p.hair_style not in ("long", "wavy"):
        paint_earrings(b, p)
    paint_front(b, p)
    b.glow((CX - 190, 520), 120, 340, WHITE, 0.20, blend=SOFT_LIGHT)
    b.glow((CX + 210, 640), 90, 420, Colour.hex("#ffe6c8"), 0.22, blend=SOFT_LIGHT)


def render(p: Person, pose: Pose = REST, rect: Box = (0, 0, W, H), size: float = 1.0) -> Rgb:
    """The part `rect` of the picture as (h, w, 3) RGB, `size` times as large."""
    b = Brush(rect, SCALE * size)
    paint_scene(b, p)
    _person(b, p, pose)
    paint_table(b, p)
    b.glow((150, 300), 900, 900, p.light, p.glow, blend=SCREEN)
    return _down(b.pixels())[..., :3]


def _down(pixels: npt.NDArray[np.uint8]) -> Rgb:
    h, w = pixels.shape[:2]
    return np.asarray(cv2.resize(pixels, (round(w / SCALE), round(h / SCALE)), interpolation=cv2.INTER_AREA), np.uint8)


def mask(p: Person) -> npt.NDArray[np.uint8]:
    """How much of each pixel is the person."""
    b = Brush((0, 0, W, H), SCALE)
    _person(b, p, Pose())
    alpha = _down(b.pixels())[..., 3]
    solid = cv2.morphologyEx(alpha, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(solid, np.uint8)


def background(p: Person) -> Rgb:
    """The room without the person."""
    b = Brush((0, 0, W, H), SCALE)
    paint_scene(b, p)
    return _down(b.pixels())[..., :3]


def _joined(rest: Rgb, tile: Rgb, feather: int = 6) -> Rgb:
    """`tile` with its border faded into the resting picture, so that it can be pasted without a seam."""
    h, w = tile.shape[:2]
    y, x = np.arange(h)[:, None], np.arange(w)[None]
    edge = np.minimum(np.minimum(y, h - 1 - y), np.minimum(x, w - 1 - x)) / feather
    k = np.clip(edge, 0, 1)[..., None]
    return np.asarray(np.rint(tile * k + rest * (1 - k)), np.uint8)


def landmarks(p: Person) -> dict[str, list[float]]:
    """Points of the resting face."""
    mouth = mouth_curves(p, Pose())
    points: dict[str, list[float]] = {
        "left_eye": [CX - EYE_DX, EYE_Y - 3], "right_eye": [CX + EYE_DX, EYE_Y - 3],
        "mouth_left": mouth["top"][0].tolist(), "mouth_right": mouth["top"][-1].tolist(),
        "mouth_top": [CX, float(mouth["top"][36, 1])], "mouth_bottom": [CX, float(mouth["low"][36, 1])],
        "chin": [CX, float(outline()[:, 1].max())], "nose_tip": [CX, NOSE_Y],
    }
    for name, side in (("left", -1), ("right", 1)):
        upper, lower = eye_curves(p, side)
        points |= {
            f"{name}_eye_inner": upper[0].tolist(), f"{name}_eye_outer": upper[-1].tolist(),
            f"{name}_lid_top": [CX + side * EYE_DX, float(upper[:, 1].min())],
            f"{name}_lid_bottom": [CX + side * EYE_DX, float(lower[:, 1].max())],
        }
    return {k: [round(float(c), 1) for c in v] for k, v in points.items()}


def _boxes(p: Person) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for name, side in (("left", -1), ("right", 1)):
        x = CX + side * EYE_DX
        out[f"{name}_eye"] = [int(x - 58), int(EYE_Y - 44), int(x + 58), int(EYE_Y + 32)]
        out[f"{name}_brow"] = [int(x - 66), int(EYE_Y - 82), int(x + 66), int(EYE_Y - 44)]
    points = landmarks(p)
    out["mouth"] = [int(points["mouth_left"][0]) - 6, int(points["mouth_top"][1]) - 6, int(points["mouth_right"][0]) + 6,
                    int(points["mouth_bottom"][1]) + 8]
    out["face"] = [372, 372, 708, int(points["chin"][1])]
    out["hair"] = [300, 200 if p.hair_style == "bun" else 296, 780, 1260 if p.hair_style == "long" else 900]
    return out


def write(p: Person, folder: Path) -> Path:
    """Draw all files of one portrait into `folder`; returns the JSON's path."""
    folder.mkdir(parents=True, exist_ok=True)
    rest = render(p)
    Image.fromarray(rest).save(folder / f"{p.name}.jpg", quality=93, subsampling=0, optimize=True)
    Image.fromarray(mask(p)).save(folder / f"{p.name}.mask.png", optimize=True)
    Image.fromarray(background(p)).save(folder / f"{p.name}.background.jpg", quality=88, optimize=True)
    eyes = [_variant(p, rest, EYES, Pose(closed=c)) for c in CLOSED]
    Image.fromarray(np.vstack(eyes)).save(folder / f"{p.name}.eyes.png", optimize=True)
    rows = [np.hstack([_variant(p, rest, MOUTH, Pose(open=o, wide=w)) for w in WIDE]) for o in OPEN]
    Image.fromarray(np.vstack(rows)).save(folder / f"{p.name}.mouth.png", optimize=True)
    document: dict[str, Any] = {
        "format": "nightanchor.portrait/1", "name": p.name, "size": [W, H], "picture": f"{p.name}.jpg",
        "mask": f"{p.name}.mask.png", "background": f"{p.name}.background.jpg", "landmarks": landmarks(p),
        "boxes": _boxes(p), "neck_y": 930, "skin_colour": p.skin.rounded(), "lip_colour": p.lip.rounded(),
        "eyes": {"file": f"{p.name}.eyes.png", "rect": list(EYES), "closed": [round(c, 4) for c in CLOSED]},
        "mouth": {"file": f"{p.name}.mouth.png", "rect": list(MOUTH), "open": list(OPEN), "wide": list(WIDE)},
        "jaw_drop": JAW_DROP, "illustration": p.document(),
    }
    path = folder / f"{p.name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _variant(p: Person, rest: Rgb, rect: Box, pose: Pose) -> Rgb:
    x0, y0, x1, y1 = rect
    still = rest[y0:y1, x0:x1]
    if pose == Pose():
        return still
    return _joined(still, render(p, pose, rect))
