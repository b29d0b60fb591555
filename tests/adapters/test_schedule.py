"""Who is due at an instant."""

from __future__ import annotations

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.errors import BadTimetable
from adapters.schedule import (
    DAY_MINUTES,
    Holiday,
    Override,
    Rotation,
    Slot,
    Timetable,
    due,
    minutes_of,
    next_change,
    timetable,
    upcoming,
    wall_instant,
    week,
)

SHANGHAI, NEW_YORK = "Asia/Shanghai", "America/New_York"
DAYS = range(7)


def at(text: str, zone: str = SHANGHAI, fold: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(dt.UTC)


def daily(start: str, end: str, persona: str, priority: int = 0) -> list[Slot]:
    return [Slot(d, minutes_of(start), minutes_of(end), persona, priority) for d in DAYS]


SHOP = timetable(
    SHANGHAI, "default",
    [*daily("06:00", "12:00", "skin"), *daily("13:00", "18:00", "make-up"), *daily("22:00", "02:00", "tang")],
)


def who(table: Timetable, when: dt.datetime) -> str | None:
    return due(table, when).persona


def test_a_day_with_a_gap_and_a_night() -> None:
    for time, persona in (("05:59", "default"), ("06:00", "skin"), ("11:59", "skin"), ("12:00", "default"),
                          ("13:00", "make-up"), ("23:30", "tang"), ("01:59", "tang"), ("02:00", "default")):
        assert who(SHOP, at(f"2026-11-25T{time}")) == persona, time
    now = due(SHOP, at("2026-11-25T01:00"))
    assert (now.since, now.until) == (at("2026-11-24T22:00"), at("2026-11-25T02:00"))
    assert [u.persona for u in upcoming(SHOP, at("2026-11-25T01:00"), 4)] == ["default", "skin", "default", "make-up"]


def test_sunday_night_runs_into_monday() -> None:
    table = timetable(SHANGHAI, None, [Slot(6, minutes_of("23:00"), minutes_of("03:00"), "tang")])
    assert who(table, at("2026-11-23T02:59")) == "tang"
    assert who(table, at("2026-11-24T02:59")) is None
    assert due(table, at("2026-11-24T00:00")).until == at("2026-11-29T23:00")


def test_a_slot_of_a_whole_day() -> None:
    table = timetable(SHANGHAI, None, [Slot(0, 0, DAY_MINUTES, "a"), Slot(1, 0, 0, "b")])
    assert who(table, at("2026-11-23T00:00")) == "a" and who(table, at("2026-11-23T23:59")) == "a"
    assert who(table, at("2026-11-24T00:00")) == "b" and who(table, at("2026-11-24T23:59")) == "b"
    assert who(table, at("2026-11-25T00:00")) is None


def test_overlaps_are_refused_unless_a_priority_decides() -> None:
    with pytest.raises(BadTimetable, match="Monday 10:00-12:00") as e:
        timetable(SHANGHAI, None, [Slot(0, 600, 720, "a"), Slot(0, 660, 780, "b")])
    assert e.value.at == (0, 1) and "priority" in e.value.next_step
    with pytest.raises(BadTimetable):
        timetable(SHANGHAI, None, [Slot(6, 1380, 120, "a"), Slot(0, 60, 180, "b")])
    table = timetable(SHANGHAI, None, [Slot(0, 600, 720, "a"), Slot(0, 660, 780, "b", 1)])
    assert [who(table, at(f"2026-11-23T{t}")) for t in ("10:30", "11:00", "12:30")] == ["a", "b", "b"]


def test_overrides_beat_holidays_beat_slots() -> None:
    table = timetable(
        SHANGHAI, "default", SHOP.slots,
        [Override(dt.datetime(2026, 11, 25, 20), dt.datetime(2026, 11, 26, 1), "sale", "12.12")],
        [Holiday(dt.date(2026, 11, 25), None), Holiday(dt.date(2026, 11, 27), "feast")],
    )
    for when, persona, origin in (
        ("2026-11-24T23:00", "tang", "slot"), ("2026-11-25T00:30", "default", "holiday"),
        ("2026-11-25T07:00", "default", "holiday"), ("2026-11-25T20:00", "sale", "override"),
        ("2026-11-26T00:59", "sale", "override"), ("2026-11-26T01:30", "default", "default"),
        ("2026-11-27T09:00", "feast", "holiday"), ("2026-11-28T09:00", "skin", "slot"),
    ):
        now = due(table, at(when))
        # The night that began on the holiday belongs to the holiday's day only until midnight.
        if when == "2026-11-26T01:30":
            assert (now.persona, now.origin) == ("tang", "slot")
            continue
        assert (now.persona, now.origin) == (persona, origin), when
    assert due(table, at("2026-11-25T00:30")).since == at("2026-11-25T00:00")


def test_next_change_skips_what_changes_only_its_origin() -> None:
    table = timetable(SHANGHAI, "a", [Slot(0, 600, 720, "a"), Slot(0, 720, 780, "b")])
    assert next_change(table, at("2026-11-23T08:00")) == at("2026-11-23T12:00")
    assert next_change(timetable(SHANGHAI, "a"), at("2026-11-23T08:00")) is None
    far = timetable(SHANGHAI, "a", [], [Override(dt.datetime(2027, 3, 1, 9), dt.datetime(2027, 3, 1, 10), "x")])
    assert next_change(far, at("2026-11-23T08:00")) == at("2027-03-01T09:00")


def test_bad_values() -> None:
    for bad in ("25:00", "7:00", "07:60", "", "24:01"):
        with pytest.raises(BadTimetable):
            minutes_of(bad)
    with pytest.raises(BadTimetable, match="zone"):
        timetable("Mars/Base")
    with pytest.raises(BadTimetable, match="before"):
        timetable(SHANGHAI, None, [], [Override(dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 1), "a")])
    with pytest.raises(BadTimetable, match="overlap"):
        timetable(SHANGHAI, None, [], [Override(dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 3), "a"),
                                       Override(dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 4), "b")])
    with pytest.raises(BadTimetable, match="twice"):
        timetable(SHANGHAI, None, [], [], [Holiday(dt.date(2026, 1, 1)), Holiday(dt.date(2026, 1, 1), "a")])


