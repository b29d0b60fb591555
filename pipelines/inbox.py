"""Inbox: chat events that wait to be answered, ranked, clustered and bounded."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from pipelines import moderation
from pipelines.cluster import Topic
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
BUSY_GAP_S: dict[Wait, float] = {"gift": 18.0, "hello": 20.0, "join": 45.0, "follow": 30.0}
"""The same after an answer to a whole crowd: who comes then is greeted with the next crowd."""
CROWD = 6
GATHER_S = 1.5
"""While a sentence is still on air, a question waits so long for others that ask the same."""
TOPIC_GAP_S, TOPIC_GAP_MAX_S = 6.0, 48.0
"""Shortest time between two answers on one topic; it doubles while the topic keeps coming back at once."""
TOPIC_REST_S = 120.0
"""A topic that was not asked about for so long is new again."""
TOPICS = 64

MAX_CHARS = 500
KEPT_CHARS = 200
MAX_USER = 64
FLOOD_PER_S = 200
VIEWER_BURST, VIEWER_REFILL_S = 3, 8.0
"""A viewer may have three messages answered in a row, then one more every eight seconds."""
SEEN_IDS, SEEN_TEXTS, VIEWERS = 4096, 1024, 4096
SAME_TEXT_S = 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a chat event: taken into the show, or why not."""

    event_id: str
    accepted: bool
    reason: Reason = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """Events of one kind that are answered together, questions of one topic only.

    `more` people came beside them, whom there was no room to keep. `about` is the product that questions are about.
    """

    kind: Wait
    events: tuple[ChatEvent, ...]
    more: int = 0
    about: str | None = None


@dataclass(slots=True)
class _Waiting:
    event: ChatEvent
    topic: Topic | None


@dataclass(slots=True)
class _Answered:
    """When a topic was answered last, and how long it rests now."""

    topic: Topic
    at: float
    gap_s: float


class Inbox:
    """Bounded in every direction: ids, texts, viewers and waiting events.

    `classify` tells what a comment is: a question, a hello, or None for a remark that needs no answer; `topic` what a
    question is about.
    """

    def __init__(self, classify: Callable[[str], Wait | None], topic: Callable[[str], Topic] | None = None) -> None:
        self._classify, self._topic = classify, topic
        self._waiting: dict[Wait, deque[_Waiting]] = {kind: deque() for kind in WAITS}
        self._crowd: Counter[Wait] = Counter()
        self._gap: dict[Wait, float] = {}
        self._answered: deque[_Answered] = deque(maxlen=TOPICS)
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._texts: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._viewers: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._last: dict[Wait, float] = {}
        self._second, self._in_second = 0, 0
        self.counts: Counter[str] = Counter()
        self._held: float | None = None

    def hold(self, on: bool, now: float) -> None:
        """While nobody may be answered, what waits does not grow old."""
        if on and self._held is None:
            self._held = now
        elif not on and self._held is not None:
            since, self._held = self._held, None
            for queue in self._waiting.values():
                for waiting in queue:
                    event = waiting.event
                    waiting.event = replace(event, ts=event.ts + now - max(since, event.ts))

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
        if kind is None:
            return ""
        if len(self._waiting[kind]) >= CAPACITY[kind]:
            self._expire(now)
            if len(self._waiting[kind]) >= CAPACITY[kind]:
                # In a rush of joins and follows who can't be named is still counted.
                self._crowd[kind] += kind in ("join", "follow", "like", "gift")
                return "rate_limited"
        if kind != "gift" and not self._allow_viewer(event.user, now):
            return "rate_limited"
        self._remember(self._texts, said, now, SEEN_TEXTS)
        topic = self._topic(event.text) if kind == "question" and self._topic is not None else None
        self._waiting[kind].append(_Waiting(replace(event, kind="question") if kind == "question" else event, topic))
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
        if self._held is not None:
            return
        for kind, queue in self._waiting.items():
            alive = [w for w in queue if now - w.event.ts <= TTL_S[kind]]
            self.counts["expired_waiting"] += len(queue) - len(alive)
            if len(alive) < len(queue):
                self._waiting[kind] = deque(alive)
            if not alive:
                self._crowd[kind] = 0

    def pop(self, now: float) -> Pick | None:
        """The events to answer next, taken out; None when nothing is due."""
        self._expire(now)
        for kind in WAITS:
            queue = self._waiting[kind]
            if not queue or now < self._due(kind):
                continue
            pick = self._cluster(now) if kind == "question" else self._together(kind)
            if pick is not None:
                self._last[kind] = now
                return pick
        return None

    def _together(self, kind: Wait) -> Pick:
        """All who wait with the same courtesy."""
        events = tuple(w.event for w in self._waiting[kind])
        more, self._crowd[kind] = self._crowd[kind], 0
        self._waiting[kind].clear()
        self._gap[kind] = BUSY_GAP_S.get(kind, 0.0) if len(events) + more >= CROWD else 0.0
        return Pick(kind, events, more)

    def _cluster(self, now: float) -> Pick | None:
        """The oldest question whose topic is not resting, with all that ask the same."""
        queue = self._waiting["question"]
        first = next((w for w in queue if now >= self._topic_due(w.topic)), None)
        if first is None:
            return None
        topic = first.topic
        same = [w for w in queue if w is first or (topic is not None and w.topic is not None and topic.same(w.topic))]
        self._waiting["question"] = deque(w for w in queue if w not in same)
        if topic is not None:
            self._note(topic, now)
        if len(same) > 1:
            self.counts["clusters"] += 1
            self.counts["clustered"] += len(same)
        return Pick("question", tuple(w.event for w in same), about=topic.about if topic else None)

    def _note(self, topic: Topic, now: float) -> None:
        before = next((a for a in self._answered if a.topic.same(topic)), None)
        gap = TOPIC_GAP_S
        if before is not None:
            self._answered.remove(before)
            if now - before.at < TOPIC_REST_S:
                gap = min(before.gap_s * 2, TOPIC_GAP_MAX_S)
        self._answered.append(_Answered(topic, now, gap))

    def _topic_due(self, topic: Topic | None) -> float:
        if topic is None:
            return 0.0
        return max((a.at + a.gap_s for a in self._answered if a.topic.same(topic)), default=0.0)

    def _due(self, kind: Wait) -> float:
        return self._last.get(kind, -1e9) + max(GAP_S[kind], self._gap.get(kind, 0.0))

    def gathered_at(self) -> float:
        """When the newest question that waits has waited long enough for others to ask the same."""
        return max((w.event.ts for w in self._waiting["question"]), default=-1e9) + GATHER_S

    def next_due(self, now: float) -> float | None:
        """When `pop` may give something it doesn't give now; None when nothing waits."""
        due = [self._due(kind) for kind in WAITS if kind != "question" and self._waiting[kind]]
        due += [self._topic_due(w.topic) for w in self._waiting["question"]]
        return max(now, min(due)) if due else None
