"""Outfits: what presenters wear."""

from __future__ import annotations

import numpy as np

from assets.illustrator.body import paint_jewels, paint_neck, robe, sleeve, trunk
from assets.illustrator.brush import MULTIPLY, SCREEN, SOFT_LIGHT, Brush, Linear
from assets.illustrator.colour import WHITE, Colour
from assets.illustrator.curves import Points, ellipse, rounded_box, spline, taper
from assets.illustrator.face import CX
from assets.illustrator.person import Person

Knots = list[list[tuple[float, float]]]


def paint_body(b: Brush, p: Person) -> None:
    """Skin of neck and shoulders, then clothes."""
    paint_neck(b, p)
    {"blouse": _blouse, "jacket": _jacket, "hanfu": _hanfu, "sweater": _sweater, "qipao": _qipao}[p.outfit](b, p)
    if p.outfit not in ("sweater", "qipao"):
        paint_jewels(b, p)


def _folds(b: Brush, p: Person, lines: Knots, *, width: float = 26, sides: tuple[int, ...] = (-1, 1)) -> None:
    dark = p.cloth.turn(saturation=1.5, value=0.80)
    for knots in lines:
        for side in sides:
            line = spline([(CX + side * x, y) for x, y in knots], 60)
            b.stroke(line, width, dark, alpha=0.42, blur=9, blend=MULTIPLY)
            b.stroke(line + np.array([side * 7.0, -5]), width * 0.45, WHITE, alpha=0.34, blur=5)


def _ink(p: Person) -> Linear:
    return Linear((CX - 300, 950), (CX + 260, 1900), [(0, p.cloth.light(0.22)), (0.5, p.cloth), (1, p.cloth.turn(saturation=1.25, value=0.86))])


def _robe(b: Brush, p: Person, shape: Points) -> None:
    b.fill(shape, _ink(p))
    with b.clip(shape):
        for side in (-1, 1):
            arm = spline([(CX + side * 236, 1230), (CX + side * 232, 1380), (CX + side * 246, 1600), (CX + side * 258, 1960)], 60)
            b.stroke(arm, 34, p.cloth.turn(saturation=1.8, value=0.62), alpha=0.62, blur=12, blend=MULTIPLY, profile=taper(0.15, 1, 0.8))
            b.stroke(arm + np.array([side * 16.0, 0]), 16, WHITE, alpha=0.4, blur=7)
            b.glow((CX + side * 362, 1400), 110, 480, p.cloth.turn(saturation=1.6, value=0.66), 0.7, blend=MULTIPLY)
            b.glow((CX + side * 235, 1040), 150, 66, WHITE, 0.42, blend=SOFT_LIGHT)
        b.glow((CX, 1700), 260, 300, p.cloth.turn(saturation=1.4, value=0.8), 0.34, blend=MULTIPLY)


def _fitted(b: Brush, p: Person) -> None:
    """Trunk with its modelling: chest, waist and the shadow that the arms throw."""
    shape, dark = trunk(), p.cloth.turn(saturation=1.6, value=0.72)
    b.fill(shape, _ink(p))
    with b.clip(shape):
        for side in (-1, 1):
            b.glow((CX + side * 262, 1330), 74, 330, dark, 0.62, blend=MULTIPLY)
            b.glow((CX + side * 112, 1306), 130, 56, dark, 0.22, blend=MULTIPLY)
            b.glow((CX + side * 112, 1196), 96, 90, WHITE, 0.34, blend=SOFT_LIGHT)
            b.glow((CX + side * 232, 1512), 80, 150, dark, 0.46, blend=MULTIPLY)
        b.glow((CX, 1650), 250, 260, dark, 0.30, blend=MULTIPLY)
        _folds(b, p, [[(206, 1176), (150, 1236), (96, 1264)], [(214, 1400), (150, 1436), (90, 1440)], [(216, 1470), (140, 1508), (60, 1516)], [(110, 1330), (92, 1450), (104, 1640)]], width=17)


