"""Fonts: Noto Sans SC (SIL OFL 1.1) in any size and weight, and which characters it can draw."""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from functools import cache
from importlib import resources

from PIL import ImageFont

REGULAR, MEDIUM, BOLD, BLACK = 400, 500, 700, 900
_KEEP = 48

FreeTypeFont = ImageFont.FreeTypeFont

_fonts: OrderedDict[tuple[int, int], FreeTypeFont] = OrderedDict()


@cache
def _path() -> str:
    return str(resources.files("justmytype_intl_cjk") / "fonts/ofl/notosanssc/NotoSansSC[wght].ttf")


def font(size: int, weight: int = REGULAR) -> FreeTypeFont:
    """The font at `size` pixels per em and a weight of 100..900; the last few are kept open."""
    key = (max(6, size), weight)
    found = _fonts.get(key)
    if found is None:
        found = ImageFont.truetype(_path(), key[0], layout_engine=ImageFont.Layout.BASIC)
        found.set_variation_by_axes([weight])
        _fonts[key] = found
        if len(_fonts) > _KEEP:
            _fonts.popitem(last=False)
    else:
        _fonts.move_to_end(key)
    return found


@cache
def _missing() -> bytes:
    return bytes(font(24).getmask("\U0010fffe"))


@cache
def drawable(char: str) -> bool:
    """Whether the font has a picture for one printable character."""
    if char in " \u3000":
        return True
    if unicodedata.category(char)[0] in "CZM":
        return False
    return bytes(font(24).getmask(char)) != _missing()
