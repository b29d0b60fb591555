"""Worn: who is on air in a room, as the room's row keeps it.

It is a copy, not a reference: a persona that is edited or deleted while she is on air changes nothing until her next
activation, and whoever was on air can always be gone back to.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, cast

from pipelines.line import Lang
from server.db.models import RoomRow, now

Source = Literal["schedule", "manual", "rollback", "default"]


@dataclass(frozen=True, slots=True)
class Worn:
    """A presenter with her adapters; `due` is the boundary of the schedule she was put on air for."""

    lang: Lang = "zh"
    persona: str | None = None
    name: str = ""
    voice: str = ""
    mood: str = ""
    rest_s: float | None = None
    prompt: str = ""
    greeting: str = ""
    look_id: str | None = None
    visual: str | None = None
    visual_weight: float = 1.0
    language: str | None = None
    language_weight: float = 1.0
    since: str = ""
    source: Source = "default"
    due: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is kept in the room's row."""
        return asdict(self)

    def short(self) -> dict[str, Any]:
        """Who stays on air, for an answer that says so."""
        return {"persona": self.persona, "name": self.name}


def worn_by(row: RoomRow) -> Worn:
    """What a room wears; made from the room itself while no persona was ever activated."""
    if row.worn is None:
        return Worn(cast(Lang, row.lang), name=row.title, voice=row.voice, look_id=row.look_id, since=row.created)
    return from_json(row.worn)


def from_json(data: dict[str, Any]) -> Worn:
    """What `to_json` gave."""
    known = {f.name for f in fields(Worn)}
    return Worn(**{k: v for k, v in data.items() if k in known})


def persona_worn(persona: dict[str, Any], before: Worn, source: Source) -> Worn:
    """A persona as worn from now on; without a look of her own she takes the one that is on air."""
    return Worn(
        lang=persona["lang"], persona=persona["id"], name=persona["name"], voice=persona["voice"], mood=persona["mood"],
        rest_s=persona["rest_s"], prompt=persona["prompt"],
        greeting=persona["greeting"] if persona["id"] != before.persona else "",
        look_id=persona["look_id"] or before.look_id, visual=persona["visual_id"],
        visual_weight=persona["visual_weight"], language=persona["language_id"],
        language_weight=persona["language_weight"], since=now(), source=source,
    )


def restyled(before: Worn, visual: str | None, language: str | None, weight: float | None) -> Worn:
    """Single adapters over what is worn now."""
    out = replace(before, since=now(), source="manual", due=None, greeting="")
    if visual is not None:
        out = replace(out, visual=visual, visual_weight=1.0 if weight is None else weight)
    if language is not None:
        out = replace(out, language=language, language_weight=1.0 if weight is None else weight)
    return out
