"""Face: skin, eyes, brows, nose and mouth."""

from __future__ import annotations

import numpy as np

from assets.illustrator.brush import MULTIPLY, SCREEN, SOFT_LIGHT, Brush, Linear, Radial
from assets.illustrator.colour import WHITE, Colour
from assets.illustrator.curves import Points, ellipse, flip, mirrored, spline, taper
from assets.illustrator.person import REST, Person, Pose

CX = 540.0
EYE_Y, NOSE_Y, MOUTH_Y, CHIN_Y = 578.0, 684.0, 728.0, 800.0
EYE_DX = 82.0
JAW_DROP = 36.0
"""How far the chin comes down with the mouth wide open."""


def outline(pose: Pose = REST, jaw: float = 1.0) -> Points:
    """The face from temple to chin; the jaw follows the mouth."""
    drop = JAW_DROP * pose.open
    half = spline(
        [(CX, 372), (CX + 92, 388), (CX + 146, 440), (CX + 166, 520), (CX + 163 * (0.5 + 0.5 * jaw), 600),
         (CX + 150 * jaw, 662 + drop * 0.15), (CX + 118 * jaw, 728 + drop * 0.55), (CX + 70 * jaw, 778 + drop * 0.9),
         (CX + 26 * jaw, 799 + drop), (CX, 801 + drop)], 160,
    )
    return mirrored(half, CX)


def paint_face(b: Brush, p: Person, pose: Pose) -> None:
    """Everything inside the outline of the face."""
    shape = outline(pose, p.jaw)
    shade = p.skin.turn(hue=-0.012, saturation=1.75, value=0.88)
    b.fill(shape, Linear((CX, 380), (CX, CHIN_Y + 30), [(0, p.skin.light(0.16)), (0.5, p.skin), (1, p.skin.dark(0.035))]))
    with b.clip(shape):
        _modelling(b, p, shade, pose)
        _blush(b, p)
        _nose(b, p, shade)
    for side in (-1, 1):
        _eye(b, p, pose, side)
        _brow(b, p, side)
    _mouth(b, p, pose)
    if p.forehead_mark:
        _mark(b, p)


def _modelling(b: Brush, p: Person, shade: Colour, pose: Pose) -> None:
    drop = JAW_DROP * pose.open
    # Shadow of the hair on forehead and temples, turning of the cheeks, underside of the chin.
    b.glow((CX, 372), 220, 92, shade, 0.62, blend=MULTIPLY)
    for side in (-1, 1):
        b.glow((CX + side * 186, 600), 62, 240, shade, 0.75, blend=MULTIPLY)
        b.glow((CX + side * 150, 735), 80, 110, shade, 0.36, blend=MULTIPLY)
    b.glow((CX, 824 + drop), 120, 42, shade, 0.42, blend=MULTIPLY)
    b.glow((CX, 776 + drop), 34, 18, WHITE, 0.22, blend=SOFT_LIGHT)
    b.glow((CX, 470), 110, 66, WHITE, 0.42, blend=SOFT_LIGHT)
    for side in (-1, 1):
        b.glow((CX + side * 92, 652), 60, 38, WHITE, 0.42, blend=SOFT_LIGHT)
        b.glow((CX + side * EYE_DX, EYE_Y - 26), 66, 34, shade, 0.30, blend=MULTIPLY)


def _blush(b: Brush, p: Person) -> None:
    for side in (-1, 1):
        b.glow((CX + side * 106, 662), 84, 50, p.blush, 0.29 * p.blush_strength)
        b.glow((CX + side * 100, 654), 30, 16, WHITE, 0.20)
    b.glow((CX, NOSE_Y - 2), 24, 14, p.blush, 0.20)
    b.glow((CX, 790), 50, 22, p.blush, 0.14)


