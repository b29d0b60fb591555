"""Slate: covers the whole picture in an emergency; and the title shown while there is no presenter."""

from __future__ import annotations

from streaming.overlays.fonts import BOLD, MEDIUM, font
from streaming.overlays.layout import Layout
from streaming.overlays.sprite import Sheet, Sprite
from streaming.overlays.text import clean, paragraph

DEFAULT = {"zh": "稍后回来", "ja": "まもなく再開します", "en": "Back in a moment"}


def paint_slate(layout: Layout, text: str, lang: str) -> Sprite:
    """Draw a dark board over the whole canvas, through which nothing shows, with `text` in its middle."""
    px = layout.px
    sheet = Sheet(layout.width, layout.height)
    sheet.rounded(0, 0, sheet.width, sheet.height, 0, (14, 16, 30), 1.0)
    face = font(px(52), BOLD)
    rows = paragraph(clean(text) or DEFAULT.get(lang[:2], DEFAULT["en"]), face, layout.width * 0.8, 4)
    leading = px(76)
    y = layout.height / 2 - (len(rows) - 1) * leading / 2
    bar = px(64)
    sheet.gradient((layout.width - bar) / 2, y - px(104), bar, px(6), px(3), (255, 106, 61), (250, 40, 76))
    for row in rows:
        sheet.text((layout.width - face.getlength(row)) / 2, y, row, face, (255, 255, 255))
        y += leading
    return sheet.sprite(0, 0)


def paint_title(layout: Layout, title: str, subtitle: str) -> Sprite | None:
    """Draw the room's title for the middle of the backdrop; None when it has none."""
    px = layout.px
    face, small = font(px(60), BOLD), font(px(28), MEDIUM)
    rows = paragraph(clean(title), face, layout.width * 0.8, 3)
    if not rows:
        return None
    leading = px(82)
    sheet = Sheet(layout.width, len(rows) * leading + px(90))
    y = px(72)
    for row in rows:
        x = (sheet.width - face.getlength(row)) / 2
        sheet.text(x, y + px(3), row, face, (0, 0, 0), 0.25, stroke=px(3))
        sheet.text(x, y, row, face, (255, 255, 255))
        y += leading
    for row in paragraph(clean(subtitle), small, layout.width * 0.8, 1):
        x = (sheet.width - small.getlength(row)) / 2
        sheet.text(x, y - px(16), row, small, (255, 255, 255), 0.75)
    return sheet.sprite(0, int(layout.height * 0.40 - sheet.height / 2))