def _sleeves(b: Brush, p: Person) -> None:
    dark = p.cloth.turn(saturation=1.7, value=0.68)
    for side in (-1, 1):
        shape = sleeve(side)
        b.fill(shape + np.array([-side * 9.0, 12]), dark, alpha=0.42, blur=11, blend=MULTIPLY)
        b.fill(shape, Linear((CX + side * 210, 1000), (CX + side * 380, 1540), [(0, p.cloth.light(0.26)), (0.45, p.cloth), (1, p.cloth.turn(saturation=1.2, value=0.88))]))
        with b.clip(shape):
            b.stroke(spline([(CX + side * 262, 1120), (CX + side * 262, 1260), (CX + side * 276, 1400), (CX + side * 262, 1520)], 60), 46, dark, alpha=0.55, blur=13, blend=MULTIPLY)
            b.stroke(spline([(CX + side * 352, 1150), (CX + side * 366, 1330), (CX + side * 362, 1490)], 50), 34, dark, alpha=0.62, blur=11, blend=MULTIPLY)
            b.stroke(spline([(CX + side * 250, 1030), (CX + side * 300, 1100), (CX + side * 318, 1230), (CX + side * 322, 1400)], 60), 30, WHITE, alpha=0.36, blur=11)
            for x0, y0, x1, y1 in ((262, 1430, 344, 1404), (262, 1468, 346, 1470), (258, 1392, 330, 1352), (252, 1250, 322, 1216)):
                fold = spline([(CX + side * x0, y0), (CX + side * (x0 + x1) / 2, (y0 + y1) / 2 + 9), (CX + side * x1, y1)], 30)
                b.stroke(fold, 13, dark, alpha=0.42, blur=5, blend=MULTIPLY)
                b.stroke(fold + np.array([0, -7.0]), 7, WHITE, alpha=0.28, blur=4)
            b.glow((CX + side * 200, 1640), 170, 90, dark, 0.7, blend=MULTIPLY)
        seam = spline([(CX + side * 206, 1000), (CX + side * 236, 1076), (CX + side * 250, 1160)], 40)
        b.stroke(seam, 4, dark, alpha=0.45, blur=1.6)


def _sweater(b: Brush, p: Person) -> None:
    """A knitted pullover with a round neck."""
    dark = p.cloth.turn(saturation=1.6, value=0.74)
    neck = spline([(CX - 112, 948), (CX - 84, 1016), (CX, 1052), (CX + 84, 1016), (CX + 112, 948), (CX, 880)], 120, closed=True)
    with b.clip(neck, outside=True):
        _fitted(b, p)
        _sleeves(b, p)
        with b.clip(np.vstack([trunk()])):
            for k in range(-15, 16):
                x = CX + k * 18
                b.line(spline([(x, 1000), (x + k * 0.6, 1250), (x - k * 1.6, 1480), (x + k, 1900)], 40), 2.0, dark, alpha=0.20, blur=0.8)
    for width, ink, alpha in ((34, p.cloth.turn(saturation=1.15, value=0.95), 1.0), (3, dark, 0.4)):
        rim = spline([(CX - 116, 952), (CX - 90, 1020), (CX, 1064), (CX + 90, 1020), (CX + 116, 952)], 90)
        b.line(rim + np.array([0, 0.0 if width > 9 else 17.0]), width, ink, alpha=alpha)
    for k in range(30):
        t = (k + 0.5) / 30
        at = spline([(CX - 116, 952), (CX - 90, 1020), (CX, 1064), (CX + 90, 1020), (CX + 116, 952)], 90)[int(t * 89)]
        b.line(np.array([at + np.array([0, -13.0]), at + np.array([0, 13.0])]), 2.0, dark, alpha=0.32)
    b.stroke(spline([(CX - 100, 970), (CX - 76, 1012), (CX, 1044), (CX + 76, 1012), (CX + 100, 970)], 60), 10, p.skin.turn(saturation=1.8, value=0.8), alpha=0.5, blur=5, blend=MULTIPLY)


def _qipao(b: Brush, p: Person) -> None:
    """A standing collar and a slanted opening with knots, in silk."""
    dark, gold = p.cloth.turn(saturation=1.5, value=0.62), p.trim
    _fitted(b, p)
    _sleeves(b, p)
    for silhouette in (trunk(), sleeve(-1), sleeve(1)):
        with b.clip(silhouette):
            _pattern(b, p, alpha=0.30)
            b.glow((CX - 60, 1180), 210, 300, WHITE, 0.16, blend=SCREEN)
    collar = np.vstack([
        spline([(CX - 96, 880), (CX - 60, 908), (CX, 922), (CX + 60, 908), (CX + 96, 880)], 50),
        spline([(CX + 124, 968), (CX + 64, 1000), (CX, 1014), (CX - 64, 1000), (CX - 124, 968)], 50),
    ])
    b.fill(collar + np.array([0, 9.0]), dark, alpha=0.5, blur=8, blend=MULTIPLY)
    b.fill(collar, Linear((CX - 120, 900), (CX + 120, 990), [(0, p.cloth.light(0.2)), (0.5, p.cloth), (1, p.cloth.dark(0.14))]))
    b.line(collar, 5, gold, closed=True, alpha=0.95)
    b.line(np.array([[CX, 922], [CX, 1012]], float), 3, dark, alpha=0.7)
    slant = spline([(CX, 1014), (CX + 70, 1060), (CX + 168, 1098), (CX + 236, 1150)], 60)
    b.stroke(slant + np.array([0, 8.0]), 14, dark, alpha=0.5, blur=6, blend=MULTIPLY, profile=taper(0.8, 0.6, 0.5))
    b.line(slant, 7, gold)
    b.line(slant + np.array([0, 1.5]), 2, gold.dark(0.4), alpha=0.6)
    for x, y in ((CX, 966), (CX + 52, 1048), (CX + 150, 1092)):
        for way in (-1, 1):
            b.line(np.array([[x, y], [x + way * 24, y + way * 5]]), 5, gold)
        b.fill(ellipse(x, y, 9, 9), Linear((x - 6, y - 8), (x + 6, y + 8), [(0, gold.light(0.5)), (1, gold.dark(0.3))]))


