"""Schedule: which persona is due at an instant — a pure function of a weekly timetable, one-off overrides and holidays.

Times are wall clock in the timetable's zone. A wall time that the clocks skip begins when they have jumped; one that
comes twice means its first coming. So every boundary is one instant, slots that touch on the wall touch in time, and
nothing is due twice in the night in which an hour is repeated.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.errors import BadTimetable

Origin = Literal["slot", "rotation", "override", "holiday", "default"]
DAY_MINUTES = 24 * 60
_WEEK = 9
"""Days after which a week has been seen whole, whatever hangs over from the days before."""
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekly appearance: `day` 0 is Monday, minutes count from midnight; `end` <= `start` runs into the next day."""

    day: int
    start: int
    end: int
    persona: str
    priority: int = 0

    @property
    def minutes(self) -> int:
        """Its length on the wall, 1..1440."""
        return (self.end - self.start - 1) % DAY_MINUTES + 1


@dataclass(frozen=True, slots=True)
class Override:
    """A one-off appearance between two wall times."""

    start: dt.datetime
    end: dt.datetime
    persona: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Holiday:
    """A local day without slots; `persona` None means the default one."""

    date: dt.date
    persona: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Everybody in turn, `minutes` each, counted from midnight; while there is one, slots rest."""

    minutes: int
    personas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timetable:
    """All of one room; `default` is due where nothing else is. Make one with `timetable`, which checks it."""

    zone: ZoneInfo
    default: str | None = None
    slots: tuple[Slot, ...] = ()
    overrides: tuple[Override, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    rotation: Rotation | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Who is on from `since` (None: as long as anybody looked back) to `until` (None: for good)."""

    persona: str | None
    origin: Origin
    since: dt.datetime | None
    until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class _Span:
    """One appearance between two instants; the strongest of those that cover an instant wins."""

    start: dt.datetime
    end: dt.datetime
    persona: str | None
    origin: Origin
    strength: int


def timetable(
    zone: str, default: str | None = None, slots: Sequence[Slot] = (), overrides: Sequence[Override] = (),
    holidays: Sequence[Holiday] = (), rotation: Rotation | None = None,
) -> Timetable:
    """A checked timetable; raises `BadTimetable` with the positions of what contradicts."""
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise BadTimetable(f"there is no time zone {zone!r}", next_step="Use a name such as Asia/Shanghai.") from e
    _check_slots(slots)
    for n, a in enumerate(overrides):
        if a.end <= a.start:
            raise BadTimetable(f"override {a.start:%Y-%m-%d %H:%M} ends before it starts", at=(n,), what="overrides")
        for m, b in enumerate(overrides[:n]):
            if a.start < b.end and b.start < a.end:
                raise BadTimetable(
                    f"two overrides overlap on {max(a.start, b.start):%Y-%m-%d %H:%M}",
                    next_step="Shorten or remove one of them.", at=(m, n), what="overrides",
                )
    dates = [h.date for h in holidays]
    far = next((d for d in (*dates, *(o.end.date() for o in overrides), *(o.start.date() for o in overrides))
                if not 1970 <= d.year < 3000), None)
    if far is not None:
        raise BadTimetable(f"{far} is too far away", next_step="Use a date within this century.")
    twice = next((d for d in dates if dates.count(d) > 1), None)
    if twice is not None:
        raise BadTimetable(f"{twice} is a holiday twice", next_step="Remove one of them.")
    if rotation is not None and not (1 <= rotation.minutes <= DAY_MINUTES and rotation.personas):
        raise BadTimetable("the rotation has nobody in it, or no length",
                           next_step="Name its personas, and 1 to 1440 minutes.", what="rotation")
    return Timetable(info, default, tuple(slots), tuple(overrides), tuple(holidays), rotation)


def _check_slots(slots: Sequence[Slot]) -> None:
    week = 7 * DAY_MINUTES
    for slot in slots:
        if not (0 <= slot.day <= 6 and 0 <= slot.start < DAY_MINUTES and 0 <= slot.end <= DAY_MINUTES):
            raise BadTimetable(f"slot {slot} is not within a week", at=(slots.index(slot),), what="slots")
    for n, a in enumerate(slots):
        for m, b in enumerate(slots[:n]):
            if a.priority != b.priority:
                continue
            gap = (b.day * DAY_MINUTES + b.start - a.day * DAY_MINUTES - a.start) % week
            if gap < a.minutes or (week - gap) % week < b.minutes:
                raise BadTimetable(
                    f"{_words(b)} and {_words(a)} overlap with the same priority",
                    next_step="Move one of them, or give the one that shall win a higher priority.", at=(m, n),
                    what="slots",
                )


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _words(slot: Slot) -> str:
    return f"{_DAYS[slot.day]} {clock(slot.start)}-{clock(slot.end)} ({slot.persona})"


def due(table: Timetable, instant: dt.datetime) -> Due:
    """Who is due at an instant (with a time zone), since when and until when."""
    persona, origin = _at(table, instant)
    since = until = None
    for boundary in _boundaries(table, instant, -1):
        if _at(table, boundary - _TICK) != (persona, origin):
            since = boundary
            break
    for boundary in _boundaries(table, instant, 1):
        if _at(table, boundary) != (persona, origin):
            until = boundary
            break
    return Due(persona, origin, since, until)


def upcoming(table: Timetable, instant: dt.datetime, limit: int = 5) -> list[Due]:
    """The next changes of persona, soonest first."""
    out: list[Due] = []
    now = due(table, instant)
    while len(out) < limit and now.until is not None:
        now = due(table, now.until)
        out.append(now)
    return out