def _nose(b: Brush, p: Person, shade: Colour) -> None:
    for side in (-1, 1):
        b.glow((CX + side * 24, 604), 16, 64, shade, 0.26, blend=MULTIPLY)
    b.glow((CX + 2, NOSE_Y + 9), 30, 13, shade, 0.62, blend=MULTIPLY)
    b.stroke(spline([(CX, 560), (CX + 1, 620), (CX, 668)], 40), 9, WHITE, alpha=0.30, blur=5)
    b.glow((CX, NOSE_Y - 8), 13, 10, WHITE, 0.62)
    dark = p.skin.turn(saturation=2.3, value=0.62)
    for side in (-1, 1):
        b.stroke(
            spline([(CX + side * 6, NOSE_Y + 9), (CX + side * 12, NOSE_Y + 7), (CX + side * 18, NOSE_Y + 9)], 20), 5.5,
            dark, alpha=0.62, blur=0.9,
        )
        b.stroke(
            spline([(CX + side * 23, NOSE_Y - 8), (CX + side * 27, NOSE_Y + 2), (CX + side * 21, NOSE_Y + 9)], 20), 3.4,
            dark, alpha=0.26, blur=1.2,
        )


def eye_curves(p: Person, side: int, closed: float = 0.0) -> tuple[Points, Points]:
    """Upper and lower lid, from the inner to the outer corner."""
    cx, w, h, tilt = CX + side * EYE_DX, p.eye_width, p.eye_height, p.eye_tilt
    inner, outer = (cx - side * w * 0.5, EYE_Y + 7), (cx + side * w * 0.52, EYE_Y + 1 - tilt)
    low = EYE_Y + h * 0.37

    def lid(f: float, open_y: float) -> float:
        rest = low + 2 - (3.2 * (f - 0.5) * (f - 0.5)) * 16
        return open_y + (rest - open_y) * closed
    upper = spline(
        [inner, (cx - side * w * 0.29, lid(0.22, EYE_Y - h * 0.28)), (cx + side * w * 0.0, lid(0.5, EYE_Y - h * 0.475)),
         (cx + side * w * 0.30, lid(0.78, EYE_Y - h * 0.39)), outer], 60,
    )
    lower = spline(
        [inner, (cx - side * w * 0.24, EYE_Y + h * 0.30), (cx + side * w * 0.08, low), (cx + side * w * 0.36, EYE_Y + h * 0.20),
         outer], 60,
    )
    return upper, lower


def _eye(b: Brush, p: Person, pose: Pose, side: int) -> None:
    upper, lower = eye_curves(p, side, pose.closed)
    cx = CX + side * EYE_DX
    ink = p.hair.mix(Colour.hex("#1c1416"), 0.6)
    # Eye shadow above the lid, and the lid itself as it comes down.
    full, _ = eye_curves(p, side, 0.0)
    b.fill(np.vstack([full + np.array([0, -15]), upper[::-1]]), p.lid, alpha=min(0.8, 0.30 * p.shadow_strength), blur=6)
    b.fill(np.vstack([full + np.array([side * 6.0, -6]), upper[::-1]]), p.lid, alpha=min(0.8, 0.26 * p.shadow_strength), blur=4)
    if pose.closed > 0.01:
        lid = np.vstack([full + np.array([0, -2]), upper[::-1]])
        b.fill(lid, p.skin.mix(p.lid, 0.22), blur=1.0)
        b.fill(lid, p.lid, alpha=0.18, blur=5)
    if pose.closed < 0.97:
        eye = np.vstack([upper, lower[::-1]])
        b.fill(eye, Linear((cx, EYE_Y - 30), (cx, EYE_Y + 22), [(0, Colour.hex("#d9cdcf")), (0.45, Colour.hex("#fbf7f6")),
                                                                (1, Colour.hex("#f6ecea"))]))
        with b.clip(eye):
            _iris(b, p, cx + side * 0.5)
            b.fill(np.vstack([upper, (upper + np.array([0, 15]))[::-1]]), ink, alpha=0.34, blur=5)
            b.glow((cx - side * p.eye_width * 0.47, EYE_Y + 8), 9, 7, p.blush, 0.75)
        b.stroke(lower[6:], 2.6, p.lip.mix(ink, 0.55), alpha=0.5, profile=taper(0.1, 0.8, 0.75))
        b.stroke(lower[10:58] + np.array([0, -1.8]), 2.4, WHITE, alpha=0.4)
    _lashes(b, p, upper, lower, side, pose, ink)
    crease = full + np.array([0, -9.5]) * np.sin(np.linspace(0.25, 2.7, len(full)))[:, None] + np.array([side * 1.5, 0])
    if pose.closed < 0.6:
        b.stroke(crease[6:56], 2.6, p.lid.dark(0.38), alpha=0.6 * (1 - pose.closed))
    b.glow((cx, EYE_Y + p.eye_height * 0.36 + 11), 40, 8, p.blush.dark(0.1), 0.22, blend=MULTIPLY)
    b.glow((cx, EYE_Y + p.eye_height * 0.36 + 8), 34, 5, WHITE, 0.22)


