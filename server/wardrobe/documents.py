"""Documents of the wardrobe (docs/api.md), checked at the border."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from adapters.schedule import Holiday, Override, Rotation, Slot, Timetable, minutes_of, timetable
from pipelines.line import Lang
from server.documents import Identifier, Long, Name, Short

Weight = Annotated[float, Field(ge=-2.0, le=2.0, allow_inf_nan=False)]
AdapterId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,47}$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Likeness = Literal["none", "person", "unknown"]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AdapterIn(_Document):
    """What its owner says of an adapter at upload."""

    name: Annotated[Name, Field(max_length=80)] = ""
    licence: Annotated[Name, Field(max_length=200)] = ""
    likeness: Likeness = "unknown"
    consent_by: Annotated[Name, Field(max_length=120)] = ""
    consent_note: Annotated[Long, Field(max_length=1000)] = ""
    trigger_words: Annotated[str, Field(max_length=600)] = ""


class AdapterPatch(_Document):
    """What to change of an adapter."""

    name: Annotated[Name, Field(min_length=1, max_length=80)] | None = None
    licence: Annotated[Name, Field(max_length=200)] | None = None
    likeness: Likeness | None = None
    consent_by: Annotated[Name, Field(max_length=120)] | None = None
    consent_note: Annotated[Long, Field(max_length=1000)] | None = None
    trigger_words: Annotated[list[Annotated[Name, Field(max_length=60)]], Field(max_length=20)] | None = None


class PersonaIn(_Document):
    """A persona."""

    id: Annotated[Identifier, Field(examples=["tang"])]
    name: Annotated[Name, Field(min_length=1, examples=["云裳 · 唐风养生"])]
    lang: Lang = "zh"
    voice: Annotated[str, Field(max_length=80)] = ""
    look_id: Identifier | None = None
    mood: Literal["calm", "warm", "lively"] = "warm"
    rest_s: Annotated[float, Field(ge=0, le=60, allow_inf_nan=False)] = 1.2
    visual_id: AdapterId | None = None
    visual_weight: Weight = 1.0
    language_id: AdapterId | None = None
    language_weight: Weight = 1.0
    prompt: Long = ""
    greeting: Short = ""
    colour: Colour = "#c96f5b"


class ActivateIn(_Document):
    """What a room shall wear, and when: a persona, or single adapters over what it wears now."""

    room: Annotated[Identifier, Field(examples=["main"])]
    persona: Identifier | None = None
    visual: AdapterId | None = None
    language: AdapterId | None = None
    weight: Weight | None = None
    when: Annotated[str, Field(max_length=40, examples=["now", "boundary", "2026-12-12T12:00:00Z"])] = "boundary"

    @model_validator(mode="after")
    def _something(self) -> ActivateIn:
        if self.persona is None and self.visual is None and self.language is None:
            raise ValueError("name a persona, or a visual or language adapter")
        if self.persona is not None and (self.visual or self.language or self.weight is not None):
            raise ValueError("name either a persona or single adapters, not both")
        self.due_at()
        return self

    def due_at(self) -> dt.datetime | None:
        """The instant `when` names, None for now or boundary."""
        if self.when in ("now", "boundary"):
            return None
        try:
            instant = dt.datetime.fromisoformat(self.when)
        except ValueError:
            raise ValueError("when is now, boundary, or an ISO 8601 time such as 2026-12-12T12:00:00Z") from None
        return instant.astimezone(dt.UTC) if instant.tzinfo else instant.replace(tzinfo=dt.UTC)


class RollbackIn(_Document):
    """The room to go back in."""

    room: Identifier


class PortraitIn(_Document):
    """A portrait to paint and make a presenter of."""

    name: Annotated[Name, Field(max_length=80)] = ""
    prompt: Annotated[Long, Field(min_length=1, examples=["portrait of a woman in a tang robe, facing the camera"])]
    negative: Long = ""
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] | None = None
    steps: Annotated[int, Field(ge=1, le=100)] | None = None
    visual_id: AdapterId | None = None
    weight: Weight = 1.0
    init_look: Identifier | None = None
    strength: Annotated[float, Field(ge=0.05, le=1.0)] = 0.6




Clock = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


class SlotIn(_Document):
    """A weekly appearance."""

    day: Annotated[int, Field(ge=0, le=6)]
    start: Clock
    end: Clock
    persona: Identifier
    priority: Annotated[int, Field(ge=0, le=9)] = 0


def _wall(text: dt.datetime) -> dt.datetime:
    if text.tzinfo is not None:
        raise ValueError("is a wall clock time in the schedule's zone, without an offset")
    return text


Wall = Annotated[dt.datetime, AfterValidator(_wall)]


class OverrideIn(_Document):
    """A one-off appearance between two wall clock times."""

    start: Wall
    end: Wall
    persona: Identifier
    note: Short = ""


class HolidayIn(_Document):
    """A day without slots."""

    date: dt.date
    persona: Identifier | None = None
    note: Short = ""


class RotationIn(_Document):
    """Everybody in turn; while it is on, the slots rest."""

    minutes: Annotated[int, Field(ge=1, le=1440)]
    personas: Annotated[list[Identifier], Field(min_length=1, max_length=40)]


class ScheduleIn(_Document):
    """A room's timetable; the whole of it is replaced."""

    room: Identifier
    enabled: bool = True
    time_zone: Annotated[str, Field(max_length=60)] = "Asia/Shanghai"
    default_persona: Identifier | None = None
    prepare_s: Annotated[int, Field(ge=5, le=3600)] = 300
    slots: Annotated[list[SlotIn], Field(max_length=400)] = []
    overrides: Annotated[list[OverrideIn], Field(max_length=400)] = []
    holidays: Annotated[list[HolidayIn], Field(max_length=400)] = []
    rotation: RotationIn | None = None

    def personas(self) -> set[str]:
        """Every persona it names."""
        named = {s.persona for s in self.slots} | {o.persona for o in self.overrides}
        named |= {h.persona for h in self.holidays if h.persona} | {self.default_persona or ""}
        named |= set(self.rotation.personas) if self.rotation else set()
        return {p for p in named if p}

    def table(self) -> Timetable:
        """As `adapters.schedule` takes it; raises `BadTimetable`."""
        return timetable(
            self.time_zone, self.default_persona,
            [Slot(s.day, minutes_of(s.start), minutes_of(s.end), s.persona, s.priority) for s in self.slots],
            [Override(o.start, o.end, o.persona, o.note) for o in self.overrides],
            [Holiday(h.date, h.persona, h.note) for h in self.holidays],
            Rotation(self.rotation.minutes, tuple(self.rotation.personas)) if self.rotation else None,
        )