def next_change(table: Timetable, instant: dt.datetime) -> dt.datetime | None:
    """When another persona than now's is due, at the soonest."""
    now = due(table, instant)
    first, until = now.persona, now.until
    for _ in range(64):
        if until is None:
            return None
        now = due(table, until)
        if now.persona != first:
            return now.since
        until = now.until
    return None


def week(table: Timetable, first: dt.date) -> list[Due]:
    """What is due over seven local days, in order and without gaps; `since` and `until` are cut to those days."""
    at, end = instant_of(first, 0, table.zone), instant_of(first + dt.timedelta(days=7), 0, table.zone)
    out: list[Due] = []
    while at < end:
        now = due(table, at)
        until = min(now.until or end, end)
        out.append(Due(now.persona, now.origin, at, until))
        at = until
    return out


_TICK = dt.timedelta(microseconds=1)


def _at(table: Timetable, instant: dt.datetime) -> tuple[str | None, Origin]:
    day = instant.astimezone(table.zone).date()
    covering = [s for s in _spans(table, day) if s.start <= instant < s.end]
    if not covering:
        return table.default, "default"
    best = max(covering, key=lambda s: (s.strength, s.start))
    return (best.persona if best.persona is not None else table.default), best.origin


def _boundaries(table: Timetable, instant: dt.datetime, direction: int) -> Iterator[dt.datetime]:
    """Instants at which something begins or ends, from here on or back, nearest first."""
    first = instant.astimezone(table.zone).date()
    near = {first + dt.timedelta(days=n * direction) for n in range(_WEEK)}
    days = near | {d for d in _uncommon(table) if (d > first if direction > 0 else d < first)}
    for day in sorted(days, reverse=direction < 0):
        # A day's spans reach into its neighbours; what ends or begins there is told when its own day comes.
        times = {t for s in _spans(table, day) for t in (s.start, s.end) if t.astimezone(table.zone).date() == day}
        for t in sorted(times, reverse=direction < 0):
            if (direction > 0 and t > instant) or (direction < 0 and t <= instant):
                yield t


@lru_cache(maxsize=256)
def _uncommon(table: Timetable) -> frozenset[dt.date]:
    """Days around overrides and holidays; all others repeat every week."""
    dates = {h.date for h in table.holidays}
    dates |= {d for o in table.overrides for d in (o.start.date(), o.end.date())}
    return frozenset(d + dt.timedelta(days=n) for d in dates for n in range(-_WEEK, _WEEK + 1))


@lru_cache(maxsize=4096)
def _spans(table: Timetable, day: dt.date) -> tuple[_Span, ...]:
    """Everything that can cover an instant of a local day."""
    zone = table.zone
    out: list[_Span] = []
    if table.rotation is not None:
        out += _turns(table.rotation, day, zone)
    for back in (1, 0) if table.rotation is None else ():
        date = day - dt.timedelta(days=back)
        for slot in table.slots:
            if slot.day == date.weekday():
                start = instant_of(date, slot.start, zone)
                end = instant_of(date, slot.start + slot.minutes, zone)
                if start < end:
                    out.append(_Span(start, end, slot.persona, "slot", slot.priority))
    for date in (day - dt.timedelta(days=1), day, day + dt.timedelta(days=1)):
        holiday = next((h for h in table.holidays if h.date == date), None)
        if holiday is not None:
            whole = (instant_of(date, 0, zone), instant_of(date, DAY_MINUTES, zone))
            out.append(_Span(*whole, holiday.persona, "holiday", 1000))
    for o in table.overrides:
        if o.start.date() <= day <= o.end.date():
            start, end = wall_instant(o.start, zone), wall_instant(o.end, zone)
            if start < end:
                out.append(_Span(start, end, o.persona, "override", 2000))
    return tuple(out)


def _turns(rotation: Rotation, day: dt.date, zone: ZoneInfo) -> list[_Span]:
    """A day's turns; each day begins with the first one, so that every day is like the others."""
    people = rotation.personas
    turns = [(start, people[turn % len(people)]) for turn, start in enumerate(range(0, DAY_MINUTES, rotation.minutes))]
    # Who comes after herself goes on: a rotation of one person would else be a thousand spans to look through.
    turns = [turn for n, turn in enumerate(turns) if not n or turn[1] != turns[n - 1][1]]
    ends = [start for start, _ in turns[1:]] + [DAY_MINUTES]
    out = []
    for (start, persona), end in zip(turns, ends, strict=True):
        first, last = instant_of(day, start, zone), instant_of(day, end, zone)
        if first < last:
            out.append(_Span(first, last, persona, "rotation", 500))
    return out


def instant_of(date: dt.date, minutes: int, zone: ZoneInfo) -> dt.datetime:
    """The instant, in UTC, of a wall time given in minutes from a date's midnight; may be over a day."""
    wall = dt.datetime.combine(date, dt.time()) + dt.timedelta(minutes=minutes)
    return wall_instant(wall, zone)


def wall_instant(wall: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The first instant, in UTC, at which the clocks of a zone show `wall` or more."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    # The wall time is skipped: the jump lies between the readings with the offsets before and after it.
    early = wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    low, high = min(early, first), max(early, first)
    while high - low > dt.timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).replace(tzinfo=None) >= wall:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def minutes_of(text: str) -> int:
    """`HH:MM` (or `24:00`) as minutes; raises `BadTimetable`."""
    if text == "24:00":
        return DAY_MINUTES
    found = _CLOCK.fullmatch(text)
    if not found:
        raise BadTimetable(f"{text!r} is no time of day", next_step="Write it as HH:MM.")
    return int(found[1]) * 60 + int(found[2])


def clock(minutes: int) -> str:
    """Minutes as `HH:MM`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
