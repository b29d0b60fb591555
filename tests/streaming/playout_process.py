"""A real playout process with the test in the supervisor's place."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

from streaming import take as takes
from streaming.channel import CHANNEL_FD, Channel, ChannelClosed, Message
from streaming.ring import VIDEO, Record, RingReader
from streaming.take import FACE_TRACKS, Mark, Take

ROOT = Path(__file__).resolve().parents[2]


def make_take(
    seconds: float = 1.0, *, text: str = "今天的价格只要99.90元。", fps: int = 25, rate: int = 44_100,
    epoch: int = 0, hertz: float = 880.0, amplitude: float = 0.5, take_id: str = "",
) -> Take:
    """A take that is a tone from its first sample on, with the mouth wide open."""
    n = round(seconds * rate)
    pcm = np.rint(np.sin(np.arange(n) * 2 * np.pi * hertz / rate) * amplitude * 32767).astype(np.int16)
    ticks = -(-n * fps // rate)
    face = {name: np.zeros(ticks, np.float32) for name in FACE_TRACKS}
    face["open"][:] = 0.8
    name = take_id or uuid.uuid4().hex[:8]
    return Take(
        take_id=name, line_id=f"line-{name}", room="main", epoch=epoch, text=text, lang="zh", fps_num=fps,
        fps_den=1, sample_rate=rate, pcm=pcm, face=face, marks=(Mark(0, len(text), 0.0, seconds),),
    )


class Process:
    """`python -m streaming.playout` on one end of a socket pair."""

    def __init__(self, run_dir: Path, **config: Any) -> None:
        self.run_dir = run_dir
        (run_dir / "takes").mkdir(exist_ok=True)
        ours, theirs = socket.socketpair()
        self.started_at = time.monotonic()
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "streaming.playout"], cwd=ROOT, pass_fds=[theirs.fileno()],
            env={**os.environ, CHANNEL_FD: str(theirs.fileno())},
        )
        theirs.close()
        self.channel = Channel(ours)
        self.messages: list[Message] = []
        self._id = 0
        full = {"room": "main", **config}
        self.channel.send(
            {"op": "start", "name": "playout:main", "config": full, "run_dir": str(run_dir)}
        )

    def send(self, op: str, **fields: Any) -> None:
        self.channel.send({"op": op, "to": "playout:main", **fields})

    def ask(self, op: str, **fields: Any) -> Message:
        self._id += 1
        self.channel.send({"op": op, "to": "playout:main", "id": self._id, "from": "server", **fields})
        want = self._id
        return self.wait(lambda m: m.get("re") == want)

    def wait(self, match: Callable[[Message], Any], timeout_s: float = 20.0) -> Message:
        """First message, old or new, that matches."""
        seen = 0
        deadline = time.monotonic() + timeout_s
        while True:
            for message in self.messages[seen:]:
                if match(message):
                    return message
            seen = len(self.messages)
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing matched among {self.messages[-5:]}")
            try:
                self.messages += self.channel.poll(0.2)
            except ChannelClosed:
                raise AssertionError(f"playout ended with {self.popen.wait(5)}") from None

    def event(self, op: str, **fields: Any) -> Message:
        return self.wait(
            lambda m: m.get("op") == op and all(m.get(k) == v for k, v in fields.items())
        )

    def enqueue(self, take: Take, at: str = "back") -> Message:
        path = self.run_dir / "takes" / f"{take.take_id}.take"
        takes.save(take, path)
        return self.ask("take.enqueue", take=str(path), at=at)

    def status(self) -> dict[str, Any]:
        """The next heartbeat's status."""
        n = len(self.messages)
        beat = self.wait(lambda m: m.get("op") == "beat" and self.messages.index(m) >= n)
        return dict(beat["status"])

    def reader(self) -> RingReader:
        self.event("beat")
        return RingReader(self.run_dir / "main.packets.ring")

    def close(self) -> None:
        if self.popen.poll() is None:
            self.send("stop")
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait(5)
        self.channel.close()


class Tape:
    """Everything a ring's reader saw, and its decoded pictures and sound."""

    def __init__(self, reader: RingReader) -> None:
        self.reader = reader
        self.records: list[Record] = []
        self.config = b""

    def pull(self) -> list[Record]:
        if self.reader.renewed():
            self.config = self.reader.config
        new: list[Record] = []
        while part := self.reader.read():
            new += part
        self.records += new
        return new

    def until_tick(self, tick: int, process: Process, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not any(r.stream == VIDEO and r.pts >= tick for r in self.records):
            if time.monotonic() > deadline:
                raise TimeoutError(f"tick {tick} never came")
            process.messages += process.channel.poll(0.05)
            self.pull()

    def decode_pictures(self) -> dict[int, np.ndarray[Any, np.dtype[np.uint8]]]:
        """Tick -> the I420 picture of (height * 3 // 2, width)."""
        return decode_video(self.config, self.records)

    def decode_sound(self) -> tuple[int, np.ndarray[Any, np.dtype[np.float32]]]:
        """First sample's number, and the left channel."""
        return decode_audio(self.config, self.records)


def decode_video(config: bytes, records: list[Record]) -> dict[int, np.ndarray[Any, np.dtype[np.uint8]]]:
    source = av.open(io.BytesIO(config))
    codec = av.CodecContext.create("h264", "r")
    codec.extradata = source.streams.video[0].codec_context.extradata
    out: dict[int, np.ndarray[Any, np.dtype[np.uint8]]] = {}
    frames: list[av.VideoFrame] = []
    for r in records:
        if r.stream == VIDEO:
            packet = av.Packet(r.data)
            packet.pts = packet.dts = r.pts
            frames += codec.decode(packet)  # type: ignore[arg-type]
    frames += codec.decode(None)
    for frame in frames:
        out[int(frame.pts or 0)] = frame.to_ndarray(format="yuv420p")
    return out


def decode_audio(
    config: bytes, records: list[Record]
) -> tuple[int, np.ndarray[Any, np.dtype[np.float32]]]:
    source = av.open(io.BytesIO(config))
    codec = av.CodecContext.create("aac", "r")
    codec.extradata = source.streams.audio[0].codec_context.extradata
    first: int | None = None
    parts = []
    for r in records:
        if r.stream != VIDEO:
            first = r.pts if first is None else first
            packet = av.Packet(r.data)
            packet.pts = packet.dts = r.pts
            parts += [f.to_ndarray()[0] for f in codec.decode(packet)]
    return first or 0, np.concatenate(parts)
