"""Product card: picture, name, price and stock of what is being sold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from streaming.overlays.fonts import BLACK, BOLD, MEDIUM, font
from streaming.overlays.layout import Layout
from streaming.overlays.sprite import Sheet, Sprite
from streaming.overlays.text import clean, paragraph, shorten

MAX_PIXELS = 40_000_000
"""Largest product picture that is decoded."""
_INK = (24, 26, 34)
_GREY = (138, 142, 154)
_ACCENT = (250, 40, 76)
_ACCENT_2 = (255, 106, 61)


@dataclass(frozen=True, slots=True)
class Product:
    """What the card shows; ready-made strings, any of them may be empty."""

    name: str = ""
    price: str = ""
    was_price: str = ""
    stock: str = ""
    badge: str = ""
    picture: str = ""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Product:
        """Read a `card` message's product; absent or null fields are empty."""

        def field(key: str) -> str:
            value = data.get(key)
            return "" if value is None else str(value)

        names = ("name", "price", "was_price", "stock", "badge")
        return cls(**{k: clean(field(k)) for k in names}, picture=field("picture"))


def load_picture(path: str, size: int) -> npt.NDArray[np.uint8] | None:
    """The middle square of a picture file at (size, size, 3) RGB; None when it can't be read."""
    try:
        with Image.open(Path(path)) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft("RGB", (2 * size, 2 * size))
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            square = image.crop((left, top, left + side, top + side)).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    pixels = np.asarray(square, np.float32)
    alpha = pixels[..., 3:] / 255
    rgb = pixels[..., :3] * alpha + 244 * (1 - alpha)
    way = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    small = cv2.resize(rgb, (size, size), interpolation=way)
    return np.clip(np.rint(small), 0, 255).astype(np.uint8)


def paint_card(layout: Layout, product: Product) -> Sprite:
    """Draw the card at its place."""
    px = layout.px
    box = layout.card
    edge = px(14)
    sheet = Sheet(box.w + 2 * edge, box.h + 2 * edge)
    radius = px(22)
    sheet.shadow(edge, edge + px(3), box.w, box.h, radius, edge * 0.7, 0.42)
    sheet.rounded(edge, edge, box.w, box.h, radius, (255, 255, 255), 0.965)
    pad = px(14)
    side = box.h - 2 * pad
    x = edge + pad
    picture = load_picture(product.picture, side) if product.picture else None
    if picture is not None:
        sheet.picture(x, edge + pad, picture, px(14))
        sheet.outline(x, edge + pad, side, side, px(14), (0, 0, 0), 0.06)
    else:
        sheet.gradient(x, edge + pad, side, side, px(14), (255, 231, 226), (255, 212, 222))
        big = font(px(64), BOLD)
        letter = product.name[:1].upper() or "·"
        sheet.text(x + (side - big.getlength(letter)) / 2, edge + pad + side / 2 + px(23), letter, big,
                   (240, 120, 132))
    _words(layout, sheet, product, x + side + px(18), edge, box.w + edge - px(20), box.h)
    return sheet.sprite(box.x - edge, box.y - edge)


def _words(
    layout: Layout, sheet: Sheet, product: Product, left: float, top: float, right: float, height: float
) -> None:
    px = layout.px
    name_face, small = font(px(26), BOLD), font(px(19), MEDIUM)
    bottom = top + height - px(24)
    rows = paragraph(product.name, name_face, right - left, 1 if product.badge else 2)
    y = top + px(42)
    for row in rows:
        sheet.text(left, y, row, name_face, _INK)
        y += px(33)
    if product.badge:
        tag = font(px(17), BOLD)
        text = shorten(product.badge, tag, right - left - px(20))
        width = tag.getlength(text) + px(20)
        sheet.gradient(left, y - px(18), width, px(27), px(7), _ACCENT, _ACCENT_2)
        sheet.text(left + px(10), y + px(1), text, tag, (255, 255, 255))
    x = left
    stock = shorten(product.stock, small, (right - left) * 0.45)
    stock_w = small.getlength(stock)
    if product.price:
        x = _price(layout, sheet, product.price, x, bottom, right - (stock_w + px(14) if stock else 0))
    if product.was_price:
        old = font(px(20), MEDIUM)
        width = old.getlength(product.was_price)
        x += px(12)
        if x + width <= right - (stock_w + px(14) if stock else 0):
            sheet.text(x, bottom, product.was_price, old, _GREY)
            sheet.strike(x - 1, x + width + 1, bottom - px(7), max(1.5, px(1.6)), _GREY)
    if stock:
        sheet.text(right - stock_w, bottom, stock, small, (104, 108, 120))


_NUMBER = re.compile(r"\d[\d,]*")


def _price(layout: Layout, sheet: Sheet, price: str, x: float, baseline: float, right: float) -> float:
    """Draw a price with its whole number large and the rest small; returns the pen's x after it."""
    px = layout.px
    found = _NUMBER.search(price)
    start, end = found.span() if found else (0, len(price))
    for scale in (1.0, 0.85, 0.7, 0.55):
        big, small = font(px(48 * scale), BLACK), font(px(27 * scale), BOLD)
        parts = [(price[:start], small), (price[start:end], big), (price[end:], small)]
        if x + sum(f.getlength(t) for t, f in parts) <= right:
            break
    else:
        parts = [("", small), (shorten(price, small, max(1.0, right - x)), small), ("", small)]
    for text, face in parts:
        x = sheet.text(x, baseline, text, face, _ACCENT)
    return x
