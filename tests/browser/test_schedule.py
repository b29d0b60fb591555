"""The week of the schedule, as an owner draws it with a mouse, a finger or the keyboard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Panel

pytestmark = pytest.mark.browser


def drag(panel: Panel, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse = panel.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    mouse.move(*end)
    mouse.up()


def at(panel: Panel, day: int, hour: float) -> tuple[float, float]:
    """Where an hour of a day lies on the page, scrolled into view."""
    column = panel.page.locator(f".week-day[data-day='{day}']")
    panel.page.locator(".week-scroll").evaluate(
        f"(e) => {{ e.scrollTop = {hour} / 24 * e.firstElementChild.offsetHeight - e.clientHeight / 2 }}"
    )
    box = column.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] * hour / 24


def slots(panel: Panel) -> list[dict[str, Any]]:
    return list(panel.mock.wardrobe.put[-1]["slots"])


def save(panel: Panel) -> None:
    panel.page.locator(".unsaved").get_by_role("button", name="保存").click()


def held(panel: Panel, day: int) -> Locator:
    return panel.page.locator(f".week-day[data-day='{day}'] .slot")


def test_the_week_shows_slots_over_midnight_and_now(panel: Panel) -> None:
    panel.go("schedule")
    expect(panel.page.locator(".slot")).to_have_count(28)
    expect(held(panel, 2).filter(has_text="06:00 – 12:00")).to_have_count(1)
    expect(panel.page.locator(".week-now")).to_have_count(1)
    panel.page.get_by_role("button", name="下一周").click()
    expect(panel.page.locator(".week-now")).to_have_count(0)
    assert panel.complaints == []


def test_a_slot_is_drawn_moved_made_longer_and_saved(panel: Panel) -> None:
    panel.go("schedule")
    page = panel.page
    page.locator("[data-brush=makeup]").click()
    drag(panel, at(panel, 3, 19.0), at(panel, 3, 20.5))
    expect(page.locator(".unsaved")).to_be_visible()
    made = held(panel, 3).filter(has_text="20:30")
    expect(made).to_have_count(1)
    box = made.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    drag(panel, (box["x"] + 20, middle), (at(panel, 5, 20.0)[0], middle + 20))
    made = held(panel, 5).filter(has_text="梅朵").last
    expect(made).to_contain_text("21:")
    box = made.bounding_box()
    assert box is not None
    drag(panel, (box["x"] + 20, box["y"] + box["height"] - 3), (box["x"] + 20, at(panel, 5, 21.75)[1]))
    save(panel)
    expect(page.locator(".unsaved")).to_be_hidden()
    new = [s for s in slots(panel) if s["persona"] == "makeup" and s["start"] > "18:00"]
    assert len(new) == 1 and new[0]["day"] == 5 and new[0]["end"] == "21:45", new
    assert len(slots(panel)) == 22


def test_an_overlap_is_shown_where_it_is_and_nothing_is_lost(panel: Panel) -> None:
    panel.go("schedule")
    page = panel.page
    before = list(panel.mock.wardrobe.schedule["slots"])
    page.get_by_role("button", name="添加时段").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=day]").select_option("1")
    dialog.locator("[name=start]").fill("17:00")
    dialog.locator("[name=end]").fill("19:00")
    dialog.get_by_role("button", name="保存").click()
    save(panel)
    expect(page.locator(".unsaved.bad")).to_contain_text("周二 12:00 – 18:00、周二 17:00 – 19:00 在同一优先级上重叠")
    expect(page.locator(".slot.wrong")).to_have_count(2)
    expect(page.locator(".slot.wrong em", has_text="时间重叠").first).to_be_visible()
    expect(held(panel, 1).filter(has_text="17:00 – 19:00")).to_be_in_viewport()
    assert panel.mock.wardrobe.schedule["slots"] == before
    held(panel, 1).filter(has_text="17:00 – 19:00").click()
    page.get_by_role("dialog").locator("[name=priority]").fill("2")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    save(panel)
    expect(page.locator(".unsaved")).to_be_hidden()
    assert [s["priority"] for s in slots(panel) if s["start"] == "17:00"] == [2]


def test_the_keyboard_moves_and_removes_slots(panel: Panel) -> None:
    panel.go("schedule")
    page = panel.page
    slot = held(panel, 0).filter(has_text="12:00 – 18:00")
    slot.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowUp")
    expect(held(panel, 0).filter(has_text="12:15 – 18:00")).to_have_count(1)
    page.keyboard.press("Delete")
    expect(page.locator(".slot")).to_have_count(27)
    page.get_by_role("button", name="放弃").click()
    expect(page.locator(".slot")).to_have_count(28)


def test_escape_gives_a_drag_up(panel: Panel) -> None:
    panel.go("schedule")
    x, y = at(panel, 3, 19.0)
    panel.page.mouse.move(x, y)
    panel.page.mouse.down()
    panel.page.mouse.move(x, y + 60)
    expect(panel.page.locator(".slot.held")).to_have_count(1)
    panel.page.keyboard.press("Escape")
    panel.page.mouse.up()
    expect(panel.page.locator(".slot")).to_have_count(28)
    expect(panel.page.locator(".unsaved")).to_be_hidden()


def test_a_slot_is_copied_to_every_day(panel: Panel) -> None:
    panel.go("schedule")
    drag(panel, at(panel, 3, 19.0), at(panel, 3, 20.0))
    held(panel, 3).filter(has_text="19:00 – 20:00").press("Enter")
    panel.page.get_by_role("dialog").get_by_role("button", name="复制到每天").click()
    save(panel)
    expect(panel.page.locator(".unsaved")).to_be_hidden()
    assert sorted(s["day"] for s in slots(panel) if s["start"] == "19:00") == list(range(7))


def test_gaps_one_offs_and_holidays_are_drawn_as_the_server_resolves_them(panel: Panel) -> None:
    monday = dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()
    monday -= dt.timedelta(days=monday.weekday())
    thursday, friday = (monday + dt.timedelta(days=n) for n in (3, 4))
    panel.mock.wardrobe.schedule |= {
        "overrides": [{"start": f"{thursday}T19:00", "end": f"{thursday}T20:30", "persona": "tang", "note": ""}],
        "holidays": [{"date": str(friday), "persona": None, "note": ""}],
    }
    panel.go("schedule")
    column = panel.page.locator(".week-day")
    expect(column.nth(3).locator(".special.override")).to_have_count(1)
    expect(column.nth(4).locator(".special.holiday")).to_have_count(1)
    drawn = panel.page.evaluate("""() => [...document.querySelectorAll(".special.default")].map((e) => [
      Number(e.parentElement.dataset.day),
      ...[e.style.top, e.style.height].map((share) => Math.round(parseFloat(share) * 14.4)),
    ])""")
    told = panel.page.evaluate(f"fetch('/schedule/week?room=main&start={monday}').then((r) => r.json())")
    expected = []
    for span in told:
        if span["source"] == "default":
            start, end = (dt.datetime.fromisoformat(span[k]) for k in ("local_start", "local_end"))
            expected.append([start.weekday(), start.hour * 60 + start.minute, (end - start).seconds // 60])
    assert sorted(drawn) == sorted(expected) and len(expected) == 7
    panel.page.locator("[name=default_persona]").select_option("")
    expect(panel.page.locator(".special.default")).to_have_count(0)


def test_the_line_of_now_moves_and_is_on_the_schedules_clock(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(timezone_id="America/New_York")
    panel.page.clock.install(time=dt.datetime(2026, 11, 25, 3, 15, tzinfo=dt.UTC))
    panel.go("schedule")
    now = panel.page.locator(".week-now")
    expect(panel.page.locator(".week-day[data-day='2'] .week-now")).to_have_text("11:15")
    before = now.bounding_box()
    panel.page.clock.fast_forward(3600_000)
    expect(now).to_have_text("12:15")
    after = now.bounding_box()
    assert before is not None and after is not None
    hour = panel.page.locator(".week-body").evaluate("(e) => e.offsetHeight / 24")
    assert abs(after["y"] - before["y"] - hour) < 2


def test_what_is_not_saved_outlives_other_pages_and_the_language(panel: Panel) -> None:
    panel.go("schedule")
    page = panel.page
    drag(panel, at(panel, 3, 19.0), at(panel, 3, 20.0))
    page.locator("[name=prepare]").fill("2.5")
    page.locator(".nav [data-page=personas]").click()
    expect(page.locator(".toast")).to_contain_text("还没保存")
    expect(page.locator(".nav [data-page=schedule]")).to_have_attribute("data-unsaved", "")
    page.locator(".nav [data-page=schedule]").click()
    expect(page.locator(".unsaved")).to_be_visible()
    page.click("#lang-switch")
    expect(page.locator(".unsaved")).to_contain_text("Not saved yet")
    expect(held(panel, 3).filter(has_text="19:00 – 20:00")).to_have_count(1)
    assert panel.mock.wardrobe.put == []
    page.locator(".unsaved").get_by_role("button", name="Save").click()
    expect(page.locator(".unsaved")).to_be_hidden()
    assert panel.mock.wardrobe.put[-1]["prepare_s"] == 150 and len(slots(panel)) == 22
    expect(page.locator(".nav [data-page=schedule]")).not_to_have_attribute("data-unsaved", "")


def test_saving_leaves_alone_what_was_not_touched(panel: Panel) -> None:
    panel.mock.wardrobe.schedule["prepare_s"] = 10
    before = dict(panel.mock.wardrobe.schedule)
    panel.go("schedule")
    panel.page.locator("[name=enabled]").uncheck()
    save(panel)
    expect(panel.page.locator(".unsaved")).to_be_hidden()
    assert panel.mock.wardrobe.put[-1] == before | {"enabled": False}


def test_one_offs_that_overlap_are_marked_and_mended(panel: Panel) -> None:
    panel.mock.wardrobe.schedule["overrides"] = [
        {"start": "2030-12-12T20:00", "end": "2030-12-12T23:00", "persona": "tang", "note": "双十二"},
        {"start": "2030-11-11T20:00", "end": "2030-11-11T23:00", "persona": "makeup", "note": "双十一"},
    ]
    panel.go("schedule")
    entries = panel.page.locator(".entries-override")
    expect(entries.locator(".line").first).to_contain_text("双十一")
    entries.locator(".line", has_text="双十一").get_by_role("button", name="编辑").click()
    dialog = panel.page.get_by_role("dialog")
    dialog.locator("[name=from]").fill("2030-12-12T22:00")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog).to_be_visible()
    dialog.locator("[name=to]").fill("2030-12-13T01:00")
    dialog.get_by_role("button", name="保存").click()
    save(panel)
    expect(entries.locator(".line.wrong")).to_have_count(2)
    expect(panel.page.locator(".unsaved.bad")).to_contain_text("2030-12-12 22:00")
    entries.locator(".line", has_text="双十一").get_by_role("button", name="删除").click()
    save(panel)
    expect(panel.page.locator(".unsaved")).to_be_hidden()
    assert [o["note"] for o in panel.mock.wardrobe.put[-1]["overrides"]] == ["双十二"]


def test_an_unknown_time_zone_is_not_sent(panel: Panel) -> None:
    panel.go("schedule")
    panel.page.locator("[name=time_zone]").fill("Asia/Shangri-La")
    panel.page.locator("[name=prepare]").focus()
    save(panel)
    assert panel.page.locator("[name=time_zone]").evaluate("(e) => e.validationMessage").startswith("没有这个时区")
    assert panel.mock.wardrobe.put == []


def finger(panel: Panel, start: tuple[float, float], end: tuple[float, float], hold_ms: int) -> None:
    """Put a finger down, wait, move it and lift it."""
    touch = panel.page.context.new_cdp_session(panel.page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    send("touchStart", start)
    panel.page.wait_for_timeout(hold_ms)
    for n in range(1, 9):
        send("touchMove", (start[0] + (end[0] - start[0]) * n / 8, start[1] + (end[1] - start[1]) * n / 8))
        panel.page.wait_for_timeout(25)
    send("touchEnd")
    panel.page.wait_for_timeout(80)


def test_a_finger_scrolls_and_draws_and_moves_after_a_hold(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    panel.mock.wardrobe.schedule["slots"] = [
        {"day": 3, "start": "10:00", "end": "12:00", "persona": "skincare", "priority": 0}
    ]
    panel.go("schedule")
    page = panel.page
    page.locator(".week-date").nth(3).click()
    page.locator(".week-scroll").scroll_into_view_if_needed()
    scrolled = "document.querySelector('.week-scroll').scrollTop"

    x, y = at(panel, 3, 14.0)
    top = page.evaluate(scrolled)
    finger(panel, (x, y), (x, y - 120), 0)
    assert page.evaluate(scrolled) > top + 60, "a swipe scrolls"
    expect(page.locator(".slot")).to_have_count(1)
    expect(page.locator(".unsaved")).to_be_hidden()

    x, y = at(panel, 3, 14.0)
    top, hour = page.evaluate(scrolled), page.locator(".week-body").evaluate("(e) => e.offsetHeight / 24")
    finger(panel, (x, y), (x, y + 2 * hour), 450)
    assert page.evaluate(scrolled) == top, "a held finger does not scroll"
    expect(page.locator(".slot")).to_have_count(2)

    x, y = at(panel, 3, 11.0)
    finger(panel, (x, y), (x, y - 3 * hour), 450)
    expect(page.locator(".slot").filter(has_text="07:00 – 09:00")).to_have_count(1)

    x, y = at(panel, 3, 8.0)
    finger(panel, (x, y), (x, y), 0)
    expect(page.get_by_role("dialog").locator("[name=start]")).to_have_value("07:00")
    page.keyboard.press("Escape")
    save(panel)
    expect(page.locator(".unsaved")).to_be_hidden()
    drawn = next(s for s in slots(panel) if s["start"] != "07:00")
    assert (drawn["day"], drawn["persona"], drawn["start"], drawn["end"]) == (3, "skincare", "14:00", "16:00")
    assert panel.complaints == []


def test_one_offs_holidays_and_rules(panel: Panel) -> None:
    panel.go("schedule")
    page = panel.page
    page.get_by_role("button", name="添加临时安排").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=persona]").select_option("tang")
    dialog.locator("[name=from]").fill("2030-12-12T20:00")
    dialog.locator("[name=to]").fill("2030-12-12T23:00")
    dialog.locator("[name=note]").fill("双十二")
    dialog.get_by_role("button", name="保存").click()
    page.get_by_role("button", name="添加节假日").click()
    page.get_by_role("dialog").locator("[name=from]").fill("2030-02-03")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    page.locator("[name=time_zone]").fill("Asia/Tokyo")
    page.locator("[name=prepare]").fill("2")
    page.locator("[name=default_persona]").select_option("makeup")
    save(panel)
    expect(page.locator(".unsaved")).to_be_hidden()
    body = panel.mock.wardrobe.put[-1]
    assert body["overrides"] == [
        {"start": "2030-12-12T20:00", "end": "2030-12-12T23:00", "persona": "tang", "note": "双十二"}
    ]
    assert body["holidays"] == [{"date": "2030-02-03", "persona": None, "note": ""}]
    assert (body["time_zone"], body["prepare_s"], body["default_persona"]) == ("Asia/Tokyo", 120, "makeup")
    page.locator("[name=enabled]").uncheck()
    save(panel)
    expect(page.locator(".banner")).to_contain_text("排班已停用")


def test_a_phone_shows_one_day_at_a_time(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(viewport={"width": 390, "height": 844})
    panel.mock.wardrobe.schedule["slots"] = [
        {"day": day, "start": "00:00", "end": "00:00", "persona": "tang", "priority": 9} for day in range(7)
    ]
    panel.go("schedule")
    page = panel.page
    expect(page.locator(".week-day:visible")).to_have_count(1)
    page.locator(".week-date").nth(4).click()
    expect(page.locator(".week-day:visible")).to_have_attribute("data-day", "4")
    covers = """() => document.elementFromPoint(195, innerHeight - 20).closest(".tabs") !== null
      && document.elementFromPoint(195, 20).closest(".top") !== null"""
    for y in (0, 300, 10_000):
        page.evaluate(f"scrollTo(0, {y})")
        assert page.evaluate(covers), "the week is drawn over the frame around it"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
