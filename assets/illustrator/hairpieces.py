"""Hairpieces: comb, flowers, band and pin."""

from __future__ import annotations

import numpy as np

from assets.illustrator.brush import MULTIPLY, Brush, Linear
from assets.illustrator.colour import WHITE, Colour
from assets.illustrator.curves import ellipse, spline, taper
from assets.illustrator.face import CX
from assets.illustrator.person import Person


def paint_hairpiece(b: Brush, p: Person) -> None:
    """What this person wears in the hair, if anything."""
    if p.hairpiece == "comb":
        _comb(b, p)
        _blossoms(b, p)
    elif p.hairpiece == "band":
        _band(b, p)
    elif p.hairpiece == "flower":
        _flower(b, CX + 158, 404, 1.5, Colour.hex("#fff0ee"), p.blush, p.trim)
        _flower(b, CX + 182, 462, 1.0, Colour.hex("#fff6f0"), p.blush.light(0.3), p.trim)
    elif p.hairpiece == "pin":
        _pin(b, p)
    elif p.hairpiece == "bow":
        _bow(b, p)
    elif p.hairpiece == "stars":
        _stars(b, p)
    elif p.hairpiece == "crown":
        _crown(b, p)
        _blossoms(b, p)


def _bow(b: Brush, p: Person) -> None:
    """A soft towelling band with a bow, as worn when washing the face."""
    white, shade = Colour.hex("#fdfaf6"), Colour.hex("#d9c9bd")
    arc = spline([(CX - 186, 470), (CX - 168, 392), (CX - 98, 330), (CX, 312), (CX + 98, 330), (CX + 168, 392), (CX + 186, 470)], 120)
    b.line(arc + np.array([0, 10.0]), 52, p.hair.dark(0.6), alpha=0.4, blur=7, blend=MULTIPLY)
    b.line(arc, 50, white)
    b.line(arc + np.array([0, 13.0]), 16, shade, alpha=0.45, blur=6)
    for side in (-1, 1):
        loop = spline([(CX + side * 8, 300), (CX + side * 62, 244), (CX + side * 112, 262), (CX + side * 100, 316), (CX + side * 50, 326)], 60, closed=True)
        b.fill(loop + np.array([0, 8.0]), p.hair.dark(0.6), alpha=0.35, blur=6, blend=MULTIPLY)
        b.fill(loop, Linear((CX + side * 60, 244), (CX + side * 60, 330), [(0, white), (1, shade)]))
        b.stroke(spline([(CX + side * 14, 300), (CX + side * 48, 292), (CX + side * 84, 286)], 30), 8, shade, alpha=0.6, blur=3)
    b.fill(ellipse(CX, 300, 25, 22), Linear((CX, 278), (CX, 322), [(0, white), (1, shade)]))


def _stars(b: Brush, p: Person) -> None:
    """Star clips over one temple, and three stones under each eye."""
    for cx, cy, r in ((CX + 150, 396, 34), (CX + 182, 452, 24), (CX + 116, 352, 20)):
        points = [(cx + (r if k % 2 == 0 else 0.45 * r) * np.sin(k * np.pi / 5), cy - (r if k % 2 == 0 else 0.45 * r) * np.cos(k * np.pi / 5)) for k in range(10)]
        star = np.array(points)
        b.fill(star + np.array([3.0, 6.0]), p.hair.dark(0.6), alpha=0.5, blur=4)
        b.fill(star, Linear((cx - r, cy - r), (cx + r, cy + r), [(0, Colour.hex("#fff6d8")), (0.5, Colour.hex("#ffd36b")), (1, Colour.hex("#e39a2e"))]))
        b.line(star, 2, Colour.hex("#fffbe9"), closed=True, alpha=0.8)
    for side in (-1, 1):
        for k in range(3):
            x, y = CX + side * (86 + 20 * k), 628 - 3 * k
            b.fill(ellipse(x, y, 5.4 - 0.6 * k, 5.4 - 0.6 * k), Linear((x - 5, y - 5), (x + 5, y + 5), [(0, WHITE), (0.5, Colour.hex("#ffb7dc")), (1, Colour.hex("#d861a8"))]))


