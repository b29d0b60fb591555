"""Personas: who can be on air — a look, a voice, manners, and the adapters she wears."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db.models import AdapterRow, LookRow, PersonaRow, RoomRow, ScheduleRow
from server.db.store import Store
from server.wardrobe.documents import PersonaIn
from streaming.errors import BadInput, Conflict, NotFound

FIELDS = ("id", "name", "lang", "voice", "look_id", "mood", "rest_s", "visual_id", "visual_weight", "language_id",
          "language_weight", "prompt", "greeting", "colour")


class Personas:
    """Rows of the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def every(self) -> list[dict[str, Any]]:
        """Every persona, oldest first."""
        with self._store.session() as s:
            return [document(r) for r in s.scalars(select(PersonaRow).order_by(PersonaRow.created, PersonaRow.id))]

    def get(self, persona_id: str) -> dict[str, Any]:
        """One persona; raises `NotFound`."""
        with self._store.session() as s:
            return document(_row(s, persona_id))

    def create(self, body: PersonaIn) -> dict[str, Any]:
        """Add a persona."""
        with self._store.session() as s:
            if s.get(PersonaRow, body.id) is not None:
                raise Conflict(f"there is a persona {body.id!r} already", next_step="choose another id")
            _check(s, body)
            row = PersonaRow(**body.model_dump())
            s.add(row)
            s.flush()
            return document(row)

    def replace(self, persona_id: str, body: PersonaIn) -> dict[str, Any]:
        """Change a persona; one that is on air changes with her next activation."""
        with self._store.session() as s:
            row = _row(s, persona_id)
            if body.id != persona_id:
                raise BadInput("a persona's id can't be changed", next_step="make another persona")
            _check(s, body)
            for key, value in body.model_dump().items():
                setattr(row, key, value)
            s.flush()
            return document(row)

    def delete(self, persona_id: str) -> None:
        """Remove one that is neither on air nor in a schedule."""
        with self._store.session() as s:
            row = _row(s, persona_id)
            room = next((r.id for r in s.scalars(select(RoomRow)) if (r.worn or {}).get("persona") == persona_id), None)
            if room is not None:
                raise Conflict(f"{row.name} is on air in room {room}", next_step="activate another persona there first")
            named = next((r.room for r in s.scalars(select(ScheduleRow)) if persona_id in named_in(r.document)), None)
            if named is not None:
                raise Conflict(
                    f"{row.name} is in the schedule of room {named}", next_step="take her out of the schedule first"
                )
            s.delete(row)


def named_in(schedule: dict[str, Any]) -> set[str]:
    """The personas that a schedule document names."""
    entries = [*schedule.get("slots", []), *schedule.get("overrides", []), *schedule.get("holidays", [])]
    turns = (schedule.get("rotation") or {}).get("personas", [])
    return {p for p in (*(e.get("persona") for e in entries), *turns, schedule.get("default_persona")) if p}


def _check(s: Session, body: PersonaIn) -> None:
    if body.look_id is not None and s.get(LookRow, body.look_id) is None:
        raise NotFound(f"there is no look {body.look_id!r}", next_step="list them with GET /looks")
    for kind, adapter_id in (("visual", body.visual_id), ("language", body.language_id)):
        row = s.get(AdapterRow, adapter_id) if adapter_id else None
        if adapter_id and row is None:
            raise NotFound(f"there is no adapter {adapter_id!r}", next_step="list them with GET /adapters")
        if row is not None and row.kind != kind:
            raise BadInput(f"{row.name} is a {row.kind} adapter", next_step=f"name a {kind} one")


def _row(s: Session, persona_id: str) -> PersonaRow:
    row = s.get(PersonaRow, persona_id)
    if row is None:
        raise NotFound(f"there is no persona {persona_id!r}", next_step="list them with GET /personas")
    return row


def document(row: PersonaRow) -> dict[str, Any]:
    """A persona as the API shows her."""
    return {key: getattr(row, key) for key in FIELDS}
