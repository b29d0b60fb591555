"""The desk, the words and the air log: why something was said, held or reworded, and what an operator does about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Panel
from tests.browser.mock_desk import HELD

pytestmark = pytest.mark.browser


def line(panel: Panel, key: str) -> Locator:
    """The part of the desk that is about one sentence."""
    return panel.page.locator(".desk-lineup").filter(has=panel.page.locator(f"[data-line={key}]"))


def test_a_question_is_followed_from_the_viewer_to_the_voice(panel: Panel) -> None:
    panel.go("desk")
    card = panel.page.locator("[data-key=e9]")
    seen = "阿珍|精华多少钱？|现价 99.90 元|敏感肌可以用吗|其余 1 条资料|本机语言模型写的草稿|已说出"
    for words in seen.split("|"):
        expect(card).to_contain_text(words)
    assert panel.page.locator(".desk-card").first.get_attribute("data-key") == "lc1", "the newest is not first"
    assert panel.page.evaluate("window.hacked === undefined && !document.querySelector('img[src=x]')")
    assert panel.complaints == []


def test_a_draft_grows_while_it_is_written(panel: Panel) -> None:
    panel.go("desk")
    draft = {"type": "draft", "job": "j9", "engine": "remote", "event_id": None, "kind": "pitch"}
    panel.mock.desk.tell(**draft, text="云朵面霜", done=False)
    words = panel.page.locator("[data-key=jj9] .desk-written")
    expect(words).to_have_text("云朵面霜")
    expect(words).to_have_class(re.compile("growing"))
    panel.mock.desk.tell(**draft, text="云朵面霜像刚打好的奶油。", done=True)
    expect(words).to_have_text("云朵面霜像刚打好的奶油。")
    expect(words).not_to_have_class(re.compile("growing"))


def test_a_held_sentence_tells_why_and_is_dealt_with(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(lang="en")
    desk = panel.mock.desk
    panel.go("desk")
    held = line(panel, "a2")
    held.get_by_role("button", name="Why was this held?").click()
    expect(held.locator(".desk-text mark")).to_have_text(["最好的", "闭眼入"])
    expect(held.locator(".why")).to_contain_text("Absolute terms · 最好的")
    expect(held.locator(".why")).to_contain_text("Article 9(3)")
    held.get_by_role("button", name="Allow this word").first.click()
    expect(held.get_by_role("button", name="Take back")).to_be_visible()
    assert desk.words["allowed"] == ["首选", "最好的"]
    held.get_by_role("button", name="Take back").click()
    expect(held.get_by_role("button", name="Take back")).to_have_count(0)
    assert desk.words["allowed"] == ["首选"]
    held.get_by_role("button", name="Say it anyway").click()
    expect(panel.page.locator(".toast").last).to_contain_text("Comes after this sentence")
    assert desk.said == [{"text": HELD, "when": "boundary", "override": True}]


def test_a_held_sentence_is_edited_and_said(panel: Panel) -> None:
    panel.go("desk")
    held = line(panel, "a2")
    held.get_by_role("button", name="为什么拦下").click()
    held.get_by_role("button", name="改后再说").click()
    held.locator("textarea").fill("这是全网最好的精华。")
    held.get_by_role("button", name="说这句").click()
    expect(held.locator(".why-again mark").first).to_have_text("最好的")
    expect(held.locator("textarea")).to_have_value("这是全网最好的精华。")
    held.locator("textarea").fill("这款精华很清爽。")
    held.get_by_role("button", name="说这句").click()
    expect(held.locator(".why-edit")).to_be_hidden()
    assert [s["text"] for s in panel.mock.desk.said] == ["这款精华很清爽。"]
    held.get_by_role("button", name="加入禁用词").click()
    panel.page.get_by_role("dialog").locator("[name=term]").fill("闭眼入")
    panel.page.get_by_role("dialog").get_by_role("button", name="禁用", exact=True).click()
    expect(panel.page.get_by_role("dialog")).to_have_count(0)
    assert [w["term"] for w in panel.mock.desk.words["own"]] == ["隔壁家", "宝宝们", "闭眼入"]


def test_filters_count_and_holding_still_collects(panel: Panel) -> None:
    panel.go("desk")
    page = panel.page
    expect(page.locator("[data-filter=hold] b")).to_have_text("1")
    page.locator("[data-filter=hold]").click()
    expect(page.locator(".desk-card")).to_have_count(1)
    page.locator("[data-filter=question]").click()
    expect(page.locator(".desk-card")).to_have_count(2)
    page.locator("[data-filter=override]").click()
    expect(page.locator(".desk-card")).to_contain_text("最低价")
    page.locator("[data-filter=question]").click()
    page.get_by_role("button", name="暂停滚动").click()
    panel.mock.desk.tell(type="question", event_id="77", user="小月", text="包邮吗", lang="zh", intent="faq")
    newer = page.get_by_role("button", name="1 条新内容")
    expect(newer).to_be_visible()
    expect(page.locator(".desk-card")).to_have_count(2)
    newer.click()
    expect(page.locator(".desk-card").first).to_contain_text("包邮吗")


def test_a_writer_that_is_down_is_seen_at_once(panel: Panel) -> None:
    panel.go("desk")
    expect(panel.page.locator(".writer-banner")).to_be_empty()
    panel.mock.desk.writer.update(state="down", message="connection refused")
    expect(panel.page.get_by_role("alert")).to_contain_text("写作引擎离线")
    expect(panel.page.get_by_role("alert")).to_contain_text("connection refused")


def test_a_word_is_forbidden_tried_edited_and_taken_out(panel: Panel) -> None:
    panel.go("words")
    page = panel.page
    page.get_by_role("button", name="添加禁用词").click()
    sheet = page.get_by_role("dialog")
    sheet.locator("[name=term]").fill("亲们")
    sheet.locator("[name=how]").select_option("say")
    sheet.locator("[name=say]").fill("大家")
    sheet.get_by_role("button", name="保存").click()
    expect(page.locator("[data-term=亲们]")).to_contain_text("大家")
    page.fill("[name=sentence]", "亲们晚上好")
    page.get_by_role("button", name="试一下").click()
    verdict = page.locator(".try-verdict")
    expect(verdict).to_contain_text("改写")
    expect(verdict).to_contain_text("大家晚上好")
    expect(verdict.locator("mark").first).to_have_text("亲们")
    page.locator("[data-term=亲们]").get_by_role("button", name="编辑").click()
    sheet.locator("[name=how]").select_option("hold")
    sheet.get_by_role("button", name="保存").click()
    expect(page.locator("[data-term=亲们]")).to_contain_text("整句不说")
    page.locator("[data-term=亲们]").get_by_role("button", name="删除").click()
    sheet.get_by_role("button", name="删除").click()
    expect(page.locator("[data-term=亲们]")).to_have_count(0)
    assert panel.complaints == []


def test_words_are_searched_imported_exported_and_taken_back(open_panel: Callable[..., Panel], tmp_path: Path) -> None:
    panel = open_panel(lang="en")
    panel.go("words")
    page = panel.page
    page.fill("[name=search-lists]", "国家级")
    found = page.locator(".word-list")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("国家级")
    expect(found).to_contain_text("Article 9(3)")
    file = tmp_path / "words.txt"
    file.write_text("甲牌\n乙牌\n", encoding="utf-8")
    page.set_input_files("#words-file", file)
    expect(page.locator("[data-term=乙牌]")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    assert download.value.suggested_filename == "words-main.csv"
    page.locator("[data-allowed=首选]").click()
    expect(page.locator("[data-allowed]")).to_have_count(0)
    assert panel.mock.desk.words["allowed"] == [] and len(panel.mock.desk.words["own"]) == 4


def test_the_air_log_is_filtered_and_verified_in_plain_words(panel: Panel) -> None:
    panel.go("airlog")
    page = panel.page
    expect(page.locator(".air-row")).to_have_count(7)
    expect(page.locator(".air-row").first).to_have_attribute("data-seq", "7")
    expect(page.locator(".air-row").last).to_contain_text("开播")
    page.locator(".seg [data-value=guarded]").click()
    expect(page.locator(".air-row")).to_have_count(3)
    page.locator("[name=source]").select_option("operator")
    expect(page.locator(".air-row")).to_contain_text("人工放行")
    expect(page.locator(".air-row")).to_contain_text("由 小林、场控")
    page.locator("[name=source]").select_option("")
    page.fill("[name=search]", "国家级")
    expect(page.locator(".air-row")).to_contain_text("现在用心做的配方")
    page.get_by_role("button", name="验证").click()
    expect(page.locator(".verified.good")).to_contain_text("核对了 7 条")
    panel.mock.desk.fault = "2026-01-01.jsonl:3: the record was changed"
    page.get_by_role("button", name="验证").click()
    expect(page.locator(".verified.bad")).to_contain_text("2026-01-01.jsonl:3 处的记录被改动过")


def test_the_air_log_is_exported_for_a_time(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(lang="en", timezone_id="Asia/Shanghai")
    panel.go("airlog")
    page = panel.page
    page.locator("[name=format]").select_option("srt")
    page.locator("[name=since]").fill("2026-01-01T20:00")
    page.locator("[name=until]").fill("2026-01-01T19:00")
    page.locator("[name=until]").blur()
    expect(page.get_by_role("alert")).to_contain_text("must be later")
    page.locator("[name=until]").fill("2026-01-01T22:00")
    page.locator("[name=until]").blur()
    link = page.get_by_role("link", name="Download")
    expect(link).to_have_attribute("href", re.compile("format=srt.*since=2026-01-01T12%3A00.*until=2026-01-01T14%3A00"))
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "airlog-main.srt"


def test_a_viewer_reads_the_desk_and_acts_on_nothing(panel: Panel) -> None:
    panel.mock.role = "viewer"
    panel.go("desk")
    held = line(panel, "a2")
    held.get_by_role("button", name="为什么拦下").click()
    expect(held.locator(".why")).to_contain_text("绝对化用语")
    assert held.locator(".why button").count() == 0
    panel.go("words")
    expect(panel.page.locator("[data-term=隔壁家]")).to_be_visible()
    assert panel.page.locator("[data-part=own] button").count() == 0
    panel.go("airlog")
    expect(panel.page.locator(".view-airlog")).to_contain_text("只对场控和店主开放")


def test_what_opens_fits_a_phone_and_has_words_in_english(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(lang="en", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    panel.mock.desk.takeover = True
    page = panel.page
    opened = {
        "rundown": ("[data-id=serum] .rundown-open", "[data-id=serum] [name=minutes]"),
        "desk": ("[data-line=a2] [data-act=why]", ".why-acts"),
        "words": ("[data-part=own] .btn.primary", "dialog [name=term]"),
        "airlog": ("[data-part=verify] .btn", ".verified"),
        "studio": ("[data-line='2']", ".refused .why-acts"),
    }
    for name, (opener, shown) in opened.items():
        panel.go(name)
        page.locator(opener).first.click()
        expect(page.locator(shown).first).to_be_visible()
        width = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        assert width <= 390, name
        words = page.locator("body").inner_text()
        keys = r"\b(rundown|desk|guard|words|try|airlog|takeover|canned|mic|slate|emergency|writer|hold)\.[a-z_]{2}"
        assert not re.search(keys, words), words
        page.keyboard.press("Escape")
