"""Scene: the room behind the presenter, out of focus."""

from __future__ import annotations

import numpy as np

from assets.illustrator.brush import MULTIPLY, SCREEN, Brush, Linear
from assets.illustrator.colour import WHITE, Colour
from assets.illustrator.curves import box, ellipse, rounded_box, spline
from assets.illustrator.person import Person

W, H = 1080, 1920


def paint_scene(b: Brush, p: Person) -> None:
    """Wall, things on it and light."""
    {
        "studio": _studio, "stage": _stage, "lantern": _lantern, "window": _window, "plain": _plain, "garden": _garden,
    }[p.scene](b, p)
    b.glow((W / 2, 700), 700, 900, WHITE, 0.16, blend=SCREEN)
    for x in (0, W):
        b.glow((x, 1500), 340, 900, p.wall.dark(0.5), 0.34, blend=MULTIPLY)


def paint_table(b: Brush, p: Person) -> None:
    """What the presenter stands behind."""
    wood = p.wall.mix(p.accent, 0.4).light(0.12)
    b.glow((W / 2, 1660), 640, 60, wood.dark(0.7), 0.5, blend=MULTIPLY)
    b.fill(box(0, 1664, W, H), Linear((0, 1664), (0, H), [(0, wood.light(0.35)), (0.10, wood), (1, wood.dark(0.35))]))
    b.fill(box(0, 1662, W, 1670), wood.light(0.6), alpha=0.8, blur=1.5)


def _plain(b: Brush, p: Person) -> None:
    """Seamless paper, lit from behind the head."""
    b.fill(box(0, 0, W, H), Linear((0, 0), (0, H), [(0, p.wall.light(0.10)), (0.6, p.wall), (1, p.wall.dark(0.18))]))
    b.glow((W / 2, 600), 620, 760, p.wall.light(0.75), 0.8, blend=SCREEN)
    _bokeh(b, [p.accent.light(0.5), WHITE], 9, 17)


def _window(b: Brush, p: Person) -> None:
    """Morning in a room with tall windows and curtains."""
    b.fill(box(0, 0, W, H), Linear((0, 0), (W, 0), [(0, p.wall.light(0.5)), (0.6, p.wall.light(0.12)), (1, p.wall.dark(0.10))]))
    with b.layer(blur=12):
        for x in (60, 330, 740):
            b.fill(box(x, 120, x + 230, 1320), Linear((x, 120), (x, 1320), [(0, Colour.hex("#f4fbff")), (0.7, Colour.hex("#dff0f2")), (1, Colour.hex("#cfe3cf"))]))
            b.fill(box(x + 110, 120, x + 120, 1320), p.wall.light(0.5))
            b.fill(box(x, 640, x + 230, 652), p.wall.light(0.5))
            b.glow((x + 110, 1180), 150, 200, Colour.hex("#a9cda0"), 0.6)
    with b.layer(blur=7):
        for side in (0, 1):
            for k in range(7):
                x = (k * 26) if side == 0 else W - (k * 26)
                b.fill(box(x - 16, 0, x + 16, 1920), Linear((x - 16, 0), (x + 16, 0), [(0, p.accent.light(0.55)), (0.5, p.accent.light(0.85)), (1, p.accent.light(0.4))]), alpha=0.85 - 0.09 * k)
    b.glow((200, 420), 560, 700, Colour.hex("#fff8e6"), 0.55, blend=SCREEN)
    _bokeh(b, [WHITE, Colour.hex("#fff3dd")], 10, 21)


