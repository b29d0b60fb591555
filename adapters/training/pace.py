"""Pace: how fast a training is, and how long it will take."""

from __future__ import annotations

RECENT = 50
"""Steps that a speed is the mean of."""
SAMPLE_SHARE = 0.25
"""Samples that nobody asked for take at most this share of the time."""


class Pace:
    """Of `steps` steps, a validation at each `validate_every` and samples at each `sample_every` (0: as it can)."""

    def __init__(self, steps: int, validate_every: int, sample_every: int) -> None:
        self._steps, self._validate_every, self._sample_every = steps, validate_every, sample_every
        self._recent: list[float] = []
        self._judging_s, self._judged, self._sampling_s = 0.0, 0, 0.0

    def stepped(self, seconds: float) -> None:
        """One step took so long."""
        self._recent = [*self._recent[1 - RECENT :], seconds]

    def judged(self, judging_s: float, sampling_s: float) -> None:
        """One validation, and the samples with it, took so long."""
        self._judging_s, self._judged = self._judging_s + judging_s, self._judged + 1
        self._sampling_s += sampling_s

    def may_sample(self, trained_s: float) -> bool:
        """Whether samples have taken no more than their share of the time so far."""
        return self._sampling_s <= SAMPLE_SHARE * (trained_s + self._judging_s + self._sampling_s)

    @property
    def speed(self) -> float:
        """Steps a second."""
        return len(self._recent) / max(1e-9, sum(self._recent))

    def left(self, step: int) -> float:
        """Seconds of the steps after `step`, of their validations and their samples."""
        to_come = self._steps - step
        steps = to_come / self.speed
        judging = -(-to_come // self._validate_every) * self._judging_s / max(1, self._judged)
        if self._sample_every:
            return steps + judging + to_come / max(1, step) * self._sampling_s
        share = SAMPLE_SHARE / (1 - SAMPLE_SHARE) * (steps + judging)
        return steps + judging + min(share, to_come * self._sampling_s)
