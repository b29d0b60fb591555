"""Data sets of the training page, as an owner brings, mends and removes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from server.app import WEB
from tests.browser.conftest import Panel
from tests.browser.mock_training import dataset, finding, picture

pytestmark = pytest.mark.browser

CODES = (
    "vague_caption no_trigger identity_words duplicate near_duplicate blurred too_small several_faces broken "
    "missing_file pii too_short too_long language no_face faces_unchecked few outside row duplicate_row metadata empty"
).split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures with captions, a table, and a file that nobody learns from."""
    root = tmp_path / "唐妆 2026"
    (root / "more").mkdir(parents=True)
    for name in ("a.png", "b.png", "more/c.png"):
        (root / name).write_bytes(picture(name))
    (root / "a.txt").write_text("tangzhuang, 红裙", encoding="utf-8")
    (root / "metadata.csv").write_text("file_name,prompt\nb.png,绿裙\n", encoding="utf-8")
    (root / "notes.docx").write_bytes(b"PK")
    return root


def _upload(panel: Panel) -> Locator:
    panel.go("training")
    panel.page.get_by_role("button", name="上传素材").click()
    return panel.page.get_by_role("dialog")


def test_data_sets_show_covers_counts_and_findings_in_plain_words(panel: Panel) -> None:
    panel.mock.training.datasets[0]["findings"].append(finding("moonlight", 2, level="info"))
    panel.mock.training.datasets[1]["findings"].append(finding("no_trigger", 0))
    panel.go("training")
    card = panel.page.locator(".dataset[data-id=tang]")
    expect(card).to_contain_text("150 张图片")
    expect(card.locator(".covers img")).to_have_count(4)
    widths = "(e) => [...e.querySelectorAll('img')].every((i) => i.complete && i.naturalWidth > 0)"
    expect(card.locator(".covers img").last).to_be_visible()
    panel.page.wait_for_load_state("networkidle")
    assert card.locator(".covers").evaluate(widths)
    expect(card.locator(".finding").first).to_contain_text("1 个文件打不开")
    card.get_by_role("button", name=re.compile("还有 3 条")).click()
    blurred = card.locator(".finding", has_text="3 张照片模糊")
    expect(blurred).to_contain_text("0001.jpg、0002.jpg、0003.jpg")
    expect(blurred).to_contain_text("换成清晰的")
    unknown = card.locator(".finding", has_text="2 of moonlight")
    expect(unknown).to_contain_text("mend moonlight")
    talk = panel.page.locator(".dataset[data-id=manner]")
    expect(talk).to_contain_text("200 段对话")
    expect(talk).to_contain_text("4 段对话含有手机号")
    expect(talk.locator(".finding").last).to_contain_text("说明里没有共同的触发词")
    expect(talk.locator(".cover-line").first).to_contain_text("敏感肌能用吗")
    assert panel.complaints == []


def test_every_finding_has_words() -> None:
    for lang in ("zh", "en"):
        words = (WEB / "js" / "i18n" / f"training_{lang}.js").read_text(encoding="utf-8")
        assert [c for c in CODES if f'"finding.{c}": "' not in words or f'"finding.{c}.next": "' not in words] == []


