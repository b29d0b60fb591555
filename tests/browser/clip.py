"""A short fragmented MP4 (H.264 and AAC) with a moving picture and a tone, as the preview sends it."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT, FPS, RATE = 180, 320, 25, 44_100
FRAGMENT_S = 0.2


@dataclass(frozen=True)
class Clip:
    """`init` segment and `fragments` of FRAGMENT_S seconds each; the first begins with an IDR."""

    mime: str
    init: bytes
    fragments: list[bytes]


def _frame(n: int) -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[..., 0] = 90 + (x + 2 * n) % 120
    picture[..., 1] = 70 + y * 100 // HEIGHT
    picture[..., 2] = 120
    top = 40 + (n * 3) % (HEIGHT - 90)
    picture[top : top + 46, 60:120] = (247, 174, 61)
    return picture


def make(seconds: float = 12.0) -> Clip:
    """Encode the clip; raises `av.FFmpegError` where libx264 or AAC is missing."""
    out = io.BytesIO()
    options = {"movflags": "empty_moov+default_base_moof", "frag_duration": str(int(FRAGMENT_S * 1e6))}
    with av.open(out, "w", format="mp4", options=options) as container:
        coding = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": str(FPS)}
        video: Any = container.add_stream("libx264", rate=FPS, options=coding)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio: Any = container.add_stream("aac", rate=RATE, layout="mono")
        tone = 0.1 * np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE).astype(np.float32)
        done = 0
        for n in range(int(seconds * FPS)):
            picture = av.VideoFrame.from_ndarray(_frame(n), format="rgb24")
            picture.pts, picture.time_base = n, Fraction(1, FPS)
            container.mux(video.encode(picture))
            while done / RATE < (n + 1) / FPS:
                sound = av.AudioFrame.from_ndarray(np.roll(tone, -done)[None, :1024].copy(), "fltp", "mono")
                sound.sample_rate, sound.pts, sound.time_base = RATE, done, Fraction(1, RATE)
                container.mux(audio.encode(sound))
                done += 1024
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    init, fragments = _split(out.getvalue())
    at = init.index(b"avcC") + 5
    profile = init[at : at + 3].hex()
    return Clip(f'video/mp4; codecs="avc1.{profile},mp4a.40.2"', init, fragments)


def _split(data: bytes) -> tuple[bytes, list[bytes]]:
    init, fragments, at = b"", [], 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        box = data[at : at + size]
        if kind in (b"ftyp", b"moov"):
            init += box
        elif kind == b"moof":
            fragments.append(box)
        elif kind == b"mdat":
            fragments[-1] += box
        at += size
    return init, fragments
