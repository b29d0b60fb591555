"""Adapters, personas, looks that are painted and who is on air, as an owner handles them in the panel."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from server.app import WEB
from tests.browser.conftest import Panel
from tests.browser.mock_wardrobe import adapter

pytestmark = pytest.mark.browser


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    path = tmp_path / "silk robe.safetensors"
    path.write_bytes(bytes(300_000))
    return path


# --- adapters ---


def test_an_adapter_is_uploaded_with_consent(panel: Panel, lora: Path) -> None:
    panel.go("adapters")
    page = panel.page
    expect(page.locator(".adapter")).to_have_count(3)
    page.get_by_role("button", name="添加适配器").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="上传")).to_be_disabled()
    dialog.locator("#adapter-file").set_input_files(lora)
    expect(dialog.locator("[name=name]")).to_have_value("silk robe")
    expect(dialog.locator("[name=consent_by]")).to_be_hidden()
    dialog.locator("[name=likeness]").select_option("person")
    dialog.locator("[name=consent_by]").fill("梅朵本人")
    dialog.get_by_role("button", name="上传").click()
    expect(page.locator(".adapter")).to_have_count(4)
    assert panel.mock.wardrobe.uploads[-1] | {} == {
        "name": "silk robe", "licence": "", "likeness": "person", "consent_by": "梅朵本人", "consent_note": "",
        "trigger_words": "",
    }
    assert panel.complaints == []


def test_a_refused_file_says_why_and_loses_nothing(panel: Panel, lora: Path) -> None:
    panel.mock.wardrobe.refuse = {
        "reason": "wrong_base", "detail": "it has 640 channels where the base has 320", "next_step": "Use the base.",
    }
    panel.go("adapters")
    page = panel.page
    page.get_by_role("button", name="添加适配器").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("#adapter-file").set_input_files(lora)
    dialog.locator("[name=licence]").fill("自有")
    dialog.get_by_role("button", name="上传").click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("它属于别的底模")
    expect(alert).to_contain_text("640")
    expect(alert).to_contain_text("Use the base.")
    expect(dialog.locator("[name=licence]")).to_have_value("自有")
    panel.mock.wardrobe.refuse = None
    dialog.get_by_role("button", name="上传").click()
    expect(page.locator(".adapter")).to_have_count(4)


def test_a_file_is_dropped_watched_and_called_back(panel: Panel) -> None:
    """A slow line: bytes are counted, the button ends the upload, the dialog and what was typed stay."""
    panel.go("adapters")
    page = panel.page
    line = page.context.new_cdp_session(page)
    page.get_by_role("button", name="添加适配器").click()
    dialog = page.get_by_role("dialog")
    drop = dialog.locator(".drop")
    files = page.evaluate_handle("""() => {
      const files = new DataTransfer();
      files.items.add(new File(["{}"], "adapter_config.json"));
      files.items.add(new File([new Uint8Array(900000)], "robe.safetensors"));
      return files;
    }""")
    drop.dispatch_event("dragover", {"dataTransfer": files})
    expect(drop).to_have_class(re.compile(r"\bover\b"))
    drop.dispatch_event("drop", {"dataTransfer": files})
    expect(drop).not_to_have_class(re.compile(r"\bover\b"))
    expect(drop).to_contain_text("adapter_config.json")
    dialog.locator("[name=licence]").fill("自有")
    line.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 0, "downloadThroughput": 1e7, "uploadThroughput": 150_000,
    })
    dialog.get_by_role("button", name="上传").click()
    bar = dialog.get_by_role("progressbar")
    expect(bar).to_be_visible()
    expect(dialog.locator("footer [role=status]")).to_contain_text(re.compile(r"[1-9]\d* KB / 880 KB"))
    dialog.get_by_role("button", name="取消").click()
    expect(bar).to_be_hidden()
    expect(dialog.locator("[name=licence]")).to_have_value("自有")
    expect(dialog.get_by_role("alert")).to_have_count(0)
    # The end of an upload reaches the browser's network process a moment after the page:
    # the line stays slow until then, or the rest of the file would slip through.
    page.wait_for_timeout(1500)
    assert panel.mock.wardrobe.uploads == [] and len(panel.mock.wardrobe.adapters) == 3
    line.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
    })
    dialog.get_by_role("button", name="上传").click()
    expect(page.locator(".adapter")).to_have_count(4)


def test_what_is_not_consented_to_is_not_put_on_air(panel: Panel) -> None:
    panel.mock.wardrobe.adapters.append(adapter("who-0000", "不知是谁", "visual", likeness="unknown"))
    panel.go("adapters")
    for key, why in (("boss-77aa", "缺少授权"), ("who-0000", "未说明是否真人")):
        card = panel.page.locator(f"[data-id={key}]")
        expect(card.locator(".pill", has_text=why)).to_be_visible()
        expect(card.get_by_role("button", name="上播")).to_be_disabled()
    expect(panel.page.locator("[data-id=tang-3f2a]").get_by_role("button", name="上播")).to_be_enabled()


def test_a_viewer_reads_and_changes_nothing(panel: Panel) -> None:
    panel.mock.role = "viewer"
    panel.go("adapters")
    page = panel.page
    expect(page.get_by_role("button", name="添加适配器")).to_have_count(0)
    page.locator("[data-id=boss-77aa]").get_by_role("button", name="详情").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("CC-BY-4.0")
    expect(dialog.locator("input, select")).to_have_count(0)
    panel.go("personas")
    expect(page.locator(".persona").get_by_role("button")).to_have_count(0)
    panel.go("schedule")
    expect(page.locator(".slot").first).to_be_visible()
    expect(page.get_by_role("button", name="添加时段")).to_have_count(0)
    expect(page.locator("[name=time_zone]")).to_be_disabled()
    panel.go("studio")
    expect(page.locator(".presenter .chip").first).to_be_disabled()
    expect(page.locator(".presenter").get_by_role("button", name="换回上一位")).to_have_count(0)
    assert panel.complaints == []


def test_an_installation_without_a_base_takes_no_file_and_says_so(panel: Panel, lora: Path) -> None:
    panel.go("adapters")
    page = panel.page
    page.route("**/adapters", lambda route: route.fulfill(status=503, content_type="application/problem+json", json={
        "status": 503, "detail": "no base model to judge adapters by", "next_step": "Set visual.path.",
    }) if route.request.method == "POST" else route.fallback())
    page.get_by_role("button", name="添加适配器").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("#adapter-file").set_input_files(lora)
    dialog.get_by_role("button", name="上传").click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("没有加入")
    expect(alert.locator(".next-step")).to_have_text("Set visual.path.")
    page.route("**/adapters", lambda route: route.abort() if route.request.method == "POST" else route.fallback())
    dialog.get_by_role("button", name="上传").click()
    expect(alert).to_contain_text("服务器没有响应")
    expect(dialog.locator("[name=name]")).to_have_value("silk robe")


@pytest.mark.parametrize(("name", "call"), [
    ("adapters", "**/adapters"), ("personas", "**/personas"), ("schedule", "**/schedule?*"),
])
def test_a_page_says_that_it_loads_and_that_it_failed(panel: Panel, name: str, call: str) -> None:
    panel.go("settings")
    page = panel.page
    waiting: list[Route] = []
    page.route(call, lambda route: waiting.append(route))
    with page.expect_request(call):
        page.locator(f".nav [data-page={name}]").click()
    view = page.locator(f".view-{name}")
    expect(view).to_have_attribute("aria-busy", "true")
    words = view.evaluate("(e) => getComputedStyle(e, '::after').content")
    assert words == '"加载中……"'
    for route in waiting:
        route.fulfill(status=500, json={"status": 500, "detail": "the disk is gone"})
    page.unroute(call)
    expect(view).to_contain_text("the disk is gone")
    expect(view).not_to_have_attribute("aria-busy", "true")
    view.get_by_role("button", name="重试").click()
    expect(page.locator(".adapter, .persona, .slot").first).to_be_visible()


def test_an_adapters_details_consent_and_deletion(panel: Panel) -> None:
    panel.go("adapters")
    page = panel.page
    boss = page.locator("[data-id=boss-77aa]")
    expect(boss).to_contain_text("缺少授权")
    boss.get_by_role("button", name="详情").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("a1a1a1")
    dialog.locator("[name=consent_by]").fill("老板")
    dialog.get_by_role("button", name="保存").click()
    expect(boss).to_contain_text("授权：老板")
    page.locator("[data-id=tang-3f2a]").get_by_role("button", name="详情").click()
    expect(page.get_by_role("dialog")).to_contain_text("0.081")
    page.keyboard.press("Escape")
    page.locator("[data-id=manner-9c1d]").get_by_role("button", name="详情").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    page.get_by_role("dialog").last.get_by_role("button", name="删除").last.click()
    expect(page.locator(".toast.bad")).to_contain_text("skincare")
    assert len(panel.mock.wardrobe.adapters) == 3


def test_an_adapter_is_put_on_air_with_a_weight(panel: Panel) -> None:
    panel.go("adapters")
    page = panel.page
    page.locator("[data-id=manner-9c1d]").get_by_role("button", name="上播").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[type=range]").fill("0.7")
    expect(dialog.locator("output")).to_have_text("0.70")
    dialog.get_by_role("button", name="上播").click()
    page.wait_for_selector(".view-studio .activation")
    assert panel.mock.wardrobe.asked == [
        {"room": "main", "language": "manner-9c1d", "weight": 0.7, "when": "boundary"}
    ]


def test_without_a_base_the_page_says_what_to_do(panel: Panel) -> None:
    panel.mock.wardrobe.adapters = []
    panel.mock.wardrobe.studio = {"state": "off", "visual": None, "language": None}
    panel.go("adapters")
    expect(panel.page.locator(".empty")).to_contain_text("make studio")


# --- personas ---


def test_a_persona_is_made_copied_and_deleted(panel: Panel) -> None:
    panel.go("personas")
    page = panel.page
    page.get_by_role("button", name="新建人设").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=name]").fill("Nora at night")
    expect(dialog.locator("[name=id]")).to_have_value("nora-at-night")
    dialog.locator("[name=look_id]").select_option("mei")
    dialog.get_by_role("button", name="明快").click()
    dialog.locator("[name=greeting]").fill("晚上好。")
    dialog.locator("[name=visual_id]").select_option("tang-3f2a")
    dialog.locator("input[type=range]").first.fill("0.8")
    dialog.get_by_role("button", name="保存").click()
    card = page.locator("[data-id=nora-at-night]")
    expect(card).to_contain_text("唐风养生")
    made = panel.mock.wardrobe.personas[-1]
    assert (made["look_id"], made["mood"], made["greeting"], made["visual_id"], made["visual_weight"]) == (
        "mei", "lively", "晚上好。", "tang-3f2a", 0.8
    )
    assert made["language_id"] is None and made["voice"] == ""
    card.get_by_role("button", name="复制").click()
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.locator(".persona")).to_have_count(5)
    card.get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.locator(".persona")).to_have_count(4)
    page.locator("[data-id=makeup]").get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.locator(".toast.bad")).to_contain_text("schedule")


def test_a_weight_beyond_the_slider_survives_an_edit(panel: Panel) -> None:
    panel.mock.wardrobe.personas[0].update(language_weight=1.83, rest_s=2.5, prompt="说话慢，从不催单。")
    panel.go("personas")
    card = panel.page.locator("[data-id=skincare]")
    expect(card).to_contain_text("从不催单")
    expect(card).to_contain_text("林晚口吻 × 1.83")
    card.get_by_role("button", name="编辑").click()
    dialog = panel.page.get_by_role("dialog")
    expect(dialog.locator("[name=visual_id] option", has_text="老板本人 · 缺少授权")).to_have_count(1)
    dialog.locator("[name=colour]").fill("#336699")
    dialog.locator("[name=greeting]").fill("早上好。")
    before = dict(panel.mock.wardrobe.personas[0])
    dialog.get_by_role("button", name="保存").click()
    expect(panel.page.locator("dialog")).to_have_count(0)
    assert panel.mock.wardrobe.personas[0] == before | {"colour": "#336699", "greeting": "早上好。"}


def test_a_persona_is_put_on_air_at_a_time(panel: Panel) -> None:
    panel.go("personas")
    page = panel.page
    expect(page.locator("[data-id=skincare]")).to_contain_text("直播中")
    page.locator("[data-id=makeup]").get_by_role("button", name="上播").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="定时").click()
    dialog.locator("input[type=datetime-local]").fill("2030-05-06T20:00")
    time = dialog.locator("input[type=datetime-local]")
    time.fill("")
    dialog.get_by_role("button", name="换人").click()
    assert panel.mock.wardrobe.asked == [] and panel.complaints == []
    time.fill("2030-05-06T20:00")
    dialog.get_by_role("button", name="换人").click()
    expect(page.locator(".toast.good")).to_contain_text("2030/5/6 20:00")
    asked = panel.mock.wardrobe.asked[-1]
    assert asked["persona"] == "makeup" and asked["when"].startswith("2030-05-0")
    assert len(panel.mock.wardrobe.keys[-1]) == 32


# --- who is on air ---


def test_one_click_changes_who_is_on_air(panel: Panel) -> None:
    panel.go("studio")
    page = panel.page
    card = page.locator(".presenter")
    expect(card.locator(".worn-name")).to_have_text("林晚 · 晨间护肤")
    expect(card.locator("[data-persona=skincare]")).to_have_attribute("aria-pressed", "true")
    expect(card).to_contain_text("模型就绪")
    card.locator("[data-persona=tang]").click()
    expect(card.locator(".activation")).to_contain_text("准备中")
    expect(card.locator(".worn-name")).to_have_text("云裳 · 唐风养生")
    expect(card.locator(".steps li[data-state=done]")).to_have_count(5)
    expect(card.locator(".activation")).to_contain_text("0.2")
    expect(card.locator("[data-persona=tang]")).to_have_attribute("aria-pressed", "true")
    assert panel.mock.wardrobe.asked == [{"room": "main", "persona": "tang", "when": "boundary"}]
    card.get_by_role("button", name="换回上一位").click()
    expect(card.locator(".worn-name")).to_have_text("林晚 · 晨间护肤")
    assert panel.complaints == []


def test_a_failed_change_says_why_and_who_stays(panel: Panel) -> None:
    panel.mock.wardrobe.fail = "canary"
    panel.go("studio")
    card = panel.page.locator(".presenter")
    card.locator("[data-persona=tang]").click()
    alert = card.get_by_role("alert")
    expect(alert).to_contain_text("试算的结果不能用")
    expect(alert).to_contain_text("The picture is black.")
    expect(alert.locator(".next-step")).to_have_text("Try another seed.")
    expect(alert).to_contain_text("林晚 · 晨间护肤 继续直播")
    expect(card.locator(".steps li[data-state=failed]")).to_have_count(1)
    expect(card.locator(".worn-name")).to_have_text("林晚 · 晨间护肤")


def test_every_reason_of_a_failed_change_has_words() -> None:
    reasons = (
        "unknown incompatible consent deleted studio_down no_memory no_disk look canary playout timed_out internal"
    )
    for lang in ("zh", "en"):
        words = (WEB / "js" / "i18n" / f"wardrobe_{lang}.js").read_text(encoding="utf-8")
        assert [r for r in reasons.split() if f'"act.reason.{r}": "' not in words] == [], lang


def test_an_adapter_over_the_persona_is_shown_until_she_is_changed(panel: Panel) -> None:
    panel.go("studio")
    card = panel.page.locator(".presenter")
    expect(card.locator(".worn-adapters")).to_have_text(re.compile("林晚口吻 × 1.00"))
    panel.go("adapters")
    panel.page.locator("[data-id=tang-3f2a]").get_by_role("button", name="上播").click()
    dialog = panel.page.get_by_role("dialog")
    dialog.locator("input[type=range]").fill("0.6")
    dialog.get_by_role("button", name="上播").click()
    expect(card.locator(".activation")).to_contain_text("换成 唐风养生")
    expect(card.locator(".worn-adapters")).to_contain_text("唐风养生 × 0.60")
    card.locator("[data-persona=makeup]").click()
    expect(card.locator(".worn-adapters")).to_be_hidden()
    assert panel.complaints == []


def test_the_studio_process_is_shown_as_it_is(panel: Panel) -> None:
    panel.go("studio")
    states = {"down": "模型离线", "starting": "模型加载中", "off": "未设模型", "running": "模型就绪"}
    for state, words in states.items():
        panel.mock.wardrobe.studio["state"] = state
        expect(panel.page.locator(".presenter header .pill")).to_have_text(words)


def test_a_change_is_called_off(panel: Panel) -> None:
    panel.go("studio")
    card = panel.page.locator(".presenter")
    card.locator("[data-persona=tang]").click()
    card.get_by_role("button", name="取消").click()
    expect(card.locator(".activation")).to_contain_text("已取消")
    expect(card.locator(".worn-name")).to_have_text("林晚 · 晨间护肤")


# --- painting ---


def test_a_presenter_is_painted(panel: Panel) -> None:
    panel.go("looks")
    page = panel.page
    page.get_by_role("button", name="绘制").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=name]").fill("新人")
    dialog.locator("[name=seed]").fill("7")
    dialog.locator("[name=visual_id]").select_option("tang-3f2a")
    dialog.locator("[name=init_look]").select_option("lin")
    dialog.get_by_role("button", name="绘制").click()
    expect(page.locator(".look")).to_have_count(4)
    asked = panel.mock.wardrobe.portraits[-1]
    assert (asked["seed"], asked["visual_id"], asked["init_look"], asked["strength"]) == (7, "tang-3f2a", "lin", 0.6)


def test_without_a_visual_base_painting_is_off_and_says_why(panel: Panel) -> None:
    panel.mock.wardrobe.studio["visual"] = None
    panel.go("looks")
    expect(panel.page.locator(".no-base")).to_have_text(
        "绘制需要 Stable Diffusion 底模：请在 nightanchor.yaml 设置 visual.path。"
    )
    expect(panel.page.get_by_role("button", name="绘制")).to_have_count(0)


DIALOGS = {
    "adapters": (".page-head .btn.primary", "[data-id=tang-3f2a] .adapter-foot .btn:last-child",
                 "[data-id=manner-9c1d] .btn.primary"),
    "personas": (".page-head .btn", "[data-id=skincare] .persona-foot .row .btn", "[data-id=makeup] .btn.primary"),
    "schedule": (".week-tools > .btn", ".entries-override header .btn", ".entries-holiday header .btn"),
    "looks": (".page-head .btn:has-text('Paint')",),
}
NAMELESS = """[...document.querySelectorAll("dialog :is(button, a[href], input, select, textarea)")].filter((e) =>
  e.type !== "file" && !(e.textContent.trim() && e.matches("button, a")) && !e.getAttribute("aria-label")
  && !e.labels?.length).map((e) => e.outerHTML)"""
KEYS = re.compile(r"\b(personas?|schedule|adapters|worn|act|step|nav|portrait|studio|mood|look|day|refusal)\.[a-z0-9]")


@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs_fit_a_phone_have_words_and_names(open_panel: Callable[..., Panel], name: str) -> None:
    panel = open_panel(lang="en", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for opener in DIALOGS[name]:
        panel.go(name)
        panel.page.locator(opener).first.click()
        dialog = panel.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert panel.page.evaluate(NAMELESS) == [], opener
        assert not KEYS.search(dialog.inner_text()), dialog.inner_text()
        wide = "(e) => [...e.querySelectorAll('*')].filter((x) => x.getBoundingClientRect().right > 391).length"
        assert dialog.evaluate(wide) == 0, opener
        panel.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    assert panel.complaints == []


@pytest.mark.parametrize("page_name", ["personas", "schedule", "adapters", "studio"])
def test_everything_has_words_in_english(open_panel: Callable[..., Panel], page_name: str) -> None:
    panel = open_panel(lang="en")
    panel.go(page_name)
    panel.page.wait_for_timeout(400)
    text = panel.page.locator("main").inner_text() + panel.page.locator(".nav").inner_text()
    assert not re.search(r"\b(personas?|schedule|adapters|worn|act|step|nav|portrait|studio|mood)\.[a-z]", text), text
    assert panel.complaints == []
