"""RunningOrder: what is said next, and where an interrupted script goes on. No time, no processes."""

from __future__ import annotations

import enum
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipelines.line import Lang, Source


class Rank(enum.IntEnum):
    """Who goes first at a sentence boundary; only `NOW` also breaks into a sentence."""

    NOW = 0
    OPERATOR = 1
    REPLY = 2
    SCRIPT = 3


CueState = Literal["waiting", "flying", "heard", "dropped"]
MAX_LOST = 3
"""A sentence whose takes were lost this often is given up: it may be what breaks the stage."""
MAX_REPLIES_IN_A_ROW = 4
"""After so many replies an interrupted script goes on for at least one sentence."""


@dataclass(slots=True, eq=False)
class Cue:
    """One sentence to be said once. `text` may hold placeholders unless `literal`.

    `waiting` -> `flying` (being voiced, queued or playing) -> `heard` or `dropped`; a take that was
    cancelled or not heard whole brings it back to `waiting`.
    """

    line_id: str
    text: str
    lang: Lang
    source: Source
    rank: Rank
    product_id: str | None = None
    user: str = ""
    literal: bool = False
    reply_to: str | None = None
    asked_ts: float | None = None
    engine: str = ""
    """Which of the writer's engines wrote it; empty: a person, or the catalogue's own wording."""
    spare: str = ""
    """What is said in its place, with placeholders, when the guard stops it."""
    not_before: float = 0.0
    """Not to be on air before this instant: it is made ready during the rest before it."""
    clip: str = ""
    """What an operator spoke into a microphone, said in place of the text."""
    by: Mapping[str, str] | None = None
    """Who has it said."""
    state: CueState = "waiting"
    lost: int = 0

    @property
    def done(self) -> bool:
        """Whether nothing more is to be said of it."""
        return self.state in ("heard", "dropped")


@dataclass(slots=True, eq=False)
class Block:
    """Sentences that belong together and are said in order; while it is `open`, more may be added at its end."""

    cues: list[Cue]
    rank: Rank
    script_id: str = ""
    stamp: int = 0
    event_ids: tuple[str, ...] = ()
    interrupts: bool = True
    open: bool = False
    item_id: str = ""
    """The item of the room's running order with which it goes on later, when it is broken off; empty: not at all."""
    rest_s: float | None = None
    """Silence after it; None: as usual."""

    @property
    def waiting(self) -> Cue | None:
        """The first sentence that is not said and not on its way."""
        return next((c for c in self.cues if c.state == "waiting"), None)

    @property
    def done(self) -> bool:
        """Whether all was said or dropped, and nothing more will come."""
        return not self.open and all(c.done for c in self.cues)

    @property
    def begun(self) -> bool:
        """Whether a sentence was heard."""
        return any(c.state == "heard" for c in self.cues)


