"""Stage: which overlays are shown, and how they come and go.

Drawing happens in the painter's thread; each result is put into the compositor between two ticks.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from streaming.canvas import Rect
from streaming.compositor import Compositor, Piece, whole
from streaming.errors import Conflict
from streaming.overlays.bubbles import MAX_BUBBLES, paint_bubble, stack
from streaming.overlays.captions import Caption, CaptionRow, paint_caption
from streaming.overlays.card import Product, paint_card
from streaming.overlays.header import paint_clock, paint_header
from streaming.overlays.layout import Layout
from streaming.overlays.slate import paint_slate, paint_title
from streaming.overlays.sprite import Sprite
from streaming.playout.config import PlayoutConfig
from streaming.playout.worker import Worker
from streaming.take import Take

FADE_TICKS = 6
HOLD_S = 0.6
"""How long a caption stays after its last sample when nothing follows."""

Faults = dict[str, str]


class Stage:
    """The overlays of one room. `wall` gives seconds since the epoch, for the clock."""

    def __init__(
        self, config: PlayoutConfig, layout: Layout, compositor: Compositor, painter: Worker, faults: Faults,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._layout = layout
        self._compositor = compositor
        self._painter = painter
        self._faults = faults
        self._wall = wall
        self._zone = config.zone
        self._minute = -1
        self._fades: dict[str, _Fade] = {}
        self._bubbles: list[Sprite] = []
        self._captions: dict[str, Caption | None] = {}
        self._shown: tuple[str, int] | None = None
        self._rows: tuple[CaptionRow, ...] = ()
        self._columns: list[int] = []
        self._hold = 0.0
        self._title_sprite: Sprite | None = None

    def _paint(self, key: str, job: Callable[[], Any], then: Callable[[Any], None], *, newest: bool) -> None:
        def done(result: Any, error: Exception | None) -> None:
            if error is not None:
                self._faults[f"paint.{key}"] = f"{type(error).__name__}: {error}"
                return
            self._faults.pop(f"paint.{key}", None)
            then(result)

        self._painter.submit(job, done, key if newest else "")

    def header(self, title: str, subtitle: str) -> None:
        """Show who is on air."""
        layout, lang = self._layout, self._config.lang
        self._paint(
            "header", lambda: paint_header(layout, title, subtitle, lang),
            lambda s: self._compositor.show("header", [whole(s)]), newest=True,
        )
        self._paint("title", lambda: paint_title(layout, title, subtitle), self._title, newest=True)

    def _title(self, sprite: Sprite | None) -> None:
        self._title_sprite = sprite
        self.presenter_changed()

    def presenter_changed(self) -> None:
        """Show the room's title on the backdrop, and hide it behind a presenter."""
        sprite = self._title_sprite if self._compositor.presenter is None else None
        self._compositor.show("title", [] if sprite is None else [whole(sprite)])

    def card(self, product: dict[str, Any] | None) -> None:
        """Show a product, or none."""
        layout = self._layout
        if product is None:
            self._paint("card", lambda: None, lambda _: self._vanish("card"), newest=True)
            return
        shown = Product.from_dict(product)
        self._paint("card", lambda: paint_card(layout, shown), self._card, newest=True)

    def _card(self, sprite: Sprite) -> None:
        standing = self._fades.get("card")
        if standing is not None and standing.target == 1:
            standing.swap([], [sprite])
        else:
            self._fades["card"] = _Fade([], [sprite])

    def bubble(self, user: str, text: str, kind: str) -> None:
        """Add one line of the audience."""
        layout, lang = self._layout, self._config.lang
        self._paint(
            "chat", lambda: paint_bubble(layout, user, text, kind, lang), self._bubble, newest=False
        )

    def _bubble(self, sprite: Sprite) -> None:
        self._bubbles = [*self._bubbles, sprite][-MAX_BUBBLES:]
        newest, *older = stack(self._layout, self._bubbles) or [sprite]
        self._fades["chat"] = _Fade(older, [newest])

    def slate(self, on: bool, text: str, *, at_once: bool = False) -> None:
        """Cover the picture, or uncover it; `at_once` without fading."""
        layout, lang = self._layout, self._config.lang
        if on:
            self._paint("slate", lambda: paint_slate(layout, text, lang), partial(self._slate, at_once), newest=True)
        else:
            self._paint("slate", lambda: None, lambda _: self._vanish("slate"), newest=True)

    def _slate(self, at_once: bool, sprite: Sprite) -> None:
        covering = self._fades.get("slate")
        if covering is not None and covering.target == 1:
            covering.swap([], [sprite])
        else:
            self._fades["slate"] = _Fade([sprite], []) if at_once else _Fade([], [sprite])

    def _vanish(self, layer: str) -> None:
        if layer in self._fades:
            self._fades[layer].leave()

    def prepare(self, take: Take) -> None:
        """Draw the captions of a take that was queued."""
        layout = self._layout
        self._captions[take.take_id] = None

        def keep(caption: Caption) -> None:
            if take.take_id in self._captions:
                self._captions[take.take_id] = caption

        def job() -> Caption:
            return paint_caption(layout, take.text, take.marks, take.duration_s)

        with contextlib.suppress(Conflict):
            self._paint("captions", job, keep, newest=False)

    def forget(self, take_id: str) -> None:
        """Drop the captions of a take that ended."""
        self._captions.pop(take_id, None)

    def step(self, playing: Take | None, elapsed_s: float, tick_s: float) -> None:
        """Move on by one tick of `tick_s`; `elapsed_s` is how far the playing take has come."""
        self._clock()
        self._caption(playing, elapsed_s, tick_s)
        for layer, fade in list(self._fades.items()):
            if fade.moving:
                self._compositor.show(layer, fade.step())
                if fade.gone:
                    del self._fades[layer]

    def _clock(self) -> None:
        now = self._wall()
        if int(now // 60) == self._minute:
            return
        self._minute = int(now // 60)
        text = datetime.fromtimestamp(now, self._zone).strftime("%H:%M")
        layout = self._layout
        with contextlib.suppress(Conflict):
            self._paint(
                "clock", lambda: paint_clock(layout, text),
                lambda s: self._compositor.show("clock", [whole(s)]), newest=True,
            )

    def _caption(self, playing: Take | None, t: float, tick_s: float) -> None:
        caption = self._captions.get(playing.take_id) if playing is not None else None
        if playing is None or caption is None or not caption.pages:
            if self._shown is not None:
                self._hold += tick_s
                if playing is not None or self._hold >= HOLD_S:
                    self._shown = None
                    self._compositor.show("captions", [])
            return
        self._hold = 0.0
        page = caption.page(t)
        rows = caption.pages[page]
        columns = [row.column(t) for row in rows]
        if self._shown != (playing.take_id, page):
            self._shown = (playing.take_id, page)
            self._compositor.show("captions", _pieces(rows, columns))
        elif columns != self._columns:
            changed = [
                Rect(min(a, b), row.waiting.rect.y, abs(b - a), row.waiting.rect.h)
                for row, a, b in zip(rows, self._columns, columns, strict=True) if a != b
            ]
            self._compositor.show("captions", _pieces(rows, columns), changed)
        self._columns = columns


def _pieces(rows: tuple[CaptionRow, ...], columns: list[int]) -> list[Piece]:
    out = []
    for row, column in zip(rows, columns, strict=True):
        x, y, w, h = row.waiting.rect
        split = min(max(column, x), x + w)
        if split > x:
            out.append(Piece(row.spoken, Rect(x, y, split - x, h)))
        if split < x + w:
            out.append(Piece(row.waiting, Rect(split, y, x + w - split, h)))
    return out


class _Fade:
    """Sprites of one layer: some standing, some coming or going."""

    def __init__(self, standing: list[Sprite], fresh: list[Sprite]) -> None:
        self._standing = standing
        self._fresh = fresh
        self._level = 0.0
        self.target = 1
        self.moving = True

    def swap(self, standing: list[Sprite], fresh: list[Sprite]) -> None:
        """Put other sprites in place without starting over."""
        self._standing, self._fresh = standing, fresh
        self.moving = True

    def leave(self) -> None:
        """Begin to fade away."""
        self.target = 0
        self.moving = True

    @property
    def gone(self) -> bool:
        """Whether everything has faded away."""
        return self.target == 0 and self._level <= 0

    def step(self) -> list[Piece]:
        """What to show at this tick."""
        way = 1 if self.target else -1
        self._level = min(1.0, max(0.0, self._level + way / FADE_TICKS))
        self.moving = self._level != self.target
        if self.gone:
            return []
        if self.target == 0:
            return [whole(s.faded(self._level)) for s in (*self._standing, *self._fresh)]
        return [*map(whole, self._standing), *(whole(s.faded(self._level)) for s in self._fresh)]
