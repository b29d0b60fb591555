"""Takeover: typed, ready-made and spoken words, and the emergency stop."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.conftest import Panel

pytestmark = pytest.mark.browser
FAKE = ["--use-fake-device-for-media-stream", "--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
NO_MICROPHONE = """() => { navigator.mediaDevices.getUserMedia =
  () => Promise.reject(new DOMException("no device", "NotFoundError")); }"""
NO_RECORDER = "() => { delete window.MediaRecorder; }"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser with a microphone that beeps; whether a page gets it is said by its context."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("chromium is not installed; `make test-deps` installs what tests need")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FAKE)
        yield chromium
        chromium.close()


def test_the_automation_is_taken_over_and_given_back_from_any_page(panel: Panel) -> None:
    panel.go("studio")
    page = panel.page
    page.locator(".takeover").get_by_role("button", name="接管").click()
    expect(page.locator(".hand-strip")).to_contain_text("人工接管中")
    expect(page.locator(".takeover")).to_contain_text("你在掌控")
    panel.go("products")
    expect(page.locator(".hand-strip")).to_contain_text("2 条提问在等")
    page.locator(".hand-strip").get_by_role("button", name="说话").click()
    sheet = page.get_by_role("dialog")
    sheet.locator("#say-text").fill("我来说两句。")
    sheet.get_by_role("button", name="立即打断").click()
    expect(sheet.locator("#say-text")).to_have_value("")
    page.keyboard.press("Escape")
    page.locator(".hand-strip").get_by_role("button", name="交还").click()
    expect(page.locator(".hand-strip")).to_be_hidden()
    assert panel.mock.desk.said == [{"text": "我来说两句。", "when": "now"}] and not panel.mock.desk.takeover


def test_a_refused_sentence_offers_a_better_one_and_an_override(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(lang="en")
    panel.go("studio")
    page = panel.page
    page.fill("#say-text", "这是全网最好的精华")
    page.get_by_role("button", name="Say next").click()
    refused = page.locator(".refused")
    expect(refused.locator("mark").first).to_have_text("最好的")
    expect(refused).to_contain_text("这是全网很好的精华")
    expect(page.locator("#say-text")).to_have_value("这是全网最好的精华")
    refused.get_by_role("button", name="Say it anyway").click()
    expect(refused).to_have_count(0)
    expect(page.locator("#say-text")).to_have_value("")
    assert panel.mock.desk.said == [{"text": "这是全网最好的精华", "when": "boundary", "override": True}]


def test_typed_words_outlive_a_fault_and_a_change_of_page(panel: Panel) -> None:
    panel.mock.desk.offline = True
    panel.go("studio")
    page = panel.page
    page.fill("#say-text", "大家晚上好。")
    page.get_by_role("button", name="本句之后讲").click()
    expect(page.locator(".toast.bad")).to_contain_text("the voice is not there")
    page.locator(".side a[data-page=looks]").click()
    page.wait_for_selector(".view-looks .card")
    page.locator(".side a[data-page=studio]").click()
    expect(page.locator("#say-text")).to_have_value("大家晚上好。")


def test_canned_lines_are_said_with_one_click_and_edited(panel: Panel) -> None:
    panel.go("studio")
    page = panel.page
    page.locator("[data-line='1']").click()
    expect(page.locator(".toast")).to_contain_text("欢迎")
    assert panel.mock.desk.said_lines == [(1, {"when": "boundary"})]
    page.locator("[data-line='2']").click()
    expect(page.locator(".refused mark").first).to_have_text("最好的")
    page.locator(".takeover").get_by_role("button", name="编辑").click()
    page.get_by_role("dialog").get_by_role("button", name="添加常备语").click()
    form = page.get_by_role("dialog").last
    form.locator("[name=title]").fill("稍等")
    form.locator("[name=text]").fill("请稍等，马上回来。")
    form.get_by_role("button", name="保存").click()
    expect(form.locator("[name=title]")).to_have_count(0)
    page.get_by_role("dialog").locator("[data-id='50']").get_by_role("button", name="上移").click()
    expect(page.get_by_role("dialog").locator("li").nth(1)).to_have_attribute("data-id", "50")
    page.keyboard.press("Escape")
    expect(page.locator(".canned-line")).to_have_text(["欢迎", "稍等", "这是全网最好的精华。"])


def test_what_is_spoken_is_heard_again_and_sent_on_ones_own_responsibility(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(permissions=["microphone"])
    panel.go("studio")
    page = panel.page
    talk = page.locator("#talk")
    talk.scroll_into_view_if_needed()
    box = talk.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    expect(talk).to_have_attribute("aria-pressed", "true")
    loudest = 0.0
    for _ in range(40):
        page.wait_for_timeout(60)
        loudest = max(loudest, float(page.locator(".mic-meter").get_attribute("aria-valuenow") or 0))
        if loudest > 20:
            break
    page.wait_for_timeout(800)
    page.mouse.up()
    assert loudest > 20, "the meter does not move"
    send = page.get_by_role("button", name="让主播说")
    expect(send).to_be_disabled()
    page.locator("[name=answers]").check()
    page.get_by_placeholder("说了什么").fill("最好的精华")
    send.click()
    expect(page.locator(".mic-review mark").first).to_have_text("最好的")
    page.get_by_placeholder("说了什么").fill("大家好")
    send.click()
    expect(page.locator(".mic-review")).to_be_hidden()
    sent = panel.mock.desk.voices[0]
    assert sent["override"] and sent["text"] == "大家好" and sent["bytes"] > 3000
    assert sent["name"] == "voice.webm" and sent["head"] == b"\x1aE\xdf\xa3"
    talk.press("Enter")
    expect(talk).to_have_text("再按一次结束")
    page.wait_for_timeout(600)
    talk.press("Enter")
    page.get_by_role("button", name="不要了").click()
    expect(page.locator(".mic-review")).to_be_hidden()


def test_a_microphone_that_is_not_there_is_explained(panel: Panel) -> None:
    panel.go("studio")
    page = panel.page
    reasons = {"() => {}": "浏览器没有给话筒权限", NO_MICROPHONE: "没有找到话筒", NO_RECORDER: "不能录音"}
    for breaks, words in reasons.items():
        page.evaluate(breaks)
        page.locator("#talk").click()
        expect(page.locator(".mic").get_by_role("alert")).to_contain_text(words)


def test_the_emergency_stop_asks_for_a_second_and_is_taken_back(panel: Panel) -> None:
    panel.go("studio")
    page = panel.page
    stop = page.locator("[data-act=emergency]")
    stop.click()
    expect(stop).to_have_text("请按住一秒")
    assert not panel.mock.desk.slate["on"]
    page.get_by_label("垫片上的字").fill("马上回来")
    stop.click(delay=1300)
    expect(page.locator(".slated")).to_contain_text("马上回来")
    expect(page.locator(".hand-strip")).to_have_class(re.compile("slate-on"))
    page.locator(".slated").get_by_role("button", name="继续直播").click()
    expect(page.locator(".slated")).to_be_hidden()
    panel.go("settings")
    page.locator("[data-act=emergency-top]").focus()
    page.keyboard.down("Enter")
    expect(page.locator(".hand-strip")).to_contain_text("垫片中")
    page.keyboard.up("Enter")
    page.locator(".hand-strip").get_by_role("button", name="继续直播").click()
    expect(page.locator(".hand-strip")).to_be_hidden()


def test_a_viewer_sees_that_somebody_has_taken_over_and_can_do_nothing(panel: Panel) -> None:
    panel.mock.role = "viewer"
    panel.mock.desk.takeover = True
    panel.go("studio")
    expect(panel.page.locator(".hand-strip")).to_contain_text("人工接管中")
    assert panel.page.locator(".hand-strip button").count() == 0
    expect(panel.page.locator(".takeover")).to_be_hidden()
    assert panel.page.locator("[data-act=emergency-top]").count() == 0