def _garden(b: Brush, p: Person) -> None:
    """A courtyard at night: a moon and bamboo."""
    b.fill(box(0, 0, W, H), Linear((0, 0), (0, H), [(0, p.wall.dark(0.45)), (0.55, p.wall), (1, p.wall.dark(0.35))]))
    b.glow((790, 330), 420, 420, Colour.hex("#dfe9ff"), 0.6, blend=SCREEN)
    b.fill(ellipse(790, 330, 120, 120), Colour.hex("#fbf6e4"), alpha=0.95, blur=5)
    rng = np.random.default_rng(12)
    with b.layer(blur=6):
        for x in (70, 150, 228, 890, 968, 1040):
            lean = rng.uniform(-30, 30)
            stalk = spline([(x, H), (x + lean * 0.4, 1100), (x + lean, -40)], 60)
            b.line(stalk, 20, Colour.hex("#3f6b52").mix(p.wall, 0.3))
            for y in range(120, 1900, 190):
                b.line(np.array([[x + lean * 0.5 - 13, y], [x + lean * 0.5 + 13, y]], float), 4, Colour.hex("#a7c8a0"), alpha=0.6)
            for _ in range(9):
                a, y = rng.uniform(-0.9, 0.9), rng.uniform(60, 1250)
                way = 1 if rng.random() < 0.5 else -1
                leaf = spline([(x, y), (x + way * 60, y + 24 + 40 * a), (x + way * 128, y + 70 + 60 * a)], 24)
                b.stroke(leaf, 20, Colour.hex("#6f9d76").mix(p.wall, 0.25), alpha=0.85)
    for x, y in ((140, 980), (960, 1060)):
        b.glow((x, y), 240, 240, p.accent, 0.65, blend=SCREEN)
    _bokeh(b, [p.accent, Colour.hex("#ffe3b0")], 16, 13)


def _studio(b: Brush, p: Person) -> None:
    b.fill(box(0, 0, W, H), Linear((0, 0), (W, H), [(0, p.wall.light(0.35)), (0.55, p.wall), (1, p.wall.dark(0.16))]))
    with b.layer(blur=15):
        for x0, y in ((40, 640), (40, 1010), (700, 560), (700, 930)):
            b.fill(box(x0, y, x0 + 350, y + 22), Linear((x0, y), (x0, y + 22), [(0, Colour.hex("#fff4e6")), (1, Colour.hex("#cfae8c"))]))
            b.fill(box(x0, y + 22, x0 + 350, y + 52), Colour.hex("#9a7656"), alpha=0.28)
        rng = np.random.default_rng(3)
        tints = ["#f6c9b9", "#dfe9dc", "#ffffff", "#e9b78e", "#c9ddd6", "#f4e2c4", "#e8a598"]
        for x0, y in ((40, 640), (40, 1010), (700, 560), (700, 930)):
            x = x0 + 22
            while x < x0 + 310:
                w, h = rng.uniform(30, 58), rng.uniform(60, 190)
                c = Colour.hex(str(rng.choice(tints)))
                b.fill(rounded_box(x, y - h, x + w, y, 12), Linear((x, y), (x + w, y), [(0, c.light(0.4)), (1, c.dark(0.14))]))
                if rng.random() < 0.6:
                    b.fill(rounded_box(x + w * 0.28, y - h - 26, x + w * 0.72, y - h, 5), Colour.hex("#d8b27c"))
                x += w + rng.uniform(12, 30)
        for k in range(26):
            a = -0.5 + k * 0.16
            b.fill(ellipse(930 + 150 * np.sin(a * 1.7), 1250 - 26 * k % 260 + 60 * np.cos(k), 70, 20, a * 2), Colour.hex("#8fae8a").mix(Colour.hex("#5f8a68"), (k % 5) / 5), alpha=0.8)
        b.fill(rounded_box(60, 1260, 300, 1920, 30), Colour.hex("#e7cdb2"), alpha=0.8)
    b.glow((160, 250), 420, 420, Colour.hex("#fff1d6"), 0.95, blend=SCREEN)
    b.glow((960, 180), 260, 260, Colour.hex("#ffe9c8"), 0.7, blend=SCREEN)
    _bokeh(b, [Colour.hex("#fff3dd"), Colour.hex("#ffe1c4")], 16, 7)


