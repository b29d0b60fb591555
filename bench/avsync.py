"""A/V offset of a received stream, judged by its content: the mouth's opening against the voice.

The mouth's opening is the mean absolute difference of the mouth's pixels from their median picture
(a closed mouth, which is the most frequent); the voice is the short-time level of the sound. The
lag at which the two correlate best is the offset. Lips lead the voice by some tens of milliseconds
by nature (they form a sound before it is heard), so the *change* between two stretches of one
stream is what tells about clocks.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import numpy.typing as npt

Series = npt.NDArray[np.float64]
MAX_LAG = 15
"""Ticks searched on either side."""


class Offset(NamedTuple):
    """`seconds` > 0: the mouth moves later than the voice; `correlation` tells how sure it is."""

    seconds: float
    correlation: float


def mouth_and_voice(
    path: Path, box: tuple[int, int, int, int], start_s: float, length_s: float
) -> tuple[Series, Series, float]:
    """Per-tick mouth opening and voice level of one stretch, and the tick's length in seconds.

    `box` is x, y, w, h of the mouth in pixels; times are the stream's own timestamps.
    """
    x, y, w, h = box
    frames: dict[int, npt.NDArray[np.uint8]] = {}
    samples: list[tuple[float, npt.NDArray[np.float32]]] = []
    with av.open(str(path)) as source:
        video, audio = source.streams.video[0], source.streams.audio[0]
        rate = float(video.average_rate or 25)
        source.seek(int(start_s * 1_000_000), backward=True)
        for frame in source.decode(video, audio):
            if frame.time is None or frame.time < start_s:
                continue
            if frame.time > start_s + length_s + 1.0:
                break
            if isinstance(frame, av.VideoFrame):
                luma = np.frombuffer(frame.planes[0], np.uint8).reshape(frame.height, -1)
                frames[round((frame.time - start_s) * rate)] = luma[y : y + h, x : x + w].copy()
            else:
                samples.append((frame.time - start_s, frame.to_ndarray()[0]))
                sample_rate = frame.sample_rate
    count = int(length_s * rate)
    stack = np.stack([frames.get(n, next(iter(frames.values()))) for n in range(count)]).astype(np.float32)
    opening = np.abs(stack - np.median(stack, axis=0)).mean((1, 2)).astype(np.float64)
    energy, weight = np.zeros(count), np.zeros(count)
    for t0, pcm in samples:
        ticks = ((t0 + np.arange(len(pcm)) / sample_rate) * rate).astype(int)
        keep = (ticks >= 0) & (ticks < count)
        np.add.at(energy, ticks[keep], pcm[keep].astype(np.float64) ** 2)
        np.add.at(weight, ticks[keep], 1)
    level = np.sqrt(energy / np.maximum(weight, 1))
    return opening, level, 1.0 / rate


def offset(opening: Series, level: Series, tick_s: float) -> Offset:
    """The lag at which mouth and voice agree best, refined below one tick by a parabola."""
    a = (opening - opening.mean()) / (opening.std() or 1)
    b = (level - level.mean()) / (level.std() or 1)
    lags = np.arange(-MAX_LAG, MAX_LAG + 1)
    n = len(a)
    score = np.array(
        [np.mean(a[max(0, k) : n + min(0, k)] * b[max(0, -k) : n + min(0, -k)]) for k in lags]
    )
    best = int(np.argmax(score))
    shift = 0.0
    if 0 < best < len(score) - 1:
        left, mid, right = score[best - 1], score[best], score[best + 1]
        shift = 0.5 * (left - right) / ((left - 2 * mid + right) or 1)
    return Offset(float((lags[best] + shift) * tick_s), float(score[best]))


def timestamps(path: Path) -> tuple[float, float]:
    """Seconds by which the first, and the last, audio packet stands after the video's."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    with av.open(str(path)) as source:
        for packet in source.demux(source.streams.video[0], source.streams.audio[0]):
            if packet.pts is None or packet.time_base is None:
                continue
            kind, at = packet.stream.type, float(packet.pts * packet.time_base)
            first.setdefault(kind, at)
            last[kind] = at
    return first["audio"] - first["video"], last["audio"] - last["video"]
