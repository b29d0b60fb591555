"""AI label: says on every frame that the presenter is synthetic."""

from __future__ import annotations

import math

from streaming.overlays.fonts import MEDIUM, font
from streaming.overlays.layout import Layout
from streaming.overlays.sprite import Sheet, Sprite
from streaming.overlays.text import clean, shorten

MIN_HEIGHT = 0.05
"""Least text height as a part of the shorter side (GB 45438-2025, 4.2, video)."""

DEFAULT = {"zh": "AI生成 · 数字人主播", "ja": "AI生成アバター配信", "en": "AI-generated presenter"}
_MADE = ("生成", "合成", "GENERATED", "SYNTHETIC", "SYNTHESI")
_CAP = 0.733
"""Height of the font's capitals in ems; the letters of "AI" must reach `MIN_HEIGHT`, too."""


def label_text(text: str, lang: str) -> str:
    """The text shown for a configured `text`; the language's own when it doesn't say both that it is AI and made."""
    cleaned = clean(text)
    own = DEFAULT.get(lang[:2], DEFAULT["en"])
    return cleaned if says_so(cleaned) else own


def says_so(text: str) -> bool:
    """Whether a text has both elements that the standard asks for: artificial intelligence, and generated."""
    upper = text.upper()
    return ("AI" in upper or "人工智能" in text) and any(word in upper for word in _MADE)


def paint_label(layout: Layout, text: str, lang: str) -> Sprite:
    """Draw the label for the upper right, below the header."""
    size = math.ceil((layout.side * MIN_HEIGHT + 1) / _CAP)
    face = font(int(size), MEDIUM)
    pad, edge = layout.px(18), layout.px(6)
    room = layout.width - 2 * layout.margin - 2 * pad
    shown = shorten(label_text(text, lang), face, room)
    if not says_so(shown):
        # What says it may have been at the end that was cut off.
        shown = shorten(label_text("", lang), face, room)
    width = face.getlength(shown) + 2 * pad
    height = size + layout.px(16)
    sheet = Sheet(width + 2 * edge, height + 2 * edge)
    sheet.shadow(edge, edge + 1, width, height, height / 2, edge, 0.35)
    sheet.rounded(edge, edge, width, height, height / 2, (12, 14, 22), 0.58)
    sheet.outline(edge, edge, width, height, height / 2, (255, 255, 255), 0.28)
    baseline = edge + height / 2 + size * 0.355
    sheet.text(edge + pad, baseline, shown, face, (0, 0, 0), 0.28, stroke=max(1, layout.px(2)))
    sheet.text(edge + pad, baseline, shown, face, (255, 255, 255))
    x = layout.width - layout.margin - sheet.width + edge
    return sheet.sprite(x, layout.top + layout.px(84) - edge)