# --- daylight saving: New York springs at 2026-03-08 02:00 and falls back at 2026-11-01 02:00 ---


def test_a_time_that_is_skipped_begins_after_the_jump() -> None:
    jump = dt.datetime(2026, 3, 8, 7, tzinfo=dt.UTC)
    assert wall_instant(dt.datetime(2026, 3, 8, 2, 30), ZoneInfo(NEW_YORK)) == jump
    table = timetable(NEW_YORK, "d", [Slot(6, 150, 210, "late"), Slot(6, 210, 300, "later")])
    assert due(table, jump).persona == "late"
    assert due(table, jump - dt.timedelta(seconds=1)).persona == "d"
    assert due(table, jump).until == at("2026-03-08T03:30", NEW_YORK)
    inside = timetable(NEW_YORK, "d", [Slot(6, 125, 170, "never")])
    assert due(inside, jump).persona == "d"


def test_an_hour_that_comes_twice_shows_nobody_twice() -> None:
    table = timetable(NEW_YORK, "d", [Slot(6, 60, 90, "a"), Slot(6, 90, 180, "b")])
    first, second = at("2026-11-01T01:15", NEW_YORK), at("2026-11-01T01:15", NEW_YORK, fold=1)
    assert second - first == dt.timedelta(hours=1)
    assert due(table, first).persona == "a"
    assert due(table, second).persona == "b"
    changes = [u.persona for u in upcoming(table, at("2026-11-01T00:30", NEW_YORK), 3)]
    assert changes == ["a", "b", "d"]


# --- properties ---

zones = st.sampled_from([SHANGHAI, NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
slots = st.builds(
    Slot, day=st.integers(0, 6), start=st.integers(0, 95).map(lambda q: q * 15),
    end=st.integers(0, 95).map(lambda q: q * 15), persona=st.sampled_from("abc"), priority=st.integers(0, 3),
)
instants = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31), timezones=st.just(dt.UTC))


@st.composite
def tables(draw: st.DrawFn) -> Timetable:
    zone = draw(zones)
    kept: list[Slot] = []
    for slot in draw(st.lists(slots, max_size=8)):
        try:
            timetable(zone, None, [*kept, slot])
        except BadTimetable:
            continue
        kept.append(slot)
    overrides = []
    if draw(st.booleans()):
        start = draw(st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31))).replace(second=0, microsecond=0)
        overrides = [Override(start, start + dt.timedelta(minutes=draw(st.integers(1, 3000))), "o")]
    holidays = [Holiday(d, draw(st.sampled_from([None, "h"]))) for d in
                draw(st.lists(st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31)), max_size=2, unique=True))]
    return timetable(zone, draw(st.sampled_from([None, "d"])), kept, overrides, holidays)


@settings(max_examples=120, deadline=None)
@given(tables(), instants)
def test_due_holds_over_the_whole_of_its_span_and_ends_with_it(table: Timetable, when: dt.datetime) -> None:
    now = due(table, when)
    assert now == due(table, when)
    if now.since is not None:
        assert now.since <= when
        at_start = due(table, now.since)
        assert (at_start.persona, at_start.origin, at_start.until) == (now.persona, now.origin, now.until)
        before = due(table, now.since - dt.timedelta(seconds=1))
        assert (before.persona, before.origin) != (now.persona, now.origin)
    if now.until is not None:
        assert now.until > when
        last = due(table, now.until - dt.timedelta(seconds=1))
        assert (last.persona, last.origin) == (now.persona, now.origin)
        after = due(table, now.until)
        assert (after.persona, after.origin) != (now.persona, now.origin)
        assert after.since == now.until


