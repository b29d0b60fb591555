"""Director: keeps the stage one sentence ahead, breaks in at sentence boundaries, loses no line.

At most one take waits behind the one that plays, so that a reply comes at the next boundary and
prices are fresh; its voice is made while the one before plays, so that there is no gap. A reply
takes the place of a script take that hasn't started: it is voiced first, then the stage is asked to
cancel, and only what the stage says it cancelled is put back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Collection

from pipelines.line import Line
from pipelines.running_order import Cue, Rank, RunningOrder
from pipelines.stage import Airing, Stage, Voice
from streaming.errors import BadInput, ChildDown, Unavailable

log = logging.getLogger(__name__)

VOICE_LIMIT_S, STAGE_LIMIT_S = 30.0, 5.0
VOICE_RETRY_S, VOICE_RETRY_MAX_S, STAGE_RETRY_S = 0.2, 2.0, 0.25
PATIENT_TRIES = 20
"""Failures of the voice after which it is tried less often: short outages must not become long silences."""
START_GRACE_S = 1.0
"""A take the stage doesn't give back has started, or was never there; its start is known by then."""
OVERDUE_S = 10.0
"""A take that has not started or ended this long after it should have is asked after."""
MAX_VOICING = 4
TICK_S = 1.0


class Director:
    """Moves cues from the running order through voice to stage.

    `write` renders a cue as a line with the facts of this instant, None when nothing can be said;
    `began` is told of every first sample; `next_due` is when the running order may have something
    new by itself.
    """

    def __init__(
        self, order: RunningOrder, voice: Voice, stage: Stage, *, write: Callable[[Cue, int], Line | None],
        began: Callable[[Airing], None], next_due: Callable[[], float | None], clock: Callable[[], float], epoch: int,
    ) -> None:
        self.order, self.epoch = order, epoch
        self.counts: Counter[str] = Counter()
        self.voice_down = self.stage_down = False
        self._voice, self._stage = voice, stage
        self._write, self._began, self._next_due, self._clock = write, began, next_due, clock
        self._next: Airing | None = None
        self._on_stage: dict[str, Airing] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._skipped: Airing | None = None
        self._locked = self._cutting = self._silent = self._ending = False
        self._idle = asyncio.Event()
        self._voice_retry_s, self._voice_tries = VOICE_RETRY_S, 0
        self._voice_at = self._stage_at = 0.0
        self._absent = False

    # --- what the room's server tells ---

    def wake(self) -> None:
        """Look again at what is to be done."""
        self._wake.set()

    def take_started(self, take_id: str) -> None:
        """The first sample of the take is at the encoder."""
        airing = self._on_stage.get(take_id)
        if airing is None or airing.state != "sent":
            return
        airing.state, airing.recall = "playing", False
        airing.started_s = self._clock()
        airing.due_s = airing.started_s + airing.duration_s + OVERDUE_S
        self.order.began(airing.cue)
        self._began(airing)
        if self._cutting or self._silent:
            self._skipped = airing
        self.wake()

    def take_finished(self, take_id: str, outcome: str) -> None:
        """The stage is done with the take."""
        airing = self._on_stage.pop(take_id, None)
        if airing is None:
            return
        airing.state = "over"
        self.counts[f"takes_{outcome}"] += 1
        self.order.ended(airing.cue, outcome, drop=airing.drop)
        if airing is self._skipped:
            self._skipped = None
        self._see_idle()
        if outcome in ("stopped", "lost"):
            self._withdraw_after(airing)
        self.wake()

    def stage_restarted(self) -> None:
        """The stage has lost what it had: all of it is put back."""
        playing = any(a.state == "playing" for a in self._on_stage.values())
        for take_id, airing in list(self._on_stage.items()):
            innocent = airing.state == "sent" and (playing or airing.unsure)
            self.take_finished(take_id, "cancelled" if innocent else "lost")
            playing = True
        self._stage_at = 0.0
        self.wake()

    def voice_restarted(self) -> None:
        """The voice is back."""
        self._voice_at, self._voice_retry_s, self._voice_tries = 0.0, VOICE_RETRY_S, 0
        self.wake()

    def break_in(self) -> None:
        """An urgent cue was added: whatever is on its way belongs to an older epoch."""
        self.epoch += 1
        if self._next is not None and self._next.cue.rank != Rank.NOW:
            self._put_back(self._next)
        self.wake()

    def hold(self) -> None:
        """The running order was paused: nothing more of it may start."""
        if self._next is not None and self._next.cue.rank != Rank.NOW:
            self._put_back(self._next)
        for airing in self._on_stage.values():
            airing.recall |= airing.state == "sent" and airing.cue.rank != Rank.NOW
        self.wake()

    def turn(self) -> None:
        """Another script is on from now on: what was ahead of the old one is taken back."""
        if self._next is not None and self._next.cue.rank == Rank.SCRIPT:
            self._put_back(self._next)
        for airing in self._on_stage.values():
            airing.recall |= airing.state == "sent" and airing.cue.rank == Rank.SCRIPT
        self.wake()

    def forget(self, cues: Collection[Cue]) -> None:
        """These are not to be said any more: what is ahead of them is taken back."""
        if self._next is not None and self._next.cue in cues:
            self._put_back(self._next)
        for airing in self._on_stage.values():
            if airing.state == "sent" and airing.cue in cues:
                airing.recall = airing.drop = True
        self.wake()

    def soonest(self) -> float:
        """When what is chosen now can be on air."""
        now = self._clock()
        left = sum(a.duration_s for a in self._on_stage.values())
        playing = self.playing
        return now + max(0.0, left - (now - playing.started_s if playing is not None else 0.0))

    def refresh(self) -> None:
        """Facts have changed: a take that hasn't started and would be worded differently is made again."""
        if self._next is not None and self._outdated(self._next):
            self._put_back(self._next)
        for airing in self._on_stage.values():
            airing.recall |= airing.state == "sent" and self._outdated(airing)
        self.wake()

    def skip(self) -> None:
        """Fade the playing sentence out and don't say it again."""
        playing = self.playing
        if playing is not None:
            playing.drop = True
            self._skipped = playing
            self.wake()

    def lock(self) -> None:
        """Let the sentence on air end, and start no other before `unlock`; what is ahead is put back."""
        self._locked = True
        if self._next is not None:
            self._put_back(self._next)
        for airing in self._on_stage.values():
            airing.recall |= airing.state == "sent"
        self._see_idle()
        self.wake()

    def unlock(self) -> None:
        """Go on."""
        self._locked = self._cutting = False
        self._idle.clear()
        self.wake()

    def cut(self) -> None:
        """While locked, fade out what plays, and what turns out to have begun; it is said again later."""
        self._cutting = True
        self._skipped = self.playing
        self.wake()

    def silence(self, on: bool) -> None:
        """Fade out what plays, take back what is ahead, and start nothing before `silence(False)`.

        Going on waits until the stage is empty, or what follows a sentence that is still being faded would overtake it.
        """
        self._silent, self._ending = self._silent or on, not on
        if on:
            if self._next is not None:
                self._put_back(self._next)
            for airing in self._on_stage.values():
                airing.recall |= airing.state == "sent"
            self._skipped = self.playing
        self.wake()

    async def idle(self) -> None:
        """Wait, while locked, until nothing is on the stage."""
        await self._idle.wait()

    def _see_idle(self) -> None:
        if self._locked and not self._on_stage:
            self._idle.set()

    @property
    def playing(self) -> Airing | None:
        """What is on air."""
        return next((a for a in self._on_stage.values() if a.state == "playing"), None)

    def on_stage(self) -> list[tuple[str, Airing]]:
        """Take ids and what they are, in the order in which they were sent."""
        return list(self._on_stage.items())

    @property
    def ahead(self) -> list[Airing]:
        """What is on its way to air, soonest first."""
        sent = [a for a in self._on_stage.values() if a.state == "sent"]
        return sent + ([self._next] if self._next is not None else [])

    # --- the loop ---

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._wake.clear()
                while await self._step():
                    pass
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._sleep_s()):
                        await self._wake.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _sleep_s(self) -> float:
        now = self._clock()
        times = [self._voice_at, self._stage_at, self._next_due() or 0.0]
        times += [a.due_s for a in self._on_stage.values()]
        if self._next is not None:
            times.append(self._next.cue.not_before)
        return min([t - now for t in times if t > now] + [TICK_S])

    async def _step(self) -> bool:
        """Do one thing; False when there is nothing to do now."""
        now = self._clock()
        if now >= self._stage_at:
            if self._ask_overdue(now):
                return True
            if any(a.recall for a in self._on_stage.values()):
                return await self._recall()
            if self._skipped is not None:
                skipped, self._skipped = self._skipped, None
                if skipped.state == "playing" and not await self._stage_call(self._stage.stop_now()):
                    self._skipped = skipped if skipped.state == "playing" else None
                return True
            due = self._next is not None and self._next.state == "voiced" and now >= self._next.cue.not_before
            if due and self._next is not None:
                return await self._send(self._next)
        return self._choose(now)

    def _choose(self, now: float) -> bool:
        if self._silent and self._ending and not self._on_stage:
            self._silent = False
        if self._locked or self._silent or now < self._voice_at or len(self._tasks) >= MAX_VOICING:
            return False
        ahead = self.ahead
        cue = self.order.peek(min(a.cue.rank for a in ahead) if ahead else None)
        if cue is None:
            return False
        if self._next is not None:
            self._put_back(self._next)
        line = self._write(cue, self.epoch)
        cue.state = "flying"
        if line is None:
            self.counts["lines_unsayable"] += 1
            self.order.ended(cue, "dropped", drop=True)
            return True
        self._next = airing = Airing(cue, line)
        task = asyncio.get_running_loop().create_task(self._voice_it(airing))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _voice_it(self, airing: Airing) -> None:
        try:
            async with asyncio.timeout(VOICE_LIMIT_S):
                take = await self._voice.speak(airing.line)
        except (Unavailable, TimeoutError) as e:
            self._voice_failed(airing, e)
        except BadInput as e:
            log.warning("line can't be spoken: %s", e)
            self.counts["lines_refused"] += 1
            self._give_up(airing, drop=True)
        except Exception:
            log.exception("voice failed on %r", airing.line.text)
            self._voice_failed(airing, None)
        else:
            self.voice_down, self._voice_retry_s, self._voice_tries = False, VOICE_RETRY_S, 0
            if self._next is airing:
                airing.take, airing.state = take, "voiced"
            else:
                _remove(take.path)
        self.wake()

    def _voice_failed(self, airing: Airing, known: BaseException | None) -> None:
        self.voice_down = True
        self.counts["voice_failures"] += 1
        self._voice_at = self._clock() + self._voice_retry_s
        self._voice_tries += 1
        if self._voice_tries >= PATIENT_TRIES:
            self._voice_retry_s = min(self._voice_retry_s * 2, VOICE_RETRY_MAX_S)
        self._give_up(airing, outcome="cancelled" if known else "lost")

    def _give_up(self, airing: Airing, *, outcome: str = "cancelled", drop: bool = False) -> None:
        if self._next is airing:
            self._next = None
            airing.state = "over"
            self.order.ended(airing.cue, outcome, drop=drop)

    def _put_back(self, airing: Airing) -> None:
        if airing.take is not None:
            _remove(airing.take.path)
        self._give_up(airing)

    def _outdated(self, airing: Airing) -> bool:
        line = self._write(airing.cue, airing.line.epoch)
        return line is None or line.text != airing.line.text

    def _withdraw_after(self, airing: Airing) -> None:
        """Keep the order: what follows a sentence that is said again must wait for it."""
        if airing.cue.state != "waiting":
            return
        followers = self.order.followers(airing.cue)
        if self._next is not None and self._next.cue in followers:
            self._put_back(self._next)
        for other in self._on_stage.values():
            other.recall |= other.state == "sent" and other.cue in followers

    async def _send(self, airing: Airing) -> bool:
        assert airing.take is not None
        urgent = airing.cue.rank == Rank.NOW
        if urgent and any(a.cue.rank > Rank.NOW for a in self._on_stage.values()):
            cut = await self._stage_call(self._stage.raise_epoch(airing.line.epoch))
            playing = self.playing
            if cut and playing is not None and playing.cue.rank > Rank.NOW:
                cut = await self._stage_call(self._stage.stop_now())
            if not cut or self._next is not airing:
                return True
        outranked = [t for t, a in self._on_stage.items() if a.state == "sent" and a.cue.rank > airing.cue.rank]
        if outranked and not urgent:
            if not await self._cancel(outranked) or self._next is not airing:
                return True
        self._next = None
        airing.state = "sent"
        busy = sum(a.duration_s for a in self._on_stage.values())
        airing.due_s = self._clock() + busy + airing.duration_s + OVERDUE_S
        self._on_stage[airing.take.take_id] = airing
        if not await self._stage_call(self._stage.enqueue(airing.take, airing.line, front=urgent)):
            if self._absent and airing.state == "sent":
                self._keep(airing)
            else:
                airing.recall = airing.unsure = airing.state == "sent"
        return True

    def _keep(self, airing: Airing) -> None:
        """A stage that was not there has not got it: it is sent again when the stage is back."""
        assert airing.take is not None
        self._on_stage.pop(airing.take.take_id, None)
        if self._next is None and not airing.recall:
            airing.state, self._next = "voiced", airing
        else:
            _remove(airing.take.path)
            airing.state = "over"
            self.order.ended(airing.cue, "cancelled")
        self._see_idle()

    async def _cancel(self, take_ids: list[str]) -> bool:
        removed: list[str] = []

        async def ask() -> None:
            removed.extend(await self._stage.cancel(take_ids))

        answered = await self._stage_call(ask())
        for take_id in removed:
            self.take_finished(take_id, "cancelled")
        return answered

    async def _recall(self) -> bool:
        """Take back what must not start, or is not surely on the stage."""
        wanted = {t: a for t, a in self._on_stage.items() if a.recall}
        if not await self._cancel(list(wanted)):
            return True
        for take_id, airing in wanted.items():
            airing.recall = False
            if airing.state != "sent":
                continue
            if airing.asked:
                self.take_finished(take_id, "cancelled" if airing.unsure else "lost")
            airing.asked = True
            airing.due_s = self._clock() + START_GRACE_S
        return True

    def _ask_overdue(self, now: float) -> bool:
        for take_id, airing in list(self._on_stage.items()):
            if now < airing.due_s or airing.recall:
                continue
            if airing.state == "playing":
                self.counts["takes_overdue"] += 1
                self.take_finished(take_id, "played")
            else:
                airing.recall = True
            return True
        return False

    async def _stage_call(self, call: Awaitable[None]) -> bool:
        try:
            async with asyncio.timeout(STAGE_LIMIT_S):
                await call
        except (Unavailable, TimeoutError) as e:
            self._absent = isinstance(e, ChildDown)
        except Exception:
            self._absent = False
            log.exception("stage failed")
        else:
            self.stage_down = False
            return True
        self.stage_down = True
        self.counts["stage_failures"] += 1
        self._stage_at = self._clock() + STAGE_RETRY_S
        return False


def _remove(path: str) -> None:
    """Delete a take that will not be queued; the stage deletes those it loads."""
    with contextlib.suppress(OSError):
        os.unlink(path)

