"""Body: neck, shoulders and clothes."""

from __future__ import annotations

import numpy as np

from assets.illustrator.brush import MULTIPLY, SOFT_LIGHT, Brush, Linear
from assets.illustrator.colour import WHITE, Colour
from assets.illustrator.curves import Points, ellipse, flip, spline, taper
from assets.illustrator.face import CX
from assets.illustrator.person import Person


def torso() -> Points:
    """Shoulders and chest down to the picture's edge."""
    half = spline([(CX + 62, 930), (CX + 118, 962), (CX + 206, 998), (CX + 280, 1040), (CX + 322, 1120), (CX + 338, 1280), (CX + 350, 1500), (CX + 372, 1760), (CX + 384, 1980)], 160)
    return np.vstack([half, flip(half, CX)[::-1]])


def paint_body(b: Brush, p: Person) -> None:
    """Skin of neck and shoulders, then clothes."""
    _neck(b, p)
    {"blouse": _blouse, "jacket": _jacket, "hanfu": _hanfu}[p.outfit](b, p)
    _jewels(b, p)


def _neck(b: Brush, p: Person) -> None:
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


def _folds(b: Brush, p: Person, lines: list[list[tuple[float, float]]], *, width: float = 26) -> None:
    dark = p.cloth.turn(saturation=1.5, value=0.80)
    for knots in lines:
        for side in (-1, 1):
            line = spline([(CX + side * x, y) for x, y in knots], 60)
            b.stroke(line, width, dark, alpha=0.42, blur=9, blend=MULTIPLY)
            b.stroke(line + np.array([side * 7.0, -5]), width * 0.45, WHITE, alpha=0.34, blur=5)


def _cloth(b: Brush, p: Person, shape: Points) -> None:
    b.fill(shape, Linear((CX - 300, 950), (CX + 260, 1900), [(0, p.cloth.light(0.25)), (0.5, p.cloth), (1, p.cloth.turn(saturation=1.25, value=0.86))]))
    with b.clip(shape):
        for side in (-1, 1):
            arm = spline([(CX + side * 236, 1230), (CX + side * 232, 1380), (CX + side * 246, 1600), (CX + side * 258, 1960)], 60)
            b.stroke(arm, 34, p.cloth.turn(saturation=1.8, value=0.62), alpha=0.62, blur=12, blend=MULTIPLY, profile=taper(0.15, 1, 0.8))
            b.stroke(arm + np.array([side * 16.0, 0]), 16, WHITE, alpha=0.4, blur=7)
            b.glow((CX + side * 362, 1400), 110, 480, p.cloth.turn(saturation=1.6, value=0.66), 0.7, blend=MULTIPLY)
            b.glow((CX + side * 235, 1040), 150, 66, WHITE, 0.42, blend=SOFT_LIGHT)
        b.glow((CX, 1700), 260, 300, p.cloth.turn(saturation=1.4, value=0.8), 0.34, blend=MULTIPLY)


def _blouse(b: Brush, p: Person) -> None:
    shape = torso()
    opening = spline([(CX, 1236), (CX + 66, 1090), (CX + 98, 962), (CX, 900), (CX - 98, 962), (CX - 66, 1090)], 120, closed=True)
    with b.clip(opening, outside=True):
        _cloth(b, p, shape)
        with b.clip(shape):
            _folds(b, p, [
                [(300, 1090), (262, 1180), (240, 1300)], [(90, 1250), (120, 1420), (104, 1640)],
                [(330, 1290), (290, 1400), (300, 1560)], [(196, 1080), (170, 1200), (180, 1330)], [(220, 1480), (190, 1640), (210, 1840)],
            ])
    dark = p.cloth.turn(saturation=1.7, value=0.72)
    for side in (-1, 1):
        collar = np.vstack([
            spline([(CX + side * 84, 912), (CX + side * 112, 960), (CX + side * 92, 1072), (CX + side * 8, 1240)], 60),
            spline([(CX + side * 40, 1236), (CX + side * 158, 1150), (CX + side * 206, 1066), (CX + side * 168, 1004), (CX + side * 106, 926)], 60),
        ])
        b.fill(collar + np.array([side * 4.0, 12]), dark, alpha=0.5, blur=10, blend=MULTIPLY)
        b.fill(collar, Linear((CX + side * 60, 930), (CX + side * 200, 1200), [(0, p.cloth.light(0.5)), (0.55, p.cloth.light(0.15)), (1, p.cloth.turn(saturation=1.3, value=0.93))]))
        b.line(collar, 1.8, dark, closed=True, alpha=0.5, blur=0.6)
        seam = spline([(CX + side * 50, 1222), (CX + side * 152, 1142), (CX + side * 194, 1064), (CX + side * 160, 1010)], 50)
        b.line(seam, 1.3, p.trim, alpha=0.75)
    b.line(np.array([[CX, 1238], [CX + 4, 1500], [CX + 2, 1920]], float), 3, dark, alpha=0.55, blur=0.8)
    b.line(np.array([[CX + 20, 1240], [CX + 24, 1500], [CX + 22, 1920]], float), 1.6, dark, alpha=0.35, blur=0.6)
    for y in (1300, 1420, 1540, 1660, 1780):
        b.fill(ellipse(CX + 11, y + 3, 9.5, 9.5), dark, alpha=0.5, blur=3)
        b.fill(ellipse(CX + 11, y, 8.6, 8.6), Linear((CX, y - 9), (CX + 10, y + 9), [(0, WHITE), (1, p.trim)]))
        b.fill(ellipse(CX + 8.5, y - 3, 2.4, 2.4), WHITE)


