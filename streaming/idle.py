"""Idle: how a person who stands and listens moves, never twice the same.

Head and body follow sums of sines whose periods have no common multiple; blinks and glances come at random times of
a generator that depends on the seed and the count alone, so a look that is restarted goes on as lively as before.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

BREATH_HZ = 0.23
BLINK_MEAN_S, BLINK_LEAST_S = 3.6, 1.4
"""Adults at rest blink 10 to 20 times a minute (Bentivoglio et al., 1997)."""
DOUBLE_BLINK = 0.14
_CLOSE_S, _SHUT_S, _OPEN_S = 0.07, 0.035, 0.15
_GLANCE_MEAN_S, _GLANCE_S = 2.9, 0.07
_GOLDEN = (1 + math.sqrt(5)) / 2


class Pose(NamedTuple):
    """Idle motion at one instant, every value in units of the look's own range."""

    yaw: float
    pitch: float
    breath: float
    sway: float
    closed: float
    gaze: float
    brow: float


def _wander(t: float, phase: float, slowest_hz: float) -> float:
    """Smooth, aperiodic, within -1..1."""
    value = 0.0
    for k, weight in enumerate((0.5, 0.3, 0.2)):
        value += weight * math.sin(2 * math.pi * slowest_hz * _GOLDEN**k * t + phase * (k + 1) * 1.7)
    return value


class Idle:
    """One presenter's idle motion; ask for rising times."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._phases = [self._rng.uniform(0, 2 * math.pi) for _ in range(6)]
        self._blink_at = self._rng.uniform(0.8, 2.5)
        self._glance_at = self._rng.uniform(0.5, 2.0)
        self._from = self._to = 0.0
        self._began = 0.0

    def at(self, t: float) -> Pose:
        """The pose `t` seconds after the start."""
        p = self._phases
        breath_phase = 2 * math.pi * BREATH_HZ * t + 0.6 * math.sin(2 * math.pi * 0.031 * t + p[3])
        # Breathing out takes longer than breathing in.
        breath = 0.5 - 0.5 * math.cos(breath_phase + 0.45 * math.sin(breath_phase))
        self._look_around(t)
        return Pose(
            yaw=0.55 * _wander(t, p[0], 0.061), pitch=0.42 * _wander(t, p[1], 0.083) + 0.16 * (breath - 0.5),
            breath=breath * (0.85 + 0.15 * math.sin(2 * math.pi * 0.043 * t + p[4])),
            sway=0.8 * _wander(t, p[2], 0.047),
            closed=self._lids(t), gaze=self._gaze(t), brow=max(0.0, 0.16 * _wander(t, p[5], 0.07)),
        )

    def _lids(self, t: float) -> float:
        dt = t - self._blink_at
        if dt < 0:
            return 0.0
        if dt < _CLOSE_S:
            return _ease(dt / _CLOSE_S)
        if dt < _CLOSE_S + _SHUT_S:
            return 1.0
        if dt < _CLOSE_S + _SHUT_S + _OPEN_S:
            return 1.0 - _ease((dt - _CLOSE_S - _SHUT_S) / _OPEN_S)
        if self._rng.random() < DOUBLE_BLINK:
            self._blink_at = t + self._rng.uniform(0.05, 0.16)
        else:
            self._blink_at = t + BLINK_LEAST_S + self._rng.expovariate(1 / (BLINK_MEAN_S - BLINK_LEAST_S))
        return 0.0

    def _look_around(self, t: float) -> None:
        if t < self._glance_at:
            return
        self._from, self._began = self._gaze(t), t
        # Mostly at the camera, now and then a little aside.
        self._to = 0.0 if self._rng.random() < 0.55 else self._rng.uniform(-1.0, 1.0)
        self._glance_at = t + 0.4 + self._rng.expovariate(1 / _GLANCE_MEAN_S)
        if abs(self._to - self._from) > 0.9 and self._rng.random() < 0.6 and t < self._blink_at - 0.4:
            self._blink_at = t

    def _gaze(self, t: float) -> float:
        return self._from + (self._to - self._from) * _ease(min(1.0, max(0.0, (t - self._began) / _GLANCE_S)))


def _ease(x: float) -> float:
    return x * x * (3 - 2 * x)
