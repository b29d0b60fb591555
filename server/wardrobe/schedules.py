"""Schedules: each room's timetable, and the clock that follows it.

Whether somebody must change is asked anew every second from the timetable and from who is on air, so nothing is lost
by a restart: what was missed is simply still due. What was chosen by hand holds until the timetable changes next.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from dataclasses import dataclass, replace
from typing import Any

from adapters.schedule import Due, Timetable, due, next_change, upcoming, week
from server.db.models import PersonaRow, RoomRow, ScheduleRow
from server.db.store import Store
from server.wardrobe.activations import TOLERANCE_S, Activations
from server.wardrobe.documents import ScheduleIn
from server.wardrobe.record import OVER
from server.wardrobe.worn import Source, Worn
from streaming.errors import NightAnchorError, NotFound

log = logging.getLogger("nightanchor.schedule")

STEP_S = 0.5
RETRY_S = 30.0


@dataclass(slots=True)
class _Plan:
    """The activation that was asked for a boundary, and when it may be asked for again."""

    persona: str
    at: dt.datetime | None
    activation: str
    retry: float = 0.0


class Schedules:
    """All timetables of one installation."""

    def __init__(self, store: Store, activations: Activations, *, follow: bool = True) -> None:
        self._store, self._activations, self._follow = store, activations, follow
        self._plans: dict[str, _Plan] = {}
        self._tables: dict[str, tuple[ScheduleIn, Timetable]] = {}

    # -- documents -------------------------------------------------------------------------------

    def get(self, room: str) -> dict[str, Any]:
        """A room's schedule with who is due now and next; an empty one when none was made."""
        body, table = self._table(room)
        at = self._activations.clock()
        now = due(table, at)
        return {
            **body.model_dump(mode="json"), "now": _entry(now), "followed": self._follow and body.enabled,
            "upcoming": [{"at": _iso(d.since), "persona": d.persona, "source": d.origin} for d in upcoming(table, at)],
        }

    def put(self, body: ScheduleIn) -> dict[str, Any]:
        """Replace a room's schedule; raises `BadTimetable` for what contradicts, `NotFound` for unknown personas."""
        body.table()
        with self._store.session() as s:
            if s.get(RoomRow, body.room) is None:
                raise NotFound(f"there is no room {body.room!r}", next_step="list them with GET /rooms")
            for persona in sorted(body.personas()):
                if s.get(PersonaRow, persona) is None:
                    raise NotFound(f"there is no persona {persona!r}", next_step="make her first, or take her out")
            row = s.get(ScheduleRow, body.room)
            if row is None:
                s.add(ScheduleRow(room=body.room, document=body.model_dump(mode="json")))
            else:
                row.document = body.model_dump(mode="json")
        self._tables.pop(body.room, None)
        return self.get(body.room)

    def open_with(self, room: str) -> None:
        """Have a new room, not on air yet, begin with who is due."""
        body, table = self._table(room)
        at = self._activations.clock()
        now = due(table, at) if self._follow and body.enabled else None
        persona = now.persona if now is not None else body.default_persona
        if persona is not None:
            origin: Source = "default" if now is None or now.origin == "default" else "schedule"
            self._activations.open_with(room, persona, origin, now.since if now is not None else None)

    def week(self, room: str, first: dt.date) -> list[dict[str, Any]]:
        """Who is due over seven local days by the slots, also while a rotation has them rest."""
        table = replace(self._table(room)[1], rotation=None)
        return [
            {
                "start": _iso(d.since), "end": _iso(d.until), "local_start": _local(d.since, table),
                "local_end": _local(d.until, table), "persona": d.persona, "source": d.origin,
            }
            for d in week(table, first)
        ]

    def until(self, room: str) -> dt.datetime | None:
        """When the schedule changes who is on air next; None when it never does."""
        body, table = self._table(room)
        if not (body.enabled and self._follow):
            return None
        at, due_at = self._activations.clock(), self._activations.worn(room).due
        # She may have come a few seconds before her time.
        return next_change(table, max(at, dt.datetime.fromisoformat(due_at)) if due_at else at)

    def _table(self, room: str) -> tuple[ScheduleIn, Timetable]:
        if room not in self._tables:
            with self._store.session() as s:
                if s.get(RoomRow, room) is None:
                    raise NotFound(f"there is no room {room!r}", next_step="list them with GET /rooms")
                row = s.get(ScheduleRow, room)
                body = ScheduleIn.model_validate(row.document) if row is not None else ScheduleIn(room=room)
            self._tables[room] = (body, body.table())
        return self._tables[room]

    # -- the clock -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the timetables of the rooms on air, until cancelled."""
        while True:
            for room in list(self._activations.on_air()):
                try:
                    self.step(room)
                except NightAnchorError as e:
                    log.warning("room %s: %s", room, e)
                except Exception:
                    log.exception("the schedule of room %s", room)
            await asyncio.sleep(STEP_S)

    def step(self, room: str) -> None:
        """See that who is due in a room is on air, and who is due next is prepared."""
        body, table = self._table(room)
        wanted = self._wanted(room, table, body.prepare_s) if self._follow and body.enabled else None
        plan = self._plans.get(room)
        if plan is not None:
            state = self._activations.record.get(plan.activation)["state"]
            same = wanted is not None and (plan.persona, plan.at) == (wanted.persona, wanted.since)
            if state not in OVER:
                if same:
                    return
                self._drop(room, plan)
            elif same and state != "superseded":
                plan.retry = plan.retry or time.monotonic() + RETRY_S
                if time.monotonic() < plan.retry:
                    return
        if wanted is None or wanted.persona is None:
            return
        late = wanted.since is None or wanted.since <= self._activations.clock()
        if late and self._activations.pending_now(room):
            # Somebody is being put on air by hand; see what comes of that first.
            return
        source: Source = "default" if wanted.origin == "default" else "schedule"
        made = self._activations.schedule(room, wanted.persona, wanted.since, source, prepare_s=body.prepare_s)
        self._plans[room] = _Plan(wanted.persona, wanted.since, made)

    def _wanted(self, room: str, table: Timetable, prepare_s: float) -> Due | None:
        """Who is to be put on air or prepared now."""
        at, worn = self._activations.clock(), self._activations.worn(room)
        now = due(table, at)
        if now.persona is not None and not _holds(worn, now, at):
            return now
        change = next_change(table, at)
        if change is None or (change - at).total_seconds() > prepare_s + TOLERANCE_S:
            return None
        then = due(table, change)
        return then if then.persona != worn.persona else None

    def _drop(self, room: str, plan: _Plan) -> None:
        del self._plans[room]
        try:
            self._activations.cancel(plan.activation)
        except NightAnchorError as e:
            log.info("the plan for %s stays: %s", plan.persona, e)


def _holds(worn: Worn, now: Due, at: dt.datetime) -> bool:
    """Whether who is on air may stay: she is due, was chosen by hand since, or came a little before her time."""
    if worn.persona == now.persona:
        return True
    if worn.due is not None and 0 < (dt.datetime.fromisoformat(worn.due) - at).total_seconds() <= 2 * TOLERANCE_S:
        return True
    if worn.source in ("manual", "rollback"):
        return now.since is None or dt.datetime.fromisoformat(worn.since) >= now.since
    return False


def _entry(d: Due) -> dict[str, Any]:
    return {"persona": d.persona, "source": d.origin, "since": _iso(d.since), "until": _iso(d.until)}


def _iso(instant: dt.datetime | None) -> str | None:
    return instant.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if instant else None


def _local(instant: dt.datetime | None, table: Timetable) -> str | None:
    return instant.astimezone(table.zone).replace(tzinfo=None).isoformat(timespec="minutes") if instant else None
