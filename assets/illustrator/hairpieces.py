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
