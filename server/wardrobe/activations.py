"""Activations: a room changes into another persona, or puts on single adapters.

Everything that can fail is done beside the show — looking up, staging, painting and baking, trying out. What is left
for the sentence boundary is one change of slot in the studio, one message to playout and one row; whichever of them
fails, the others are undone, and who was on air stays there. Activations of one room commit one after the other.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from server.db.models import RoomRow, now
from server.db.store import Store
from server.looks import Looks
from server.rooms.room import Room
from server.rooms.rooms import Rooms
from server.wardrobe.catalogue import AdapterCatalogue
from server.wardrobe.documents import ActivateIn
from server.wardrobe.personas import Personas
from server.wardrobe.portraits import Portraits
from server.wardrobe.record import Failed, Record, reason_of
from server.wardrobe.studio import SWAP_LIMIT_S, TRY_LIMIT_S, Studio
from server.wardrobe.worn import Source, Worn, from_json, persona_worn, restyled, worn_by
from streaming.errors import BadInput, ChildDown, Conflict, NightAnchorError, NotFound

log = logging.getLogger("nightanchor.activations")

TOLERANCE_S = 5.0
"""How far from its time a scheduled change may be: it waits for a sentence boundary for so long."""
PREPARE_S = 300.0
PATIENCE_S = 30.0
LOOK_LIMIT_S = 600.0
KINDS = ("visual", "language")
Clock = Callable[[], dt.datetime]


def utc() -> dt.datetime:
    """This instant."""
    return dt.datetime.now(dt.UTC)


@dataclass(slots=True)
class _Run:
    """One that is not over. `wanted` is known once it has been looked up; `over` is whom it was made for to follow."""

    document: dict[str, Any]
    due: dt.datetime | None
    rollback: bool = False
    wanted: Worn = field(default_factory=Worn)
    over: Worn = field(default_factory=Worn)
    keys: dict[str, str | None] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    committing: bool = False

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def room(self) -> str:
        return str(self.document["room"])


class Activations:
    """All activations of one installation."""

    def __init__(
        self, store: Store, rooms: Rooms, studio: Studio, adapters: AdapterCatalogue, personas: Personas, looks: Looks,
        portraits: Portraits, *, clock: Clock = utc,
    ) -> None:
        self._store, self._rooms, self._studio, self._adapters = store, rooms, studio, adapters
        self._personas, self._looks, self._portraits, self.clock = personas, looks, portraits, clock
        self.record = Record(store)
        self._open: dict[str, _Run] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts: Counter[tuple[str, str]] = Counter()

    # -- reading ---------------------------------------------------------------------------------

    def pending(self, room: str) -> list[dict[str, Any]]:
        """Those of a room that are not over."""
        return [run.document for run in self._open.values() if run.room == room]

    def pending_now(self, room: str) -> bool:
        """Whether one of a room waits for no time but its boundary."""
        return bool(self._now(room))

    async def settled(self, room: str) -> None:
        """Wait until nobody in a room is on her way to its next boundary."""
        while going := [run.task for run in self._now(room) if run.task is not None]:
            await asyncio.wait(going)

    def _now(self, room: str) -> list[_Run]:
        return [run for run in self._open.values() if run.room == room and run.due is None]

    def on_air(self) -> list[str]:
        """The rooms on air."""
        return list(self._rooms.on_air)

    def worn(self, room: str) -> Worn:
        """Who is on air in a room; raises `NotFound`."""
        with self._store.session() as s:
            return worn_by(_room(s, room))

    # -- asking ----------------------------------------------------------------------------------

    def ask(self, body: ActivateIn, key: str | None = None) -> dict[str, Any]:
        """Begin an activation; the same key gives the same one again.

        Raises what makes it impossible from the start (the activation is then kept as failed), `Conflict` for a key
        that was used for something else.
        """
        again = self.record.again(key, body.model_dump(exclude_none=True))
        if again is not None:
            return again
        due = body.due_at()
        if due is not None and due <= self.clock():
            raise BadInput(f"{body.when} is over", next_step="Give a time to come, or `boundary`.")
        before = self.worn(body.room)
        document = self.record.new(
            body.room, "manual", before, key, persona=body.persona, visual=body.visual, language=body.language,
            weight=body.weight, when="at" if due else body.when, due=iso(due),
        )
        document["asked"] = body.model_dump(exclude_none=True)
        run = _Run(document, due, over=before)
        self._open[run.id] = run
        try:
            run.wanted = self._look_up(run)
        except Failed as e:
            self._fail(run, e)
            e.extra = {"stayed": document["stayed"], "activation": document["id"]}
            raise
        return self._begin(run)

    def rollback(self, room: str, key: str | None = None) -> dict[str, Any]:
        """Go back to who was on air before; raises `Conflict` when nobody was."""
        again = self.record.again(key, {"rollback": room})
        if again is not None:
            return again
        before = self.worn(room)
        with self._store.session() as s:
            earlier = _room(s, room).worn_before
        if earlier is None:
            raise Conflict(f"nobody else was on air in room {room}", next_step="Activate a persona instead.")
        past = from_json(earlier)
        document = self.record.new(
            room, "rollback", before, key, persona=past.persona, visual=past.visual, language=past.language,
            when="boundary",
        )
        document["asked"] = {"rollback": room}
        wanted = replace(past, since=now(), source="rollback", due=None, greeting="")
        run = _Run(document, None, rollback=True, wanted=wanted)
        self._open[run.id] = run
        return self._begin(run)

    def schedule(
        self, room: str, persona: str, due: dt.datetime | None, source: Source, *, prepare_s: float
    ) -> str:
        """Have a persona on air from `due` on, prepared `prepare_s` ahead; returns the activation's id.

        A time that is over is caught up at the next sentence boundary.
        """
        before = self.worn(room)
        document = self.record.new(room, source, before, None, persona=persona, when="at", due=iso(due))
        document["prepare_s"] = prepare_s
        run = _Run(document, due if due is not None and due > self.clock() else None)
        self._open[run.id] = run
        self._begin(run)
        return str(document["id"])

    def open_with(self, room: str, persona: str, source: Source, due: dt.datetime | None) -> None:
        """Write down who a room that was never on air begins with; there is nothing to change yet."""
        with self._store.session() as s:
            row = _room(s, room)
            first = persona_worn(self._personas.get(persona), worn_by(row), source)
            row.worn = replace(first, due=iso(due), since=str(iso(self.clock()))).to_json()
            row.look_id = first.look_id

    def cancel(self, activation_id: str) -> dict[str, Any]:
        """Give one up; raises `Conflict` when it is over or just being committed."""
        document = self.record.get(activation_id)
        run = self._open.get(activation_id)
        if run is None or run.committing:
            state = document["state"] if run is None else "being committed"
            raise Conflict(f"this activation is {state}", next_step="Go back with POST /adapters/rollback.")
        self._end(run, "cancelled")
        return dict(run.document)

    def resume(self) -> None:
        """After a restart: what was planned for a time goes on, what was under way has failed."""
        for document in self.record.unfinished():
            due = dt.datetime.fromisoformat(document["due"]) if document["due"] else None
            run = _Run(document, due)
            self._open[document["id"]] = run
            if document["source"] == "manual" and due is not None:
                document["steps"] = []
                self._begin(run)
            else:
                self._fail(run, Failed(
                    "internal", "the server was restarted before this was committed",
                    next_step="Activate it again." if document["source"] != "schedule" else "The schedule tries again.",
                ))

    async def redress(self) -> None:
        """A studio has come up: give every room on air what it wears."""
        for room in list(self._rooms.on_air):
            async with self._lock(room):
                try:
                    worn = self.worn(room)
                    keys = {k: await self._staged(*_wears(worn, k)) for k in KINDS}
                    await self._studio.ask("commit", SWAP_LIMIT_S, room=room, **keys)
                except NightAnchorError as e:
                    log.warning("room %s can't be given back what it wears: %s", room, e)
                    continue
            log.info("room %s wears %s again", room, worn.name)

    async def close(self) -> None:
        """Stop working; what is planned for a time is taken up by `resume`."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- the way of one --------------------------------------------------------------------------

    def _begin(self, run: _Run) -> dict[str, Any]:
        for other in list(self._open.values()):
            same = other.due == run.due and other is not run and other.room == run.room
            if same and not other.committing:
                self._end(other, "superseded")
        run.task = asyncio.get_running_loop().create_task(self._go(run))
        self._tasks.add(run.task)
        run.task.add_done_callback(self._tasks.discard)
        return dict(run.document)

    async def _go(self, run: _Run) -> None:
        try:
            await self._until(run.due, float(run.document.get("prepare_s", PREPARE_S)))
            self.record.state(run.document, "preparing")
            for attempt in (1, 2):
                await self._prepare(run)
                self.record.state(run.document, "staged")
                await self._until(run.due, TOLERANCE_S)
                async with self._lock(run.room):
                    try:
                        await self._commit(run)
                        break
                    except Failed as e:
                        run.committing = False
                        if e.reason != "not_staged" or attempt == 2:
                            raise
        except NightAnchorError as e:
            self._fail(run, e)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("activation %s", run.id)
            self._fail(run, Failed("internal", "something failed inside", next_step="See data/logs/server.log."))

    async def _until(self, due: dt.datetime | None, ahead_s: float) -> None:
        while due is not None:
            left = (due - self.clock()).total_seconds() - ahead_s
            if left <= 0:
                return
            await asyncio.sleep(min(left, 2.0))

    async def _prepare(self, run: _Run) -> None:
        with self.record.step(run.document, "inspect"):
            run.over = self.worn(run.room)
            run.wanted = self._look_up(run)
        wanted = run.wanted
        with self.record.step(run.document, "stage"):
            for kind in KINDS:
                run.keys[kind] = await self._staged(*_wears(wanted, kind))
        with self.record.step(run.document, "look"):
            run.wanted = await self._with_look(run)
        visual, language = run.keys.get("visual"), run.keys.get("language")
        with self.record.step(run.document, "canary", skip=visual is None and language is None):
            if visual is not None or language is not None:
                await self._studio.ask("try_out", TRY_LIMIT_S, room=run.room, visual=visual, language=language)

    def _look_up(self, run: _Run) -> Worn:
        """Who is to be on air; raises `Failed`."""
        d, known = run.document, run.wanted.since != ""
        if run.rollback:
            wanted = run.wanted
        elif d["persona"] is not None:
            try:
                persona = self._personas.get(d["persona"])
            except NotFound as e:
                raise Failed("deleted" if known else "unknown", e.message, next_step=e.next_step) from e
            wanted = persona_worn(persona, self.worn(run.room), d["source"])
        else:
            wanted = restyled(run.over, d["visual"], d["language"], d["weight"])
        wanted = replace(wanted, due=d["due"] if d["source"] in ("schedule", "default") else None)
        self._check_all(wanted, known or run.rollback)
        return wanted

    def _check_all(self, wanted: Worn, known: bool) -> None:
        for kind in KINDS:
            adapter_id, _ = _wears(wanted, kind)
            if adapter_id is not None:
                self._check(kind, adapter_id, known)

    def _check(self, kind: str, adapter_id: str, known: bool) -> None:
        try:
            adapter = self._adapters.get(adapter_id)
        except NotFound as e:
            raise Failed("deleted" if known else "unknown", e.message, next_step=e.next_step) from e
        if adapter["kind"] != kind:
            raise Failed("incompatible", f"{adapter['name']} is a {adapter['kind']} adapter",
                         next_step=f"Name a {kind} one.")
        if not self._adapters.path(adapter_id).is_file():
            raise Failed("deleted", f"the file of adapter {adapter_id} is gone", next_step="Upload it again.")
        if adapter["state"] != "ready":
            down = "being loaded" in adapter["error"]
            raise Failed("studio_down" if down else "incompatible", f"{adapter['name']}: {adapter['error']}",
                         next_step="Set up the base it was trained on, or choose another adapter.")
        if adapter["kind"] == "visual" and adapter["likeness"] == "unknown":
            raise Failed("consent", f"nobody has said yet whether {adapter['name']} shows a real person",
                         next_step="Set its likeness to none or person in the catalogue.")
        if adapter["kind"] == "visual" and adapter["likeness"] == "person" and not adapter["consent"]:
            raise Failed("consent", f"{adapter['name']} shows a real person, and no consent is recorded",
                         next_step="Record who consented in the catalogue, or choose another adapter.")

    async def _staged(self, adapter_id: str | None, weight: float) -> str | None:
        if adapter_id is None:
            return None
        answer = await self._adapters.stage(self._adapters.get(adapter_id), weight)
        return str(answer["key"])

    async def _with_look(self, run: _Run) -> Worn:
        """The look as it will be shown, painted and baked where it has to be."""
        wanted, room = run.wanted, self._rooms.get(run.room)
        look_id, asked = wanted.look_id, run.document["persona"]
        lookless = self._personas.get(asked)["look_id"] is None if asked else run.document["visual"] is not None
        if wanted.visual is not None and lookless and not run.rollback:
            look_id = await self._portraits.worn(
                self._adapters.get(wanted.visual), wanted.visual_weight, wanted.look_id
            )
        if look_id is None:
            return wanted
        try:
            await self._looks.baked(look_id, room["width"], room["height"], LOOK_LIMIT_S)
        except NotFound as e:
            raise Failed("look", e.message, next_step=e.next_step) from e
        return replace(wanted, look_id=look_id)

    async def _commit(self, run: _Run) -> None:
        """At the boundary: studio, playout, row — all or none."""
        room = self._rooms.on_air.get(run.room)
        if room is None:
            run.committing = True
            self.record.state(run.document, "committing")
            with self.record.step(run.document, "commit"):
                self._still(run)
                await self._swap(run)
                self._write(run)
            self._committed(run)
            return
        if run.due is not None:
            patience = max(0.0, (run.due - self.clock()).total_seconds() + TOLERANCE_S - 2.0)
        else:
            patience = 0.0 if run.document["when"] == "now" else PATIENCE_S
        before = self.worn(run.room)

        async def commit() -> None:
            run.committing = True
            self.record.state(run.document, "committing")
            with self.record.step(run.document, "commit"):
                await self._commit_on_air(run, room, before)

        await room.switch(commit, lambda: self._rooms.spec(run.room), patience)
        self._committed(run)

    async def _commit_on_air(self, run: _Run, room: Room, before: Worn) -> None:
        self._still(run)
        swapped = await self._swap(run)
        try:
            if run.wanted.look_id is not None:
                try:
                    await room.show_look(run.wanted.look_id)
                except NightAnchorError as e:
                    raise Failed("playout", f"the picture could not be changed: {e.message}",
                                 next_step=e.next_step or "Try again in a moment.") from e
            self._write(run)
        except BaseException:
            if swapped:
                await self._undo(run, room, before)
            raise

    def _still(self, run: _Run) -> None:
        """What was deleted, or whose consent was taken back, since it was staged must not get on air."""
        persona = run.document["persona"]
        if persona is not None and not run.rollback:
            self._personas.get(persona)
        self._check_all(run.wanted, True)
        if persona is None and not run.rollback and self.worn(run.room).since != run.over.since:
            raise Failed("not_staged", "somebody else has come on air meanwhile", next_step="Activate it again.")

    async def _swap(self, run: _Run) -> bool:
        """Swap in the studio; False when the room needs no studio and there is none to tell."""
        worn = self.worn(run.room)
        bare = not any(run.keys.values())
        if bare and (not self._studio.running or (worn.visual is None and worn.language is None)):
            return False
        visual, language = run.keys.get("visual"), run.keys.get("language")
        try:
            answer = await self._studio.ask("commit", SWAP_LIMIT_S, room=run.room, visual=visual, language=language)
        except BadInput as e:
            if e.reason == "not_staged":
                raise Failed("not_staged", e.message, next_step=e.next_step) from e
            raise
        except ChildDown:
            if bare:
                # It comes back bare by itself.
                return False
            raise
        run.document["swap_ms"] = answer.get("swap_ms")
        return True

    async def _undo(self, run: _Run, room: Room, before: Worn) -> None:
        try:
            await self._studio.ask("rollback", SWAP_LIMIT_S, room=run.room)
        except NightAnchorError as e:
            log.warning("room %s: the studio could not go back: %s", run.room, e)
        if before.look_id is not None and run.wanted.look_id != before.look_id:
            room.rearrange()

    def _write(self, run: _Run) -> None:
        with self._store.session() as s:
            row = _room(s, run.room)
            row.worn_before = worn_by(row).to_json()
            run.wanted = replace(run.wanted, since=str(iso(self.clock())))
            row.worn = run.wanted.to_json()
            row.look_id = run.wanted.look_id

    def _committed(self, run: _Run) -> None:
        d, at = run.document, self.clock()
        d["committed"] = now()
        since = dt.datetime.fromisoformat(d["due"] or d["created"])
        d["late_s"] = round((at - since).total_seconds(), 2)
        self._end(run, "committed")
        log.info("room %s: %s is on air (%s)", run.room, run.wanted.name, d["source"])

    def _fail(self, run: _Run, error: NightAnchorError) -> None:
        d = run.document
        d["reason"], d["message"] = reason_of(error), error.message
        d["next_step"] = error.next_step or "Activate it again, or choose another persona."
        d["stayed"] = self.worn(run.room).short()
        error.reason = d["reason"]
        log.warning("room %s: activation %s failed (%s): %s", run.room, d["id"], d["reason"], error)
        self._end(run, "failed")

    def _end(self, run: _Run, state: str) -> None:
        self._open.pop(run.id, None)
        self.counts[run.room, state] += 1
        if run.task is not None and run.task is not asyncio.current_task():
            run.task.cancel()
        self.record.state(run.document, state)

    def _lock(self, room: str) -> asyncio.Lock:
        return self._locks.setdefault(room, asyncio.Lock())


def _wears(worn: Worn, kind: str) -> tuple[str | None, float]:
    return (worn.visual, worn.visual_weight) if kind == "visual" else (worn.language, worn.language_weight)


def iso(instant: dt.datetime | None) -> str | None:
    """As the API writes an instant."""
    return instant.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if instant else None


def _room(s: Any, room: str) -> RoomRow:
    row: RoomRow | None = s.get(RoomRow, room)
    if row is None:
        raise NotFound(f"there is no room {room!r}", next_step="list them with GET /rooms")
    return row
