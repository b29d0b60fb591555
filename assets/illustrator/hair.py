"""Hair: behind the head and before it, in strands. What is worn in it is in `hairpieces`."""

from __future__ import annotations

import numpy as np

from assets.illustrator.brush import MULTIPLY, SCREEN, Brush, Linear
from assets.illustrator.curves import Points, ellipse, flip, spline, taper
from assets.illustrator.face import CX
from assets.illustrator.hairpieces import paint_hairpiece
from assets.illustrator.person import Person

LOOSE = ("long", "wavy")
TIED = ("bun", "ponytail", "chignon")
"""Styles that leave the ears free."""


def _strands(
    b: Brush, outer: Points, inner: Points, p: Person, n: int, seed: int, *, width: float = 7.0, shine: float = 0.0
) -> None:
    """Fill between two edges of equal length with fine strands; a band of light lies at `shine` of the length."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        t = (k + rng.uniform(0, 0.9)) / n
        line = outer + (inner - outer) * t
        line = line + np.sin(np.linspace(0, np.pi * rng.uniform(1.2, 2.6), len(line)) + rng.uniform(0, 6))[:, None] * rng.uniform(-2.5, 2.5)
        dark = rng.random() < 0.5
        colour = p.hair.dark(0.42) if dark else p.hair.mix(p.hair_light, rng.uniform(0.2, 0.75))
        b.stroke(line, width * rng.uniform(0.35, 1.0), colour, alpha=rng.uniform(0.14, 0.42), profile=taper(0.3, 0.0, 0.4), blur=0.6)
        if shine and rng.random() < 0.8:
            a = int(len(line) * np.clip(shine + rng.normal(0, 0.045), 0.02, 0.8))
            e = min(len(line), a + int(len(line) * rng.uniform(0.05, 0.13)))
            if e - a > 5:
                b.stroke(line[a:e], width * rng.uniform(0.3, 0.8), p.hair_light.light(0.45), alpha=rng.uniform(0.10, 0.34), blend=SCREEN, blur=1.0)


def _ink(p: Person, top: float, bottom: float) -> Linear:
    return Linear((CX, top), (CX, bottom), [(0, p.hair.mix(p.hair_light, 0.10)), (0.35, p.hair), (0.75, p.hair.mix(p.hair_light, 0.24)), (1, p.hair.mix(p.hair_light, 0.42))])


def paint_back(b: Brush, p: Person) -> None:
    """What hangs behind neck and shoulders."""
    if p.hair_style in LOOSE:
        half = spline([(CX, 274), (CX + 104, 292), (CX + 186, 390), (CX + 214, 540), (CX + 220, 700), (CX + 250, 860),
                       (CX + 266, 1000), (CX + 232, 1110), (CX + 150, 1180), (CX + 60, 1160), (CX, 1120)], 200)
    elif p.hair_style == "bob":
        half = spline([(CX, 304), (CX + 126, 322), (CX + 204, 424), (CX + 222, 560), (CX + 226, 690), (CX + 214, 800),
                       (CX + 176, 872), (CX + 110, 880), (CX + 40, 850), (CX, 840)], 200)
    else:
        half = spline([(CX, 310), (CX + 112, 328), (CX + 180, 424), (CX + 190, 540), (CX + 176, 640), (CX + 120, 720), (CX, 740)], 200)
    shape = np.vstack([half, flip(half, CX)[::-1]])
    b.fill(shape, Linear((CX, 300), (CX, 1250), [(0, p.hair.dark(0.1)), (0.4, p.hair.dark(0.42)), (1, p.hair.dark(0.1))]))
    with b.clip(shape):
        for side in (-1, 1):
            a = spline([(CX + side * 206, 420), (CX + side * 226, 700), (CX + side * 262, 950), (CX + side * 230, 1240)], 90)
            c = spline([(CX + side * 90, 420), (CX + side * 120, 700), (CX + side * 120, 950), (CX + side * 60, 1240)], 90)
            _strands(b, a, c, p, 60, 11 + side, width=9)
        b.glow((CX, 860), 170, 170, p.hair.dark(0.7), 0.75, blend=MULTIPLY)
    if p.hair_style == "bun":
        _bun(b, p)
    elif p.hair_style == "chignon":
        _knot(b, p, CX, 268, 96, 70, 3)
    elif p.hair_style == "ponytail":
        _tail(b, p)


def _tail(b: Brush, p: Person) -> None:
    """A tail that comes forward behind the neck, over one shoulder."""
    outer = spline([(CX + 120, 700), (CX + 176, 790), (CX + 206, 920), (CX + 226, 1060), (CX + 208, 1190), (CX + 150, 1296)], 120)
    inner = spline([(CX + 40, 760), (CX + 92, 850), (CX + 112, 960), (CX + 118, 1080), (CX + 124, 1190), (CX + 148, 1298)], 120)
    shape = np.vstack([outer, inner[::-1]])
    b.fill(shape, _ink(p, 760, 1300))
    with b.clip(shape):
        _strands(b, outer, inner, p, 60, 71, width=7, shine=0.3)


def _bun(b: Brush, p: Person) -> None:
    """A high cloud bun."""
    for cx, cy, rx, ry, seed in ((CX - 78, 268, 92, 74, 1), (CX + 78, 268, 92, 74, 2), (CX, 214, 118, 96, 3)):
        _knot(b, p, cx, cy, rx, ry, seed)


def _knot(b: Brush, p: Person, cx: float, cy: float, rx: float, ry: float, seed: int) -> None:
    shape = ellipse(cx, cy, rx, ry)
    b.fill(shape, Linear((cx, cy - ry), (cx, cy + ry), [(0, p.hair.mix(p.hair_light, 0.32)), (0.4, p.hair), (1, p.hair.dark(0.4))]))
    with b.clip(shape):
        outer = spline([(cx - rx, cy + ry * 0.5), (cx - rx * 0.6, cy - ry * 0.9), (cx + rx * 0.5, cy - ry), (cx + rx, cy + ry * 0.4)], 60)
        inner = spline([(cx - rx * 0.4, cy + ry), (cx - rx * 0.2, cy), (cx + rx * 0.2, cy), (cx + rx * 0.5, cy + ry)], 60)
        _strands(b, outer, inner, p, 40, 30 + seed, width=6, shine=0.42)


def paint_front(b: Brush, p: Person) -> None:
    """Crown, fringe and the locks that frame the face."""
    _crown(b, p)
    if p.fringe:
        _fringe(b, p)
    _locks(b, p)
    paint_hairpiece(b, p)


def _fringe(b: Brush, p: Person) -> None:
    """Strands over the forehead that part in the middle and end above the brows."""
    rng = np.random.default_rng(91)
    for side in (-1, 1):
        outer = spline([(CX - side * 6, 352), (CX + side * 52, 398), (CX + side * 112, 470), (CX + side * 142, 548)], 70)
        inner = spline([(CX - side * 10, 352), (CX - side * 2, 404), (CX + side * 6, 452), (CX + side * 14, 488)], 70)
        for k in range(54):
            t = (k + rng.uniform(0, 0.9)) / 54
            line = outer + (inner - outer) * t
            line = line[: int(len(line) * rng.uniform(0.86, 1.0))]
            ink = p.hair.dark(0.25) if rng.random() < 0.4 else p.hair.mix(p.hair_light, rng.uniform(0.1, 0.6))
            b.stroke(line, rng.uniform(6, 11), ink, alpha=rng.uniform(0.45, 0.9), profile=taper(0.8, 0.0, 0.35), blur=0.5)
        b.stroke(outer + np.array([0, 9.0]), 12, p.skin.turn(saturation=1.9, value=0.75), alpha=0.28, blur=6, blend=MULTIPLY)


def _crown(b: Brush, p: Person) -> None:
    tied = p.hair_style in TIED
    part = CX if tied else CX - 30
    dip = {"long": 74, "wavy": 82, "bob": 96}.get(p.hair_style, 10)
    for side in (-1, 1):
        reach = abs((CX + side * 178) - part)
        edge = spline([(part, 392 if tied else 398), (part + side * reach * 0.30, 424 + dip * 0.10), (part + side * reach * 0.62, 462 + dip * 0.42),
                       (CX + side * 150, 520 + dip * 0.55), (CX + side * 170, 600 + dip * 0.3)], 90)
        temple = [(CX + side * 184, 436), (CX + side * 186, 520), (CX + side * 164, 618)] if tied else [(CX + side * 190, 436), (CX + side * 202, 610)]
        top = spline([(part, 272), (CX + side * 84, 284), (CX + side * 150, 338), *temple], 90)
        shape = np.vstack([edge, top[::-1]])
        b.fill(shape + np.array([0, 12]), p.hair.dark(0.5).mix(p.skin, 0.25), alpha=0.30, blur=9, blend=MULTIPLY)
        b.fill(shape, _ink(p, 296, 640), blur=0.7)
        with b.clip(shape):
            fan_out = spline([(part, 272), (CX + side * 88, 284), (CX + side * 160, 348), (CX + side * 204, 620)], 90)
            fan_in = spline([(part, 372), (part + side * reach * 0.24, 420), (part + side * reach * 0.55, 470), (CX + side * 156, 640)], 90)
            _strands(b, fan_out, fan_in, p, 90, 40 + side, width=5.0, shine=0.40)
        b.stroke(edge, 3.0, p.hair.dark(0.35), alpha=0.5, profile=taper(0.2, 0.5, 0.6), blur=0.8)
    b.stroke(np.array([[part, 276], [part + 1, 330], [part, 392]], float), 3.2, p.skin.dark(0.35), alpha=0.35, blur=1.4)


def _locks(b: Brush, p: Person) -> None:
    style = p.hair_style
    for side in (-1, 1):
        x = CX + side * 0
        if style in LOOSE:
            outer = spline([(x + side * 192, 450), (x + side * 208, 600), (x + side * 206, 760), (x + side * 244, 900), (x + side * 238, 1030), (x + side * 204, 1130), (x + side * 214, 1206)], 120)
            inner = spline([(x + side * 156, 500), (x + side * 160, 620), (x + side * 148, 750), (x + side * 166, 880), (x + side * 150, 1010), (x + side * 170, 1120), (x + side * 214, 1208)], 120)
        elif style == "bob":
            outer = spline([(x + side * 196, 450), (x + side * 216, 580), (x + side * 222, 700), (x + side * 206, 800), (x + side * 166, 868)], 120)
            inner = spline([(x + side * 160, 490), (x + side * 160, 600), (x + side * 148, 710), (x + side * 132, 800), (x + side * 124, 856)], 120)
        else:
            outer = spline([(x + side * 178, 560), (x + side * 180, 640), (x + side * 172, 720), (x + side * 164, 800), (x + side * 168, 868)], 90)
            inner = spline([(x + side * 162, 560), (x + side * 164, 640), (x + side * 160, 720), (x + side * 156, 800), (x + side * 164, 868)], 90)
        if style == "wavy":
            wave = np.sin(np.linspace(0.0, 5.2 * np.pi, len(outer))) * np.linspace(2, 22, len(outer))
            outer, inner = (line + np.stack([side * wave, 0 * wave], 1) for line in (outer, inner))
        shape = np.vstack([outer, inner[::-1]])
        b.fill(shape + np.array([-side * 9.0, 8]), p.hair.dark(0.3).mix(p.skin, 0.3), alpha=0.30, blur=10, blend=MULTIPLY)
        b.fill(shape, _ink(p, 460, 1250 if style in LOOSE else 880), blur=0.8)
        with b.clip(shape):
            _strands(b, outer, inner, p, 10 if style in TIED else 46, 60 + side, width=6, shine=0.22)
        _wisps(b, p, side)


def _wisps(b: Brush, p: Person, side: int) -> None:
    rng = np.random.default_rng(80 + side)
    for _ in range(4 if p.hair_style in TIED else 7):
        x0 = CX + side * rng.uniform(150, 186)
        y0 = rng.uniform(440, 520)
        length = rng.uniform(180, 330)
        line = spline([(x0, y0), (x0 + side * rng.uniform(0, 16), y0 + length * 0.4), (x0 + side * rng.uniform(-12, 18), y0 + length * 0.75), (x0 + side * rng.uniform(-6, 26), y0 + length)], 50)
        b.stroke(line, rng.uniform(1.6, 3.0), p.hair.mix(p.hair_light, 0.35), alpha=0.55, profile=taper(0.6, 0.0, 0.2))
    for _ in range(9):
        a = rng.uniform(0.1, 1.25)
        x0, y0 = CX + side * 190 * np.sin(a), 486 - 206 * np.cos(a)
        line = spline([(x0, y0), (x0 + side * rng.uniform(4, 10), y0 - rng.uniform(4, 12)), (x0 + side * rng.uniform(12, 26), y0 + rng.uniform(-8, 14))], 24)
        b.stroke(line, 1.6, p.hair_light, alpha=0.32, profile=taper(0.6, 0.0, 0.2))
