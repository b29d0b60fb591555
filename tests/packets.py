"""A room's packet ring without playout: real H.264 and AAC, written in real time by a thread."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np

from streaming.canvas import Canvas
from streaming.encoder import Encoder, EncoderSettings
from streaming.ring import RingWriter


class Packets:
    """`with Packets(run_dir):` writes `main.packets.ring` at 25 fps; the picture's grey counts ticks."""

    def __init__(self, run_dir: Path, *, width: int = 128, height: int = 192, kbps: int = 300, room: str = "main"):
        self.settings = EncoderSettings(width=width, height=height, video_kbps=kbps, encoder="x264", preset="ultrafast")
        self.path = run_dir / f"{room}.packets.ring"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        encoder = Encoder(self.settings)
        ring = RingWriter(self.path, 8 << 20, encoder.init_segment)
        canvas = Canvas(self.settings.width, self.settings.height)
        picture = encoder.picture(canvas)
        began, tick, at = time.monotonic(), 0, 0
        rng = np.random.default_rng(1)
        while not self._end.wait(max(0.0, began + tick * 0.04 - time.monotonic())):
            canvas.y[:] = 16 + tick % 200
            canvas.y[:, :32] = rng.integers(16, 235, canvas.y[:, :32].shape, dtype=np.uint8)
            until = (tick + 1) * 44_100 // 25
            pcm = (np.sin(np.arange(at, until) * 0.06) * 8000).astype(np.int16)
            at = until
            for p in encoder.video(picture, tick) + encoder.audio(pcm):
                ring.write(p.data, stream=p.stream, key=p.key, pts=p.pts, dts=p.pts)
            tick += 1
        ring.close()

    def __enter__(self) -> Packets:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._end.set()
        self._thread.join()
