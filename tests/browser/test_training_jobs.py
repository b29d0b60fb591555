"""Trainings, as an owner starts, watches, ends and publishes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Panel
from tests.browser.mock_training import curve, finding, job, painted

pytestmark = pytest.mark.browser


def _form(panel: Panel) -> Locator:
    panel.go("training")
    panel.page.get_by_role("button", name="新建训练").first.click()
    return panel.page.get_by_role("dialog")


def _card(panel: Panel, key: str) -> Locator:
    return panel.page.locator(f".job[data-id={key}]")


def _field(panel: Panel, name: str) -> Locator:
    return panel.page.locator("dialog .field", has=panel.page.locator(f"[name={name}]"))


# --- starting ---


def test_a_training_is_explained_and_started(panel: Panel) -> None:
    dialog = _form(panel)
    expect(dialog.locator("[name=dataset]")).to_have_value("tang")
    expect(dialog.locator("[name=name]")).to_have_value("唐妆仕女")
    expect(dialog.locator("[name=trigger_words]")).to_have_value("tangzhuang")
    expect(dialog.locator("[name=resolution]")).to_be_visible()
    plan = dialog.locator(".plan")
    expect(plan).to_contain_text("340 步")
    expect(plan).to_contain_text("约 15 分钟")
    expect(plan).to_contain_text("0.09")
    expect(plan).to_contain_text("3.1 MB")
    expect(plan.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "30")
    before = len(panel.mock.training.explained)
    epochs = dialog.locator("[name=epochs]")
    epochs.press("ControlOrMeta+a")
    epochs.press_sequentially("100", delay=20)
    expect(plan).to_contain_text("3,400 步")
    assert len(panel.mock.training.explained) == before + 1
    dialog.locator("[name=epochs]").fill("15")
    dialog.get_by_text("更多设置").click()
    dialog.locator("[name=learning_rate]").fill("2e-4")
    dialog.locator("[name=sample_prompts]").fill("一位仕女\n\n花园")
    dialog.locator("[name=init_from]").select_option("tang-3f2a")
    expect(dialog.locator("[name=lora_rank]")).to_have_value("16")
    expect(dialog.locator("[name=init_from] option")).to_have_count(3)
    dialog.get_by_role("button", name="开始训练").click()
    expect(panel.page.locator(".job")).to_have_count(3)
    expect(panel.page.locator(".job").first).to_contain_text("排队中")
    assert panel.mock.training.started == [{
        "name": "唐妆仕女", "kind": "visual", "dataset": "tang", "init_from": "tang-3f2a",
        "settings": {"lora_rank": 16, "epochs": 15, "learning_rate": 0.0002, "trigger_words": "tangzhuang",
                     "sample_prompts": ["一位仕女", "花园"]},
    }]
    assert panel.complaints == []


def test_the_kind_follows_the_data_set(panel: Panel) -> None:
    dialog = _form(panel)
    dialog.locator("[name=dataset]").select_option("manner")
    expect(dialog.locator("[name=resolution]")).to_be_hidden()
    expect(dialog.locator("[name=trigger_words]")).to_be_hidden()
    expect(dialog.locator("[name=init_from] option")).to_have_count(2)
    dialog.get_by_role("button", name="开始训练").click()
    expect(panel.page.locator(".job")).to_have_count(3)
    started = panel.mock.training.started[-1]
    assert (started["kind"], started["name"]) == ("language", "林晚的话术")
    assert started["settings"] == {"lora_rank": 16, "epochs": 10}


def test_a_wrong_setting_is_said_at_its_field(panel: Panel) -> None:
    dialog = _form(panel)
    expect(dialog.locator(".plan")).to_contain_text("340 步")
    rank = dialog.locator("[name=lora_rank]")
    rank.fill("900")
    fault = _field(panel, "lora_rank").get_by_role("alert")
    expect(fault).to_have_text("900 is not within 1 to 256Change it.")
    expect(rank).to_have_attribute("aria-invalid", "true")
    expect(dialog.locator(".plan")).to_contain_text("先改好标红的设置")
    rank.fill("32")
    expect(fault).to_have_count(0)
    expect(rank).not_to_have_attribute("aria-invalid", "true")
    rate = dialog.locator("[name=learning_rate]")
    rate.fill("abc")
    expect(_field(panel, "learning_rate").get_by_role("alert")).to_contain_text("不是数字")
    rate.fill("")
    dialog.get_by_text("更多设置").click()
    dialog.locator("[name=validation_split]").fill("0.9")
    dialog.get_by_text("更多设置").click()
    dialog.get_by_role("button", name="开始训练").click()
    split = _field(panel, "validation_split")
    expect(split.get_by_role("alert")).to_be_visible()
    expect(dialog.locator("[name=validation_split]")).to_be_focused()
    assert panel.mock.training.started == []


def test_a_plan_says_what_is_not_known_what_changes_and_what_is_tight(panel: Panel) -> None:
    panel.mock.training.plan = {
        "memory_mb": 30000, "memory_free_mb": 24000, "changes": ["batch_size 4 -> 2"], "warnings": ["few pictures"],
    }
    dialog = _form(panel)
    plan = dialog.locator(".plan")
    expect(plan).to_contain_text("batch_size 4 -> 2")
    expect(plan).to_contain_text("few pictures")
    expect(plan.locator(".bar")).to_have_class(re.compile(r"\bover\b"))
    panel.mock.training.plan = {"memory_mb": None, "memory_free_mb": None, "time_s": None, "device": ""}
    dialog.locator("[name=epochs]").fill("11")
    expect(plan).to_contain_text("374 步")
    expect(plan).to_contain_text("开始后测得")
    expect(plan.get_by_role("progressbar")).to_have_count(0)


# --- watching ---


def test_a_running_training_shows_how_far_it_is(panel: Panel) -> None:
    panel.go("training")
    card = _card(panel, "tang-2")
    expect(card).to_contain_text("训练中")
    expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "50")
    for words in ("280 / 560", "8 / 15", "0.0812", "1.9 步/秒", "约 12 分钟", "7.0 GB", "batch_size 4 -> 2"):
        expect(card).to_contain_text(words)
    done = _card(panel, "manner-1")
    expect(done).to_contain_text("已完成")
    expect(done).to_contain_text("用时 12 分钟")
    expect(done).to_contain_text("从第 420 步起过拟合")
    panel.mock.training.jobs.insert(0, job("bad-1", "失败的", "visual", "failed", message="memory is spent",
                                           next_step="Lower the batch size."))
    failed = _card(panel, "bad-1")
    expect(failed.locator(".note.bad")).to_contain_text("memory is spent")
    expect(failed.locator(".next-step")).to_have_text("Lower the batch size.")


@pytest.mark.parametrize(("left", "zh", "en"), [
    (20, "不到 1 分钟", "under a minute"), (700, "约 12 分钟", "about 12 min"),
    (3600 * 3 + 300, "约 3 小时 5 分", "about 3 h 5 min"),
    (3600 * 50, "约 2 天 2 小时", "about 2 d 2 h"),
])
def test_time_left_is_said_as_people_say_it(
    open_panel: Callable[..., Panel], left: int, zh: str, en: str
) -> None:
    for lang, words in (("zh", zh), ("en", en)):
        panel = open_panel(lang=lang)
        panel.mock.training.jobs[0]["left_s"] = left
        panel.go("training")
        expect(_card(panel, "tang-2")).to_contain_text(words)


def test_refreshes_keep_focus_scroll_and_what_is_open(panel: Panel) -> None:
    panel.go("training")
    page = panel.page
    card = _card(panel, "tang-2")
    stop = card.get_by_role("button", name="停止")
    strip = card.locator(".strip").first
    expect(strip.locator("img")).to_have_count(8)
    stop.focus()
    card.evaluate("(e) => { e.marked = true; }")
    page.evaluate("window.scrollTo(0, 120)")
    strip.locator("img").nth(3).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    strip.evaluate("(e) => { e.scrollLeft = 40; }")
    row = panel.mock.training.jobs[0]
    row.update(step=320, left_s=600, samples=painted(range(0, 321, 40)))
    panel.mock.training.curves["tang-2"] = curve(320)
    expect(card).to_contain_text("320 / 560")
    expect(strip.locator("img")).to_have_count(9)
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    stop.focus()
    row.update(step=340)
    expect(card).to_contain_text("340 / 560")
    expect(stop).to_be_focused()
    assert strip.evaluate("(e) => e.scrollLeft") == 40
    assert card.evaluate("(e) => e.marked") is True
    assert page.evaluate("window.scrollY") > 0


def test_it_asks_often_only_while_something_runs_and_somebody_looks(panel: Panel) -> None:
    panel.go("training")
    page, reads = panel.page, panel.mock.training.reads
    page.wait_for_timeout(5000)
    live = reads.count("jobs")
    assert live >= 3
    page.evaluate("""() => {
      Object.defineProperty(document, "visibilityState", { get: () => "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    page.wait_for_timeout(500)
    hidden = reads.count("jobs")
    page.wait_for_timeout(4500)
    assert reads.count("jobs") == hidden
    page.evaluate("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(700)
    assert reads.count("jobs") > hidden
    panel.mock.training.jobs[0]["state"] = "stopped"
    expect(_card(panel, "tang-2")).to_contain_text("已停止")
    quiet = reads.count("jobs")
    page.wait_for_timeout(4500)
    assert reads.count("jobs") == quiet


def test_the_losses_are_drawn_and_read_out(panel: Panel) -> None:
    panel.go("training")
    page = panel.page
    plot = _card(panel, "tang-2").locator(".plot")
    expect(plot.locator(".plot-raw")).to_have_attribute("d", re.compile("^M"))
    expect(plot.locator(".plot-smooth")).to_have_attribute("d", re.compile("^M"))
    expect(plot.locator(".plot-val-dot")).to_have_count(7)
    expect(plot.locator(".plot-best")).to_be_visible()
    assert plot.locator(".plot-x text").count() >= 3 and plot.locator(".plot-y text").count() >= 3
    board = plot.get_by_role("slider")
    board.focus()
    board.press("Home")
    expect(board).to_have_attribute("aria-valuetext", re.compile("第 1 步.*训练"))
    board.press("End")
    expect(plot.locator(".plot-readout")).to_contain_text("第 280 步")
    board.press("ArrowLeft")
    expect(plot.locator(".plot-readout")).to_contain_text("第 279 步")
    box = board.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    expect(plot.locator(".plot-readout")).to_contain_text(re.compile(r"第 1[0-9]\d 步.*训练 0\.\d+.*验证 0\.\d+"))
    page.mouse.move(2, 2)
    before = board.bounding_box()
    page.set_viewport_size({"width": 900, "height": 900})
    page.wait_for_timeout(300)
    after = board.bounding_box()
    assert before is not None and after is not None and before["width"] != after["width"]
    inside = """(e) => { const w = e.getBoundingClientRect();
      return [...e.querySelectorAll("text, path")].every((x) => x.getBoundingClientRect().right <= w.right + 1); }"""
    assert board.evaluate(inside)
    colour = "(e) => getComputedStyle(e.querySelector('.plot-smooth')).stroke"
    light = plot.evaluate(colour)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert plot.evaluate(colour) != light
    assert panel.complaints == []


def test_samples_show_the_progress_and_are_enlarged(panel: Panel) -> None:
    panel.go("training")
    page = panel.page
    card = _card(panel, "tang-2")
    expect(card.locator(".sample-row")).to_have_count(2)
    expect(card.locator(".sample-row").first).to_contain_text("身穿齐胸襦裙的女子")
    expect(card.locator(".sample-row").first.locator("img")).to_have_count(8)
    card.get_by_role("button", name=re.compile("第 120 步")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".big-sample img")).to_have_attribute("src", re.compile("000120-0.png"))
    slider = dialog.get_by_role("slider")
    slider.press("ArrowRight")
    expect(dialog.locator(".big-sample img")).to_have_attribute("src", re.compile("000160-0.png"))
    expect(dialog).to_contain_text("第 160 步")
    slider.press("End")
    expect(dialog.locator(".big-sample img")).to_have_attribute("src", re.compile("000280-0.png"))
    page.keyboard.press("Escape")
    lines = _card(panel, "manner-1")
    lines.get_by_role("button", name="曲线和样例").click()
    expect(lines.locator(".sample-line")).to_have_count(3)
    expect(lines.locator(".sample-line").last).to_contain_text("姐妹们先别急着下单")
    assert panel.complaints == []


def test_a_sample_that_is_made_anew_takes_the_place_of_the_old_one(panel: Panel) -> None:
    panel.go("training")
    row = panel.mock.training.jobs[0]
    strip = _card(panel, "tang-2").locator(".strip").first
    expect(strip.locator("img")).to_have_count(8)
    samples = painted(range(0, 241, 40))
    samples[2] |= {"file": "best-0.png"}
    row.update(samples=samples)
    expect(strip.locator("img")).to_have_count(7)
    expect(strip.locator("img").nth(1)).to_have_attribute("src", re.compile("best-0.png"))


# --- ending ---


def test_a_training_is_stopped_resumed_and_deleted(panel: Panel) -> None:
    panel.go("training")
    page = panel.page
    card = _card(panel, "tang-2")
    expect(card.get_by_role("button", name="删除")).to_have_count(0)
    card.get_by_role("button", name="停止").click()
    expect(card).to_contain_text("停止中")
    panel.mock.training.jobs[0].update(state="stopped", left_s=None)
    expect(card).to_contain_text("已停止")
    card.get_by_role("button", name="继续").click()
    expect(card).to_contain_text("排队中")
    assert panel.mock.training.acts == ["tang-2 stop", "tang-2 resume"]
    panel.mock.training.jobs[0].update(state="stopped")
    card.get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(card).to_have_count(0)


def test_the_log_and_the_report_are_opened(panel: Panel) -> None:
    panel.go("training")
    page = panel.page
    card = _card(panel, "manner-1")
    card.get_by_role("button", name="日志").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("pre")).to_contain_text("step 199 <b>loss</b> 0.08")
    page.keyboard.press("Escape")
    report = card.get_by_role("link", name="报告")
    expect(report).to_have_attribute("target", "_blank")
    with page.expect_popup() as opened:
        report.click()
    expect(opened.value.locator("h1")).to_have_text("Report")
    expect(_card(panel, "tang-2").get_by_role("link", name="报告")).to_have_count(0)


def test_a_result_is_put_into_the_catalogue(panel: Panel) -> None:
    panel.mock.training.jobs[1].update(kind="visual", dataset="tang")
    panel.go("training")
    page = panel.page
    card = _card(panel, "manner-1")
    card.get_by_role("button", name="加入适配器").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[name=name]")).to_have_value("林晚口吻")
    expect(dialog.locator("[name=trigger_words]")).to_have_value("tangzhuang")
    dialog.locator("[name=likeness]").select_option("person")
    dialog.locator("[name=consent_by]").fill("林晚本人")
    panel.mock.training.refuse = {"detail": "there is no base", "next_step": "Set visual.path."}
    dialog.get_by_role("button", name="加入适配器").click()
    expect(dialog.get_by_role("alert")).to_contain_text("there is no base")
    expect(dialog.locator("[name=consent_by]")).to_have_value("林晚本人")
    panel.mock.training.refuse = None
    dialog.get_by_role("button", name="加入适配器").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert panel.mock.training.published == [{
        "name": "林晚口吻", "licence": "", "likeness": "person", "consent_by": "林晚本人", "consent_note": "",
        "trigger_words": "tangzhuang",
    }]
    card.get_by_role("link", name="在适配器里看").click()
    page.wait_for_selector(".view-adapters .adapter")
    expect(page.locator(".adapter[data-id=manner-9c1d]")).to_be_focused()


def test_a_viewer_watches_and_changes_nothing(panel: Panel) -> None:
    panel.mock.role = "viewer"
    panel.mock.training.jobs[0]["state"] = "stopped"
    panel.go("training")
    page = panel.page
    for name in ("新建训练", "上传素材", "删除", "停止", "继续", "加入适配器", "训练", "重新整理"):
        expect(page.locator("main").get_by_role("button", name=name, exact=True)).to_have_count(0)
    page.locator(".dataset[data-id=tang]").get_by_role("button", name="查看").click()
    expect(page.get_by_role("dialog").locator(".item")).to_have_count(60)
    expect(page.get_by_role("dialog").locator("input, textarea, select")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(_card(panel, "manner-1").get_by_role("link", name="报告")).to_be_visible()


def test_a_server_that_falls_silent_is_said_and_what_was_seen_stays(panel: Panel) -> None:
    panel.go("training")
    page = panel.page
    page.route("**/training/jobs", lambda route: route.abort())
    banner = page.locator(".view-training .banner")
    expect(banner).to_contain_text("服务器没有响应")
    expect(_card(panel, "tang-2")).to_contain_text("280 / 560")
    page.unroute("**/training/jobs")
    expect(banner).to_be_hidden()


# --- words, phones ---

KEYS = re.compile(r"\b(training|datasets?|finding|job|plot|plan|nav)\.[a-z]")
NAMELESS = """[...document.querySelectorAll("dialog :is(button, a[href], input, select, textarea)")].filter((e) =>
  e.type !== "file" && !(e.textContent.trim() && e.matches("button, a")) && !e.getAttribute("aria-label")
  && !e.labels?.length).map((e) => e.outerHTML)"""
OPENERS = {
    "upload": ".datasets-head .btn", "dataset": ".dataset[data-id=tang] [data-act=view]",
    "form": ".page-head .btn.primary", "sample": ".job[data-id=tang-2] .strip button",
    "log": ".job[data-id=tang-2] [data-act=log]", "publish": ".job[data-id=manner-1] [data-act=publish]",
}


@pytest.mark.parametrize("opener", OPENERS)
def test_dialogs_fit_a_phone_and_have_words_and_names(open_panel: Callable[..., Panel], opener: str) -> None:
    panel = open_panel(lang="en", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    panel.go("training")
    text = panel.page.locator("main").inner_text()
    assert not KEYS.search(text), text
    panel.page.locator(OPENERS[opener]).first.click()
    dialog = panel.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    panel.page.wait_for_timeout(500)
    assert panel.page.evaluate(NAMELESS) == []
    assert not KEYS.search(dialog.inner_text()), dialog.inner_text()
    assert dialog.evaluate(WIDE) == 0
    assert panel.complaints == []


WIDE: Any = """(e) => [...e.querySelectorAll('*')].filter((x) => !x.closest('.scroll-x') && !x.closest('.strip')
  && x.getBoundingClientRect().right > 391).length"""


def test_findings_of_a_phone_wrap(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    files = [f"IMG_20260101_{n}_very_long_name_of_a_camera_without_spaces.jpg" for n in range(3)]
    panel.mock.training.datasets[0]["findings"] = [finding("blurred", 3, files=files)]
    panel.mock.training.datasets[0]["name"] = "A" * 60
    panel.mock.training.jobs[0]["name"] = "B" * 60
    panel.go("training")
    expect(panel.page.locator(".finding").first).to_contain_text("IMG_20260101_0")
    assert panel.page.evaluate("document.documentElement.scrollWidth") <= 390
