"""Face track: lips from phonemes with co-articulation, head and brows from the sentence's rhythm.

Lip targets are smoothed over the neighbouring sounds (a simple form of the dominance functions of Cohen and
Massaro, 1993) and run ahead of the sound, as lips do. Sounds that need closed lips get them whatever stands beside.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from pipelines.face.visemes import REST, path
from pipelines.line import Phone, Speech
from pipelines.voice.engine import Mood
from streaming.take import FACE_TRACKS

Curve = npt.NDArray[np.float64]

RATE = 200
"""Samples a second of the curves before they are read once a tick."""
LEAD_S = 0.045
SPREAD_S = 0.034
SILENCE_S = 0.12
_REACH_S = 0.075
_SMILE: dict[Mood, float] = {"calm": 0.18, "warm": 0.32, "lively": 0.45}
_LIVELY: dict[Mood, float] = {"calm": 0.6, "warm": 0.85, "lively": 1.1}


def face_track(
    speech: Speech, *, fps_num: int, fps_den: int = 1, mood: Mood = "warm", seed: int = 0, question: bool = False
) -> dict[str, npt.NDArray[np.float32]]:
    """One value per tick for every name of `FACE_TRACKS`; all begin and end at 0."""
    seconds = len(speech.pcm) / speech.sample_rate
    ticks = -(-len(speech.pcm) * fps_num // (speech.sample_rate * fps_den))
    n = max(2, int(np.ceil(seconds * RATE)) + 1)
    silent = _silence(speech.phones, n)
    opening, wide = _lips(speech.phones, n)
    opening *= 0.55 + 0.45 * _energy(speech, n)
    opening *= 1 - silent
    wide *= 1 - silent
    rng = np.random.default_rng(zlib.crc32(repr((seed, round(seconds, 3))).encode()))
    ends = _ends(n, seconds)
    lively = _LIVELY[mood]
    nods, brows = _accents(speech.phones, n, rng, question)
    curves = {
        "open": np.clip(opening, 0, 1), "wide": np.clip(wide, -1, 1), "brow": np.clip(brows * lively, 0, 1) * ends,
        "smile": _SMILE[mood] * ends * (1 - 0.35 * np.clip(opening, 0, 1)),
        "yaw": 0.42 * lively * _drift(n, rng, 0.45) * ends,
        "pitch": np.clip(0.22 * lively * _drift(n, rng, 0.6) + 0.5 * lively * nods, -1, 1) * ends,
        "roll": 0.3 * lively * _drift(n, rng, 0.35) * ends,
    }
    at = (np.arange(ticks) + 0.5) * fps_den / fps_num * RATE
    out = {}
    for name in FACE_TRACKS:
        track = np.interp(at, np.arange(n), curves[name]).astype(np.float32)
        track[-1:] = 0
        out[name] = track
    out["open"][out["open"] < 0.012] = 0
    return out


def _span(phone: Phone, n: int, lead: float = 0.0) -> tuple[int, int]:
    first, last = int((phone.t0 - lead) * RATE), int((phone.t1 - lead) * RATE)
    return min(max(first, 0), n), min(max(last, first + 1, 0), n)


def _lips(phones: tuple[Phone, ...], n: int) -> tuple[Curve, Curve]:
    """Opening and width, smoothed and ahead of the sound."""
    opening, wide, shut = np.zeros(n), np.zeros(n), np.zeros(n)
    for phone in phones:
        shapes = path(phone.name)
        first, last = _span(phone, n, LEAD_S)
        edges = np.linspace(first, last, len(shapes) + 1).astype(int)
        for shape, a, b in zip(shapes, edges, edges[1:], strict=False):
            gain = 1.12 if phone.stress and shape is not REST else 1.0
            opening[a:b], wide[a:b] = shape.open * gain, shape.wide
        if shapes[0].closed:
            middle = (first + last) // 2
            half = max(last - first, int(0.06 * RATE)) // 2
            shut[max(0, middle - half) : middle + half] = shapes[0].closed
    sigma = SPREAD_S * RATE
    opening = ndimage.gaussian_filter1d(opening, sigma)
    wide = ndimage.gaussian_filter1d(wide, sigma * 1.25)
    shut = ndimage.gaussian_filter1d(ndimage.maximum_filter1d(shut, 3), 0.012 * RATE)
    return opening * (1 - np.clip(shut * 1.08, 0, 1)), wide


def _silence(phones: tuple[Phone, ...], n: int) -> Curve:
    """1 where nothing is said for longer than `SILENCE_S`, with soft edges inside the silence."""
    mask = np.zeros(n)
    at = 0
    while at < len(phones):
        end = at
        while end < len(phones) and phones[end].name.startswith("_"):
            end += 1
        if end > at:
            t0, t1 = phones[at].t0, phones[end - 1].t1
            if t1 - t0 >= SILENCE_S or at == 0 or end == len(phones):
                # The lips may open a little before the sound; they are shut everywhere else in a silence.
                last = n if end == len(phones) else max(0, int((t1 - LEAD_S - 0.02) * RATE))
                mask[max(0, int(t0 * RATE)) : last] = 1
        at = max(end, at + 1)
    soft: Curve = np.clip(ndimage.uniform_filter1d(mask, max(1, int(0.05 * RATE))) * 2 - 0.5, 0, 1)
    return soft


def _energy(speech: Speech, n: int) -> Curve:
    """Level of the voice, 0..1 of its own loud parts, at `RATE`."""
    step = speech.sample_rate / RATE
    edges = np.minimum((np.arange(n) * step).astype(int), max(0, len(speech.pcm) - 1))
    power = np.add.reduceat(speech.pcm.astype(np.float64) ** 2, edges)
    level = np.sqrt(ndimage.gaussian_filter1d(power / step, 0.03 * RATE))
    high = float(np.percentile(level, 92)) or 1.0
    share: Curve = np.clip(level / high, 0, 1)
    return share


def _ends(n: int, seconds: float) -> Curve:
    """A window that rises and falls within a third of a second, so that speech leaves idle smoothly."""
    edge = min(0.35, seconds / 3)
    t = np.arange(n) / RATE
    rise = np.clip(np.minimum(t, seconds - t) / edge, 0, 1)
    return rise * rise * (3 - 2 * rise)


def _drift(n: int, rng: np.random.Generator, hertz: float) -> Curve:
    """Smooth noise of about `hertz`, -1..1."""
    noise = ndimage.gaussian_filter1d(rng.standard_normal(n + 4 * RATE), RATE / (2 * np.pi * hertz) * 1.2)
    noise = noise[2 * RATE : 2 * RATE + n]
    drift: Curve = noise / (np.abs(noise).max() or 1.0)
    return drift


def _accents(phones: tuple[Phone, ...], n: int, rng: np.random.Generator, question: bool) -> tuple[Curve, Curve]:
    """Small nods and raised brows: at the start of phrases, on some stressed syllables, at the end of a question."""
    nods, brows = np.zeros(n), np.zeros(n)
    fresh, since = True, 0.0
    for phone in phones:
        if phone.name.startswith("_"):
            fresh |= phone.t1 - phone.t0 > 0.1
            continue
        if phone.stress and phone.t0 - since > 0.55 and (fresh or rng.random() < 0.3):
            at = int(phone.t0 * RATE)
            strength = float(rng.uniform(0.6, 1.0))
            nods += strength * _bump(n, at + int(0.06 * RATE), 0.11)
            if fresh or rng.random() < 0.5:
                brows += 0.55 * strength * _bump(n, at, 0.16)
            fresh, since = False, phone.t0
    if question:
        brows += 0.7 * _bump(n, n - int(0.45 * RATE), 0.25)
    return np.clip(nods, -1, 1), np.clip(brows, 0, 1)


def _bump(n: int, at: int, sigma_s: float) -> Curve:
    x = (np.arange(n) - at) / (sigma_s * RATE)
    return np.exp(-0.5 * x * x)