def test_one_of_a_thing_is_said_as_one(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(lang="en")
    panel.mock.training.datasets[0]["findings"] = [finding("blurred", 1), finding("duplicate", 2)]
    panel.go("training")
    card = panel.page.locator(".dataset[data-id=tang]")
    expect(card).to_contain_text("1 picture is blurred")
    expect(card).to_contain_text("2 pictures are there twice")


def test_a_folder_is_uploaded_with_its_captions(panel: Panel, folder: Path) -> None:
    dialog = _upload(panel)
    go = dialog.get_by_role("button", name="上传", exact=True)
    expect(go).to_be_disabled()
    dialog.locator("#dataset-folder").set_input_files(folder)
    expect(dialog.locator(".drop-sum")).to_contain_text("3 张图片")
    expect(dialog.locator(".drop-sum")).to_contain_text("1 个说明文件")
    expect(dialog).to_contain_text("notes.docx")
    expect(dialog.locator("[name=name]")).to_have_value("唐妆 2026")
    dialog.locator("[name=trigger]").fill("tangzhuang")
    go.click()
    expect(panel.page.get_by_role("dialog")).to_have_count(0)
    sent = panel.mock.training.uploads[-1]
    assert (sent["name"], sent["kind"], sent["trigger"]) == ("唐妆 2026", "visual", "tangzhuang")
    assert sorted(sent["files"]) == ["a.png", "a.txt", "b.png", "metadata.csv", "more/c.png"]
    card = panel.page.locator(".dataset").first
    expect(card).to_contain_text("整理中")
    panel.mock.training.datasets[0].update(state="ready", items=3)
    expect(card).to_contain_text("3 张图片")
    expect(card).not_to_contain_text("整理中")
    assert panel.complaints == []


def test_dialogues_are_known_by_their_files(panel: Panel, tmp_path: Path) -> None:
    lines = tmp_path / "话术.jsonl"
    lines.write_text('{"prompt": "a", "answer": "b"}\n', encoding="utf-8")
    dialog = _upload(panel)
    dialog.locator("#dataset-files").set_input_files(lines)
    expect(dialog.get_by_role("button", name="对话", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(dialog.locator("[name=trigger]")).to_be_hidden()
    dialog.get_by_role("button", name="上传", exact=True).click()
    expect(panel.page.locator(".dataset")).to_have_count(3)
    assert panel.mock.training.uploads[-1] == {
        "name": "话术", "kind": "language", "trigger": "", "files": ["话术.jsonl"]}


def test_a_refused_upload_says_why_and_loses_nothing(panel: Panel, folder: Path) -> None:
    panel.mock.training.refuse = {"detail": "there is nothing to learn from", "next_step": "Upload pictures."}
    dialog = _upload(panel)
    dialog.locator("#dataset-files").set_input_files([folder / "a.png", folder / "b.png"])
    dialog.locator("[name=name]").fill("我的素材")
    dialog.get_by_role("button", name="上传", exact=True).click()
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("there is nothing to learn from")
    expect(alert.locator(".next-step")).to_have_text("Upload pictures.")
    expect(dialog.locator("[name=name]")).to_have_value("我的素材")
    panel.mock.training.refuse = None
    dialog.get_by_role("button", name="上传", exact=True).click()
    expect(panel.page.locator(".dataset")).to_have_count(3)


def test_dropped_pictures_are_counted_on_their_way_and_called_back(panel: Panel) -> None:
    dialog = _upload(panel)
    page = panel.page
    line = page.context.new_cdp_session(page)
    files = page.evaluate_handle("""() => {
      const files = new DataTransfer();
      for (const n of [1, 2, 3]) files.items.add(new File([new Uint8Array(300000)], `${n}.jpg`));
      return files;
    }""")
    drop = dialog.locator(".drop")
    drop.dispatch_event("dragover", {"dataTransfer": files})
    expect(drop).to_have_class(re.compile(r"\bover\b"))
    drop.dispatch_event("drop", {"dataTransfer": files})
    expect(drop).not_to_have_class(re.compile(r"\bover\b"))
    expect(dialog.locator(".drop-sum")).to_contain_text("3 张图片")
    dialog.locator("[name=name]").fill("慢线")
    slow = {"offline": False, "latency": 0, "downloadThroughput": 1e7, "uploadThroughput": 150_000}
    line.send("Network.emulateNetworkConditions", slow)
    dialog.get_by_role("button", name="上传", exact=True).click()
    expect(dialog.locator("footer [role=status]")).to_contain_text(re.compile(r"[1-9]\d* KB / 8\d\d KB"))
    dialog.get_by_role("button", name="取消").click()
    expect(dialog.get_by_role("progressbar")).to_be_hidden()
    expect(dialog.locator("[name=name]")).to_have_value("慢线")
    page.wait_for_timeout(1500)
    assert panel.mock.training.uploads == []


def test_captions_are_changed_in_place(panel: Panel) -> None:
    panel.go("training")
    page = panel.page
    page.locator(".dataset[data-id=tang]").get_by_role("button", name="查看").click()
    dialog = page.get_by_role("dialog")
    items = dialog.locator(".item")
    expect(items).to_have_count(60)
    expect(items.first).to_contain_text("模糊")
    first = items.first.get_by_role("textbox")
    first.fill("tangzhuang, 红裙")
    first.press("Enter")
    expect(items.first).to_contain_text("已保存")
    assert panel.mock.training.captions == {"0001.jpg": "tangzhuang, 红裙"}
    panel.mock.training.refuse = {"detail": "a training is using this data set", "next_step": "Stop it first."}
    second = items.nth(1).get_by_role("textbox")
    second.fill("绿裙")
    first.focus()
    expect(items.nth(1).get_by_role("alert")).to_contain_text("a training is using this data set")
    expect(second).to_have_value("绿裙")
    expect(second).to_have_attribute("aria-invalid", "true")
    panel.mock.training.refuse = None
    second.press("Enter")
    expect(items.nth(1)).to_contain_text("已保存")
    expect(second).not_to_have_attribute("aria-invalid", "true")
    assert panel.mock.training.captions["0002.jpg"] == "绿裙"
    dialog.get_by_role("button", name="再显示 60 张").click()
    expect(items).to_have_count(120)
    dialog.get_by_role("button", name="再显示 30 张").click()
    expect(items).to_have_count(150)
    expect(dialog.get_by_role("button", name=re.compile("再显示"))).to_have_count(0)
    page.wait_for_load_state("networkidle")


def test_dialogues_are_shown_as_questions_and_answers(panel: Panel) -> None:
    panel.go("training")
    panel.page.locator(".dataset[data-id=manner]").get_by_role("button", name="查看").click()
    dialog = panel.page.get_by_role("dialog")
    expect(dialog.locator(".dialogue")).to_have_count(60)
    expect(dialog.locator(".dialogue").nth(11)).to_contain_text("第 12 问")
    expect(dialog.locator(".dialogue").nth(11)).to_contain_text("姐妹，先在耳后试一天。")
    expect(dialog.locator(".dialogue").nth(11)).to_contain_text("个人信息")
    expect(dialog.get_by_role("textbox")).to_have_count(0)


def test_a_data_set_is_prepared_again_with_a_trigger_word(panel: Panel) -> None:
    panel.go("training")
    page = panel.page
    card = page.locator(".dataset[data-id=tang]")
    card.get_by_role("button", name="查看").click()
    dialog = page.get_by_role("dialog")
    trigger = dialog.locator("[name=trigger]")
    expect(trigger).to_have_value("tangzhuang")
    trigger.fill("hanfu")
    dialog.locator("[name=caption]").select_option("all")
    dialog.get_by_role("button", name="重新整理").click()
    expect(dialog).to_have_count(0)
    assert panel.mock.training.prepared == [{"trigger": "hanfu", "caption": "all"}]
    expect(card).to_contain_text("整理中")
    panel.mock.training.datasets[0].update(state="failed", error="the disk is full")
    expect(card).to_contain_text("the disk is full")
    expect(card).to_contain_text("整理失败")


def test_a_data_set_is_deleted_only_after_asking_and_not_while_it_is_used(panel: Panel) -> None:
    panel.mock.training.datasets.append(dataset("old", "旧素材", "visual", 12))
    panel.go("training")
    page = panel.page
    card = page.locator(".dataset[data-id=old]")
    card.get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    expect(card).to_be_visible()
    card.get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(card).to_have_count(0)
    page.locator(".dataset[data-id=tang]").get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.locator(".toast.bad")).to_contain_text("is using this data set")
    expect(page.locator(".dataset[data-id=tang]")).to_be_visible()


def test_without_anything_the_page_says_in_two_sentences_what_to_do(panel: Panel) -> None:
    panel.mock.training.datasets = []
    panel.mock.training.jobs = []
    panel.go("training")
    welcome = panel.page.locator(".empty")
    expect(welcome).to_have_count(1)
    expect(welcome).to_contain_text("150 张")
    expect(welcome).to_contain_text("200")
    welcome.get_by_role("button", name="上传素材").click()
    expect(panel.page.get_by_role("dialog")).to_be_visible()
    panel.page.keyboard.press("Escape")
    panel.mock.training.datasets = [dataset("tang", "唐妆仕女", "visual", 150)]
    panel.page.reload()
    panel.page.wait_for_selector(".dataset")
    expect(panel.page.locator(".jobs .empty")).to_contain_text("新建训练")
