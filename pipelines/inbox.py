"""Inbox: chat events that wait to be answered, ranked, deduplicated and bounded."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from rapidfuzz import fuzz

from pipelines import moderation
from pipelines.events import ChatEvent

Reason = Literal["", "duplicate", "rate_limited", "expired", "moderated", "too_long", "empty"]
Wait = Literal["question", "gift", "hello", "join", "follow", "like"]

_K = TypeVar("_K")
_V = TypeVar("_V")

WAITS: tuple[Wait, ...] = ("question", "gift", "hello", "join", "follow", "like")
"""Kinds that are answered, most urgent first."""
TTL_S: dict[Wait, float] = {
    "question": 180.0, "gift": 120.0, "hello": 60.0, "join": 45.0, "follow": 60.0, "like": 30.0,
}
CAPACITY: dict[Wait, int] = {"question": 64, "gift": 64, "hello": 24, "join": 24, "follow": 24, "like": 8}
GAP_S: dict[Wait, float] = {"question": 0.0, "gift": 4.0, "hello": 6.0, "join": 20.0, "follow": 15.0, "like": 60.0}
"""Shortest time between two answers of one kind, so that small talk can't crowd out selling."""
BATCH: dict[Wait, int] = {"question": 1, "gift": 3, "hello": 3, "join": 3, "follow": 3, "like": 8}

MAX_CHARS = 500
KEPT_CHARS = 200
MAX_USER = 64
FLOOD_PER_S = 200
VIEWER_BURST, VIEWER_REFILL_S = 3, 8.0
"""A viewer may have three messages answered in a row, then one more every eight seconds."""
SEEN_IDS, SEEN_TEXTS, VIEWERS = 4096, 1024, 4096
SAME_TEXT_S = 60.0
NEAR = 92.0
"""rapidfuzz ratio (0..100) from which two questions count as the same."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a chat event: taken into the show, or why not."""

    event_id: str
    accepted: bool
    reason: Reason = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """Events of one kind that are answered together; `question` is always alone."""

    kind: Wait
    events: tuple[ChatEvent, ...]


class Inbox:
    """Bounded in every direction: ids, texts, viewers and waiting events.

    `classify` tells what a comment is: a question, a hello, or None for a remark that needs no answer.
    """

    def __init__(self, classify: Callable[[str], Wait | None]) -> None:
        self._classify = classify
        self._waiting: dict[Wait, deque[ChatEvent]] = {kind: deque() for kind in WAITS}
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._texts: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._viewers: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._last: dict[Wait, float] = {}
        self._second, self._in_second = 0, 0
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def offer(self, event: ChatEvent, now: float) -> Verdict:
        """Take `event` in or refuse it; cheap when there is a flood."""
        reason = self._refuse(event, now)
        self.counts[reason or "accepted"] += 1
        return Verdict(event.event_id, not reason, reason)

    def _refuse(self, event: ChatEvent, now: float) -> Reason:
        if int(now) != self._second:
            self._second, self._in_second = int(now), 0
        self._in_second += 1
        if self._in_second > FLOOD_PER_S:
            return "rate_limited"
        if len(event.text) > MAX_CHARS:
            return "too_long"
        key = (event.platform, event.event_id[:128])
        if event.event_id and key in self._ids:
            return "duplicate"
        self._remember(self._ids, key, None, SEEN_IDS)
        text = moderation.clean(event.text, KEPT_CHARS)
        user = moderation.clean(event.user, MAX_USER)
        if event.kind in ("comment", "question"):
            if not text:
                return "empty"
            if moderation.finding(text):
                return "moderated"
        kind = self._kind(event, text)
        if now - event.ts > TTL_S[kind or "question"]:
            return "expired"
        return self._admit(replace(event, user=user, text=text), kind, now)

    def _kind(self, event: ChatEvent, text: str) -> Wait | None:
        match event.kind:
            case "question":
                return "question"
            case "comment":
                return self._classify(text)
            case kind:
                return kind

    def _admit(self, event: ChatEvent, kind: Wait | None, now: float) -> Reason:
        said = (event.user, event.text.casefold() if event.kind in ("comment", "question") else event.kind)
        again = self._texts.get(said)
        if again is not None and now - again < SAME_TEXT_S and event.kind != "gift":
            return "duplicate"
        if kind == "question" and any(
            fuzz.ratio(event.text.casefold(), other.text.casefold()) >= NEAR for other in self._waiting["question"]
        ):
            return "duplicate"
        if kind is None:
            return ""
        if len(self._waiting[kind]) >= CAPACITY[kind]:
            self._expire(now)
            if len(self._waiting[kind]) >= CAPACITY[kind]:
                return "rate_limited"
        if kind != "gift" and not self._allow_viewer(event.user, now):
            return "rate_limited"
        self._remember(self._texts, said, now, SEEN_TEXTS)
        self._waiting[kind].append(replace(event, kind="question") if kind == "question" else event)
        return ""

    def _allow_viewer(self, user: str, now: float) -> bool:
        tokens, at = self._viewers.get(user, (float(VIEWER_BURST), now))
        tokens = min(float(VIEWER_BURST), tokens + (now - at) / VIEWER_REFILL_S)
        allowed = tokens >= 1
        self._remember(self._viewers, user, (tokens - allowed, now), VIEWERS)
        return allowed

    @staticmethod
    def _remember(store: OrderedDict[_K, _V], key: _K, value: _V, limit: int) -> None:
        store[key] = value
        store.move_to_end(key)
        while len(store) > limit:
            store.popitem(last=False)

    def _expire(self, now: float) -> None:
        for kind, queue in self._waiting.items():
            alive = [e for e in queue if now - e.ts <= TTL_S[kind]]
            self.counts["expired_waiting"] += len(queue) - len(alive)
            if len(alive) < len(queue):
                self._waiting[kind] = deque(alive)

    def pop(self, now: float) -> Pick | None:
        """The events to answer next, taken out; None when nothing is due."""
        self._expire(now)
        for kind in WAITS:
            queue = self._waiting[kind]
            if queue and now - self._last.get(kind, -1e9) >= GAP_S[kind]:
                self._last[kind] = now
                return Pick(kind, tuple(queue.popleft() for _ in range(min(len(queue), BATCH[kind]))))
        return None

    def next_due(self, now: float) -> float | None:
        """When `pop` may give something it doesn't give now; None when nothing waits."""
        due = [self._last.get(kind, -1e9) + GAP_S[kind] for kind in WAITS if self._waiting[kind]]
        return max(now, min(due)) if due else None
