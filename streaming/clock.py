"""Tick clock: integer deadlines from which frames and samples are counted.

Tick n is due at `t0 + n * 10^9 * den // num` nanoseconds and owns the samples
`[n * sr * den // num, (n + 1) * sr * den // num)`. Both are computed from n alone, so that sound and
picture can't drift apart however long a show lasts. Time and sleep are injected.
"""

from __future__ import annotations

import time
from collections.abc import Callable

CATCH_UP_NS = 200_000_000
"""Lateness up to which the clock catches up; beyond it the origin moves."""

NowNs = Callable[[], int]


class TickClock:
    """Deadlines of ticks on a monotonic clock, and the samples each tick owns."""

    def __init__(
        self, fps_num: int, fps_den: int, sample_rate: int, now_ns: NowNs = time.monotonic_ns
    ) -> None:
        if fps_num <= 0 or fps_den <= 0 or sample_rate <= 0:
            raise ValueError(f"clock of {fps_num}/{fps_den} fps at {sample_rate} Hz")
        self.fps_num = fps_num
        self.fps_den = fps_den
        self.sample_rate = sample_rate
        self.now_ns = now_ns
        self.interval_ns = 1_000_000_000 * fps_den // fps_num
        self.tick = 0
        self.missed = 0
        self.reanchored = 0
        self.late_ns = 0
        self._t0 = now_ns()

    def start(self) -> None:
        """Make now the deadline of the current tick."""
        self._t0 = self.now_ns() - self._offset(self.tick)

    def _offset(self, tick: int) -> int:
        return tick * 1_000_000_000 * self.fps_den // self.fps_num

    def deadline_ns(self) -> int:
        """When the current tick is due, on the injected clock."""
        return self._t0 + self._offset(self.tick)

    def remaining_s(self) -> float:
        """Seconds until the current tick is due; 0 when it is due or late."""
        return max(0, self.deadline_ns() - self.now_ns()) / 1e9

    def samples(self, tick: int | None = None) -> tuple[int, int]:
        """First sample of `tick` (default: the current one), and the first of the next tick."""
        n = self.tick if tick is None else tick
        per = self.sample_rate * self.fps_den
        return n * per // self.fps_num, (n + 1) * per // self.fps_num

    def seconds(self, tick: int | None = None) -> float:
        """Media time of `tick` (default: the current one)."""
        n = self.tick if tick is None else tick
        return n * self.fps_den / self.fps_num

    def begin(self) -> int:
        """Take note of how late the current tick starts; returns whole ticks of lateness.

        More than `CATCH_UP_NS` late, the origin moves so that this tick is due now: media time stays
        contiguous and the stream continues later on the wall.
        """
        self.late_ns = max(0, self.now_ns() - self.deadline_ns())
        behind = self.late_ns // self.interval_ns
        if behind:
            self.missed += 1
        if self.late_ns > CATCH_UP_NS:
            self._t0 += self.late_ns
            self.reanchored += 1
            return 0
        return behind

    def advance(self) -> None:
        """Go to the next tick."""
        self.tick += 1