def _crown(b: Brush, p: Person) -> None:
    """A phoenix crown: five plumes of gold with stones, and strings of pearls to the brows' height."""
    gold, deep = Colour.hex("#f0c258"), Colour.hex("#9a6a1e")
    for k in (-2, 2, -1, 1, 0):
        x, top = CX + k * 58, 214 + 26 * abs(k) - (10 if k == 0 else 0)
        plume = spline([(x * 0.4 + CX * 0.6, 330), (x - 34, 284), (x - 15, top + 22), (x, top), (x + 15, top + 22), (x + 34, 284)], 70, closed=True)
        b.fill(plume + np.array([0, 7.0]), p.hair.dark(0.6), alpha=0.45, blur=6, blend=MULTIPLY)
        b.fill(plume, Linear((x, top), (x, 330), [(0, gold.light(0.5)), (0.5, gold), (1, deep)]))
        b.line(plume, 2, deep, closed=True, alpha=0.8)
        stone = Colour.hex("#3f9a86") if k % 2 else Colour.hex("#c8242f")
        b.fill(ellipse(x, top + 48, 11, 15), Linear((x - 8, top + 34), (x + 8, top + 62), [(0, stone.light(0.6)), (1, stone.dark(0.2))]))
    rim = spline([(CX - 158, 372), (CX - 84, 330), (CX, 318), (CX + 84, 330), (CX + 158, 372)], 80)
    b.line(rim, 17, deep)
    b.line(rim + np.array([0, -2.0]), 11, gold)
    for k in range(-3, 4):
        x, y = CX + k * 40, 342 + 3.0 * k * k
        for n in range(3 if k else 4):
            b.fill(ellipse(x, y + 13 * n, 5.2, 5.2), Linear((x - 4, y + 13 * n - 4), (x + 4, y + 13 * n + 4), [(0, WHITE), (1, Colour.hex("#dcc8b4"))]))


def _band(b: Brush, p: Person) -> None:
    """A satin band over the crown."""
    arc = spline([(CX - 192, 470), (CX - 168, 376), (CX - 96, 312), (CX, 294), (CX + 96, 312), (CX + 168, 376), (CX + 192, 470)], 120)
    b.line(arc + np.array([0, 8.0]), 30, p.hair.dark(0.6), alpha=0.35, blur=6, blend=MULTIPLY)
    b.line(arc, 26, p.accent.dark(0.06))
    b.line(arc + np.array([0, -5.0]), 7, WHITE, alpha=0.35, blur=3)


def _pin(b: Brush, p: Person) -> None:
    """A long pin with a jade drop."""
    gold = Colour.hex("#dcae58")
    rod = np.array([[CX - 196, 388], [CX - 96, 336]], float)
    b.line(rod + np.array([3.0, 5.0]), 9, p.hair.dark(0.6), alpha=0.4, blur=3)
    b.stroke(np.linspace(rod[0], rod[1], 20), 10, gold, profile=taper(1, 0.5, 0.2))
    b.fill(ellipse(CX - 196, 388, 15, 15), Linear((CX - 208, 376), (CX - 184, 400), [(0, Colour.hex("#d3f3e0")), (1, Colour.hex("#4f9f7c"))]))
    for k in range(4):
        b.fill(ellipse(CX - 200, 416 + k * 17, 5.0 - 0.5 * k, 6.5), gold.light(0.2))
    b.fill(spline([(CX - 200, 476), (CX - 191, 498), (CX - 200, 512), (CX - 209, 498)], 30, closed=True), Linear((CX - 209, 476), (CX - 191, 512), [(0, Colour.hex("#d3f3e0")), (1, Colour.hex("#4f9f7c"))]))


def _flower(b: Brush, cx: float, cy: float, size: float, light: Colour, deep: Colour, heart: Colour) -> None:
    for k in range(6):
        a = k * np.pi / 3
        b.fill(ellipse(cx + 17 * size * np.cos(a), cy + 17 * size * np.sin(a), 14 * size, 10 * size, a), Linear((cx, cy - 30 * size), (cx, cy + 30 * size), [(0, light), (1, deep)]))
    b.fill(ellipse(cx, cy, 8 * size, 8 * size), heart)


def _comb(b: Brush, p: Person) -> None:
    gold, deep = p.trim, p.trim.dark(0.35)
    comb = spline([(CX - 92, 322), (CX - 50, 292), (CX, 282), (CX + 50, 292), (CX + 92, 322), (CX + 52, 322), (CX, 314), (CX - 52, 322)], 90, closed=True)
    b.fill(comb, Linear((CX, 280), (CX, 326), [(0, gold.light(0.5)), (0.5, gold), (1, deep)]))
    b.line(comb, 1.6, deep, closed=True, alpha=0.8)
    for k in range(5):
        x, y = CX + (k - 2) * 34, 306 + abs(k - 2) * 5
        b.fill(ellipse(x, y, 6, 6), Linear((x, y - 6), (x, y + 6), [(0, Colour.hex("#ff8d7d")), (1, Colour.hex("#a31621"))]))
        b.fill(ellipse(x - 2, y - 2, 1.8, 1.8), Colour.hex("#fff2ee"), alpha=0.9)


def _blossoms(b: Brush, p: Person) -> None:
    """A flower over each temple, with tassels."""
    gold, deep = p.trim, p.trim.dark(0.35)
    for side in (-1, 1):
        cx, cy = CX + side * 146, 372
        _flower(b, cx, cy, 1.0, Colour.hex("#ffe9e4"), Colour.hex("#e0655f"), gold)
        for k in range(3):
            x = cx + side * (8 + k * 11)
            y1 = cy + 74 + 24 * k
            b.line(np.array([[x, cy + 14], [x + side * 2, y1]]), 2.0, gold.light(0.1))
            b.fill(ellipse(x + side * 2, y1 + 6, 4.6, 7.5), Linear((x, y1), (x, y1 + 14), [(0, gold.light(0.5)), (1, deep)]))
