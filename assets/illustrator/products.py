"""Products: the demo catalogue's pictures, 512x512."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from assets.illustrator.brush import MULTIPLY, SCREEN, Brush, Linear, Radial
from assets.illustrator.colour import WHITE, Colour
from assets.illustrator.curves import Points, box, ellipse, rounded_box, spline

SIDE, SCALE = 512, 3.0
GOLD = Colour.hex("#d9ae6a")


def _ground(b: Brush, tint: Colour) -> None:
    b.fill(box(0, 0, SIDE, SIDE), Radial((256, 200), 420, [(0, WHITE), (0.55, tint.light(0.55)), (1, tint)]))
    b.glow((256, 452), 230, 46, tint.dark(0.45), 0.62, blend=MULTIPLY)


def _across(x0: float, x1: float, c: Colour) -> Linear:
    """A cylinder lit from the left."""
    return Linear((x0, 0), (x1, 0), [(0, c.dark(0.30)), (0.12, c.light(0.15)), (0.26, c.light(0.62)), (0.42, c), (0.8, c.dark(0.16)), (0.93, c.dark(0.34)), (1, c.dark(0.2))])


def _gleam(b: Brush, x: float, y0: float, y1: float, w: float = 7) -> None:
    b.fill(rounded_box(x, y0, x + w, y1, w / 2), WHITE, alpha=0.62, blur=2.2)


def _label(b: Brush, cx: float, y: float, colour: Colour, w: float = 70) -> None:
    b.fill(ellipse(cx, y, 13, 13), colour, alpha=0.9)
    b.fill(ellipse(cx + 5, y - 3, 11, 11), WHITE, alpha=0.85)
    for k, share in enumerate((1.0, 0.72, 0.46)):
        half = w * share / 2
        b.fill(rounded_box(cx - half, y + 26 + 13 * k, cx + half, y + 30 + 13 * k, 2), colour, alpha=0.8 - 0.2 * k)


def _serum(b: Brush) -> None:
    _ground(b, Colour.hex("#cfe6ee"))
    c = Colour.hex("#8cc7dc")
    b.fill(rounded_box(176, 214, 336, 452, 30), _across(176, 336, c))
    b.fill(rounded_box(188, 262, 324, 442, 22), Linear((0, 262), (0, 442), [(0, Colour.hex("#e8f7fb"), 0.55), (1, Colour.hex("#5ba6c4"), 0.55)]))
    b.fill(rounded_box(216, 176, 296, 220, 8), _across(216, 296, GOLD))
    b.fill(rounded_box(226, 66, 286, 180, 28), _across(226, 286, Colour.hex("#f4f0ea")))
    _label(b, 256, 318, Colour.hex("#2d6f8c"))
    _gleam(b, 196, 238, 430)


def _cream(b: Brush) -> None:
    _ground(b, Colour.hex("#f3dfd2"))
    b.fill(rounded_box(116, 286, 396, 450, 44), _across(116, 396, Colour.hex("#f6e4da")))
    b.fill(rounded_box(106, 206, 406, 300, 22), _across(106, 406, Colour.hex("#fffaf5")))
    b.fill(box(106, 284, 406, 294), _across(106, 406, GOLD))
    b.fill(ellipse(256, 208, 150, 20), Linear((106, 0), (406, 0), [(0, Colour.hex("#efe2d8")), (0.4, WHITE), (1, Colour.hex("#e3d2c5"))]))
    swirl = spline([(206, 206), (226, 176), (262, 150), (284, 168), (300, 186), (318, 206), (262, 214)], 60, closed=True)
    b.fill(swirl, Linear((206, 150), (318, 214), [(0, WHITE), (1, Colour.hex("#f1ddd0"))]), blur=0.8)
    b.stroke(spline([(228, 200), (256, 172), (286, 188)], 30), 5, Colour.hex("#e2c6b5"), alpha=0.7, blur=1.5)
    _label(b, 256, 340, Colour.hex("#b07a5c"))
    _gleam(b, 142, 318, 428, 9)


def _sunscreen(b: Brush) -> None:
    _ground(b, Colour.hex("#fbe3b8"))
    tube = np.vstack([spline([(172, 96), (178, 240), (198, 372)], 40), spline([(314, 372), (334, 240), (340, 96)], 40)])
    b.fill(tube, _across(172, 340, Colour.hex("#fff3dc")))
    b.fill(box(170, 78, 342, 104), _across(170, 342, Colour.hex("#f7dfae")))
    b.fill(rounded_box(196, 368, 316, 452, 12), _across(196, 316, Colour.hex("#f6a23c")))
    b.fill(ellipse(256, 188, 36, 36), Linear((220, 150), (292, 226), [(0, Colour.hex("#ffd36b")), (1, Colour.hex("#f08a24"))]))
    for k in range(12):
        a = k * np.pi / 6
        ray = np.array([[256 + 44 * np.cos(a), 188 + 44 * np.sin(a)], [256 + 57 * np.cos(a), 188 + 57 * np.sin(a)]])
        b.line(ray, 5, Colour.hex("#f3a23a"))
    _label(b, 256, 272, Colour.hex("#cf7a1e"), 60)
    _gleam(b, 192, 112, 350)


def _lipstick(b: Brush) -> None:
    _ground(b, Colour.hex("#f3cfcf"))
    rose = Colour.hex("#b24a56")
    bullet: Points = spline([(216, 236), (216, 132), (232, 100), (262, 84), (290, 96), (296, 132), (296, 236)], 90)
    b.fill(bullet, _across(216, 296, rose))
    b.fill(spline([(216, 140), (232, 102), (264, 86), (292, 100), (262, 122), (232, 138)], 60, closed=True), rose.light(0.34), alpha=0.75, blur=2)
    b.fill(rounded_box(206, 222, 306, 296, 8), _across(206, 306, GOLD))
    b.fill(rounded_box(190, 290, 322, 452, 12), _across(190, 322, Colour.hex("#3b2430")))
    b.fill(box(190, 304, 322, 311), _across(190, 322, GOLD))
    b.fill(rounded_box(354, 250, 458, 452, 14), _across(354, 458, Colour.hex("#3b2430")))
    b.fill(box(354, 434, 458, 441), _across(354, 458, GOLD))
    _gleam(b, 208, 324, 436, 6)
    _gleam(b, 370, 270, 430, 6)
    b.fill(spline([(70, 420), (120, 404), (160, 416), (150, 440), (96, 446)], 50, closed=True), rose, alpha=0.9, blur=1.2)


def _cushion(b: Brush) -> None:
    _ground(b, Colour.hex("#f2d9e2"))
    b.fill(ellipse(256, 196, 148, 148), Linear((108, 60), (404, 330), [(0, Colour.hex("#fff0f4")), (1, Colour.hex("#e4aebf"))]))
    b.fill(ellipse(256, 196, 128, 128), Linear((130, 80), (380, 320), [(0, Colour.hex("#f5fbff")), (0.5, Colour.hex("#c5d6e0")), (1, Colour.hex("#eef6fa"))]))
    b.line(np.array([[180, 250], [300, 110]], float), 22, WHITE, alpha=0.5, blur=5)
    b.fill(rounded_box(222, 336, 290, 356, 8), _across(222, 290, GOLD))
    b.fill(ellipse(256, 400, 164, 56), Linear((92, 0), (420, 0), [(0, Colour.hex("#dfa3b5")), (0.4, Colour.hex("#fdeaf0")), (1, Colour.hex("#d391a6"))]))
    b.fill(ellipse(256, 388, 158, 48), Linear((98, 0), (414, 0), [(0, Colour.hex("#fff6f8")), (1, Colour.hex("#ecc3cf"))]))
    b.fill(ellipse(256, 386, 118, 34), Radial((236, 378), 130, [(0, Colour.hex("#f9e2cd")), (1, Colour.hex("#e4bd9d"))]))
    rng = np.random.default_rng(4)
    for _ in range(130):
        a, r = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1))
        b.fill(ellipse(256 + 112 * r * np.cos(a), 386 + 30 * r * np.sin(a), 1.6, 1.1), Colour.hex("#c99d7d"), alpha=0.55)


def _tea(b: Brush) -> None:
    _ground(b, Colour.hex("#f3dcc3"))
    b.fill(rounded_box(70, 128, 282, 440, 12), Linear((70, 128), (282, 440), [(0, Colour.hex("#c8443b")), (1, Colour.hex("#8e2722"))]))
    b.fill(box(70, 168, 282, 176), GOLD)
    b.fill(box(70, 394, 282, 402), GOLD)
    b.fill(ellipse(176, 284, 66, 66), Colour.hex("#f9e9cf"))
    for k in range(8):
        a = k * np.pi / 4
        b.fill(ellipse(176 + 27 * np.cos(a), 284 + 27 * np.sin(a), 21, 9, a), Colour.hex("#e6b04a"), alpha=0.9)
    b.fill(ellipse(176, 284, 13, 13), Colour.hex("#b6732a"))
    glass = np.vstack([spline([(294, 262), (302, 360), (322, 444)], 30), spline([(432, 444), (452, 360), (460, 262)], 30)])
    b.fill(glass, Linear((0, 262), (0, 444), [(0, WHITE, 0.62), (1, Colour.hex("#f4e1c8"), 0.75)]))
    with b.clip(glass):
        b.fill(box(290, 300, 466, 450), Linear((0, 300), (0, 450), [(0, Colour.hex("#eaa548"), 0.85), (1, Colour.hex("#b4511f"), 0.92)]))
        rng = np.random.default_rng(6)
        for _ in range(9):
            x, y, a = rng.uniform(322, 432), rng.uniform(316, 436), rng.uniform(0, 3)
            b.fill(ellipse(x, y, 12, 6, a), Colour.hex("#d6342a"), alpha=0.95)
            b.fill(ellipse(x - 3, y - 2, 4, 1.8, a), WHITE, alpha=0.5)
    b.fill(ellipse(377, 302, 80, 14), Colour.hex("#f6c070"), alpha=0.85)
    b.line(ellipse(377, 262, 83, 15), 4, WHITE, alpha=0.9, closed=True)
    _gleam(b, 314, 290, 430, 6)
    for k in range(3):
        x = 350 + 27 * k
        b.stroke(spline([(x, 244), (x - 12, 208), (x + 10, 172), (x - 4, 128)], 40), 10, WHITE, alpha=0.62, blur=6, blend=SCREEN)


PRODUCTS: dict[str, Callable[[Brush], None]] = {
    "serum": _serum, "cream": _cream, "sunscreen": _sunscreen, "lipstick": _lipstick, "cushion": _cushion,
    "goji-tea": _tea,
}


def write(folder: Path) -> list[Path]:
    """Draw every product into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for name, paint in PRODUCTS.items():
        b = Brush((0, 0, SIDE, SIDE), SCALE)
        paint(b)
        small = cv2.resize(b.pixels()[..., :3], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        path = folder / f"{name}.png"
        Image.fromarray(np.asarray(small, np.uint8)).save(path, optimize=True)
        out.append(path)
    return out
