"""Brush: what the illustrator does to a canvas, in terms of outlines, inks, softness and clips."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import skia

from assets.illustrator.colour import Colour
from assets.illustrator.curves import Points, Profile, ribbon, taper

Stop = tuple[float, Colour] | tuple[float, Colour, float]
Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Linear:
    """Gradient from `start` to `end`; stops are (position, colour[, alpha])."""

    start: Pair
    end: Pair
    stops: Sequence[Stop]


@dataclass(frozen=True, slots=True)
class Radial:
    """Gradient around `centre`; `squash` scales it vertically (1 = a circle)."""

    centre: Pair
    radius: float
    stops: Sequence[Stop]
    squash: float = 1.0


Ink = Colour | Linear | Radial


def _point(p: Pair) -> skia.Point:
    return skia.Point(float(p[0]), float(p[1]))


def _shader(ink: Linear | Radial) -> skia.Shader:
    colours = [s[1].argb(s[2] if len(s) > 2 else 1.0) for s in ink.stops]
    positions = [float(s[0]) for s in ink.stops]
    if isinstance(ink, Linear):
        return skia.GradientShader.MakeLinear([_point(ink.start), _point(ink.end)], colours, positions)
    matrix = skia.Matrix()
    matrix.setScale(1.0, ink.squash, float(ink.centre[0]), float(ink.centre[1]))
    return skia.GradientShader.MakeRadial(
        _point(ink.centre), float(ink.radius), colours, positions, skia.TileMode.kClamp, 0, matrix
    )


def outline(points: Points, closed: bool = True) -> skia.Path:
    """Return the skia path of a polyline."""
    return skia.Path.Polygon([skia.Point(float(x), float(y)) for x, y in points], closed)


MULTIPLY = skia.BlendMode.kMultiply
SCREEN = skia.BlendMode.kScreen
SOFT_LIGHT = skia.BlendMode.kSoftLight
ADD = skia.BlendMode.kPlus


class Brush:
    """Paints on one RGBA surface that shows the rectangle `rect` of the picture at `scale`."""

    def __init__(self, rect: tuple[int, int, int, int], scale: float) -> None:
        self.rect = rect
        self.scale = scale
        width, height = round((rect[2] - rect[0]) * scale), round((rect[3] - rect[1]) * scale)
        self.surface = skia.Surface(width, height)
        self.canvas = self.surface.getCanvas()
        self.canvas.scale(scale, scale)
        self.canvas.translate(-rect[0], -rect[1])

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Return the surface as premultiplied RGBA, shape (h, w, 4)."""
        image = self.surface.makeImageSnapshot()
        out: npt.NDArray[np.uint8] = image.toarray(
            colorType=skia.ColorType.kRGBA_8888_ColorType, alphaType=skia.AlphaType.kPremul_AlphaType
        )
        return out

    def _paint(self, ink: Ink, alpha: float, blur: float, blend: skia.BlendMode | None) -> skia.Paint:
        paint = skia.Paint(AntiAlias=True, Dither=True)
        if isinstance(ink, Colour):
            paint.setColor(ink.argb(alpha))
        else:
            paint.setShader(_shader(ink))
            paint.setAlphaf(alpha)
        if blur > 0:
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        if blend is not None:
            paint.setBlendMode(blend)
        return paint

    def fill(
        self, points: Points, ink: Ink, *, alpha: float = 1.0, blur: float = 0.0, blend: skia.BlendMode | None = None
    ) -> None:
        """Fill an outline; `blur` is the edge's softness (a Gaussian's sigma, pixels)."""
        self.canvas.drawPath(outline(points), self._paint(ink, alpha, blur, blend))

    def line(
        self, points: Points, width: float, ink: Ink, *, alpha: float = 1.0, blur: float = 0.0,
        closed: bool = False, blend: skia.BlendMode | None = None,
    ) -> None:
        """Draw a line of even width with round ends."""
        paint = self._paint(ink, alpha, blur, blend)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(width)
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        self.canvas.drawPath(outline(points, closed), paint)

    def stroke(
        self, line: Points, width: float, ink: Ink, *, profile: Profile | None = None, alpha: float = 1.0,
        blur: float = 0.0, blend: skia.BlendMode | None = None,
    ) -> None:
        """Draw a stroke whose width follows `profile` (thin at both ends by default)."""
        self.fill(ribbon(line, width, profile or taper()), ink, alpha=alpha, blur=blur, blend=blend)

    def glow(
        self, centre: Pair, rx: float, ry: float, colour: Colour, alpha: float, *, blend: skia.BlendMode | None = None,
    ) -> None:
        """Put down a soft round patch that fades to nothing at the radii."""
        ink = Radial(centre, rx, [(0.0, colour, 1.0), (0.35, colour, 0.72), (0.7, colour, 0.22), (1.0, colour, 0.0)],
                     ry / rx)
        paint = self._paint(ink, alpha, 0, blend)
        self.canvas.drawOval(skia.Rect.MakeLTRB(centre[0] - rx, centre[1] - ry, centre[0] + rx, centre[1] + ry), paint)

    @contextlib.contextmanager
    def clip(self, points: Points, *, outside: bool = False) -> Iterator[None]:
        """Paint only inside (or outside) an outline."""
        self.canvas.save()
        self.canvas.clipPath(outline(points), skia.ClipOp.kDifference if outside else skia.ClipOp.kIntersect, True)
        try:
            yield
        finally:
            self.canvas.restore()

    @contextlib.contextmanager
    def layer(self, *, alpha: float = 1.0, blur: float = 0.0, blend: skia.BlendMode | None = None) -> Iterator[None]:
        """Paint on a sheet of its own, laid down whole at the end."""
        paint = skia.Paint(AntiAlias=True)
        paint.setAlphaf(alpha)
        if blur > 0:
            paint.setImageFilter(skia.ImageFilters.Blur(blur, blur, skia.TileMode.kClamp))
        if blend is not None:
            paint.setBlendMode(blend)
        self.canvas.saveLayer(None, paint)
        try:
            yield
        finally:
            self.canvas.restore()
