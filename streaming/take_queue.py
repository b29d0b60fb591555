"""Take queue: sentences waiting for air, bounded by their media duration.

Every take that was accepted leaves as exactly one `Finished`: it was played, cancelled, stopped,
outdated by a newer epoch, or lost with the process that held it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from streaming.errors import Conflict
from streaming.take import Take

MAX_QUEUE_S = 60.0

Outcome = Literal["played", "cancelled", "stopped", "stale", "lost"]


@dataclass(frozen=True, slots=True)
class Finished:
    """How one accepted take ended."""

    take_id: str
    line_id: str
    outcome: Outcome


class TakeQueue:
    """Takes in speaking order, at most `limit_s` seconds of them."""

    def __init__(self, limit_s: float = MAX_QUEUE_S) -> None:
        self.limit_s = limit_s
        self.epoch = 0
        self._takes: deque[Take] = deque()
        self._queued_s = 0.0

    def __len__(self) -> int:
        return len(self._takes)

    @property
    def queued_s(self) -> float:
        """Seconds of speech waiting."""
        return self._queued_s

    @property
    def ids(self) -> list[str]:
        """Ids in speaking order."""
        return [t.take_id for t in self._takes]

    @property
    def takes(self) -> tuple[Take, ...]:
        """The takes in speaking order."""
        return tuple(self._takes)

    def check(self, take: Take) -> None:
        """Raise `Conflict` when `take` can't be accepted now: its id waits already, or no room is left.

        One take longer than the whole bound is accepted into an empty queue.
        """
        if take.take_id in self.ids:
            raise Conflict(f"take {take.take_id} is queued already", next_step="Give every take its own id.")
        if self._takes and self._queued_s + take.duration_s > self.limit_s:
            raise Conflict(
                f"{self._queued_s:.1f} s of speech are queued; the limit is {self.limit_s:.0f} s",
                next_step="Wait until queued takes have been spoken, or cancel some.",
            )

    def add(self, take: Take, *, front: bool = False) -> list[Finished]:
        """Accept `take`; a take of an older epoch ends at once as `stale`. Raises `Conflict`."""
        self.check(take)
        if take.epoch < self.epoch:
            return [Finished(take.take_id, take.line_id, "stale")]
        if front:
            self._takes.appendleft(take)
        else:
            self._takes.append(take)
        self._queued_s += take.duration_s
        return []

    def pop(self) -> Take | None:
        """The next take, or None."""
        if not self._takes:
            return None
        take = self._takes.popleft()
        self._recount()
        return take

    def cancel(self, take_ids: Iterable[str] | None) -> list[Finished]:
        """Drop the named takes, or all for None."""
        names = None if take_ids is None else set(take_ids)
        return self._drop(lambda t: names is None or t.take_id in names, "cancelled")

    def raise_epoch(self, epoch: int) -> list[Finished]:
        """Make `epoch` current (it never falls) and drop older takes."""
        self.epoch = max(self.epoch, epoch)
        return self._drop(lambda t: t.epoch < self.epoch, "stale")

    def _drop(self, which: Callable[[Take], bool], outcome: Outcome) -> list[Finished]:
        gone = [t for t in self._takes if which(t)]
        self._takes = deque(t for t in self._takes if not which(t))
        self._recount()
        return [Finished(t.take_id, t.line_id, outcome) for t in gone]

    def _recount(self) -> None:
        self._queued_s = sum(t.duration_s for t in self._takes)