def _iris(b: Brush, p: Person, cx: float) -> None:
    cy, r = EYE_Y - 2.0, 26.5
    dark = p.iris.dark(0.66)
    b.fill(ellipse(cx, cy, r, r * 1.06), dark)
    b.fill(ellipse(cx, cy, r - 2.6, (r - 2.6) * 1.06),
           Linear((cx, cy - r), (cx, cy + r), [(0, p.iris.dark(0.6)), (0.5, p.iris), (1, p.iris.light(0.40))]))
    for k in range(40):
        a = k * 2 * np.pi / 40
        q, s = np.array([np.cos(a), np.sin(a) * 1.06]), 0.5 + 0.5 * np.sin(k * 2.399)
        line = np.array([cx, cy]) + q * np.linspace(11, 16 + 6 * s, 8)[:, None]
        b.stroke(line, 1.6, p.iris.light(0.5), alpha=0.22 + 0.2 * s)
    b.glow((cx, cy + 15), 19, 11, p.iris.light(0.72), 0.85, blend=SCREEN)
    b.fill(ellipse(cx, cy, 11.0, 11.8), Colour.hex("#140d0f"))
    b.fill(ellipse(cx + 8.5, cy - 11.0, 7.2, 8.2), WHITE, alpha=0.97, blur=0.5)
    b.fill(ellipse(cx - 10.0, cy + 10.5, 3.6, 3.9), WHITE, alpha=0.78, blur=0.5)
    b.fill(ellipse(cx - 1.0, cy - 17.0, 13.0, 3.4), WHITE, alpha=0.20, blur=1.4)


def _lashes(b: Brush, p: Person, upper: Points, lower: Points, side: int, pose: Pose, ink: Colour) -> None:
    wing = np.vstack([upper, upper[-1] + np.array([side * 11.0, -6.0 + 11 * pose.closed])])
    line = spline(wing[::6], 70)
    b.stroke(line, 9.2, ink, profile=taper(0.28, 0.05, 0.72))
    for k in range(13):
        t = 0.16 + 0.84 * k / 12
        at = line[min(int(t * 64), 66)]
        lean = side * (-1 + 11 * t)
        lift = -(3.5 + 8 * t) * (1 - 1.75 * pose.closed)
        tip = at + np.array([lean, lift])
        mid = (at + tip) / 2 + np.array([-side * 1.2, -1.0 if pose.closed < 0.5 else 1.0])
        b.stroke(spline([tuple(at), tuple(mid), tuple(tip)], 14), 2.7, ink, alpha=0.85, profile=taper(1.0, 0.0, 0.05))
    if pose.closed < 0.7:
        for k in range(6):
            at = lower[26 + k * 5]
            b.stroke(spline([tuple(at), tuple(at + np.array([side * 2.0, 3.4])), tuple(at + np.array([side * 3.6, 5.6]))], 8), 1.7,
                     ink, alpha=0.55, profile=taper(1.0, 0.0, 0.05))


def _brow(b: Brush, p: Person, side: int) -> None:
    cx = CX + side * EYE_DX
    core = spline([(cx - side * 46, EYE_Y - 58), (cx - side * 8, EYE_Y - 67 - 0.5 * p.brow_arch),
                   (cx + side * 26, EYE_Y - 69 - p.brow_arch), (cx + side * 60, EYE_Y - 56)], 60)
    b.stroke(core, 13.5 * p.brow_width, p.brow, alpha=0.62, blur=1.6, profile=taper(0.55, 0.02, 0.3))
    rng = np.random.default_rng(5)
    for k in range(46):
        t = k / 45
        at = core[min(int(t * 59), 59)] + np.array([0, rng.uniform(-3.8, 3.8) * p.brow_width * (1 - t * 0.75)])
        way = np.array([side * (8 + 6 * t), -7 * (1 - 1.5 * t)])
        b.stroke(np.linspace(at, at + way, 8), 1.9, p.brow.dark(0.12), alpha=0.5, profile=taper(0.8, 0.0, 0.2))


