"""An in-process playout on a virtual clock, with a presenter that is easy to recognise."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from streaming import take as takes
from streaming.canvas import Canvas, Rect
from streaming.errors import BadInput, NightAnchorError
from streaming.overlays.label import paint_label
from streaming.playout.config import PlayoutConfig
from streaming.playout.control import Control
from streaming.playout.playout import Playout
from streaming.ring import RingReader
from streaming.take import FaceFrame, Take
from tests.streaming.playout_process import Tape

MOUTH = Rect(320, 420, 80, 60)


class Flat:
    """A presenter of one grey whose mouth is white while it is open; stands in for a baked look."""

    def __init__(self, luma: int) -> None:
        self.luma = luma
        self.broken = False

    def paint_all(self, scene: Canvas) -> Rect:
        scene.y[:] = self.luma
        scene.u[:] = 128
        scene.v[:] = 128
        return Rect(0, 0, scene.width, scene.height)

    def render(self, scene: Canvas, tick: int, face: FaceFrame | None) -> list[Rect]:
        if self.broken:
            raise RuntimeError("the look's file vanished")
        rect = MOUTH
        scene.planes(rect)[0][:] = 230 if face is not None and face.open > 0.3 else self.luma
        return [rect]


def open_flat(path: str, fps: float) -> Flat:
    """`/looks/<luma>` opens; anything else can't be read."""
    name = path.rsplit("/", 1)[-1]
    if not name.isdigit():
        raise BadInput(f"look {path} can't be read", next_step="Bake it again.")
    return Flat(int(name))


class Port:
    """Takes down what playout says."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[int, dict[str, Any] | NightAnchorError] = {}

    def send(self, op: str, to: str = "server", **fields: Any) -> bool:
        self.events.append((op, fields))
        return True

    def reply(self, request: dict[str, Any], **fields: Any) -> None:
        self.answers[request["id"]] = fields

    def refuse(self, request: dict[str, Any], error: NightAnchorError) -> None:
        self.answers[request["id"]] = error


class Show:
    """A playout driven tick by tick."""

    def __init__(self, run_dir: Path, **config: Any) -> None:
        self.run_dir = run_dir
        (run_dir / "takes").mkdir(exist_ok=True)
        self.ns = 10**9
        self.wall = 1_700_000_000.0
        self.port = Port()
        self._ids = itertools.count(1)
        data = {"room": "main", "video_kbps": 1500, "clock_tz": "UTC", **config}
        self.playout = Playout(
            PlayoutConfig.from_dict(data), run_dir, self.port, lambda: self.ns, lambda: self.wall, open_flat
        )
        self.control = Control(self.playout)
        self.playout.start()
        self.tape = Tape(RingReader(run_dir / "main.packets.ring"))
        self.settle()

    def settle(self) -> None:
        """Let everything that was asked for be drawn, loaded and written."""
        playout = self.playout
        while playout.loader.busy or playout.painter.busy or playout.looks.busy:
            playout.drain(0.02)

    def ask(self, op: str, **fields: Any) -> Any:
        """The answer's fields, or the error."""
        number = next(self._ids)
        self.control.handle({"op": op, "id": number, **fields})
        self.settle()
        return self.port.answers[number]

    def enqueue(self, take: Take, at: str = "back") -> Any:
        path = self.run_dir / "takes" / f"{take.take_id}.take"
        takes.save(take, path)
        return self.ask("take.enqueue", take=str(path), at=at)

    def run(self, ticks: int) -> None:
        """Tick on time."""
        for _ in range(ticks):
            self.ns = self.playout.clock.deadline_ns() + 100_000
            self.playout.tick()
            self.settle()
            self.tape.pull()

    def heard(self, op: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.port.events if name == op]

    def outcomes(self) -> list[tuple[str, str]]:
        return [(f["take_id"], f["outcome"]) for f in self.heard("take.finished")]

    def luma(self, rect: Rect) -> float:
        """Mean brightness of a part of the frame as handed to the encoder."""
        return float(self.playout.compositor.frame.planes(rect)[0].mean())

    def close(self) -> None:
        self.playout.close()


def label_seen(picture: np.ndarray[Any, Any], playout: Playout) -> float:
    """Part of the label's letters that are bright in a decoded picture, and its ground dark."""
    layout = playout.layout
    sprite = paint_label(layout, playout.config.label, playout.config.lang)
    rect = sprite.rect
    black, white = (Canvas(layout.width, layout.height) for _ in range(2))
    white.y[:] = 235
    for canvas in (black, white):
        sprite.blend(canvas, Rect(0, 0, layout.width, layout.height))
    on_black, on_white = black.planes(rect)[0], white.planes(rect)[0]
    letters = on_black > 220
    ground = (on_white < 150) & (on_black < 40)
    seen = Canvas(layout.width, layout.height, np.ascontiguousarray(picture)).planes(rect)[0]
    assert letters.sum() > 500 and ground.sum() > 500
    return float(min((seen[letters] > 170).mean(), (seen[ground] < 170).mean()))
