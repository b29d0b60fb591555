"""The running order, put together with a mouse, a finger or the keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Panel

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def order(panel: Panel) -> list[str]:
    """The entries as they stand on the page."""
    return [str(e.get_attribute("data-id")) for e in panel.page.locator(".rundown-item").all()]


def save(panel: Panel) -> None:
    panel.page.locator(".unsaved .primary").click()


def middle(panel: Panel, selector: str) -> tuple[float, float]:
    box = panel.page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_an_entry_is_dragged_with_the_mouse_and_saved(panel: Panel) -> None:
    panel.go("rundown")
    page = panel.page
    expect(page.locator(".rundown-main > header")).to_contain_text("7 段 · 共 28 分钟")
    expect(page.locator(".rundown-default")).to_contain_text("默认流程")
    x, y = middle(panel, "[data-id=qa] .grip")
    _, up = middle(panel, "[data-id=open] .grip")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, (y + up) / 2)
    page.mouse.move(x, up - 12, steps=4)
    page.mouse.up()
    assert order(panel)[:3] == ["qa", "open", "serum"]
    expect(page.locator("a[data-page=rundown]").first).to_have_attribute("data-unsaved", "")
    save(panel)
    expect(page.locator(".unsaved")).to_be_hidden()
    assert [i["id"] for i in panel.mock.desk.put[-1]["items"]][:3] == ["qa", "open", "serum"]
    page.get_by_role("button", name="恢复默认流程").click()
    page.get_by_role("dialog").get_by_role("button", name="恢复默认流程").click()
    expect(page.locator(".rundown-default")).to_be_visible()
    assert order(panel)[:2] == ["open", "serum"]
    assert panel.complaints == []


def test_a_finger_drags_by_the_handle(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(lang="en", **PHONE)
    panel.go("rundown")
    page = panel.page
    page.locator("[data-id=cream] .grip").scroll_into_view_if_needed()
    x, y = middle(panel, "[data-id=serum] .grip")
    _, down = middle(panel, "[data-id=qa] .grip")
    touch = page.context.new_cdp_session(page)

    def put(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": px, "y": py} for px, py in points]})

    put("touchStart", (x, y))
    for n in range(1, 7):
        put("touchMove", (x, y + (down + 8 - y) * n / 6))
    put("touchEnd")
    assert order(panel)[1:4] == ["call", "qa", "serum"]


def test_the_keyboard_moves_opens_and_says_so(panel: Panel) -> None:
    panel.go("rundown")
    page = panel.page
    page.locator("[data-id=open] .grip").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    assert order(panel)[:3] == ["serum", "call", "open"]
    expect(page.locator("[data-id=open] .grip")).to_be_focused()
    expect(page.locator(".rundown-main > [aria-live]")).to_contain_text("“晚上好”现在是第 3 段，共 7 段")
    page.locator("[data-id=close] .rundown-open").press("Enter")
    page.locator("[data-id=close]").get_by_role("button", name="上移").click()
    assert order(panel)[-2:] == ["close", "rest"]


def test_a_block_is_added_with_points_in_two_languages(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(lang="en")
    panel.go("rundown")
    page = panel.page
    page.locator("[data-add=product]").click()
    block = page.locator(".rundown-item.open")
    block.locator("[name=title]").fill("Tonight's pick")
    block.locator("[name=product]").select_option("cream")
    block.locator("[name=minutes]").fill("12.5")
    block.locator("[name=lang]").select_option("en")
    block.get_by_role("button", name="Add point").click()
    page.keyboard.type("Light as a cloud")
    page.keyboard.press("Enter")
    page.keyboard.type("Two sizes")
    page.keyboard.press("Alt+ArrowUp")
    block.locator(".seg [data-value=zh]").click()
    block.get_by_role("button", name="Add point").click()
    page.keyboard.type("像云朵")
    page.locator("[name=loop]").uncheck()
    save(panel)
    expect(page.locator(".unsaved")).to_be_hidden()
    sent = panel.mock.desk.put[-1]
    made = sent["items"][-1]
    assert not sent["loop"] and made["minutes"] == 12.5 and made["lang"] == "en" and made["product_id"] == "cream"
    assert made["points"]["en"] == ["Two sizes", "Light as a cloud"] and made["points"]["zh"] == ["像云朵"]


def test_what_is_refused_is_shown_where_it_is_and_nothing_is_lost(panel: Panel) -> None:
    panel.go("rundown")
    page = panel.page
    page.locator("[data-id=cream] .rundown-open").click()
    page.locator("[data-id=cream] [name=minutes]").fill("999")
    save(panel)
    expect(page.locator("[data-id=cream].wrong .rundown-fault")).to_contain_text("0.2 到 240")
    page.locator("[data-id=cream] [name=minutes]").fill("9")
    page.locator("[data-id=cream] [name=product]").select_option("tea")
    save(panel)
    expect(page.locator(".unsaved.bad")).to_contain_text("有 1 段需要修改")
    expect(page.locator("[data-id=cream] .rundown-fault")).to_contain_text("no product 'tea'")
    assert panel.mock.desk.put == []
    page.locator("[data-id=cream] [name=product]").select_option("cream")
    save(panel)
    expect(page.locator(".unsaved")).to_be_hidden()
    assert panel.mock.desk.put[-1]["items"][4]["minutes"] == 9


def test_unsaved_changes_outlive_a_change_of_page(panel: Panel) -> None:
    panel.go("rundown")
    page = panel.page
    page.locator("[data-id=qa] .rundown-open").click()
    page.locator("[data-id=qa] [name=title]").fill("夜谈")
    page.locator(".side a[data-page=products]").click()
    page.wait_for_selector(".view-products .card")
    expect(page.locator(".toast")).to_contain_text("还没保存")
    page.locator(".side a[data-page=rundown]").click()
    expect(page.locator("[data-id=qa]")).to_contain_text("夜谈")
    expect(page.locator(".unsaved")).to_be_visible()
    page.get_by_role("button", name="放弃").click()
    expect(page.locator("[data-id=qa]")).to_contain_text("护肤答疑")


def test_what_is_on_air_is_followed_and_jumped_from(panel: Panel) -> None:
    panel.go("rundown")
    page = panel.page
    expect(page.locator(".rundown-item.on")).to_have_attribute("data-id", "serum")
    expect(page.locator("[data-part=now]")).to_contain_text("晨露玻尿酸精华")
    page.locator("[data-id=cream]").hover()
    page.locator("[data-act=go-cream]").click()
    expect(page.locator(".rundown-item.on")).to_have_attribute("data-id", "cream")
    expect(page.locator("[data-part=now]")).to_contain_text("换季面霜专场")
    page.get_by_role("button", name="下一段").click()
    expect(page.locator(".rundown-item.on")).to_have_attribute("data-id", "rest")
    assert panel.mock.desk.went == ["cream", "rest"]


def test_a_viewer_sees_the_running_order_and_changes_nothing(panel: Panel) -> None:
    panel.mock.role = "viewer"
    panel.go("rundown")
    page = panel.page
    expect(page.locator(".rundown-item")).to_have_count(7)
    page.locator("[data-id=serum] .rundown-open").click()
    expect(page.locator("[data-id=serum] [name=title]")).to_be_disabled()
    assert page.locator(".grip, .rundown-go, [data-add]").count() == 0
    expect(page.get_by_role("button", name="下一段")).to_be_hidden()