@dataclass(slots=True)
class RunningOrder:
    """Blocks by rank. `pull_reply` and `pull_script` give new blocks when they are due.

    A script that a reply broke into goes on with a short transition, made by `make_transition`. When `turned` says so,
    what is left of the script is handed to `shelve` and another is pulled. While it is `question_time`, replies may
    follow each other without end.
    """

    pull_reply: Callable[[], Block | None]
    pull_script: Callable[[], Block | None]
    make_transition: Callable[[], Cue | None]
    paused: bool = False
    taken: bool = False
    """Somebody has taken over: only an operator's lines and the notice are said."""
    script: Block | None = None
    ending: Block | None = None
    """The script before, of which everything was said or is on its way: the next is made ready meanwhile."""
    turned: Callable[[], bool] = lambda: False
    shelve: Callable[[Block], None] = lambda block: None
    question_time: Callable[[], bool] = lambda: False
    _now: deque[Block] = field(default_factory=deque)
    _operator: deque[Block] = field(default_factory=deque)
    _replies: deque[Block] = field(default_factory=deque)
    _transition: Cue | None = None
    _interrupted: bool = False
    _replies_in_a_row: int = 0

    def add(self, block: Block) -> None:
        """Put an operator's block in."""
        (self._now if block.rank == Rank.NOW else self._operator).append(block)

    def withdraw(self, block: Block) -> None:
        """Drop what is left of an operator's block."""
        for cue in block.cues:
            if cue.state == "waiting":
                cue.state = "dropped"
        if block.done and block in self._operator:
            self._operator.remove(block)

    def waiting_operator(self) -> int:
        """Operator blocks that are not said yet."""
        return len(self._now) + len(self._operator)

    def peek(self, below: Rank | None = None) -> Cue | None:
        """The sentence to say next, of a rank before `below` when that is given."""
        limit = Rank.SCRIPT + 1 if below is None else below
        for rank in Rank:
            if rank >= limit or (self.paused and rank != Rank.NOW) or (self.taken and rank > Rank.OPERATOR):
                return None
            cue = self._next_of(rank)
            if cue is not None:
                return cue
        return None

    def _next_of(self, rank: Rank) -> Cue | None:
        match rank:
            case Rank.NOW:
                return _first(self._now)
            case Rank.OPERATOR:
                return _first(self._operator, ("operator", "notice") if self.taken else None)
            case Rank.REPLY:
                return self._next_reply()
            case Rank.SCRIPT:
                return self._next_script()

    def _next_reply(self) -> Cue | None:
        cue = _first(self._replies)
        if cue is not None:
            return cue
        if any(b.open for b in self._replies):
            return None
        script_waits = self.script is not None and self.script.begun and self.script.waiting is not None
        if self._replies_in_a_row >= MAX_REPLIES_IN_A_ROW and script_waits and not self.question_time():
            return None
        block = self.pull_reply()
        if block is None:
            return None
        self._replies.append(block)
        return block.waiting

    def _next_script(self) -> Cue | None:
        # The next sentence of an answer is being written: nothing may come between.
        if any(b.open for b in self._replies):
            return None
        if self.ending is not None and self.ending.waiting is not None:
            # What was cut short is said again before anything new.
            return self.ending.waiting
        if self.script is not None and not self.script.done and self.turned():
            self.break_off()
        if self.script is None or self.script.waiting is None:
            if any(b.waiting is not None for b in self._replies) or (self.ending is not None and not self.ending.done):
                return None
            if self.script is not None:
                self.ending = self.script
            self.script = self.pull_script()
            self._interrupted, self._transition = False, None
        if self.script is None:
            return None
        cue = self.script.waiting
        if cue is None or not (self._interrupted and self.script.begun):
            return cue
        if self._transition is None:
            self._transition = self.make_transition()
        if self._transition is not None and self._transition.state == "waiting":
            return self._transition
        return cue

    def began(self, cue: Cue) -> None:
        """The first sample of `cue` is on air."""
        if cue is self._transition:
            self._interrupted, self._transition = False, None
        elif cue.rank == Rank.SCRIPT:
            self._interrupted, self._replies_in_a_row = False, 0
        else:
            block = self.block_of(cue)
            if block is not None:
                self._interrupted = self._interrupted or block.interrupts
                self._replies_in_a_row += block.rank == Rank.REPLY and block.cues[0] is cue

    def ended(self, cue: Cue, outcome: str, *, drop: bool = False) -> None:
        """The take of `cue` is finished: heard, dropped, or waiting again.

        `played` is heard. `cancelled` and `stale` were not heard at all and wait again. `stopped`
        was cut short and `lost` may have been: the sentence is said again from its start, a lost
        one at most `MAX_LOST` times. With `drop` it is not said again whatever happened.
        """
        if cue.done:
            return
        cue.lost += outcome == "lost"
        if outcome == "played":
            cue.state = "heard"
        elif drop or cue.lost >= MAX_LOST:
            cue.state = "dropped"
        else:
            cue.state = "waiting"
        if cue is self._transition and cue.state == "waiting":
            cue.state, self._transition = "dropped", None
        for queue in (self._now, self._operator, self._replies):
            for block in [b for b in queue if b.done]:
                queue.remove(block)

    def block_of(self, cue: Cue) -> Block | None:
        """The block that holds `cue`; a transition has none."""
        return next((b for b in self._blocks() if cue in b.cues), None)

    def close(self, block: Block) -> None:
        """Nothing more will be added to an open block."""
        block.open = False
        while self._replies and self._replies[0].done:
            self._replies.popleft()

    def abandon_script(self) -> None:
        """Drop what is left of the current script."""
        for block in (self.ending, self.script):
            for cue in block.cues if block is not None else ():
                if cue.state == "waiting":
                    cue.state = "dropped"

    def break_off(self) -> None:
        """Leave the current script where it is; it is handed to `shelve`."""
        block, self.script = self.script, None
        self._interrupted, self._transition = False, None
        if block is not None:
            self.shelve(block)

    def followers(self, cue: Cue) -> list[Cue]:
        """What must wait until `cue` was said."""
        block = self.block_of(cue)
        if block is None:
            return []
        later = self.script.cues if block is self.ending and self.script is not None else []
        return [*block.cues, *later]

    def upcoming(self, limit: int) -> list[Cue]:
        """Sentences that wait, soonest first, as far as is known now."""
        waiting = (c for b in self._blocks() for c in b.cues if c.state == "waiting")
        return list(itertools.islice(waiting, limit))

    def _blocks(self) -> Iterator[Block]:
        yield from itertools.chain(self._now, self._operator, self._replies)
        yield from (b for b in (self.ending, self.script) if b is not None)


def _first(queue: deque[Block], sources: tuple[Source, ...] | None = None) -> Cue | None:
    """The first sentence that waits, of one of `sources` when they are given."""
    waiting = (cue for block in queue if (cue := block.waiting) is not None)
    return next((cue for cue in waiting if sources is None or cue.source in sources), None)
