"""Playout: clock, player, compositor and encoder as one object that is ticked.

It owns no process and no time of its own, so that a test drives hours of it with a virtual clock.
Nothing in `tick` waits: drawing, loading and writing happen in worker threads.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from streaming.channel import Message
from streaming.clock import NowNs, TickClock
from streaming.compositor import Compositor
from streaming.encoder import Encoder
from streaming.errors import Conflict, Corrupt, NightAnchorError
from streaming.overlays.label import paint_label
from streaming.overlays.layout import Layout
from streaming.playout import journal
from streaming.playout.config import PlayoutConfig
from streaming.playout.journal import Journal
from streaming.playout.looks import LookSwitch, OpenLook, open_presenter
from streaming.playout.player import Player, Step
from streaming.playout.stage import Stage
from streaming.playout.worker import Worker
from streaming.ring import RingWriter
from streaming.take_queue import Finished, TakeQueue

RING_S = 24
RING_MIN = 8 << 20
LOOK_WAIT_S = 0.7
"""How long the first frame may wait for its look."""
SLATE_WAIT_S = 1.0
"""How long the first frame may wait for the slate that must hide the picture."""
_RATE_NS = 2_000_000_000
"""Window over which `fps` and `bitrate_kbps` are measured: one GOP."""


class Port(Protocol):
    """Where events and answers go; `streaming.child.Child` is the real one."""

    def send(self, op: str, to: str = "server", **fields: Any) -> bool:
        """Send an event."""

    def reply(self, request: Message, **fields: Any) -> None:
        """Answer a request that succeeded."""

    def refuse(self, request: Message, error: NightAnchorError) -> None:
        """Answer a request that failed."""


class Playout:
    """One room on air. `run_dir` gets the packet ring; `port` the events."""

    def __init__(
        self, config: PlayoutConfig, run_dir: Path, port: Port,
        now_ns: NowNs = time.monotonic_ns, wall: Callable[[], float] = time.time,
        open_look: OpenLook = open_presenter,
    ) -> None:
        self.config = config
        self.run_dir = run_dir
        self.port = port
        s = config.encoder
        self.layout = Layout(s.width, s.height)
        self.encoder = Encoder(s)
        self.queue = TakeQueue()
        self.player = Player(self.queue, s.sample_rate)
        self.compositor = Compositor(s.width, s.height, paint_label(self.layout, config.label, config.lang))
        self._picture = self.encoder.picture(self.compositor.frame)
        capacity = max(RING_MIN, (s.video_kbps + s.audio_kbps) * 1000 // 8 * RING_S)
        self.ring = RingWriter(run_dir / f"{config.room}.packets.ring", capacity, self.encoder.init_segment)
        self.loader = Worker("loader")
        self.painter = Worker("painter")
        self.faults: dict[str, str] = {}
        self.stage = Stage(config, self.layout, self.compositor, self.painter, self.faults, wall)
        self.looks = LookSwitch(self, open_look)
        self.journal_path = run_dir / f"{config.room}.playout.json"
        self.journal = self._recall()
        self.clock = TickClock(s.fps_num, s.fps_den, s.sample_rate, now_ns)
        self._tick_s = s.fps_den / s.fps_num
        self.repeated = 0
        self._sent: deque[tuple[int, int]] = deque()
        self._sent_bytes = 0

    def _recall(self) -> Journal:
        """Take up what an earlier process left behind, and tell which takes died with it."""
        config = self.config
        configured = [config.look, config.title, config.subtitle]
        try:
            old = journal.read(self.journal_path)
        except Corrupt as e:
            self.faults["recall"] = e.message
            old = None
        now = old or Journal()
        if now.configured != configured:
            now.configured = configured
            now.look, now.title, now.subtitle = configured
        for take_id, line_id in now.takes:
            self.port.send("take.finished", take_id=take_id, line_id=line_id, outcome="lost")
        now.takes = []
        self.queue.raise_epoch(now.epoch)
        self.stage.header(now.title, now.subtitle)
        if now.product is not None:
            self.stage.card(now.product)
        for user, text, kind in now.bubbles:
            self.stage.bubble(user, text, kind)
        if now.slate_on:
            self.stage.slate(True, now.slate_text, at_once=True)
        return now

    def remember(self, then: Callable[[], None] = lambda: None) -> None:
        """Write the journal as it is now; `then` runs on the tick's thread once it is on disk."""
        waiting = [self.player.playing, *self.queue.takes]
        self.journal.takes = [[t.take_id, t.line_id] for t in waiting if t is not None]
        self.journal.epoch = self.queue.epoch
        content = self.journal.dumps()

        def done(_: object, error: Exception | None) -> None:
            if error is None:
                self.faults.pop("journal", None)
            else:
                self.faults["journal"] = f"{type(error).__name__}: {error}"
            then()

        try:
            self.loader.submit(lambda: journal.write(self.journal_path, content), done)
        except Conflict as e:
            done(None, e)

    def start(self) -> None:
        """Put the look on stage and make the next tick due now; a slate covers it from the first frame on."""
        if self.journal.look:
            self.looks.begin(self.journal.look, LOOK_WAIT_S)
        if self.journal.slate_on:
            until = time.monotonic() + SLATE_WAIT_S
            while self.painter.busy and time.monotonic() < until:
                self.painter.drain(0.02)
        self.clock.start()

    def tick(self) -> None:
        """Put one frame and its samples on air."""
        clock = self.clock
        behind = clock.begin()
        first, end = clock.samples()
        step = self.player.step(end - first)
        if behind:
            self.repeated += 1
        else:
            self._render(step)
        size = 0
        for stream, key, pts, data in self.encoder.video(self._picture, clock.tick):
            self.ring.write(data, stream=stream, key=key, pts=pts, dts=pts)
            size += len(data)
        for stream, key, pts, data in self.encoder.audio(step.pcm):
            self.ring.write(data, stream=stream, key=key, pts=pts, dts=pts)
            size += len(data)
        self._count(size)
        self._report(step)
        clock.advance()

    def _render(self, step: Step) -> None:
        try:
            self.looks.step(at_boundary=self.player.playing is None or step.started is not None)
            self.stage.step(self.player.playing, self.player.elapsed_s, self._tick_s)
            self.compositor.render(self.clock.tick, step.face)
        except Exception as e:
            self.repeated += 1
            self.looks.failed(e)

    def _count(self, size: int) -> None:
        now = self.clock.now_ns()
        self._sent.append((now, size))
        self._sent_bytes += size
        while now - self._sent[0][0] > _RATE_NS:
            self._sent_bytes -= self._sent.popleft()[1]

    def _report(self, step: Step) -> None:
        if (take := step.started) is not None:
            now = self.clock.now_ns()
            at_s = round(self.clock.seconds(), 3)
            self.port.send("take.started", take_id=take.take_id, line_id=take.line_id, mono_ns=now, pts_s=at_s)
        for ended in step.finished:
            self.finish(ended)
        if step.started is not None or step.finished:
            self.remember()

    def finish(self, ended: Finished) -> None:
        """Tell the director how a take ended."""
        self.port.send(
            "take.finished", take_id=ended.take_id, line_id=ended.line_id, outcome=ended.outcome
        )
        self.stage.forget(ended.take_id)

    def drain(self, timeout_s: float = 0.0) -> None:
        """Take over what the worker threads have finished."""
        self.loader.drain(timeout_s)
        self.painter.drain()
        self.looks.drain()

    def status(self) -> dict[str, Any]:
        """The heartbeat's status (docs/architecture.md)."""
        clock, sent = self.clock, self._sent
        span_s = (sent[-1][0] - sent[0][0]) / 1e9 if len(sent) > 1 else 0.0
        playing = self.player.playing
        return {
            "fps": round((len(sent) - 1) / span_s, 2) if span_s else 0.0,
            "tick": clock.tick,
            "pts_s": round(clock.seconds(), 3),
            "ticks_missed": clock.missed,
            "ticks_repeated": self.repeated,
            "reanchored": clock.reanchored,
            "late_ms": round(clock.late_ns / 1e6, 2),
            "bitrate_kbps": round((self._sent_bytes - sent[0][1]) * 8e-3 / span_s) if span_s else 0,
            "queue_s": round(self.queue.queued_s, 2),
            "playing": playing.take_id if playing else None,
            "av_offset_ms": round(self.encoder.av_offset_ms, 2),
            "look": self.looks.path or None,
            "encoder": self.encoder.name,
            "cpu_s": round(time.process_time(), 2),
            "faults": dict(self.faults),
        }

    def close(self) -> None:
        """End in good order: every accepted take is finished, and nothing is left to take up again."""
        if (take := self.player.playing) is not None:
            self.finish(Finished(take.take_id, take.line_id, "stopped"))
        for ended in self.queue.cancel(None):
            self.finish(ended)
        self.looks.close()
        self.painter.close()
        self.loader.close()
        self.journal_path.unlink(missing_ok=True)
        self.ring.close()
