"""Colour: sRGB triples and the few operations a painter needs on them."""

from __future__ import annotations

import colorsys
from typing import NamedTuple


class Colour(NamedTuple):
    """An sRGB colour; each channel 0..255 (floats, so that mixing loses nothing)."""

    r: float
    g: float
    b: float

    @classmethod
    def hex(cls, text: str) -> Colour:
        """Read `#rrggbb`."""
        t = text.lstrip("#")
        return cls(int(t[0:2], 16), int(t[2:4], 16), int(t[4:6], 16))

    def mix(self, other: Colour, amount: float) -> Colour:
        """Go from this colour (0) to `other` (1)."""
        return Colour(*(a + (b - a) * amount for a, b in zip(self, other, strict=True)))

    def light(self, amount: float) -> Colour:
        """Mix with white."""
        return self.mix(WHITE, amount)

    def dark(self, amount: float) -> Colour:
        """Multiply towards black, keeping the hue."""
        return Colour(*(c * (1 - amount) for c in self))

    def turn(self, hue: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> Colour:
        """Rotate the hue by `hue` turns and scale saturation and value."""
        h, s, v = colorsys.rgb_to_hsv(self.r / 255, self.g / 255, self.b / 255)
        r, g, b = colorsys.hsv_to_rgb((h + hue) % 1.0, min(1.0, s * saturation), min(1.0, v * value))
        return Colour(r * 255, g * 255, b * 255)

    def argb(self, alpha: float = 1.0) -> int:
        """Pack for skia."""
        a, r, g, b = (max(0, min(255, round(c))) for c in (alpha * 255, self.r, self.g, self.b))
        return a << 24 | r << 16 | g << 8 | b

    def rounded(self) -> list[int]:
        """Integers for JSON."""
        return [max(0, min(255, round(c))) for c in self]


WHITE = Colour(255, 255, 255)
BLACK = Colour(0, 0, 0)