def brute(table: Timetable, when: dt.datetime) -> str | None:
    """Who is due, by walking the wall clock minute by minute where it never jumps."""
    local = when.astimezone(table.zone).replace(tzinfo=None)
    for o in table.overrides:
        if o.start <= local < o.end:
            return o.persona
    for h in table.holidays:
        if h.date == local.date():
            return h.persona or table.default
    best: tuple[int, str] | None = None
    for s in table.slots:
        for back in (0, 1):
            day = local.date() - dt.timedelta(days=back)
            start = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=s.start)
            if s.day == day.weekday() and start <= local < start + dt.timedelta(minutes=s.minutes):
                best = max(best or (-1, ""), (s.priority, s.persona), key=lambda b: b[0])
    return best[1] if best else table.default


@settings(max_examples=200, deadline=None)
@given(tables(), instants)
def test_agrees_with_the_wall_clock_where_that_does_not_jump(table: Timetable, when: dt.datetime) -> None:
    day = dt.timedelta(days=1)
    offsets = {(when + k * day).astimezone(table.zone).utcoffset() for k in (-2, -1, 0, 1)}
    if len(offsets) == 1:
        assert due(table, when).persona == brute(table, when)


@settings(max_examples=60, deadline=None)
@given(tables(), st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 1)))
def test_a_week_is_covered_without_gaps(table: Timetable, first: dt.date) -> None:
    spans = week(table, first)
    assert all(a.until == b.since for a, b in itertools.pairwise(spans))
    assert spans[0].since == wall_instant(dt.datetime.combine(first, dt.time()), table.zone)
    total = spans[-1].until - spans[0].since  # type: ignore[operator]
    assert dt.timedelta(days=7, hours=-2) <= total <= dt.timedelta(days=7, hours=2)


@settings(max_examples=60, deadline=None)
@given(st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31)), zones, st.integers(1, 5000))
def test_wall_times_keep_their_order(wall: dt.datetime, zone: str, minutes: int) -> None:
    info = ZoneInfo(zone)
    assert wall_instant(wall, info) <= wall_instant(wall + dt.timedelta(minutes=minutes), info)


def test_a_long_slot_that_outlasts_a_short_one_inside_it_ends_by_itself() -> None:
    table = timetable(
        "Asia/Shanghai", None, [Slot(2, 30, 30, "long", 1), Slot(3, 0, 15, "short", 0)]
    )
    now = due(table, wall_instant(dt.datetime(2026, 1, 2, 8), table.zone))
    assert (now.persona, now.since) == (None, wall_instant(dt.datetime(2026, 1, 1, 0, 30), table.zone))


@pytest.mark.parametrize("year", [1, 1969, 3000, 9999])
def test_dates_out_of_all_reach_are_refused(year: int) -> None:
    day = dt.datetime(year, 1, 1)
    with pytest.raises(BadTimetable, match="too far"):
        timetable("UTC", None, holidays=[Holiday(day.date())])
    with pytest.raises(BadTimetable, match="too far"):
        timetable("UTC", None, overrides=[Override(day, day + dt.timedelta(hours=1), "a")])


@given(
    minutes=st.integers(1, 1440), people=st.lists(st.sampled_from("abc"), min_size=1, max_size=4),
    seconds=st.integers(0, 400 * 86_400),
)
@settings(max_examples=60, deadline=None)
def test_a_rotation_gives_everybody_a_turn(minutes: int, people: list[str], seconds: int) -> None:
    table = timetable(NEW_YORK, "default", daily("06:00", "12:00", "slot"), rotation=Rotation(minutes, tuple(people)))
    instant = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    local = instant.astimezone(ZoneInfo(NEW_YORK))
    now = due(table, instant)
    if local.utcoffset() == local.replace(hour=0, minute=0).utcoffset():
        turn = (local.hour * 60 + local.minute) // minutes
        assert now.persona == people[turn % len(people)]
    assert now.origin == "rotation"
    assert now.since is None or now.since <= instant
    assert now.until is None or now.until > instant


def test_an_override_beats_the_rotation_and_the_rotation_the_slots() -> None:
    table = timetable(
        SHANGHAI, "default", daily("06:00", "12:00", "slot"), [Override(dt.datetime(2026, 11, 25, 7, 2),
                                                                       dt.datetime(2026, 11, 25, 7, 4), "guest")],
        rotation=Rotation(5, ("a", "b", "c")),
    )
    seen = [who(table, at(f"2026-11-25T07:{m:02d}")) for m in range(16)]
    assert seen == ["a"] * 2 + ["guest"] * 2 + ["a"] + ["b"] * 5 + ["c"] * 5 + ["a"]
    assert [u.persona for u in upcoming(table, at("2026-11-25T07:00"), 4)] == ["guest", "a", "b", "c"]
    assert next_change(table, at("2026-11-25T07:05")) == at("2026-11-25T07:10")


def test_a_rotation_of_nobody_is_refused() -> None:
    for rotation in (Rotation(5, ()), Rotation(0, ("a",)), Rotation(1441, ("a",))):
        with pytest.raises(BadTimetable) as e:
            timetable(SHANGHAI, rotation=rotation)
        assert e.value.what == "rotation" and "1440" in e.value.next_step
