"""Header: who is on air, at the upper left, and the room's clock, at the upper right."""

from __future__ import annotations

from streaming.overlays.fonts import BOLD, MEDIUM, font
from streaming.overlays.layout import Layout
from streaming.overlays.sprite import Sheet, Sprite
from streaming.overlays.text import clean, shorten

_GLASS = (12, 14, 22)
_WHITE = (255, 255, 255)
_LIVE = (255, 59, 92)
LIVE_WORD = {"zh": "直播中", "ja": "配信中", "en": "LIVE"}


def paint_header(layout: Layout, title: str, subtitle: str, lang: str) -> Sprite:
    """Draw the pill with avatar, title and subtitle (either may be empty)."""
    px = layout.px
    edge, height = px(6), px(68)
    big, small = font(px(26), BOLD), font(px(18), MEDIUM)
    dot, gap = px(54), px(12)
    widest = px(390)
    name = shorten(clean(title) or LIVE_WORD.get(lang[:2], "LIVE"), big, widest)
    below = shorten(clean(subtitle), small, widest - px(18))
    below = below or ("" if not clean(title) else LIVE_WORD.get(lang[:2], "LIVE"))
    text_w = max(big.getlength(name), small.getlength(below) + px(18) if below else 0)
    width = px(7) + dot + gap + text_w + px(24)
    sheet = Sheet(width + 2 * edge, height + 2 * edge)
    sheet.shadow(edge, edge + 1, width, height, height / 2, edge, 0.28)
    sheet.rounded(edge, edge, width, height, height / 2, _GLASS, 0.46)
    sheet.outline(edge, edge, width, height, height / 2, _WHITE, 0.16)
    x: float = edge + px(7)
    y = edge + (height - dot) / 2
    sheet.gradient(x, y, dot, dot, dot / 2, (255, 132, 110), (214, 62, 152))
    initial = font(px(28), BOLD)
    letter = name[:1].upper()
    sheet.text(x + (dot - initial.getlength(letter)) / 2, y + dot / 2 + px(10), letter, initial, _WHITE)
    x += dot + gap
    middle = edge + height / 2
    if below:
        sheet.text(x, middle - px(2), name, big, _WHITE)
        sheet.rounded(x, middle + px(13), px(9), px(9), px(9), _LIVE)
        sheet.text(x + px(18), middle + px(24), below, small, (232, 234, 242), 0.92)
    else:
        sheet.text(x, middle + px(9), name, big, _WHITE)
    return sheet.sprite(layout.margin - edge, layout.top - edge)


def paint_clock(layout: Layout, text: str) -> Sprite:
    """Draw the time of day, such as `20:05`."""
    px = layout.px
    face = font(px(25), MEDIUM)
    edge, height = px(6), px(46)
    cell = max(face.getlength(d) for d in "0123456789")
    widths = [cell if c.isdigit() else face.getlength(c) for c in text]
    width = sum(widths) + px(32)
    sheet = Sheet(width + 2 * edge, height + 2 * edge)
    sheet.shadow(edge, edge + 1, width, height, height / 2, edge, 0.28)
    sheet.rounded(edge, edge, width, height, height / 2, _GLASS, 0.46)
    sheet.outline(edge, edge, width, height, height / 2, _WHITE, 0.16)
    x: float = edge + px(16)
    for char, w in zip(text, widths, strict=True):
        sheet.text(x + (w - face.getlength(char)) / 2, edge + height / 2 + px(9), char, face, _WHITE)
        x += w
    left = layout.width - layout.margin - sheet.width + edge
    return sheet.sprite(left, layout.top + px(11) - edge)
