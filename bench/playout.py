"""Playout against its own encoder: what overlays, presenter and transport cost on top of encoding.

A demo presenter speaks with captions, card, chat and clock on. After each tick a bare encoder with the same
settings encodes the very same frame and samples. Processor time of the whole process, worker threads
included, is added up for each side separately; both sides alternate tick by tick, so that whatever
else the machine does falls on both alike.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.row import row
from streaming import take as takes
from streaming.encoder import Encoder
from streaming.errors import NightAnchorError
from streaming.playout.config import PlayoutConfig
from streaming.playout.control import Control
from streaming.playout.playout import Playout
from streaming.take import FACE_TRACKS, Mark, Take

ASSETS = Path(__file__).parent.parent / "assets"
SECONDS = 20
WARM_UP_S = 2
TEXT = "这款保温杯采用真空双层结构，早上装的热水，到了晚上喝还是热的，今天下单立减二十元。"
RATE, FPS, WIDTH, HEIGHT = 44_100, 25, 720, 1280


class _Port:
    """Keeps what went wrong, so that a benchmark of half a show can't pass for one of a whole show."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.started = 0

    def send(self, op: str, to: str = "server", **fields: Any) -> bool:
        self.started += op == "take.started"
        return True

    def reply(self, request: dict[str, Any], **fields: Any) -> None:
        pass

    def refuse(self, request: dict[str, Any], error: NightAnchorError) -> None:
        self.refused.append(f"{request['op']}: {error.message}")


def _bake(picture: Path, out: Path) -> None:
    command = [
        sys.executable, "-m", "pipelines.looks.bake", "--picture", str(picture), "--out", str(out),
        "--width", str(WIDTH), "--height", str(HEIGHT), "--name", "bench",
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1])["ok"]


def _take(number: int) -> Take:
    """A sentence at four syllables a second; the mouth opens and closes with each."""
    length = len(TEXT) / 4
    t = np.arange(int(length * RATE)) / RATE
    voice = np.sin(2 * np.pi * 190 * t) + 0.4 * np.sin(2 * np.pi * 2400 * t)
    pcm = (5000 * np.sin(np.pi * 4 * t) ** 2 * voice).astype(np.int16)
    at = np.arange(-(-len(pcm) * FPS // RATE)) / FPS
    face = {name: np.zeros(len(at), np.float32) for name in FACE_TRACKS}
    face["open"] = (np.sin(np.pi * 4 * at) ** 2).astype(np.float32)
    face["wide"] = np.sin(7 * at).astype(np.float32)
    face["yaw"] = (0.5 * np.sin(1.3 * at)).astype(np.float32)
    marks = tuple(Mark(i, i + 1, i / 4, (i + 1) / 4) for i in range(len(TEXT)))
    return Take(f"t{number}", f"l{number}", "bench", 0, TEXT, "zh", FPS, 1, RATE, pcm, face, marks)


def main() -> None:
    """Print the rows."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder)
        (run_dir / "takes").mkdir()
        look = run_dir / "look"
        _bake(ASSETS / "portraits" / "lin.jpg", look)
        port = _Port()
        config = PlayoutConfig.from_dict({
            "room": "bench", "width": WIDTH, "height": HEIGHT, "fps_num": FPS, "sample_rate": RATE, "encoder": "x264",
            "title": "NightAnchor", "subtitle": "24 h", "look": str(look),
        })  # fmt: skip
        playout = Playout(config, run_dir, port)
        control = Control(playout)
        ids = itertools.count(1)

        def ask(op: str, **fields: Any) -> None:
            control.handle({"op": op, "id": next(ids), **fields})

        def settle() -> None:
            while playout.loader.busy or playout.painter.busy or playout.looks.busy:
                playout.drain(0.02)

        playout.start()
        settle()
        picture = next(iter(sorted((ASSETS / "products").glob("*.png"))), None)
        ask("card", product={
            "name": "保温杯", "price": "¥79", "was_price": "¥99", "stock": "128", "badge": "",
            "picture": str(picture) if picture else "",
        })  # fmt: skip
        bare = Encoder(config.encoder)
        frame = bare.picture(playout.compositor.frame)
        whole = alone = 0.0
        number = 0
        for tick in range((WARM_UP_S + SECONDS) * FPS):
            if tick == WARM_UP_S * FPS:
                whole = alone = 0.0
            if playout.player.playing is None and not playout.queue.takes:
                number += 1
                path = run_dir / "takes" / f"t{number}.take"
                takes.save(_take(number), path)
                ask("take.enqueue", take=str(path), at="back")
            before = time.process_time()
            if tick % (2 * FPS) == 0:
                ask("chat", user="小鱼", text=f"第 {tick} 位观众：这个多少钱？", kind="question")
            settle()
            playout.clock.start()
            first, end = playout.clock.samples()
            said: list[Any] = []
            step = playout.player.step
            playout.player.step = _tapped(step, said)  # type: ignore[method-assign]
            playout.tick()
            playout.player.step = step  # type: ignore[method-assign]
            between = time.process_time()
            assert len(said[0].pcm) == end - first
            bare.video(frame, tick)
            bare.audio(said[0].pcm)
            whole += between - before
            alone += time.process_time() - between
        fault = "; ".join(port.refused) or "; ".join(f"{k}: {v}" for k, v in playout.faults.items())
        if fault or playout.looks.path != str(look) or not port.started or playout.repeated:
            raise RuntimeError(f"not a whole show: {fault or 'no look, no speech or repeated ticks'}")
        playout.close()
    row("playout CPU per on-air second", whole / SECONDS, "s")
    row("bare encoder CPU per on-air second", alone / SECONDS, "s")
    row("playout over bare encoder", whole / alone, "ratio", "bare encoder on the same frames; at most 1.25")


def _tapped(step: Any, said: list[Any]) -> Any:
    """`step`, whose results are also put into `said`."""

    def call(count: int) -> Any:
        out = step(count)
        said.append(out)
        return out

    return call


if __name__ == "__main__":
    main()
