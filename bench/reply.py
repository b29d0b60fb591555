"""Typed chat to the first voiced sample of the reply at the encoder.

The time of a voiced sample is read where the encoder put it: AAC packets are taken from the packet
ring with the instant they were written, and decoded; the reply begins with the first packet
whose level rises above -50 dBFS after silence.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from bench.instance import Instance, running
from bench.row import percentile, row
from streaming.ring import AUDIO, RingReader

QUESTIONS = 50
VOICED = 10 ** (-50 / 20)
LIMIT_S = 12.0
ASK = (
    "精华多少钱", "这个防晒还有货吗", "敏感肌可以用吗", "口红什么颜色", "面霜怎么用", "保质期多久", "气垫适合油皮吗",
    "How much is the serum?", "Is the sunscreen in stock?", "发货要几天",
)


class Ear:
    """Decodes the audio that the encoder writes and tells when it is voiced."""

    def __init__(self, ring: Path) -> None:
        self.reader = RingReader(ring)
        self.reader.renewed()
        source = av.open(io.BytesIO(self.reader.config))
        self.codec = av.CodecContext.create("aac", "r")
        self.codec.extradata = source.streams.audio[0].codec_context.extradata

    def levels(self) -> list[tuple[int, float]]:
        """(monotonic ns, peak) of every audio packet since the last call."""
        out = []
        for record in self.reader.read(limit=4096):
            if record.stream != AUDIO:
                continue
            with contextlib.suppress(av.error.InvalidDataError):
                for frame in self.codec.decode(av.Packet(record.data)):
                    out.append((record.mono_ns, float(np.abs(frame.to_ndarray()).max())))
        return out

    def quiet(self, seconds: float) -> None:
        """Return once nothing has been voiced for `seconds`."""
        last = time.monotonic()
        give_up = last + 60
        while time.monotonic() < give_up:
            if any(level > VOICED for _, level in self.levels()):
                last = time.monotonic()
            if time.monotonic() - last > seconds:
                return
            time.sleep(0.02)
        raise AssertionError("the presenter does not become silent")

    def next_voice(self, since_ns: int) -> float:
        """Seconds from `since_ns` to the first voiced packet."""
        give_up = time.monotonic() + LIMIT_S
        while time.monotonic() < give_up:
            for at, level in self.levels():
                if level > VOICED and at > since_ns:
                    return (at - since_ns) / 1e9
            time.sleep(0.005)
        raise AssertionError(f"no reply within {LIMIT_S} s")


def silence_scripts(instance: Instance) -> None:
    """Leave the presenter with nothing to say on her own."""
    for script in instance.api.get("/scripts", params={"room": "main"}).json():
        instance.api.put(f"/scripts/{script['id']}", json=script | {"enabled": False}).raise_for_status()


def main() -> None:
    """Ask 50 questions, one after another, each when the presenter is idle."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as instance:
        instance.until(lambda: instance.status()["on_air"], 60, "the room to be on air")
        silence_scripts(instance)
        ear = Ear(instance.run_dir() / "main.packets.ring")
        took = []
        for n in range(QUESTIONS):
            ear.quiet(1.0)
            began = time.monotonic_ns()
            body = {"room": "main", "user": f"viewer{n}", "text": f"{ASK[n % len(ASK)]}", "kind": "question"}
            answer = instance.api.post("/chat", json=body)
            answer.raise_for_status()
            if not answer.json()["accepted"]:
                raise AssertionError(answer.text)
            took.append(ear.next_voice(began))
        row("typed chat to first voiced sample, idle, p50", percentile(took, 0.5), "s", f"{QUESTIONS} questions")
        row("typed chat to first voiced sample, idle, p95", percentile(took, 0.95), "s", "aim 0.7 s")


if __name__ == "__main__":
    main()
