"""Loudness: speech levelled to EBU R128, as the viewer will hear it.

The stream carries the mono voice on both channels, which measures 3.01 LU louder than the voice alone
(ITU-R BS.1770-4: channels add up in power), so the mono target is lower by that.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pyloudnorm
from scipy import ndimage, signal

from pipelines.voice.engine import Pcm

TARGET_LUFS = -16.0
CEILING_DBTP = -2.5
"""Below the -1 dBTP that is promised, since AAC coding adds overshoots of a decibel or so."""
_STEREO_LU = 10 * np.log10(2)
_OVERSAMPLE = 4
_MIN_S = 0.45

Coefficients = npt.NDArray[np.float64]


def _single(pcm: npt.NDArray[Any]) -> Pcm:
    return pcm.astype(np.float32)


@functools.cache
def _meter(rate: int) -> pyloudnorm.Meter:
    return pyloudnorm.Meter(rate)


def loudness(pcm: Pcm, rate: int) -> float:
    """Integrated loudness in LUFS of mono `pcm` played on both channels; -inf for silence."""
    if len(pcm) < _MIN_S * rate:
        pcm = np.pad(pcm, (0, int(_MIN_S * rate) - len(pcm) + 1))
    with np.errstate(divide="ignore"):
        return float(_meter(rate).integrated_loudness(pcm.astype(np.float64)) + _STEREO_LU)


def true_peak(pcm: Pcm) -> float:
    """Peak of the waveform between the samples, too, in dBTP (BS.1770-4, annex 2)."""
    peak = float(np.abs(signal.resample_poly(pcm, _OVERSAMPLE, 1)).max(initial=0.0))
    return float(20 * np.log10(peak)) if peak > 0 else float("-inf")


def polish(pcm: Pcm, rate: int) -> Pcm:
    """Take rumble and harshness out of a synthetic voice and add a little of a room."""
    out = signal.sosfilt(_voicing(rate), pcm).astype(np.float32)
    wet: Pcm = out.copy()
    for delay_ms, gain in ((11.3, 0.10), (17.9, 0.075), (26.1, 0.05), (37.7, 0.03)):
        n = int(rate * delay_ms / 1000)
        if n < len(out):
            wet[n:] += gain * out[:-n]
    return wet


@functools.cache
def _voicing(rate: int) -> Coefficients:
    """High-pass at 90 Hz, 2.5 dB of warmth at 220 Hz, -4 dB at 3.4 kHz, low-pass at 7.5 kHz."""
    return np.concatenate((
        signal.butter(2, 90, "highpass", fs=rate, output="sos"), _peaking(220, 2.5, 0.8, rate),
        _peaking(3400, -4.0, 1.0, rate), signal.butter(2, 7500, "lowpass", fs=rate, output="sos"),
    ))


def _peaking(hertz: float, gain_db: float, q: float, rate: int) -> Coefficients:
    """A peaking equaliser (R. Bristow-Johnson, Audio EQ Cookbook)."""
    a, w = 10 ** (gain_db / 40), 2 * np.pi * hertz / rate
    alpha, cos = np.sin(w) / (2 * q), np.cos(w)
    b = np.array([1 + alpha * a, -2 * cos, 1 - alpha * a])
    d = np.array([1 + alpha / a, -2 * cos, 1 - alpha / a])
    sos: Coefficients = np.concatenate((b, d))[None] / d[0]
    return sos


def compress(pcm: Pcm, rate: int, *, ratio: float = 2.5, knee_db: float = 6.0) -> Pcm:
    """Even syllables out: level above the speech's own median is reduced by `ratio`, smoothly."""
    window = max(1, int(0.012 * rate))
    level = np.sqrt(ndimage.uniform_filter1d(pcm.astype(np.float64) ** 2, window) + 1e-9)
    level = ndimage.maximum_filter1d(level, window)
    db = 20 * np.log10(level)
    voiced = db[db > -45]
    if not len(voiced):
        return pcm
    over = np.clip(db - np.median(voiced) + knee_db / 2, 0, None)
    gain = ndimage.uniform_filter1d(-over * (1 - 1 / ratio), int(0.02 * rate))
    return _single(pcm * 10 ** (gain / 20))


def limit(pcm: Pcm, rate: int, ceiling_db: float = CEILING_DBTP) -> Pcm:
    """Hold the true peak below `ceiling_db` by a look-ahead gain of 3 ms."""
    ceiling = 10 ** (ceiling_db / 20)
    up = np.abs(signal.resample_poly(pcm, _OVERSAMPLE, 1))
    peak = up[: len(pcm) * _OVERSAMPLE].reshape(-1, _OVERSAMPLE).max(1)
    if not len(peak) or peak.max() <= ceiling:
        return pcm
    gain = np.minimum(1.0, ceiling / np.maximum(peak, 1e-9))
    reach = max(3, int(0.003 * rate)) | 1
    gain = ndimage.minimum_filter1d(gain, 2 * reach + 1)
    gain = ndimage.uniform_filter1d(gain, reach)
    return _single(pcm * gain)


def level(pcm: Pcm, rate: int) -> Pcm:
    """Bring speech to `TARGET_LUFS` with its true peak below `CEILING_DBTP`; silence stays silence."""
    if loudness(pcm, rate) < -70:
        return pcm
    out = compress(pcm - pcm.mean(), rate)
    for _ in range(2):
        out = limit(_single(out * 10 ** ((TARGET_LUFS - loudness(out, rate)) / 20)), rate)
    return out
