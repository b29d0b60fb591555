"""Layout: where each overlay sits on a canvas, upright or wide."""

from __future__ import annotations

from dataclasses import dataclass

from streaming.canvas import Rect

DESIGN_SIDE = 720
"""The shorter side, in pixels, that every measure of this package is given for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Places on one canvas; `px(n)` turns a measure for a 720-pixel shorter side into pixels."""

    width: int
    height: int

    @property
    def wide(self) -> bool:
        """Whether the canvas is wider than high."""
        return self.width > self.height

    @property
    def side(self) -> int:
        """The shorter side in pixels."""
        return min(self.width, self.height)

    def px(self, measure: float) -> int:
        """Pixels for a measure given at a 720-pixel shorter side."""
        return round(measure * self.side / DESIGN_SIDE)

    @property
    def margin(self) -> int:
        """Free space along every edge."""
        return self.px(24)

    @property
    def top(self) -> int:
        """Upper edge of header and clock."""
        return self.px(28)

    @property
    def card(self) -> Rect:
        """Where the product card sits."""
        h = self.px(172)
        w = self.px(480) if self.wide else self.width - 2 * self.margin
        x = self.width - self.margin - w
        return Rect.around(x, self.height - self.margin - h, x + w, self.height - self.margin)

    @property
    def bubbles(self) -> Rect:
        """The area that chat bubbles fill from its lower edge up."""
        w, h = self.px(452), self.px(252)
        bottom = (self.captions.y - self.px(6)) if self.wide else (self.card.y - self.px(16))
        return Rect.around(self.margin, bottom - h, self.margin + w, bottom)

    @property
    def captions(self) -> Rect:
        """The area of two caption rows; text is centred in it."""
        h = self.px(132)
        if self.wide:
            bottom = self.height - self.px(36)
            return Rect.around(self.margin, bottom - h, self.card.x - self.px(16), bottom)
        bottom = self.bubbles.y - self.px(8)
        return Rect.around(self.margin, bottom - h, self.width - self.margin, bottom)