def _stage(b: Brush, p: Person) -> None:
    b.fill(box(0, 0, W, H), Linear((0, 0), (0, H), [(0, p.wall.dark(0.25)), (0.5, p.wall), (1, p.wall.dark(0.4))]))
    with b.layer(blur=22):
        for k in range(9):
            x = 40 + k * 125
            b.fill(box(x, 0, x + 54, H), p.accent, alpha=0.10)
        for side in (0, 1):
            x = 120 + side * 840
            for k in range(9):
                y = 280 + k * 110
                b.fill(ellipse(x, y, 34, 34), Colour.hex("#fff3e2"))
                b.glow((x, y), 130, 130, Colour.hex("#ffd9b8"), 0.8, blend=SCREEN)
        b.fill(rounded_box(90, 1320, 990, 1380, 20), Colour.hex("#ffd7e3"), alpha=0.5)
    b.glow((W / 2, 560), 560, 560, p.accent, 0.5, blend=SCREEN)
    _bokeh(b, [Colour.hex("#ffc2d8"), Colour.hex("#ffe0ef"), Colour.hex("#d7b3ff")], 34, 8)


def _lantern(b: Brush, p: Person) -> None:
    b.fill(box(0, 0, W, H), Linear((0, 0), (0, H), [(0, p.wall.dark(0.35)), (0.45, p.wall), (1, p.wall.dark(0.5))]))
    with b.layer(blur=13):
        wood = Colour.hex("#3b1d13")
        for x in (36, 1044):
            b.fill(box(x - 22, 0, x + 22, H), wood)
        for y in (150, 1180):
            b.fill(box(0, y - 14, W, y + 14), wood, alpha=0.9)
        for k in range(6):
            x = 130 + k * 164
            b.fill(box(x - 5, 164, x + 5, 1166), wood, alpha=0.55)
        for k in range(7):
            y = 290 + k * 130
            b.fill(box(58, y - 4, 1022, y + 4), wood, alpha=0.42)
    with b.layer(blur=9):
        for x, y, s in ((170, 420, 1.0), (915, 360, 1.15), (80, 880, 0.7), (1000, 860, 0.75)):
            b.fill(box(x - 2, 0, x + 2, y - 90 * s), Colour.hex("#40190f"))
            b.fill(ellipse(x, y, 84 * s, 98 * s), Linear((x, y - 98 * s), (x, y + 98 * s), [(0, Colour.hex("#ff7a45")), (0.5, Colour.hex("#ffd08a")), (1, Colour.hex("#e2502c"))]))
            for k in (-2, -1, 0, 1, 2):
                b.line(ellipse(x, y, max(3.0, abs(k) * 34 * s), 98 * s), 2, Colour.hex("#b0361c"), alpha=0.5, closed=True)
            b.fill(rounded_box(x - 36 * s, y - 108 * s, x + 36 * s, y - 88 * s, 5), Colour.hex("#d9a84a"))
            b.fill(rounded_box(x - 36 * s, y + 88 * s, x + 36 * s, y + 108 * s, 5), Colour.hex("#d9a84a"))
            b.fill(box(x - 6 * s, y + 108 * s, x + 6 * s, y + 190 * s), Colour.hex("#c8372d"))
    for x, y in ((170, 420), (915, 360), (80, 880), (1000, 860)):
        b.glow((x, y), 300, 300, p.accent, 0.6, blend=SCREEN)
    _bokeh(b, [Colour.hex("#ffcf8a"), Colour.hex("#ffb26b")], 22, 9)


def _bokeh(b: Brush, colours: list[Colour], n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with b.layer(blur=4):
        for _ in range(n):
            x, y, r = rng.uniform(0, W), rng.uniform(60, 1300), rng.uniform(14, 52)
            b.fill(ellipse(x, y, r, r), colours[int(rng.integers(len(colours)))], alpha=rng.uniform(0.10, 0.30), blend=SCREEN)
