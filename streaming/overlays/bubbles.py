"""Chat bubbles: the latest lines of the audience."""

from __future__ import annotations

import zlib

from streaming.overlays.fonts import BOLD, MEDIUM, FreeTypeFont, font
from streaming.overlays.layout import Layout
from streaming.overlays.sprite import Colour, Sheet, Sprite
from streaming.overlays.text import clean, shorten, wrap

MAX_BUBBLES = 4
_TINTS: tuple[Colour, ...] = (
    (255, 214, 130), (140, 222, 255), (255, 170, 196), (170, 238, 190), (206, 184, 255), (255, 190, 150),
)
_GUEST = {"zh": "观众", "ja": "視聴者", "en": "Viewer"}


def paint_bubble(layout: Layout, user: str, text: str, kind: str, lang: str) -> Sprite:
    """Draw one bubble at (0, 0): the user's name tinted, then up to two rows of text."""
    px = layout.px
    bold, plain = font(px(23), BOLD), font(px(23), MEDIUM)
    edge, pad_x, pad_y, leading = px(3), px(16), px(9), px(33)
    width = layout.bubbles.w - 2 * pad_x - 2 * edge
    name = shorten(clean(user) or _GUEST.get(lang[:2], _GUEST["en"]), bold, width * 0.42)
    name_w = bold.getlength(name) + px(10)
    rows = _rows(clean(text), plain, width, name_w)
    inner = max([name_w + plain.getlength(rows[0]), *(plain.getlength(r) for r in rows[1:])])
    w, h = inner + 2 * pad_x, len(rows) * leading + 2 * pad_y
    sheet = Sheet(w + 2 * edge, h + 2 * edge)
    radius = px(22)
    sheet.rounded(edge, edge, w, h, radius, (64, 14, 40) if kind == "gift" else (12, 14, 22), 0.5)
    sheet.outline(edge, edge, w, h, radius, (255, 255, 255), 0.10)
    tint = _TINTS[zlib.crc32(name.encode()) % len(_TINTS)]
    baseline = edge + pad_y + px(25)
    sheet.text(edge + pad_x, baseline, name, bold, tint)
    for i, row in enumerate(rows):
        x = edge + pad_x + (name_w if i == 0 else 0)
        sheet.text(x, baseline + i * leading, row, plain, (255, 255, 255))
    return sheet.sprite(0, 0)


def _rows(text: str, face: FreeTypeFont, width: float, indent: float) -> list[str]:
    first = wrap(text, face, width - indent)[:1]
    if not first:
        return [""]
    rest = text[first[0].end :].lstrip()
    return [first[0].text] if not rest else [first[0].text, shorten(rest, face, width)]


def stack(layout: Layout, bubbles: list[Sprite]) -> list[Sprite]:
    """Place the newest bubbles from the area's lower edge up; those that don't fit are left out."""
    area = layout.bubbles
    gap = layout.px(6)
    y = area.y + area.h
    out: list[Sprite] = []
    for sprite in reversed(bubbles[-MAX_BUBBLES:]):
        y -= sprite.rect.h
        if y < area.y:
            break
        out.append(sprite.at(area.x - layout.px(3), y))
        y -= gap
    return out
