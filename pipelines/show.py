"""RoomShow: everything one room says, from chat, catalogue and scripts to takes on the stage."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pipelines import sentences
from pipelines.answers import Answers
from pipelines.bookmark import loaded, saved
from pipelines.catalogue import Product
from pipelines.cluster import Topic, Topics
from pipelines.director import Director
from pipelines.events import ChatEvent
from pipelines.guard import Gate, Guard
from pipelines.inbox import GATHER_S, Inbox, Pick, Verdict
from pipelines.lately import Lately
from pipelines.line import Lang, Line
from pipelines.monologue import WRITTEN, Hands, Monologue
from pipelines.news import News, moment
from pipelines.notice import SpokenNotice
from pipelines.operator import Operator, When, Who
from pipelines.profile import RoomProfile
from pipelines.programme import Programme
from pipelines.replies import Floor, Replies, Speaker
from pipelines.rundown import Plan
from pipelines.running_order import Block, Cue, Rank, RunningOrder
from pipelines.scriptbook import Script
from pipelines.stage import Airing, Stage, Voice
from pipelines.wording import Wording
from pipelines.writer import Reject, Writer
from streaming.errors import Conflict, NightAnchorError, NotFound

log = logging.getLogger(__name__)

NEXT_SHOWN = 5
LATELY_S = 1200.0
"""Within so long, no sentence is said again while there is another."""
LATELY_SHOWN = 6
"""Sentences said last that a writer is told."""
VOICING_S = 2.0
"""Time that is left for finding the words and voicing them before an answer can be on air."""
NO_WRITER = {
    "engine": "template", "name": "template", "state": "off", "message": "", "next_step": "", "first_ms": None,
    "tokens_per_s": None,
}
CUT_LIMIT_S = 2.0
"""A stage that has not faded a sentence out by then is away; the change does not wait for it."""
FAULTS = {
    "voice_down": {
        "zh": "语音暂时不可用,恢复后会自动继续。", "en": "The voice is away; the show goes on when it is back.",
    },
    "stage_down": {
        "zh": "画面进程暂时不可用,恢复后会自动继续。", "en": "Playout is away; the show goes on when it is back.",
    },
}


class RoomShow:
    """One room's show; every method but `run` is called from the same event loop and never blocks.

    `on_event` is told, as dictionaries with `type`: `said` (line_id, text, lang, source, product_id)
    at the first sample of every line, `answered` (event_id) when the reply to a chat event starts,
    `card` (product_id) when another product is spoken of, `guarded` (action, text, said, hits) when the guard
    changes or holds a line, `allowed` when it does not; and for the desk `question`, `retrieved`, `draft`, `skipped`.
    """

    def __init__(
        self, room: RoomProfile, voice: Voice, stage: Stage, *, clock: Callable[[], float], rng: random.Random,
        state: Mapping[str, Any] | None = None, on_event: Callable[[dict[str, Any]], None] | None = None,
        writer: Writer | None = None, guard: Guard | None = None, hour: Callable[[], int] | None = None,
        no_repeat_s: float = LATELY_S, low_stock: int = 10,
    ) -> None:
        state = state if state and state.get("v") == 1 else {}
        self.profile, self.on_event, self._writer = room, on_event, writer
        self._stage, self._clock = stage, clock
        self._gate = Gate(guard or Guard(), self._tell)
        self._lately = Lately(no_repeat_s, clock=clock, state=state.get("lately"))
        self._programme = Programme(room.lang, rng, state.get("programme"))
        self._book = self._programme.book
        self._book.words.age, self._book.words.hour = self._age, hour
        self._answers = Answers(self._book, rng)
        self._topics = Topics()
        self._inbox = Inbox(self._answers.classify, self._topic)
        self._products: dict[str, Product] = {}
        self._wording = Wording({}, room.title)
        self._on_air: str | None = state.get("on_air")
        self._ids = itertools.count(1)
        self._id_base = f"{room.room}-{int(clock() * 1000):x}"
        self._order = RunningOrder(
            self._pull_reply, lambda: self._monologue.next(), lambda: self._monologue.transition(),
            turned=lambda: self._monologue.turned(), shelve=self._programme.shelve,
            question_time=self._programme.is_question_time,
        )
        self._greeting: Block | None = None
        self._flight: dict[str, Cue] = {}
        self._restore(state)
        self._notice = SpokenNotice(room.notice_s or 0.0, self._line_id, state.get("notice_at"))
        self._hour, self._news = hour, News(low_stock, clock=clock, hour=hour)
        self._monologue = Monologue(self._programme, self._order, self._news, self._lately, writer, Hands(
            lambda: self.profile, lambda product_id: self._products.get(product_id or ""), self._line_id,
            lambda text, lang, about: self._fill(text, lang, about, ""),
            lambda text, lang, about: self._passes(text, lang, about, ""),
            lambda: self._director.soonest(), self._moment,
        ), clock=clock, rng=rng)
        self._replies = Replies(self._answers, writer, self._lately, Floor(
            self._line_id, self._fill, self._may, self._order.close, lambda: self._director.wake(), self._tell,
        ))
        if writer is not None:
            writer.may, writer.tell = self._may_write, self._tell
            writer.lately = lambda: self._lately.latest(LATELY_SHOWN)
        self._director = Director(
            self._order, voice, stage, write=self._write, began=self._began, next_due=self._next_due, clock=clock,
            epoch=max(int(state.get("epoch", 0)) + 1, int(clock())),
        )
        self._operator = Operator(
            self._order, self._director, self._gate, line_id=self._line_id, focus=lambda: self._on_air, held=self._hold
        )
        if room.notice_s is not None and self._notice.last is None:
            self._order.add(self._notice.block(room.lang, Rank.OPERATOR))

    # --- run and what the server tells ---

    async def run(self) -> None:
        """Run until cancelled; outlives any fault of voice and stage."""
        await self._settle()
        await self._director.run()

    def set_profile(self, room: RoomProfile) -> None:
        """Use a changed profile from the next sentence on."""
        if room.lang != self.profile.lang:
            self._order.abandon_script()
            self._replies.drop()
            if self._writer is not None:
                self._writer.drop()
        self.profile = room
        self._book.lang = room.lang
        self._answers.spoken = room.spoken
        self._wording = Wording(self._products, room.title)
        self._director.refresh()

    async def switch(self, commit: Callable[[], Awaitable[RoomProfile]], *, patience_s: float | None = None) -> None:
        """Change the presenter at a sentence boundary: wait for it, call `commit`, go on with the profile it gives.

        A sentence that lasts longer than `patience_s` (None: as long as it takes) is faded out, and said again by the
        new presenter. When `commit` raises, the show goes on as it was, and so does the error.
        """
        director = self._director
        director.lock()
        try:
            try:
                async with asyncio.timeout(patience_s):
                    await director.idle()
            except TimeoutError:
                director.cut()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CUT_LIMIT_S):
                        await director.idle()
            profile = await commit()
            self._forget_hers()
            self.set_profile(profile)
            self.greet(profile.greeting)
        finally:
            director.unlock()

    def _forget_hers(self) -> None:
        """What only the presenter who goes could say: her greeting, and what was written in her manner."""
        if self._greeting is not None:
            self._order.withdraw(self._greeting)
        self._replies.drop()
        self._monologue.drop()

    def greet(self, text: str) -> None:
        """Say a greeting at the next boundary, unless the presenter changes before."""
        parts = [p for p in sentences.split(text) if any(c.isalnum() for c in p)]
        lang = self.profile.lang
        cues = [Cue(self._line_id(), p, lang, "greeting", Rank.OPERATOR, literal=True) for p in parts]
        self._greeting = Block(cues, Rank.OPERATOR) if cues else None
        if self._greeting is not None:
            self._order.add(self._greeting)
            self._director.wake()

    def set_products(self, products: Sequence[Product]) -> None:
        """Replace the catalogue, effective for the very next sentence."""
        self._products = {p.product_id: p for p in products}
        self._wording = Wording(self._products, self.profile.title)
        self._programme.set_products(products, self._clock())
        self._topics.set_products(products)
        self._answers.set_products(products)
        self._gate.set_products(products)
        self._replies.set_products(self._products)
        self._news.products(products)
        if self._on_air not in self._products:
            self._on_air = None
        self._check_script()
        self._director.refresh()

    def set_words(self, own: Sequence[Mapping[str, Any]], allowed: Sequence[str]) -> None:
        """Use other words of the guard's own, effective for the very next sentence; raises `BadInput`."""
        self._gate.guard.set_words(own, allowed)
        self._director.refresh()

    def set_scripts(self, scripts: Sequence[Script]) -> None:
        """Replace the scripts; one that is being said goes on unless it was changed or taken away."""
        self._programme.set_scripts(scripts, self._clock())
        self._check_script()
        self._director.refresh()

    def set_running_order(self, plan: Plan | None) -> None:
        """Follow a running order; None: one derived from catalogue and scripts. What is being said is said to its end.

        Without this call, or with a plan that is not enabled, the presenter sells freely, product after product.
        """
        self._programme.set_plan(plan, self._clock())
        self._check_script()
        self._director.wake()

    def go_to(self, item_id: str) -> None:
        """Begin an item of the running order at the next sentence boundary; raises `NotFound` or `Conflict`."""
        rundown = self._programme.rundown
        if not rundown.plan.enabled:
            raise Conflict("the running order is off", next_step="Switch it on first.")
        item = next((i for i in rundown.plan.items if i.item_id == item_id), None)
        if item is None:
            raise NotFound(f"the running order has no item {item_id!r}", next_step="GET the order to see its items.")
        if not rundown.go(item_id, self._clock()):
            raise Conflict(
                f"item {item_id!r} can't be on air: it is switched off, or its product is gone",
                next_step="Switch the item on, or choose another.",
            )
        self._jumped()

    def next_item(self) -> None:
        """Begin the item that follows at the next sentence boundary; raises `Conflict` when none does."""
        rundown = self._programme.rundown
        if not rundown.plan.enabled or rundown.peek() is None:
            raise Conflict("nothing follows in the running order", next_step="Switch it on, or let it loop.")
        rundown.next(self._clock())
        self._jumped()

    def _jumped(self) -> None:
        self._order.break_off()
        self._monologue.hurry()
        self._director.turn()

    def running_order(self) -> dict[str, Any]:
        """The order that is followed: `plan`, whether it was `derived`, and the item that is on (`now`)."""
        rundown = self._programme.rundown
        return {
            "plan": rundown.plan, "derived": self._programme.derived, "now": self._programme.now(self._clock()),
        }

    def on_chat(self, event: ChatEvent) -> Verdict:
        """Take one chat event in."""
        verdict = self._inbox.offer(event, self._clock())
        if verdict.accepted:
            self._director.wake()
        return verdict

    def on_take_started(self, take_id: str) -> None:
        """Playout has the take's first sample at the encoder."""
        self._director.take_started(take_id)

    def on_take_finished(self, take_id: str, outcome: str) -> None:
        """Playout is done with the take: played, cancelled, stopped, stale or lost."""
        self._director.take_finished(take_id, outcome)
        if not self._director.on_stage():
            self._replies.hurry()
        self._monologue.rest()

    def on_stage_restarted(self) -> None:
        """Playout was restarted: what was queued there is lost, and is put back."""
        self._director.stage_restarted()
        self._monologue.rest()

    def on_voice_restarted(self) -> None:
        """The voice process is back: try it at once."""
        self._director.voice_restarted()

    def pause(self, on: bool) -> None:
        """Finish the current sentence, then idle until `pause(False)`; only `say(…, "now")` is heard."""
        self._order.paused = on
        self._hold(self._operator.taken or self._operator.silent)
        if on:
            self._director.hold()
        else:
            self._director.wake()

    def skip(self) -> None:
        """Drop the sentence being spoken and go on with the next."""
        self._director.skip()

    def _hold(self, held: bool) -> None:
        """Nobody may be answered now, or they may again: what waits does not grow old, and the item's clock stands."""
        now = self._clock()
        self._inbox.hold(held, now)
        self._programme.rundown.pause(held or self._order.paused, now)

    def take_over(self, on: bool) -> None:
        """From the next boundary on only the operator's lines are said, one after another; or the show goes on."""
        self._operator.take_over(on)

    def emergency(self, on: bool) -> None:
        """Fall silent at once, all that is queued put back; or go on where it was."""
        self._operator.emergency(on)

    def say(
        self, text: str, lang: Lang | None, when: When, *, override: bool = False, by: Who | None = None
    ) -> str:
        """Speak the operator's text, word for word; returns the id of its first line.

        `now` breaks into the sentence on air, which is said again afterwards. Raises `BadInput` when there is nothing
        to say or too much, or (with reason `held`) when the guard stops it and nobody answers for it by `override`;
        `Conflict` when too many texts wait, or a slate is on.
        """
        return self._operator.say(text, self.profile.lang, lang, when, override=override, by=by)

    def check_recorded(self, text: str, lang: Lang | None, *, override: bool = False) -> None:
        """Raise what `say_recorded` would, before its sound is looked at."""
        self._operator.check(text, self.profile.lang, lang, override=override)

    def say_recorded(
        self, clip: str, text: str, lang: Lang | None, when: When, *, override: bool = False, by: Who | None = None
    ) -> str:
        """Say in the operator's own voice what the voice process knows as `clip`; raises as `say` does.

        `text` is what is said in it, for captions and the record; `override` answers for the text only.
        """
        return self._operator.say_recorded(clip, text, self.profile.lang, lang, when, override=override, by=by)

    # --- what the server asks ---

    def snapshot(self) -> dict[str, Any]:
        """The show's part of the status document."""
        playing, director = self._director.playing, self._director
        now = None
        if playing is not None:
            elapsed = min(self._clock() - playing.started_s, playing.duration_s)
            now = _line_document(playing.line) | {"duration_s": playing.duration_s, "elapsed_s": round(elapsed, 2)}
        ahead = [_line_document(a.line) for a in director.ahead]
        for cue in self._order.upcoming(NEXT_SHOWN - len(ahead)):
            line = self._write(cue, director.epoch)
            if line is not None:
                ahead.append(_line_document(line))
        left = playing.started_s + playing.duration_s - self._clock() if playing else 0.0
        pinned = next((p.product_id for p in self._products.values() if p.pinned), None)
        down = {"voice_down": director.voice_down, "stage_down": director.stage_down}
        return {
            "state": "paused" if self._order.paused else "live" if now else "idle",
            "paused": self._order.paused, "takeover": self._operator.taken, "now": now, "next": ahead,
            "on_air_product_id": self._on_air,
            "pinned_product_id": pinned, "chat_waiting": len(self._inbox), "running_order": self._item_document(),
            "queue_s": round(max(0.0, left) + sum(a.duration_s for a in director.ahead), 2),
            "faults": [{"code": code, "message": FAULTS[code]} for code, is_down in down.items() if is_down]
            + (self._writer.faults() if self._writer is not None else []),
            "writer": self._writer.document() if self._writer is not None else dict(NO_WRITER),
            "counts": {
                **director.counts, **self._gate.counts, **self._replies.counts,
                **{f"chat_{k}": n for k, n in self._inbox.counts.items()},
            },
        }

    def state(self) -> dict[str, Any]:
        """Small JSON-able resume state, given back to `__init__` after a restart."""
        now, order = self._clock(), self._order
        script, on_stage = order.script, [(t, a.cue) for t, a in self._director.on_stage()]
        kept = script is not None and not script.done and script.cues[0].source == "script"
        return {
            "v": 1, "epoch": self._director.epoch, "on_air": self._on_air,
            "script": saved(script, on_stage) if script is not None and kept else None,
            "ending": saved(order.ending, on_stage) if order.ending is not None and not order.ending.done else None,
            "remains": {k: saved(b, on_stage) for k, b in self._programme.remains.items() if not b.done},
            "programme": self._programme.state(now), "lately": self._lately.state(), "notice_at": self._notice.last,
        }

    def _item_document(self) -> dict[str, Any] | None:
        """The item that is on, for the status document."""
        rundown, at = self._programme.rundown, self._clock()
        now, heard = self._programme.now(at), rundown.heard(at)
        if heard is None or now is None:
            return None
        item, on = heard[0], rundown.current
        follows = on if on is not None and on is not item else rundown.peek()
        return {
            "item_id": item.item_id, "title": item.title, "kind": item.kind, "elapsed_s": now["elapsed_s"],
            "planned_s": now["planned_s"], "next_title": follows.title if follows is not None else None,
        }

    # --- what the running order and the director ask ---

    def _line_id(self) -> str:
        return f"{self._id_base}-{next(self._ids)}"

    def _pull_reply(self) -> Block | None:
        if self.profile.notice_s is not None and self._notice.due(self._clock()):
            return self._notice.block(self.profile.lang, Rank.REPLY)

        def pop() -> Pick | None:
            now = self._clock()
            if now < self._inbox.gathered_at() and self._director.soonest() > now + GATHER_S + VOICING_S:
                return None
            return self._inbox.pop(now)

        return self._replies.pull(pop, self._speaker()) or (None if self._replies.waiting else self._monologue.news())

    def _speaker(self) -> Speaker:
        who = self.profile
        return Speaker(who.lang, who.prompt, who.adapter, self._focus(), self._moment())

    def _moment(self) -> str:
        """The time of day in her words; empty without a clock on the wall."""
        return moment(self._hour(), self.profile.lang) if self._hour is not None else ""

    def _fill(self, text: str, lang: Lang, product_id: str | None, user: str) -> str | None:
        return self._wording.fill(text, lang, product_id=product_id, user=user)

    def _may(self, text: str, lang: Lang, product_id: str | None, user: str) -> bool:
        return self._gate.may_say(text, lang, product_id, _names(user))

    def _may_write(self, text: str, lang: Lang, product_id: str | None) -> Reject:
        if not self._gate.may_say(text, lang, product_id):
            return "held"
        return "" if self._lately.fresh(text) else "repeated"

    def _focus(self) -> str | None:
        return self._on_air or next((p.product_id for p in self._products.values() if p.pinned), None)

    def _topic(self, text: str) -> Topic:
        return self._topics.of(text, self.profile.lang, self._focus())

    def _age(self, text: str, lang: Lang, product_id: str | None) -> float | None:
        filled = self._fill(text, lang, product_id, "")
        return self._lately.age(filled) if filled is not None else None

    def _next_due(self) -> float | None:
        now = self._clock()
        if not self._director.on_stage():
            self._replies.hurry()
        chat = self._inbox.next_due(now)
        times = (self._inbox.gathered_at(), chat, *self._monologue.due())
        return min((t for t in times if t is not None and t > now), default=None)

    def _write(self, cue: Cue, epoch: int) -> Line | None:
        text: str | None = cue.text
        if not cue.literal:
            text = self._fill(cue.text, cue.lang, cue.product_id, cue.user)
        if text is None:
            return None
        about = cue.product_id or (self._on_air if cue.source == "operator" else None)
        names = _names(cue.user)
        if cue.source == "operator":
            kept = self._operator.kept(cue, text, about)
        elif cue.source == "notice":
            kept = {"guard": "allow"}
        else:
            said, kept = self._gate.line(
                text, cue.lang, about, names, line_id=cue.line_id, source=cue.source, event_id=cue.reply_to,
            )
            if cue.engine and said is not None:
                kept |= {"engine": cue.engine}
            if said is None and cue.spare:
                spare = self._fill(cue.spare, cue.lang, cue.product_id, cue.user)
                said = spare if spare is not None and self._gate.may_say(spare, cue.lang, about, names) else None
            if said is None:
                return None
            text = said
        return Line(
            line_id=cue.line_id, room=self.profile.room, epoch=epoch, text=text, lang=cue.lang, source=cue.source,
            voice=self.profile.voice_of(cue.lang), mood=self.profile.mood, product_id=cue.product_id,
            reply_to=cue.reply_to, asked_ts=cue.asked_ts, clip=cue.clip, meta=kept,
        )

    def _passes(self, text: str, lang: Lang, product_id: str | None, user: str) -> bool:
        filled = self._fill(text, lang, product_id, user)
        return filled is not None and self._may(filled, lang, product_id, user)

    def _began(self, airing: Airing) -> None:
        line = airing.line
        self._lately.note(line.text, _names(airing.cue.user))
        if line.source == "notice":
            self._notice.said(self._clock())
        lasts = round(airing.duration_s, 2)
        kept = {"reply_to": line.reply_to, "guard": line.meta, "by": airing.cue.by, "duration_s": lasts}
        self._tell({"type": "said", **_line_document(line), **kept})
        block = self._order.block_of(airing.cue)
        if block is not None and airing.cue is block.cues[0]:
            for event_id in block.event_ids:
                self._tell({"type": "answered", "event_id": event_id})
        if line.product_id is not None and line.product_id != self._on_air:
            self._on_air = line.product_id
            self._tell({"type": "card", "product_id": line.product_id})

    def _tell(self, event: dict[str, Any]) -> None:
        if self.on_event is not None:
            try:
                self.on_event(event)
            except Exception:
                log.exception("a listener failed on %s", event["type"])

    # --- restarts ---

    def _check_script(self) -> None:
        script = self._order.script
        if script is None or not self._book.filled:
            return
        if script.script_id == WRITTEN:
            if script.cues[0].product_id not in self._products:
                self._order.abandon_script()
            return
        if not self._programme.still_holds(script.script_id, script.stamp, script.cues[0].product_id):
            self._director.forget(script.cues)
            self._order.abandon_script()

    def _restore(self, state: Mapping[str, Any]) -> None:
        def load(kept: Mapping[str, Any]) -> Block:
            block, flight = loaded(kept, self._line_id)
            self._flight |= flight
            return block

        if state.get("script"):
            self._order.script = load(state["script"])
        if state.get("ending"):
            self._order.ending = load(state["ending"])
        self._programme.remains = {str(k): load(b) for k, b in dict(state.get("remains") or {}).items()}

    async def _settle(self) -> None:
        """Take back what an earlier run left on the stage; what it can't give back has been heard."""
        try:
            removed = await self._stage.cancel(None)
        except (NightAnchorError, TimeoutError):
            return
        for take_id, cue in self._flight.items():
            if take_id not in removed:
                cue.state = "heard"
        self._flight = {}


def _names(user: str) -> tuple[str, ...]:
    """The viewers who are addressed; any figure in a name is theirs."""
    return tuple(n for n in re.split(r"、|, |さん、", user) if n)


def _line_document(line: Line) -> dict[str, Any]:
    return {
        "line_id": line.line_id, "text": line.text, "lang": line.lang, "source": line.source,
        "product_id": line.product_id, **({"voice": True} if line.clip else {}),
    }
