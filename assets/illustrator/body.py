"""Body: silhouettes, neck and jewels; what is worn over it is in `outfits`."""

from __future__ import annotations

import numpy as np

from assets.illustrator.brush import MULTIPLY, Brush, Linear
from assets.illustrator.colour import WHITE, Colour
from assets.illustrator.curves import Points, ellipse, flip, spline, taper
from assets.illustrator.face import CX
from assets.illustrator.person import Person


def robe() -> Points:
    """A garment with wide sleeves: shoulders down to the picture's edge in one fall."""
    half = spline([(CX + 62, 930), (CX + 118, 962), (CX + 206, 998), (CX + 280, 1040), (CX + 322, 1120), (CX + 338, 1280), (CX + 350, 1500), (CX + 372, 1760), (CX + 384, 1980)], 160)
    return np.vstack([half, flip(half, CX)[::-1]])


def trunk() -> Points:
    """Shoulders, chest, waist and hips."""
    half = spline([(CX + 62, 930), (CX + 118, 960), (CX + 200, 994), (CX + 268, 1030), (CX + 276, 1110), (CX + 252, 1210), (CX + 238, 1290), (CX + 214, 1400), (CX + 204, 1490), (CX + 222, 1600), (CX + 262, 1740), (CX + 290, 1980)], 160)
    return np.vstack([half, flip(half, CX)[::-1]])


def sleeve(side: int) -> Points:
    """One arm: down to the elbow and inwards, where the table hides the hand."""
    outer = [(196, 990), (264, 1016), (318, 1078), (342, 1180), (354, 1310), (356, 1440), (336, 1550), (262, 1650), (130, 1740), (60, 1800)]
    inner = [(40, 1720), (140, 1640), (226, 1560), (266, 1470), (270, 1370), (258, 1260), (240, 1160), (226, 1090), (206, 1030)]
    edge = np.vstack([spline([(CX + side * x, y) for x, y in outer], 110), spline([(CX + side * x, y) for x, y in inner], 110)])
    return edge


def paint_neck(b: Brush, p: Person) -> None:
    """Neck and the skin that an open collar shows."""
    shade = p.skin.turn(hue=-0.012, saturation=1.8, value=0.86)
    half = spline([(CX + 74, 720), (CX + 70, 830), (CX + 76, 900), (CX + 120, 950), (CX + 230, 1010), (CX + 260, 1180), (CX, 1260)], 120)
    shape = np.vstack([half, flip(half, CX)[::-1]])
    b.fill(shape, Linear((CX, 800), (CX, 1200), [(0, p.skin.dark(0.05)), (0.5, p.skin), (1, p.skin)]))
    with b.clip(shape):
        b.glow((CX, 866), 150, 92, shade, 0.95, blend=MULTIPLY)
        b.glow((CX, 858), 112, 56, shade.dark(0.1), 0.75, blend=MULTIPLY)
        for side in (-1, 1):
            b.glow((CX + side * 86, 880), 36, 110, shade, 0.7, blend=MULTIPLY)
            b.stroke(spline([(CX + side * 16, 986), (CX + side * 70, 972), (CX + side * 150, 990), (CX + side * 210, 1010)], 60), 9, shade.dark(0.1), alpha=0.42, blur=4)
            b.stroke(spline([(CX + side * 14, 976), (CX + side * 70, 961), (CX + side * 150, 978)], 60), 6, WHITE, alpha=0.32, blur=4)
        b.glow((CX, 1000), 15, 20, shade, 0.5, blend=MULTIPLY)


def paint_jewels(b: Brush, p: Person) -> None:
    """What hangs around the neck."""
    if p.ornament == "gold":
        y0 = 1010
        line = spline([(CX - 86, 960), (CX - 44, y0), (CX, y0 + 22), (CX + 44, y0), (CX + 86, 960)], 60)
        b.line(line, 3, p.trim)
        b.fill(ellipse(CX, y0 + 34, 12, 14), Linear((CX, y0 + 20), (CX, y0 + 48), [(0, Colour.hex("#bff0d4")), (1, Colour.hex("#3c8f68"))]))
        return
    line = spline([(CX - 84, 952), (CX - 46, 1012), (CX, 1040), (CX + 46, 1012), (CX + 84, 952)], 80)
    b.line(line, 1.8, Colour.hex("#d9b27a"), alpha=0.95)
    b.fill(ellipse(CX, 1049, 9, 9), Linear((CX - 6, 1040), (CX + 6, 1058), [(0, WHITE), (1, Colour.hex("#e6d3c4"))]))
    b.fill(ellipse(CX - 3, 1046, 2.6, 2.6), WHITE)


def paint_earrings(b: Brush, p: Person) -> None:
    """What shows between the locks and the jaw."""
    for side in (-1, 1):
        x, y = CX + side * 158, 716
        if p.ornament == "pearl":
            b.fill(ellipse(x, y, 8, 8), Linear((x - 5, y - 7), (x + 5, y + 7), [(0, WHITE), (1, Colour.hex("#e2cdbd"))]))
            b.fill(ellipse(x - 2.6, y - 2.6, 2.4, 2.4), WHITE)
        else:
            gold = Colour.hex("#e3b261")
            b.stroke(np.array([[x, y - 14], [x, y + 4], [x, y + 22]], float), 2.4, gold, profile=taper(1, 1, 0.5))
            b.fill(spline([(x, y + 14), (x + 9, y + 34), (x, y + 44), (x - 9, y + 34)], 30, closed=True), Linear((x, y + 14), (x, y + 44), [(0, gold.light(0.6)), (1, p.lip)]))
