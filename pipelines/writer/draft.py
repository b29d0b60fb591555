"""Draft: one text while it is written; its sentences are given as soon as they are whole and may be said."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pipelines.lately import says_again
from pipelines.sentences import Cutter
from pipelines.writer.breaker import Breaker
from pipelines.writer.chain import Chain
from pipelines.writer.engine import EngineFault, EngineGarbage, EngineSlow, Request
from pipelines.writer.form import MAX_TEXT, readable, tidy

log = logging.getLogger(__name__)

Reject = Literal["", "form", "figure", "echo", "held", "repeated", "beside", "contradicts", "opening", "later"]
"""Why a sentence is not said; `later`: only when one follows that is, `opening`: it is not missed."""
Check = Callable[[str], Reject]
MAX_OPENING = 1
"""Sentences before the one that matters that are kept for it."""
TELL_S = 0.15
"""How often a text that grows is shown again at most."""
SENTENCE_S = 6.0
"""A sentence that takes longer ends the text: what was given of it is whole."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is waited for the first sentence and how much is taken; seconds and sentences."""

    first_s: float
    sentences: int = 3


@dataclass(slots=True, eq=False)
class Draft:
    """`sentences` grow until `done`; `failed` when none was good: then the catalogue's wording is what is said.

    `changed` is called at each step of it.

    `check` says of a tidied sentence why it can't be said. The first sentence decides: when it is not good, the text is
    given up, since what follows would hang in the air; a later one that is not good is left out.
    """

    chain: Chain
    request: Request
    limits: Limits
    check: Check
    changed: Callable[[], None]
    tell: Callable[[dict[str, Any]], None]
    clock: Callable[[], float]
    job: str
    event_id: str | None = None
    sentences: list[str] = field(default_factory=list)
    done: bool = False
    engine: str = ""
    text: str = ""
    rejects: list[tuple[str, Reject]] = field(default_factory=list)
    _opening: list[str] = field(default_factory=list)
    _limit: asyncio.Timeout | None = None
    _task: asyncio.Task[None] | None = None
    _told_at: float = -1e9

    def start(self) -> Draft:
        """Begin writing."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        return self

    @property
    def failed(self) -> bool:
        """Whether it is over without a sentence."""
        return self.done and not self.sentences

    def cancel(self) -> None:
        """Give it up; nothing more is told."""
        self.changed = _nothing
        self.done = True
        if self._task is not None:
            self._task.cancel()

    def hurry(self, seconds: float) -> None:
        """Whoever listens has heard all there is: the next sentence comes within so many seconds, or none does."""
        if self._limit is not None and self.sentences and not self.done:
            soon, when = asyncio.get_running_loop().time() + seconds, self._limit.when()
            with contextlib.suppress(RuntimeError):
                self._limit.reschedule(soon if when is None else min(when, soon))

    async def _run(self) -> None:
        until = self.clock() + self.limits.first_s
        try:
            for breaker in self.chain.able:
                left = until - self.clock()
                if left <= 0 or await self._write(breaker, left):
                    break
            if not self.sentences and self.request.spare:
                self.engine, self.text = self.chain.last_resort.kind, ""
                async for sentence in self.chain.last_resort.stream(self.request, self.chain.sampling):
                    self.text += sentence
        except Exception:
            log.exception("writing %s failed", self.job)
        finally:
            self.done = True
            self._show(force=True)
            self.changed()

    async def _write(self, breaker: Breaker, left: float) -> bool:
        """Have one engine write; True when no other is to be tried."""
        self.engine, self.text = breaker.engine.kind, ""
        self._opening.clear()
        breaker.counts["asked"] += 1
        began, first, pieces = self.clock(), 0.0, 0
        try:
            async with asyncio.timeout(left) as self._limit:
                async with contextlib.aclosing(breaker.engine.stream(self.request, self.chain.sampling)) as stream:
                    cutter = Cutter()
                    async for piece in stream:
                        first, pieces = first or max(self.clock() - began, 1e-3), pieces + 1
                        self.text += piece
                        self._show()
                        if not self._take(cutter.feed(piece)) or len(self.text) > MAX_TEXT:
                            break
                    else:
                        self._take(cutter.end())
        except TimeoutError:
            if self.sentences:
                return True
            self.chain.bad(breaker, EngineSlow(
                f"{breaker.engine.name} had no sentence within {left:.1f} s",
                next_step="Use a faster model, or raise language.first_sentence_s.",
            ))
            return True
        except EngineFault as e:
            self.chain.bad(breaker, e)
            return bool(self.sentences)
        finally:
            self._limit = None
        if self.sentences or readable(self.text, self.request.brief.lang):
            self.chain.good(breaker, first, pieces, self.clock() - began)
            return True
        fault = EngineGarbage(
            f"{breaker.engine.name} wrote no sentence that can be said: {self.text[:60]!r}",
            next_step="Try the model by hand; it may be too small, or of another language.",
        )
        self.chain.bad(breaker, fault)
        return True

    def _take(self, cut: list[str]) -> bool:
        """Keep what is good of new sentences; False when no more are wanted."""
        for raw in cut:
            sentence = tidy(raw)
            if not any(c.isalnum() for c in sentence):
                continue
            reason = self.check(sentence)
            if not reason and any(says_again(sentence, said) for said in (*self.sentences, *self._opening)):
                reason = "repeated"
            if reason == "later" and len(self._opening) < MAX_OPENING:
                self._opening.append(sentence)
                continue
            if reason == "opening":
                continue
            if reason:
                self.rejects.append((sentence, reason))
                self.tell({
                    "type": "skipped", "text": sentence, "reason": reason, "event_id": self.event_id, "job": self.job,
                })
                if not self.sentences:
                    return False
                continue
            self.sentences += [*self._opening, sentence]
            self._opening.clear()
            if self._limit is not None:
                self._limit.reschedule(asyncio.get_running_loop().time() + SENTENCE_S)
            self.changed()
            if len(self.sentences) >= self.limits.sentences:
                return False
        return True

    def _show(self, *, force: bool = False) -> None:
        now = self.clock()
        if not force and now - self._told_at < TELL_S:
            return
        self._told_at = now
        self.tell({
            "type": "draft", "job": self.job, "text": self.text, "done": self.done, "engine": self.engine,
            "event_id": self.event_id, "kind": self.request.brief.kind,
        })


def _nothing() -> None:
    """What is called in place of `changed` once nobody waits."""
