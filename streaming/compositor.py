"""Compositor: the picture on air, of which each tick touches only what changed.

Two canvases: `scene` is the presenter without overlays, `frame` is what the encoder gets. A tick copies
the rectangles that changed from scene to frame and blends, within them only, the overlays in z-order.
The AI label is given at construction, blended after everything else, and has no way to be hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import cv2

from streaming.canvas import Canvas, Rect
from streaming.overlays.backdrop import paint_backdrop
from streaming.overlays.sprite import Sprite
from streaming.take import FaceFrame

LAYERS = ("title", "captions", "chat", "card", "header", "clock", "slate")
"""Overlays from the lowest to the highest; the AI label lies above them all."""


class Presenter(Protocol):
    """What stands before the camera; `streaming.presenter.Presenter` is the real one."""

    def paint_all(self, scene: Canvas) -> Rect:
        """Paint everything once; returns what was painted."""

    def render(self, scene: Canvas, tick: int, face: FaceFrame | None) -> list[Rect]:
        """Paint what moved in `tick`; returns the rectangles that changed."""


class Piece(NamedTuple):
    """The part `clip` of a sprite."""

    sprite: Sprite
    clip: Rect


def whole(sprite: Sprite) -> Piece:
    """All of a sprite."""
    return Piece(sprite, sprite.rect)


class Compositor:
    """Scene, overlays and label on canvases of one size."""

    def __init__(self, width: int, height: int, label: Sprite) -> None:
        self.scene = Canvas(width, height)
        self.frame = Canvas(width, height)
        self.presenter: Presenter | None = None
        self._all = Rect(0, 0, width, height)
        self._label = label
        self._layers: dict[str, tuple[Piece, ...]] = {name: () for name in LAYERS}
        self._dirty: list[Rect] = [paint_backdrop(self.scene)]
        self._incoming: Canvas | None = None
        self._outgoing: Canvas | None = None
        self._fade_ticks = 0
        self._fade_at = 0

    @property
    def fading(self) -> bool:
        """Whether one look is dissolving into another."""
        return self._incoming is not None

    def set_presenter(self, presenter: Presenter | None, fade_ticks: int = 0) -> None:
        """Put another presenter on stage (None: the backdrop), dissolving over `fade_ticks`.

        Whatever `paint_all` raises leaves the old presenter on stage.
        """
        canvas = Canvas(self._all.w, self._all.h)
        if presenter is None:
            paint_backdrop(canvas)
        else:
            presenter.paint_all(canvas)
        self.presenter = presenter
        if fade_ticks <= 0:
            self.scene = canvas
            self._incoming = self._outgoing = None
            self._dirty.append(self._all)
            return
        self._outgoing = Canvas(self._all.w, self._all.h, self.scene.data.copy())
        self._incoming = canvas
        self._fade_ticks, self._fade_at = fade_ticks, 0

    def show(self, layer: str, pieces: Sequence[Piece], changed: Sequence[Rect] | None = None) -> None:
        """Replace what `layer` shows.

        `changed` names the rectangles that differ from before; by default all old and new pieces.
        """
        old = self._layers[layer]
        self._layers[layer] = tuple(pieces)
        if changed is None:
            self._dirty += [p.clip for p in old]
            self._dirty += [p.clip for p in pieces]
        else:
            self._dirty += changed

    def render(self, tick: int, face: FaceFrame | None) -> None:
        """Bring `frame` up to date for `tick`; `face` is None while nobody speaks."""
        target = self.scene if self._incoming is None else self._incoming
        if self.presenter is not None:
            moved = self.presenter.render(target, tick, face)
            if self._incoming is None:
                self._dirty += moved
        if self._incoming is not None:
            self._dissolve()
        dirty, self._dirty = _merge(self._dirty, self._all), []
        for rect in dirty:
            self._compose(rect)

    def _dissolve(self) -> None:
        assert self._incoming is not None and self._outgoing is not None
        self._fade_at += 1
        t = self._fade_at / self._fade_ticks
        self._dirty = [self._all]
        if t >= 1:
            self.scene = self._incoming
            self._incoming = self._outgoing = None
            return
        k = t * t * (3 - 2 * t)
        cv2.addWeighted(self._incoming.data, k, self._outgoing.data, 1 - k, 0, dst=self.scene.data)

    def _compose(self, rect: Rect) -> None:
        frame = self.frame
        frame.copy_from(self.scene, rect)
        for pieces in self._layers.values():
            for sprite, clip in pieces:
                part = clip.intersect(rect)
                if part is not None:
                    sprite.blend(frame, part)
        self._label.blend(frame, rect)


def _merge(rects: list[Rect], bounds: Rect) -> list[Rect]:
    """Fewer rectangles that cover the same pixels: joins those whose common box is hardly larger."""
    out: list[Rect] = []
    for rect in rects:
        inside = rect.intersect(bounds)
        if inside is None:
            continue
        box = inside
        i = 0
        while i < len(out):
            other = out[i]
            x, y = min(box.x, other.x), min(box.y, other.y)
            w = max(box.x + box.w, other.x + other.w) - x
            h = max(box.y + box.h, other.y + other.h) - y
            if w * h <= box.w * box.h + other.w * other.h:
                box = Rect(x, y, w, h)
                del out[i]
                i = 0
            else:
                i += 1
        out.append(box)
    return out