def mouth_curves(p: Person, pose: Pose) -> dict[str, Points]:
    """Outer and inner edge of both lips, from the left to the right corner."""
    w = 52.0 * (1 + 0.16 * max(pose.wide, 0) - 0.30 * max(-pose.wide, 0) * (0.55 + 0.45 * min(1, pose.open * 3))) - 5.0 * pose.open
    gap = 44.0 * pose.open
    pout = max(-pose.wide, 0.0)
    corner = MOUTH_Y - p.smile * (1 - 0.45 * pose.open) * (1 + 0.5 * max(pose.wide, 0)) * (1 - 0.7 * pout)
    corner += gap * 0.30
    top, low = MOUTH_Y - 14 - 2.0 * pout, MOUTH_Y + 19 + gap + 3 * pout
    inner_top, inner_low = MOUTH_Y + 1.0, MOUTH_Y + 1.0 + gap
    left, right = (CX - w, corner), (CX + w, corner)
    mid = 0.5 + 0.1 * pose.open
    q = w / 52.0
    round_low = 0.42 * pout
    return {
        "top": spline([left, (CX - w * 0.52, top + 4.5), (CX - 12 * q, top - 0.5), (CX, top + 3.4 - 1.5 * pout),
                       (CX + 12 * q, top - 0.5), (CX + w * 0.52, top + 4.5), right], 72),
        "inner_top": spline([left, (CX - w * mid, inner_top + 0.5 - 1.5 * pose.open), (CX - 9 * q, inner_top + 0.5),
                             (CX, inner_top + 2.4 - 2.0 * pose.open), (CX + 9 * q, inner_top + 0.5),
                             (CX + w * mid, inner_top + 0.5 - 1.5 * pose.open), right], 72),
        "inner_low": spline([left, (CX - w * (0.66 + 0.1 * pout), inner_low - gap * (0.34 - round_low * 0.2) + 0.5),
                             (CX - w * 0.3, inner_low + 0.6), (CX, inner_low + 2.2), (CX + w * 0.3, inner_low + 0.6),
                             (CX + w * (0.66 + 0.1 * pout), inner_low - gap * (0.34 - round_low * 0.2) + 0.5), right], 72),
        "low": spline([left, (CX - w * (0.70 + 0.12 * pout), low - 8 - gap * (0.24 - round_low * 0.1)),
                       (CX - w * 0.36, low - 0.8), (CX, low + 1.4), (CX + w * 0.36, low - 0.8),
                       (CX + w * (0.70 + 0.12 * pout), low - 8 - gap * (0.24 - round_low * 0.1)), right], 72),
    }


