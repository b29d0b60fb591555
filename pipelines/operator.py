"""Operator: what a person says and orders in a running show: own words, own voice, takeover, emergency."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from pipelines import moderation, sentences
from pipelines.director import Director
from pipelines.guard import Gate
from pipelines.langid import detect
from pipelines.line import Lang
from pipelines.running_order import Block, Cue, Rank, RunningOrder
from streaming.errors import BadInput, Conflict

MAX_SAY_CHARS = 1000
MAX_SAY_WAITING = 20
SOUND = "sound"
"""The rule that stands in the record for what was spoken into a microphone: no guard can read it."""

When = Literal["now", "boundary"]
Who = Mapping[str, str]
"""Name and role of the token by which somebody acts."""


class Operator:
    """`line_id` numbers a line, `focus` tells the product on air, `held` is told when nobody may be answered."""

    def __init__(
        self, order: RunningOrder, director: Director, gate: Gate, *, line_id: Callable[[], str],
        focus: Callable[[], str | None], held: Callable[[bool], None],
    ) -> None:
        self._order, self._director, self._gate = order, director, gate
        self._line_id, self._focus, self._held = line_id, focus, held
        self.taken = self.silent = False

    def say(self, text: str, own: Lang, lang: Lang | None, when: When, *, override: bool, by: Who | None) -> str:
        """Speak a text, word for word; returns the id of its first line. See `RoomShow.say`."""
        parts = self._parts(text)
        if not parts:
            raise BadInput("there is nothing to say in this text", next_step="Write at least one word.")
        self._may_speak()
        tongue = lang or detect(text, own)
        if not override:
            for part in parts:
                self._gate.admit(part, tongue, self._focus())
        rank = self._rank(when)
        cues = [Cue(self._line_id(), p, tongue, "operator", rank, literal=True, by=by) for p in parts]
        return self._add(cues, rank)

    def say_recorded(
        self, clip: str, text: str, own: Lang, lang: Lang | None, when: When, *, override: bool, by: Who | None
    ) -> str:
        """Say what was spoken into a microphone; `text`, if given, is what is said in it, and passes the guard."""
        self._may_speak()
        text = " ".join(self._parts(text))
        tongue = lang or (detect(text, own) if text else own)
        if text and not override:
            self._gate.admit(text, tongue, self._focus())
        rank = self._rank(when)
        cue = Cue(self._line_id(), text, tongue, "operator", rank, literal=True, clip=clip, by=by)
        return self._add([cue], rank)

    def check(self, text: str, own: Lang, lang: Lang | None, *, override: bool) -> None:
        """Raise what `say_recorded` would for this text, before its sound is looked at."""
        self._may_speak()
        text = " ".join(self._parts(text))
        if text and not override:
            self._gate.admit(text, lang or detect(text, own), self._focus())

    def _parts(self, text: str) -> list[str]:
        if len(text) > MAX_SAY_CHARS:
            raise BadInput(f"the text has {len(text)} characters", next_step=f"Use at most {MAX_SAY_CHARS} characters.")
        parts = sentences.split(moderation.clean(text, MAX_SAY_CHARS, fold=False))
        return [p for p in parts if any(c.isalnum() for c in p)]

    def _may_speak(self) -> None:
        if self.silent:
            raise Conflict("the slate is on, and nothing is said", next_step="Take the slate away first.")
        if self._order.waiting_operator() >= MAX_SAY_WAITING:
            raise Conflict("too many texts are waiting to be said", next_step="Wait until some have been said.")

    def _rank(self, when: When) -> Rank:
        """While the operator has taken over, only what the automation still says is waited for."""
        own = all(a.cue.source == "operator" for _, a in self._director.on_stage())
        return Rank.NOW if when == "now" or (self.taken and own) else Rank.OPERATOR

    def _add(self, cues: list[Cue], rank: Rank) -> str:
        self._order.add(Block(cues, rank))
        if rank == Rank.NOW:
            self._director.break_in()
        self._director.wake()
        return cues[0].line_id

    def kept(self, cue: Cue, text: str, about: str | None) -> dict[str, Any]:
        """What the record keeps of an operator's line: the guard's verdict, and who has answered for it."""
        kept: dict[str, Any] = {"guard": "allow"}
        if text:
            kept = self._gate.operator(text, cue.lang, about, line_id=cue.line_id, by=cue.by)
        if cue.clip:
            kept |= {"guard": "override", "rule": kept.get("rule") or SOUND}
        return kept

    def take_over(self, on: bool) -> None:
        """From the next sentence boundary on only the operator's lines are said, until `take_over(False)`."""
        self.taken = self._order.taken = on
        self._told()
        if on:
            self._director.hold()
        else:
            self._director.wake()

    def emergency(self, on: bool) -> None:
        """Fall silent at once, and take all that is queued back, until `emergency(False)`; nothing of it is lost."""
        self.silent = on
        self._told()
        self._director.silence(on)

    def _told(self) -> None:
        self._held(self.taken or self.silent)
