"""The timetable of a room: who comes on air by herself, and what was missed."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streaming.errors import BadInput
from tests.server.wardrobe import Wardrobe, wardrobe

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def w(tmp_path: Path, visual_folder: Path, language_folder: Path) -> AsyncIterator[Wardrobe]:
    async with wardrobe(tmp_path, visual_folder, language_folder, follow=True) as w:
        await w.client.put("/schedule", json={"room": "main", "enabled": False})
        yield w


def at(w: Wardrobe, wall: str) -> None:
    """Set the clock to a wall time of Wednesday 2026-03-04."""
    instant = dt.datetime.fromisoformat(f"2026-03-04T{wall}").replace(tzinfo=ZONE)
    w.offset = instant - dt.datetime.now(dt.UTC)


DAY = {
    "room": "main", "time_zone": "Asia/Shanghai", "default_persona": "a", "prepare_s": 60,
    "slots": [{"day": day, "start": "12:00", "end": "18:00", "persona": "b"} for day in range(7)],
}


async def put(w: Wardrobe, **changes: Any) -> dict[str, Any]:
    answer = await w.client.put("/schedule", json={**DAY, **changes})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def settle(w: Wardrobe, seconds: float = 0.3) -> str | None:
    """Let the schedule look, what it begins end, and say who is on air."""
    w.context.schedules.step("main")
    await asyncio.sleep(seconds)
    return (await w.active())["persona"]


async def test_the_document(w: Wardrobe) -> None:
    at(w, "11:00")
    document = await put(w)
    assert document["now"]["persona"] == "a" and document["now"]["source"] == "default"
    assert document["upcoming"][0] == {"at": "2026-03-04T04:00:00Z", "persona": "b", "source": "slot"}
    week = (await w.client.get("/schedule/week", params={"room": "main", "start": "2026-03-02"})).json()
    assert [e["persona"] for e in week] == ["a", "b"] * 7 + ["a"]
    assert (week[1]["local_start"], week[1]["local_end"]) == ("2026-03-02T12:00", "2026-03-02T18:00")
    assert (await w.client.get("/schedule", params={"room": "main"})).json() == document


async def test_what_is_refused_changes_nothing(w: Wardrobe) -> None:
    at(w, "11:00")
    before = await put(w)
    twice = [*DAY["slots"], {"day": 0, "start": "17:00", "end": "19:00", "persona": "a"}]  # type: ignore[misc]
    overlap = await w.client.put("/schedule", json={**DAY, "slots": twice})
    assert overlap.status_code == 409 and overlap.json()["at"] == [0, 7] and "Monday" in overlap.json()["detail"]
    ranked = [*DAY["slots"], {"day": 0, "start": "17:00", "end": "19:00", "persona": "a", "priority": 1}]  # type: ignore[misc]
    for change, status in (
        ({"default_persona": "nobody"}, 404), ({"time_zone": "Mars/Base"}, 409), ({"room": "nowhere"}, 404),
        ({"slots": [{"day": 9, "start": "12:00", "end": "13:00", "persona": "a"}]}, 422),
        ({"slots": [{"day": 1, "start": "noon", "end": "13:00", "persona": "a"}]}, 422),
        ({"overrides": [{"start": "2026-01-01T10:00Z", "end": "2026-01-01T11:00Z", "persona": "a"}]}, 422),
    ):
        answer = await w.client.put("/schedule", json={**DAY, **change})
        assert (answer.status_code, bool(answer.json()["detail"])) == (status, True), answer.text
    assert (await w.client.get("/schedule", params={"room": "main"})).json()["slots"] == before["slots"]
    assert (await w.client.put("/schedule", json={**DAY, "slots": ranked})).status_code == 200


async def test_a_persona_of_the_schedule_can_not_be_deleted(w: Wardrobe) -> None:
    await put(w)
    answer = await w.client.delete("/personas/b")
    assert answer.status_code == 409 and "schedule" in answer.json()["detail"]


async def test_prepared_ahead_and_on_air_at_its_time(w: Wardrobe) -> None:
    await w.on_air()
    at(w, "11:58:00")
    await put(w)
    assert await settle(w) == "a"
    at(w, "11:59:10")
    assert await settle(w) == "a"
    planned = w.context.activations.pending("main")
    assert [(p["persona"], p["state"], p["source"]) for p in planned] == [("b", "staged", "schedule")]
    w.context.schedules.step("main")
    assert len(w.context.activations.pending("main")) == 1
    at(w, "11:59:56")
    await asyncio.sleep(2.2)
    assert await settle(w) == "b"
    document = w.context.activations.record.every("main", 1)[0]
    assert document["state"] == "committed" and -5 <= document["late_s"] <= 5
    assert (await w.active())["until"] == "2026-03-04T10:00:00Z"


async def test_what_was_missed_is_caught_up(w: Wardrobe) -> None:
    at(w, "11:00")
    await put(w)
    await w.over(await w.activate(persona="a"))
    await w.on_air()
    at(w, "14:00")
    assert w.context.activations.worn("main").source == "manual"
    assert await settle(w) == "b"
    assert (await w.active())["source"] == "schedule"


async def test_what_is_chosen_by_hand_holds_until_the_next_change(w: Wardrobe) -> None:
    await w.on_air()
    at(w, "13:00")
    await put(w)
    assert await settle(w) == "b"
    await w.over(await w.activate(persona="a", when="now"))
    at(w, "17:30")
    assert await settle(w) == "a"
    await w.persona("d", look_id="yun")
    await put(w, default_persona="d")
    assert await settle(w) == "a"
    at(w, "18:00:01")
    assert await settle(w) == "d"


async def test_a_failed_one_is_tried_again_and_the_old_one_stays(
    w: Wardrobe, monkeypatch: pytest.MonkeyPatch
) -> None:
    visual = await w.add("visual")
    await w.persona("c", look_id="yun", visual_id=visual["id"])
    await w.on_air()
    at(w, "11:00")
    await put(w, slots=[{"day": 2, "start": "12:00", "end": "18:00", "persona": "c"}])
    assert await settle(w) == "a"
    w.bus.fail["stage"] = BadInput("no")
    at(w, "12:30")
    assert await settle(w) == "a"
    tried = len(w.context.activations.record.every("main", 50))
    assert await settle(w) == "a"
    assert len(w.context.activations.record.every("main", 50)) == tried
    del w.bus.fail["stage"]
    monkeypatch.setattr("server.wardrobe.schedules.RETRY_S", 0.0)
    w.context.schedules._plans["main"].retry = 0.001
    assert await settle(w) == "c"


async def test_a_plan_that_is_not_wanted_any_more_is_dropped(w: Wardrobe) -> None:
    await w.on_air()
    at(w, "11:59:20")
    await put(w)
    assert await settle(w) == "a"
    w.context.schedules.step("main")
    assert len(w.context.activations.pending("main")) == 1
    await put(w, slots=[])
    assert await settle(w) == "a"
    assert w.context.activations.pending("main") == []
    await put(w)
    assert await settle(w) == "a"
    await put(w, enabled=False)
    await settle(w)
    assert w.context.activations.pending("main") == []


async def test_it_is_not_followed_when_the_settings_say_so(
    tmp_path: Path, visual_folder: Path, language_folder: Path
) -> None:
    async with wardrobe(tmp_path, visual_folder, language_folder, follow=False) as w:
        await w.on_air()
        at(w, "13:00")
        before = (await w.active())["persona"]
        document = await put(w)
        assert document["now"]["persona"] == "b" and not document["followed"]
        assert await settle(w) == before
