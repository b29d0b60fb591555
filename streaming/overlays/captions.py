"""Captions: the sentence being spoken, two rows at a time, lit up as the voice goes along.

Every row is drawn twice, waiting and spoken; a tick shows the spoken one up to the voice and the other
beyond, so that only the columns between two ticks change.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from streaming.canvas import Rect
from streaming.overlays.fonts import BOLD, font
from streaming.overlays.layout import Layout
from streaming.overlays.sprite import Colour, Sheet, Sprite
from streaming.overlays.text import Row, balanced, clean_indexed
from streaming.take import Mark

ROWS = 2
LEAD_S = 0.12
"""How long before its first word a page is shown."""
_WAITING: Colour = (255, 255, 255)
_SPOKEN: Colour = (255, 221, 87)


@dataclass(frozen=True, slots=True)
class CaptionRow:
    """One row, drawn waiting and spoken, and when the voice passes its columns.

    `times` and `columns` are matching points: at `times[i]` seconds all left of `columns[i]` was spoken.
    """

    waiting: Sprite
    spoken: Sprite
    times: tuple[float, ...]
    columns: tuple[float, ...]

    def column(self, t: float) -> int:
        """Even canvas x up to which the row is spoken at `t` seconds."""
        return int(np.interp(t, self.times, self.columns)) & ~1


@dataclass(frozen=True, slots=True)
class Caption:
    """Pages of one sentence; page i is shown from `starts[i]` seconds on."""

    pages: tuple[tuple[CaptionRow, ...], ...]
    starts: tuple[float, ...]

    def page(self, t: float) -> int:
        """Number of the page shown at `t` seconds."""
        return max(0, bisect_right(self.starts, t) - 1)


def paint_caption(layout: Layout, text: str, marks: tuple[Mark, ...], duration_s: float) -> Caption:
    """Draw all pages of `text`; without `marks` its characters are spread evenly over `duration_s`."""
    shown, origin = clean_indexed(text)
    size = layout.px(40)
    face = font(size, BOLD)
    area = layout.captions
    rows = balanced(shown, face, area.w - layout.px(24)) if shown else []
    when = _spans(shown, origin, len(text), marks, duration_s)
    pages: list[tuple[CaptionRow, ...]] = []
    starts: list[float] = []
    for i in range(0, len(rows), ROWS):
        part = rows[i : i + ROWS]
        starts.append(0.0 if i == 0 else max(0.0, when[part[0].start][0] - LEAD_S))
        pages.append(tuple(_row(layout, area, size, part, k, when) for k in range(len(part))))
    return Caption(tuple(pages), tuple(starts))


Spans = list[tuple[float, float]]
_EPSILON = 1e-6
"""Keeps a character's own side of a mark's edge, where time may jump."""


def _spans(
    shown: str, origin: list[int], length: int, marks: tuple[Mark, ...], duration_s: float
) -> Spans:
    """Seconds at which each shown character begins and ends; never falling, pauses between marks kept."""
    points = [(0.0, 0.0)]
    for mark in sorted(marks, key=lambda m: (m.start, m.start + m.end)):
        if math.isfinite(mark.t0) and math.isfinite(mark.t1):
            for at, t in ((mark.start, mark.t0), (mark.end, mark.t1)):
                if at >= points[-1][0]:
                    points.append((float(at), max(points[-1][1], t)))
    if len(points) == 1:
        points.append((float(length), duration_s))
    xs, ts = zip(*points, strict=True)
    begin = np.interp([i + _EPSILON for i in origin], xs, ts)
    end = np.interp([i + 1 - _EPSILON for i in origin], xs, ts)
    return [(float(a), float(b)) for a, b in zip(begin, end, strict=True)]


def _row(
    layout: Layout, area: Rect, size: int, page: list[Row], k: int, when: Spans
) -> CaptionRow:
    px = layout.px
    face = font(size, BOLD)
    row = page[k]
    edge = px(8)
    leading = px(60)
    sprites = []
    x = area.x + (area.w - row.width) / 2 - edge
    y = area.y + area.h - (len(page) - k) * leading
    for colour, opacity in ((_WAITING, 0.94), (_SPOKEN, 1.0)):
        sheet = Sheet(row.width + 2 * edge, leading)
        baseline = leading * 0.72
        sheet.text(edge, baseline + px(2), row.text, face, (0, 0, 0), 0.30, stroke=px(5))
        sheet.text(edge, baseline, row.text, face, (10, 10, 16), 0.78, stroke=max(1, px(3)))
        sheet.text(edge, baseline, row.text, face, colour, opacity)
        sprites.append(sheet.sprite(int(x), int(y)))
    left = sprites[0].rect.x + edge
    edges = [left + face.getlength(row.text[:i]) for i in range(len(row.text) + 1)]
    edges[0] -= edge
    edges[-1] += edge
    times = [t for span in when[row.start : row.end] for t in span]
    columns = [x for pair in pairwise(edges) for x in pair]
    return CaptionRow(sprites[0], sprites[1], tuple(times), tuple(columns))