def _jacket(b: Brush, p: Person) -> None:
    shape = torso()
    inner = spline([(CX, 1330), (CX + 90, 1120), (CX + 118, 992), (CX + 70, 1050), (CX, 1072), (CX - 70, 1050), (CX - 118, 992), (CX - 90, 1120)], 140, closed=True)
    opening = spline([(CX, 1078), (CX + 70, 1052), (CX + 120, 985), (CX + 90, 930), (CX, 880), (CX - 90, 930), (CX - 120, 985), (CX - 70, 1052)], 120, closed=True)
    with b.clip(opening, outside=True):
        _cloth(b, p, shape)
        b.fill(inner, Linear((CX, 1040), (CX, 1330), [(0, p.trim), (1, p.trim.dark(0.08))]))
        b.line(inner, 1.6, p.cloth.turn(saturation=1.8, value=0.7), closed=True, alpha=0.5)
        with b.clip(shape):
            _folds(b, p, [[(300, 1090), (266, 1190), (250, 1330)], [(120, 1350), (150, 1500), (130, 1700)], [(330, 1290), (290, 1420), (310, 1600)]])
    dark = p.cloth.turn(saturation=1.8, value=0.66)
    for side in (-1, 1):
        lapel = np.vstack([
            spline([(CX + side * 112, 968), (CX + side * 110, 1080), (CX + side * 62, 1230), (CX, 1376)], 60),
            spline([(CX + side * 34, 1392), (CX + side * 160, 1260), (CX + side * 196, 1140), (CX + side * 240, 1120), (CX + side * 206, 1050), (CX + side * 150, 978)], 70),
        ])
        b.fill(lapel + np.array([side * 4.0, 12]), dark, alpha=0.55, blur=10, blend=MULTIPLY)
        b.fill(lapel, Linear((CX + side * 60, 980), (CX + side * 210, 1330), [(0, p.cloth.light(0.4)), (0.6, p.cloth.light(0.1)), (1, p.cloth.turn(saturation=1.2, value=0.93))]))
        b.line(lapel, 1.8, dark, closed=True, alpha=0.5, blur=0.6)
    b.line(np.array([[CX, 1378], [CX + 6, 1600], [CX + 2, 1920]], float), 3, dark, alpha=0.6, blur=0.8)
    b.fill(ellipse(CX + 16, 1450, 15, 15), Linear((CX, 1436), (CX + 26, 1464), [(0, p.trim), (1, Colour.hex("#d8a24e"))]))


def _hanfu(b: Brush, p: Person) -> None:
    shape = torso()
    opening = spline([(CX, 1150), (CX + 60, 1050), (CX + 104, 956), (CX, 890), (CX - 104, 956), (CX - 60, 1050)], 120, closed=True)
    with b.clip(opening, outside=True):
        _cloth(b, p, shape)
        with b.clip(shape):
            _folds(b, p, [[(300, 1090), (264, 1190), (246, 1330)], [(170, 1270), (150, 1450), (170, 1700)], [(330, 1300), (300, 1440), (316, 1620)]])
            _pattern(b, p)
    deep = p.cloth.dark(0.55)
    for side in (1, -1):
        band = np.vstack([
            spline([(CX + side * 92, 914), (CX + side * 116, 962), (CX + side * 60, 1080), (CX - side * 60, 1262)], 60),
            spline([(CX - side * 18, 1300), (CX + side * 112, 1130), (CX + side * 172, 1016), (CX + side * 116, 930)], 60),
        ])
        b.fill(band + np.array([0, 12.0]), deep, alpha=0.5, blur=10, blend=MULTIPLY)
        b.fill(band, Linear((CX + side * 100, 920), (CX - side * 40, 1290), [(0, p.trim.light(0.45)), (0.5, p.trim), (1, p.trim.dark(0.22))]))
        b.line(band, 2.2, p.trim.dark(0.5), closed=True, alpha=0.6)
        for k in range(7):
            t = (k + 0.5) / 7
            x, y = CX + side * (126 - 160 * t), 972 + 292 * t
            for a in range(4):
                th = a * np.pi / 2 + 0.4
                b.fill(ellipse(x + 6 * np.cos(th), y + 6 * np.sin(th), 5.6, 3.6, th), p.cloth.dark(0.1), alpha=0.8)
    sash = np.array([[CX - 420, 1372], [CX + 420, 1372], [CX + 420, 1484], [CX - 420, 1484]], float)
    with b.clip(shape):
        b.fill(sash, Linear((CX, 1372), (CX, 1484), [(0, Colour.hex("#2f5d50")), (0.5, Colour.hex("#3f7a68")), (1, Colour.hex("#22463c"))]))
        for y in (1378, 1478):
            b.line(np.array([[CX - 420, y], [CX + 420, y]], float), 5, p.trim)


def _pattern(b: Brush, p: Person) -> None:
    rng = np.random.default_rng(9)
    for row in range(9):
        for col in range(-4, 5):
            x, y = CX + col * 92 + (row % 2) * 46 + rng.uniform(-4, 4), 1040 + row * 84
            for k in range(5):
                a = k * 2 * np.pi / 5 + row
                b.fill(ellipse(x + 9 * np.cos(a), y + 9 * np.sin(a), 8, 5, a), p.trim, alpha=0.34)
            b.fill(ellipse(x, y, 3.6, 3.6), p.trim.light(0.4), alpha=0.6)


def _jewels(b: Brush, p: Person) -> None:
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