def _mouth(b: Brush, p: Person, pose: Pose) -> None:
    c = mouth_curves(p, pose)
    shade = p.skin.turn(hue=-0.012, saturation=1.9, value=0.84)
    low_y = float(c["low"][:, 1].max())
    b.glow((CX, low_y + 9), 40, 13, shade, 0.55, blend=MULTIPLY)
    hole = np.vstack([c["inner_top"], c["inner_low"][::-1]])
    if pose.open > 0.01:
        gap = 44.0 * pose.open
        b.fill(hole, Linear((CX, MOUTH_Y), (CX, MOUTH_Y + gap + 6), [(0, Colour.hex("#3b0f14")), (1, Colour.hex("#6e1f26"))]))
        with b.clip(hole):
            tongue_y = MOUTH_Y + gap + 9
            b.fill(ellipse(CX, tongue_y, 30, max(6.0, gap * 0.50)),
                   Radial((CX, tongue_y - 8), 34, [(0, Colour.hex("#e58a8a")), (1, Colour.hex("#b9505a"))], 0.7), blur=1.4)
            teeth = MOUTH_Y + 1.5 + min(13.0, 5 + gap * 0.30)
            arch = np.vstack([c["inner_top"] + np.array([0, -4]),
                              spline([(CX + 40, MOUTH_Y + 2), (CX + 22, teeth - 2), (CX, teeth), (CX - 22, teeth - 2), (CX - 40, MOUTH_Y + 2)], 40)])
            b.fill(arch, Linear((CX, MOUTH_Y - 4), (CX, teeth), [(0, Colour.hex("#d9cfcd")), (0.5, Colour.hex("#fdfaf7")), (1, Colour.hex("#f1e8e4"))]), blur=0.5)
            for k in (-2, -1, 0, 1, 2):
                b.line(np.array([[CX + k * 10.5, MOUTH_Y], [CX + k * 10.2, teeth - abs(k)]]), 0.9, Colour.hex("#cbbcb8"), alpha=0.45)
            b.fill(np.vstack([c["inner_top"] + np.array([0, -5]), (c["inner_top"] + np.array([0, 4.5]))[::-1]]), Colour.hex("#3b0f14"), alpha=0.5, blur=2.4)
    upper = np.vstack([c["top"], c["inner_top"][::-1]])
    lower = np.vstack([c["inner_low"], c["low"][::-1]])
    b.fill(upper, Linear((CX, MOUTH_Y - 16), (CX, MOUTH_Y + 3), [(0, p.lip.light(0.10)), (1, p.lip.dark(0.20))]), blur=0.8)
    mid_low = float(c["inner_low"][36, 1])
    b.fill(lower, Linear((CX, mid_low), (CX, low_y), [(0, p.lip.dark(0.08)), (0.45, p.lip.light(0.16)), (1, p.lip.dark(0.02))]), blur=0.8)
    with b.clip(lower):
        b.glow((CX - 2, mid_low + (low_y - mid_low) * 0.42), 22, 5.4, WHITE, 0.55)
        b.glow((CX + 20, mid_low + (low_y - mid_low) * 0.40), 7, 3.4, WHITE, 0.30)
    with b.clip(upper):
        for side in (-1, 1):
            b.glow((CX + side * 13, MOUTH_Y - 10), 9, 3.4, WHITE, 0.26)
    seam = p.lip.dark(0.55)
    if pose.open < 0.12:
        b.stroke(c["inner_top"], 3.0, seam, alpha=0.75 * (1 - pose.open * 5), profile=taper(0.5, 0.5, 0.5))
    for side, end in ((-1, c["top"][0]), (1, c["top"][-1])):
        b.glow((float(end[0]) + side * 1.5, float(end[1])), 7, 5, seam, 0.26, blend=MULTIPLY)
        b.stroke(spline([(float(end[0]) - side * 4, float(end[1]) + 1), (float(end[0]) - side * 0.5, float(end[1]) - 0.5),
                         (float(end[0]) + side * 2, float(end[1]) - 2.5)], 12), 2.2, seam, alpha=0.30, profile=taper(1, 0, 0.2))


def _mark(b: Brush, p: Person) -> None:
    """A painted flower between the brows."""
    y = EYE_Y - 92
    red = Colour.hex("#c8282c")
    for side in (-1, 1):
        petal = spline([(CX + side * 1.5, y + 15), (CX + side * 10, y + 4), (CX + side * 11, y - 9), (CX + side * 4, y - 2)], 40, closed=True)
        b.fill(petal, red, alpha=0.94)
    b.fill(spline([(CX, y + 10), (CX + 5, y - 6), (CX, y - 21), (CX - 5, y - 6)], 40, closed=True), red)
    b.fill(ellipse(CX, y + 19, 2.8, 2.8), red)
    b.fill(ellipse(CX, y - 7, 1.8, 4), p.trim, alpha=0.9)


__all__ = ["CHIN_Y", "CX", "EYE_DX", "EYE_Y", "JAW_DROP", "MOUTH_Y", "NOSE_Y", "eye_curves", "flip", "mouth_curves", "outline", "paint_face"]
