"""Speaker: a line becomes speech, whatever languages its text is mixed of."""

from __future__ import annotations

from math import gcd

import numpy as np
from scipy import signal

from pipelines.line import Line, Phone, Speech, WordSpan
from pipelines.voice import loudness
from pipelines.voice.engine import Clip, Engine, Pcm
from pipelines.voice.normalise import Segment, spoken
from streaming.errors import BadInput

MAX_CHARS = 400
_JOINT_S = 0.07
"""Silence between two segments of different languages."""
_LEAD_S, _TAIL_S = 0.02, 0.18
_FLOOR = 10 ** (-48 / 20)
_FADE_S = 0.006


class Speaker:
    """One engine and the steps around it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def speak(self, line: Line, sample_rate: int) -> Speech:
        """Voice a line at `sample_rate`; raises `BadInput` for a text in which there is nothing to say."""
        if len(line.text) > MAX_CHARS:
            raise BadInput(
                f"the sentence has {len(line.text)} characters", next_step=f"split it: at most {MAX_CHARS} at a time"
            )
        segments = spoken(line.text, line.lang)
        if not segments:
            raise BadInput("there is nothing in this text that can be said", next_step="write words or numbers")
        parts: list[Pcm] = [np.zeros(int(_LEAD_S * sample_rate), np.float32)]
        phones: list[Phone] = [Phone("_", 0.0, _LEAD_S)]
        words: list[WordSpan] = []
        at = _LEAD_S
        for n, segment in enumerate(segments):
            clip = self.engine.synthesise(segment.text, segment.lang, line.voice, line.mood)
            pcm, skipped = _trim(_resample(clip, sample_rate), sample_rate)
            if not len(pcm):
                continue
            if n:
                parts.append(np.zeros(int(_JOINT_S * sample_rate), np.float32))
                phones.append(Phone("_", at, at + _JOINT_S))
                at += _JOINT_S
            length = len(pcm) / sample_rate
            phones += _shifted(clip, at - skipped, at, at + length)
            words += _words(segment, clip, at - skipped, at + length)
            parts.append(pcm)
            at += length
        if len(phones) < 2:
            raise BadInput("the voice has no sound for this text", next_step="write words or numbers")
        parts.append(np.zeros(int(_TAIL_S * sample_rate), np.float32))
        whole = np.concatenate(parts)
        phones.append(Phone("_", at, len(whole) / sample_rate))
        voiced = loudness.level(loudness.polish(whole, sample_rate), sample_rate)
        spans = _filled(_merged(words), line.text)
        return Speech(_faded(voiced, sample_rate), sample_rate, tuple(phones), spans, line.lang)


def _resample(clip: Clip, rate: int) -> Pcm:
    if clip.sample_rate == rate:
        return clip.pcm
    g = gcd(rate, clip.sample_rate)
    resampled: Pcm = signal.resample_poly(clip.pcm, rate // g, clip.sample_rate // g).astype(np.float32)
    return resampled


def _trim(pcm: Pcm, rate: int) -> tuple[Pcm, float]:
    """`pcm` without silence at its ends, and the seconds taken off the front."""
    loud = np.flatnonzero(np.abs(pcm) > _FLOOR)
    if not len(loud):
        return pcm[:0], 0.0
    keep = int(0.02 * rate)
    first, last = max(0, int(loud[0]) - keep), min(len(pcm), int(loud[-1]) + keep)
    return pcm[first:last], first / rate


def _shifted(clip: Clip, shift: float, start: float, end: float) -> list[Phone]:
    out = []
    for phone in clip.phones:
        t0, t1 = min(max(phone.t0 + shift, start), end), min(max(phone.t1 + shift, start), end)
        if t1 > t0:
            out.append(Phone(phone.name, t0, t1, phone.stress))
    if out and out[-1].t1 < end:
        last = out[-1]
        out[-1] = Phone(last.name, last.t0, end, last.stress)
    return out


def _words(segment: Segment, clip: Clip, shift: float, end: float) -> list[WordSpan]:
    """Where the characters of the original are said; a word lasts until the next begins."""
    out = []
    for n, (first, last, t0) in enumerate(clip.words):
        where = segment.origin[first : max(last, first + 1)]
        if not where:
            continue
        t1 = clip.words[n + 1][2] if n + 1 < len(clip.words) else end - shift
        out += _spread(where, max(0.0, t0 + shift), min(t1 + shift, end))
    return out


def _spread(where: tuple[tuple[int, int], ...], t0: float, t1: float) -> list[WordSpan]:
    """One span per origin, each as long as its share of the characters; some engines see a phrase as one word."""
    out: list[WordSpan] = []
    at = 0
    while at < len(where):
        last = at
        while last < len(where) and where[last] == where[at]:
            last += 1
        begin, end = (t0 + (t1 - t0) * k / len(where) for k in (at, last))
        out.append(WordSpan(*where[at], begin, end))
        at = last
    return out


def _merged(words: list[WordSpan]) -> tuple[WordSpan, ...]:
    """Words in the order of the text, those said for the same characters joined."""
    out: list[WordSpan] = []
    for word in words:
        if out and word.start < out[-1].end:
            last = out[-1]
            out[-1] = WordSpan(last.start, max(last.end, word.end), last.t0, max(last.t1, word.t1))
        else:
            out.append(word)
    return tuple(out)


def _filled(words: tuple[WordSpan, ...], text: str) -> tuple[WordSpan, ...]:
    """Characters for which the engine told no time, as the second of 妈妈, belong to the word before them."""
    out = []
    for n, word in enumerate(words):
        limit = words[n + 1].start if n + 1 < len(words) else len(text)
        gap = text[word.end : limit]
        letters = [k for k, c in enumerate(gap) if c.isalnum()]
        out.append(WordSpan(word.start, word.end + letters[-1] + 1, word.t0, word.t1) if letters else word)
    return tuple(out)


def _faded(pcm: Pcm, rate: int) -> Pcm:
    n = int(_FADE_S * rate)
    if len(pcm) > 2 * n:
        ramp = np.linspace(0, 1, n, dtype=np.float32)
        pcm[:n] *= ramp
        pcm[-n:] *= ramp[::-1]
    return pcm
