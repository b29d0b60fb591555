"""Hearing: what lips do, heard from the sound itself where no engine tells the phonemes.

Each frame is silence, a hiss, a murmur with closed lips or the vowel whose energy lies nearest: the centroids of the
bands of the first two formants tell how open and how wide a mouth is (Peterson and Barney, 1952). They were measured
on this project's own voices, of which the phonemes are known. What comes out is a row of phonemes like an engine's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pipelines.line import Phone

Curve = npt.NDArray[np.float64]

HOP_S, WINDOW_S, POINTS = 0.01, 0.025, 2048
BLOCK = 512
"""Frames that are transformed at once: bounds the memory of a minute's sound."""
BELOW_PEAK_DB = 35.0
"""What is so far below the loud parts is silence, as is what hardly rises from the room's own noise."""
ABOVE_NOISE = 0.3
PAUSE_S, BLIP_S = 0.08, 0.05
"""A shorter gap is a closed sound within speech; a shorter sound within silence is a click."""
_VOWELS: dict[str, tuple[float, float]] = {
    "a": (760, 1310), "o": (610, 1150), "u": (430, 1250), "i": (366, 2450), "e": (510, 2310), "E": (590, 1980),
    "@": (506, 1720), "V": (616, 1480),
}
"""Centroids in Hz of 200-1000 Hz and, lifted by 6 dB an octave, of 900-2900 Hz."""
_SPREAD = np.array([120.0, 400.0])


class Heard(NamedTuple):
    """Per frame of `HOP_S`: level in dB below the loud parts, share of hiss and of murmur, both centroids in Hz."""

    level: Curve
    hiss: Curve
    murmur: Curve
    first: Curve
    second: Curve
    noise: float


def phones(pcm: npt.NDArray[np.float32], rate: int) -> tuple[Phone, ...]:
    """Contiguous phonemes that cover `pcm` (mono, -1..1), in the names of the visemes; `_` is silence."""
    seconds = len(pcm) / rate
    heard = analyse(pcm, rate)
    names = _names(heard)
    out: list[Phone] = []
    at = 0
    edges = [*(np.flatnonzero(names[1:] != names[:-1]) + 1).tolist(), len(names)]
    for end in edges:
        t0, t1 = at * HOP_S, seconds if end == len(names) else end * HOP_S
        if t1 > t0:
            out.append(Phone(str(names[at]), t0, t1))
        at = end
    return _stressed(out, heard)


def speech(pcm: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.bool_]:
    """Per frame of `HOP_S` whether somebody speaks in it."""
    return _spoken(analyse(pcm, rate))


def analyse(pcm: npt.NDArray[np.float32], rate: int) -> Heard:
    """Measure the sound frame by frame."""
    hop, window = int(rate * HOP_S), int(rate * WINDOW_S)
    count = max(1, -(-len(pcm) // hop))
    padded = np.pad(pcm.astype(np.float32), (window // 2, window + hop))
    hertz = np.fft.rfftfreq(POINTS, 1 / rate)
    shape = np.hanning(window).astype(np.float32)
    parts = []
    for begin in range(0, count, BLOCK):
        rows = np.arange(begin, min(begin + BLOCK, count))[:, None] * hop + np.arange(window)
        power = np.abs(np.fft.rfft(padded[rows] * shape, POINTS)) ** 2
        parts.append(_bands(power, hertz))
    total, low, high, first, second = (np.concatenate(p) for p in zip(*parts, strict=True))
    level = 10 * np.log10(total + 1e-9)
    peak, noise = (float(np.percentile(level, p)) for p in (95, 8))
    return Heard(level - peak, high / (total + 1e-9), low / (total + 1e-9), first, second, noise - peak)


def _bands(power: npt.NDArray[Any], hertz: npt.NDArray[Any]) -> tuple[Curve, ...]:
    def between(low: float, high: float) -> npt.NDArray[Any]:
        return (hertz >= low) & (hertz < high)

    def centroid(low: float, high: float, lift: int) -> Curve:
        band = between(low, high)
        weight = power[:, band] * hertz[band] ** lift
        middle: Curve = (weight * hertz[band]).sum(1) / (weight.sum(1) + 1e-9)
        return middle

    total, low, high = (power[:, between(*b)].sum(1) for b in ((100, 8000), (100, 450), (3500, 8000)))
    return total, low, high, centroid(200, 1000, 1), centroid(900, 2900, 2)


def _spoken(heard: Heard) -> npt.NDArray[np.bool_]:
    limit = max(-BELOW_PEAK_DB, heard.noise * (1 - ABOVE_NOISE))
    loud = ndimage.uniform_filter1d(heard.level, 3) > limit
    loud = ndimage.binary_closing(loud, np.ones(round(PAUSE_S / HOP_S)), border_value=0) | loud
    spoken: npt.NDArray[np.bool_] = ndimage.binary_opening(loud, np.ones(round(BLIP_S / HOP_S)))
    return spoken


def _names(heard: Heard) -> npt.NDArray[np.str_]:
    vowels = np.array(list(_VOWELS))
    at = np.stack((heard.first, heard.second), 1)[:, None] / _SPREAD
    nearest = np.square(at - np.array(list(_VOWELS.values())) / _SPREAD).sum(2).argmin(1)
    names: npt.NDArray[np.str_] = vowels[nearest].astype("<U2")
    names[heard.level < -17] = "t"
    names[(heard.murmur > 0.88) & (heard.level < -3.5)] = "n"
    names[(heard.murmur > 0.88) & ((heard.level < -8) | ((heard.level < -3.5) & (heard.second < 1600)))] = "m"
    names[heard.hiss > 0.3] = "s"
    names[~_spoken(heard)] = "_"
    return names


def _stressed(row: list[Phone], heard: Heard) -> tuple[Phone, ...]:
    """Mark the loudest vowel in each half second or so."""
    out, last = list(row), -1.0
    for n, phone in enumerate(row):
        if phone.name not in _VOWELS or phone.t0 - last < 0.5:
            continue
        a, b = int(phone.t0 / HOP_S), max(int(phone.t0 / HOP_S) + 1, int(phone.t1 / HOP_S))
        around = heard.level[max(0, a - 25) : b + 25]
        if heard.level[a:b].max(initial=-99.0) >= around.max() - 0.5:
            out[n], last = Phone(phone.name, phone.t0, phone.t1, True), phone.t0
    return tuple(out)
