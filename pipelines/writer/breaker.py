"""Breaker: whether an engine is to be asked now, by what became of the last askings.

One that is not there is left alone at once, one that is slow or writes nonsense after two in a row; then it is tried
again after a while that doubles up to a minute (circuit breaker: Nygard, Release It!, 2007).
"""

from __future__ import annotations

from typing import Any

from pipelines.writer.engine import Engine, EngineFault, EngineState

REST_S, REST_MAX_S = 5.0, 60.0
PATIENCE = 2
"""Slow or garbled answers in a row before an engine is left alone."""
WEIGHT = 0.3
"""Of the newest measurement in the running means."""


class Breaker:
    """The health of one engine; times are seconds of the loop's clock."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.state: EngineState = "ok"
        self.message = self.next_step = ""
        self.first_ms: float | None = None
        self.tokens_per_s: float | None = None
        self.counts = {"asked": 0, "written": 0, "down": 0, "slow": 0, "garbage": 0}
        self.closed = True
        self.retry_at = 0.0
        self._rest_s = REST_S
        self._bad = 0

    def good(self, first_s: float, pieces: int, took_s: float) -> bool:
        """It wrote; returns whether its state changed."""
        self.counts["written"] += 1
        self.first_ms = _mean(self.first_ms, first_s * 1000)
        if pieces > 1 and took_s > first_s:
            self.tokens_per_s = _mean(self.tokens_per_s, (pieces - 1) / (took_s - first_s))
        changed = self.state != "ok"
        self.state, self.message, self.next_step = "ok", "", ""
        self.closed, self._bad, self._rest_s = True, 0, REST_S
        return changed

    def bad(self, fault: EngineFault, now: float) -> bool:
        """It failed; returns whether its state changed."""
        self.counts[fault.state] += 1
        self._bad += 1
        if fault.state != "down" and not fault.hold_s and self.closed and self._bad < PATIENCE:
            return False
        changed = self.state != fault.state or self.message != fault.message
        self.state, self.message, self.next_step = fault.state, fault.message, fault.next_step
        self.closed = False
        self.retry_at = now + max(self._rest_s, fault.hold_s)
        self._rest_s = min(self._rest_s * 2, REST_MAX_S)
        return changed

    def document(self) -> dict[str, Any]:
        """For the status document and the desk."""
        return {
            "engine": self.engine.kind, "name": self.engine.name,
            "state": "ok" if self.closed else self.state, "message": self.message or self.engine.remark,
            "next_step": self.next_step,
            "first_ms": None if self.first_ms is None else round(self.first_ms, 1),
            "tokens_per_s": None if self.tokens_per_s is None else round(self.tokens_per_s, 1),
        }


def _mean(mean: float | None, new: float) -> float:
    return new if mean is None else mean + WEIGHT * (new - mean)