def _blouse(b: Brush, p: Person) -> None:
    opening = spline([(CX, 1236), (CX + 66, 1090), (CX + 98, 962), (CX, 900), (CX - 98, 962), (CX - 66, 1090)], 120, closed=True)
    with b.clip(opening, outside=True):
        _fitted(b, p)
        _sleeves(b, p)
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
    inner = spline([(CX, 1330), (CX + 90, 1120), (CX + 118, 992), (CX + 70, 1050), (CX, 1072), (CX - 70, 1050), (CX - 118, 992), (CX - 90, 1120)], 140, closed=True)
    opening = spline([(CX, 1078), (CX + 70, 1052), (CX + 120, 985), (CX + 90, 930), (CX, 880), (CX - 90, 930), (CX - 120, 985), (CX - 70, 1052)], 120, closed=True)
    with b.clip(opening, outside=True):
        _fitted(b, p)
        b.fill(inner, Linear((CX, 1040), (CX, 1330), [(0, p.trim), (1, p.trim.dark(0.08))]))
        b.line(inner, 1.6, p.cloth.turn(saturation=1.8, value=0.7), closed=True, alpha=0.5)
        _sleeves(b, p)
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
    shape = robe()
    opening = spline([(CX, 1150), (CX + 60, 1050), (CX + 104, 956), (CX, 890), (CX - 104, 956), (CX - 60, 1050)], 120, closed=True)
    with b.clip(opening, outside=True):
        _robe(b, p, shape)
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
    sash = np.vstack([spline([(CX - 238, 1366), (CX, 1380), (CX + 238, 1366)], 30), spline([(CX + 232, 1476), (CX, 1494), (CX - 232, 1476)], 30)])
    b.fill(sash + np.array([0, 10.0]), deep, alpha=0.5, blur=9, blend=MULTIPLY)
    with b.clip(sash):
        b.fill(sash, Linear((CX, 1372), (CX, 1484), [(0, p.sash.dark(0.24)), (0.5, p.sash), (1, p.sash.dark(0.42))]))
        for side in (-1, 1):
            b.glow((CX + side * 240, 1430), 90, 120, p.sash.dark(0.7), 0.6, blend=MULTIPLY)
    for edge in (sash[:30], sash[30:]):
        b.line(edge, 5, p.trim)
    knot = rounded_box(CX - 34, 1392, CX + 34, 1484, 14)
    b.fill(knot + np.array([0, 6.0]), p.sash.dark(0.6), alpha=0.5, blur=5)
    b.fill(knot, Linear((CX - 30, 1392), (CX + 30, 1484), [(0, p.sash.light(0.3)), (1, p.sash.dark(0.2))]))
    for side in (-1, 1):
        tail = spline([(CX + side * 12, 1480), (CX + side * 26, 1570), (CX + side * 18, 1700)], 30)
        b.stroke(tail, 34, p.sash.dark(0.08), profile=taper(0.7, 0.9, 0.7))
        b.stroke(tail, 5, p.trim, alpha=0.8, profile=taper(1, 1, 0.5))


def _pattern(b: Brush, p: Person, alpha: float = 0.34) -> None:
    """Small flowers woven into the cloth."""
    rng = np.random.default_rng(9)
    for row in range(9):
        for col in range(-4, 5):
            x, y = CX + col * 92 + (row % 2) * 46 + rng.uniform(-4, 4), 1040 + row * 84
            for k in range(5):
                a = k * 2 * np.pi / 5 + row
                b.fill(ellipse(x + 9 * np.cos(a), y + 9 * np.sin(a), 8, 5, a), p.trim, alpha=alpha)
            b.fill(ellipse(x, y, 3.6, 3.6), p.trim.light(0.4), alpha=alpha * 1.7)
