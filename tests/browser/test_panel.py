"""What an owner sees and does in the panel."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.app import WEB
from tests.browser.conftest import TOKEN, Panel
from tests.browser.shop import HOSTILE

pytestmark = pytest.mark.browser

PAGES = (
    "studio", "rundown", "desk", "products", "scripts", "personas", "schedule", "words", "airlog", "outputs", "looks",
    "adapters", "training", "settings",
)
BRIGHTNESS = """() => {
  const video = document.querySelector("#preview"), canvas = document.createElement("canvas");
  canvas.width = 36; canvas.height = 64;
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, 36, 64);
  const d = pen.getImageData(0, 0, 36, 64).data;
  let sum = 0;
  for (let i = 0; i < d.length; i += 4) sum += d[i] + d[i + 1] + d[i + 2];
  return sum / (3 * 36 * 64);
}"""


def _until(page: Page, expression: str) -> None:
    """Wait for an expression; the page's policy forbids Playwright's own way, which evaluates inside the page."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(80)
    raise AssertionError(f"never came true: {expression}")


def _playing(page: Page) -> None:
    _until(page, "document.querySelector('#preview')?.currentTime > 0.1")
    page.wait_for_selector(".stage-cover", state="hidden")


def test_a_wrong_token_is_refused_and_the_right_one_opens_the_studio(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(signed_in=False)
    page = panel.page
    page.goto(panel.url)
    page.fill("input[name=token]", "na_wrong")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text("令牌不正确")
    page.fill("input[name=token]", TOKEN)
    page.click("button[type=submit]")
    page.wait_for_selector(".view-studio .card")
    assert all("401" in c for c in panel.complaints), panel.complaints


def test_a_token_in_the_address_signs_in_and_leaves_no_trace(open_panel: Callable[..., Panel]) -> None:
    panel = open_panel(signed_in=False)
    panel.page.goto(f"{panel.url}/#/login?token={TOKEN}")
    panel.page.wait_for_selector(".view-studio .card")
    assert "token" not in panel.page.url
    assert TOKEN not in panel.page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")


def test_the_preview_plays_close_to_live_and_is_not_black(panel: Panel) -> None:
    panel.go("studio")
    page = panel.page
    _playing(page)
    before = page.evaluate("document.querySelector('#preview').currentTime")
    _until(page, f"document.querySelector('#preview').currentTime > {before + 1}")
    assert page.evaluate(BRIGHTNESS) > 40
    behind = page.evaluate("(() => { const v = document.querySelector('#preview'), b = v.buffered;"
                           " return b.end(b.length - 1) - v.currentTime; })()")
    assert 0 <= behind < 1.5


def test_a_restarted_encoder_is_followed(panel: Panel) -> None:
    panel.mock.clip = type(panel.mock.clip)(panel.mock.clip.mime, panel.mock.clip.init, panel.mock.clip.fragments[:10])
    panel.go("studio")
    page = panel.page
    _playing(page)
    first = page.evaluate("document.querySelector('#preview').src")
    _until(page, f"document.querySelector('#preview').src !== {first!r}")
    _playing(page)


def test_coming_back_from_far_behind_jumps_to_live(panel: Panel) -> None:
    panel.go("studio")
    page = panel.page
    _playing(page)
    _until(page, "document.querySelector('#preview').currentTime > 3.2")
    page.evaluate("document.querySelector('#preview').currentTime -= 3")
    _until(page, "(() => { const v = document.querySelector('#preview'), b = v.buffered;"
                           " return b.end(b.length - 1) - v.currentTime < 1.5; })()")


def test_the_language_is_switched_and_kept(panel: Panel) -> None:
    panel.go("products")
    page = panel.page
    expect(page.locator(".nav")).to_contain_text("商品")
    page.click("#lang-switch")
    expect(page.locator(".nav")).to_contain_text("Products")
    page.reload()
    expect(page.locator(".nav")).to_contain_text("Products")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_chat_is_sent_and_shown(panel: Panel) -> None:
    panel.go("studio")
    page = panel.page
    page.fill("#chat-user", "小林")
    page.click("[data-kind=question]")
    page.fill("#chat-text", "有小样吗？")
    page.press("#chat-text", "Enter")
    expect(page.locator(".chat-line").last).to_contain_text("有小样吗？")
    assert panel.mock.chat[-1]["kind"] == "question"
    assert panel.mock.chat[-1]["user"] == "小林"
    expect(page.locator("#chat-text")).to_have_value("")


def test_the_presenter_is_paused_skipped_and_given_words(panel: Panel) -> None:
    panel.go("studio")
    page = panel.page
    speech = page.locator(".speech")
    speech.get_by_role("button", name="跳过").click()
    page.fill("#say-text", "今晚包邮。")
    page.get_by_role("button", name="立即打断").click()
    expect(page.locator("#say-text")).to_have_value("")
    speech.get_by_role("button", name="暂停").click()
    expect(speech.get_by_role("button", name="继续")).to_be_visible()
    assert panel.mock.skips == 1
    assert panel.mock.said == [{"text": "今晚包邮。", "when": "now"}]
    assert panel.mock.paused


def test_a_price_is_changed_in_place(panel: Panel) -> None:
    panel.go("products")
    page = panel.page
    card = page.locator("[data-id=serum]")
    card.get_by_role("button", name=re.compile("价格")).click()
    card.locator("input").fill("89.50")
    card.locator("input").press("Enter")
    expect(card).to_contain_text("¥89.50")
    assert next(p for p in panel.mock.products if p["id"] == "serum")["price"] == "89.50"


def test_an_entry_that_contradicts_itself_says_so_on_its_card(panel: Panel) -> None:
    panel.go("products")
    page = panel.page
    card = page.locator("[data-id=serum]")
    expect(card).to_contain_text("¥99.90")
    expect(page.locator(".product-findings")).to_have_count(0)
    card.get_by_role("button", name=re.compile("价格")).click()
    card.locator("input").fill("150")
    card.locator("input").press("Enter")
    found = card.locator(".product-findings")
    found.get_by_text("1 处互相矛盾").click()
    expect(found.locator("li")).to_have_text("原价不高于现价，没有折扣可说。")


def test_a_refused_price_is_explained_and_put_back(panel: Panel) -> None:
    panel.go("products")
    page = panel.page
    card = page.locator("[data-id=serum]")
    card.get_by_role("button", name=re.compile("价格")).click()
    card.locator("input").fill("abc")
    card.locator("input").press("Enter")
    expect(page.locator(".toast.bad")).to_contain_text("not a number")
    expect(page.locator(".toast.bad")).to_contain_text("look it up")
    expect(card).to_contain_text("¥99.90")


def test_a_product_is_added_in_two_languages_with_a_picture(panel: Panel, tmp_path: Path) -> None:
    picture = tmp_path / "tea.png"
    picture.write_bytes(panel.mock.portrait)
    panel.go("products")
    page = panel.page
    page.get_by_role("button", name="添加商品").click()
    sheet = page.locator("dialog")
    sheet.locator("input[data-lang=zh]").first.fill("乌龙茶")
    sheet.get_by_role("tab", name="English").click()
    sheet.locator("input[data-lang=en]").first.fill("Oolong")
    sheet.locator("input[name=price]").fill("58")
    sheet.locator("#product-picture").set_input_files(picture)
    sheet.get_by_role("button", name="保存").click()
    expect(page.locator(".product").last).to_contain_text("乌龙茶")
    made = panel.mock.products[-1]
    assert made["name"] == {"zh": "乌龙茶", "en": "Oolong"}
    assert made["price"] == "58"
    assert made["has_picture"]


def test_an_error_inside_a_dialog_is_seen_in_front_of_it(panel: Panel) -> None:
    panel.go("products")
    page = panel.page
    page.locator("[data-id=serum]").get_by_role("button", name="编辑").click()
    page.locator("dialog input[name=price]").fill("abc")
    page.locator("dialog").get_by_role("button", name="保存").click()
    toast = page.locator(".toast.bad")
    expect(toast).to_contain_text("not a number")
    assert toast.evaluate("""(e) => { const r = e.getBoundingClientRect();
        return e.contains(document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2)); }""")
    expect(page.locator("dialog")).to_be_visible()


def test_a_product_is_deleted_only_after_asking(panel: Panel) -> None:
    panel.go("products")
    page = panel.page
    page.locator("[data-id=tea]").get_by_role("button", name="删除").click()
    page.locator("dialog").get_by_role("button", name="取消").click()
    expect(page.locator("[data-id=tea]")).to_be_visible()
    page.locator("[data-id=tea]").get_by_role("button", name="删除").click()
    page.locator("dialog").get_by_role("button", name="删除").click()
    expect(page.locator("[data-id=tea]")).to_have_count(0)
    assert "tea" not in [p["id"] for p in panel.mock.products]


def test_a_destination_is_added_and_its_key_is_never_shown(panel: Panel) -> None:
    panel.go("outputs")
    page = panel.page
    page.get_by_role("button", name="添加推流目标").click()
    sheet = page.locator("dialog")
    sheet.locator("select[name=platform]").select_option("douyin")
    expect(sheet.locator(".note")).to_contain_text("每次开播都会变")
    sheet.locator("input[name=url]").fill("rtmp://push.example.net/app")
    sheet.locator("input[name=key]").fill("very-secret-key")
    sheet.get_by_role("button", name="添加", exact=True).click()
    expect(page.locator(".output").last).to_contain_text("rtmp://push.example.net/app")
    assert panel.mock.keys == ["very-secret-key"]
    page.locator(".output").last.get_by_role("button", name="编辑").click()
    everything = page.content() + page.evaluate("[...document.querySelectorAll('input')].map((i) => i.value).join()")
    assert "very-secret-key" not in everything


def test_a_failing_destination_says_why_in_the_owners_language(panel: Panel) -> None:
    panel.go("outputs")
    expect(panel.page.locator(".output .note:visible").first).to_contain_text("服务器拒绝连接")


def test_landmarks_are_dragged_and_saved_in_source_pixels(panel: Panel) -> None:
    panel.go("looks")
    page = panel.page
    page.locator("[data-id=photo-1]").get_by_role("button", name="标注五官").click()
    page.wait_for_selector(".marks-board.ready")
    page.get_by_role("button", name="2×").click()
    image = page.locator(".marks-board img").bounding_box()
    handle = page.locator("[data-mark=chin]")
    box = handle.bounding_box()
    assert image is not None and box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(image["x"] + image["width"] * 0.5, image["y"] + image["height"] * 0.55, steps=4)
    page.mouse.up()
    handle.press("ArrowRight")
    page.get_by_role("button", name="保存并制作").click()
    page.wait_for_selector("dialog", state="detached")
    x, y = panel.mock.landmarks["photo-1"]["chin"]
    assert abs(x - 181) < 2 and abs(y - 352) < 2
    assert set(panel.mock.landmarks["photo-1"]) == {
        "left_eye", "right_eye", "mouth_left", "mouth_right", "mouth_top", "mouth_bottom", "chin"}


def test_markup_in_names_and_chat_stays_text(panel: Panel) -> None:
    for name in ("studio", "products"):
        panel.go(name)
        expect(panel.page.get_by_text(HOSTILE).first).to_be_visible()
        assert panel.page.evaluate("window.hacked === undefined && !document.querySelector('img[src=x]')")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_phone_never_scrolls_sideways(open_panel: Callable[..., Panel], lang: str) -> None:
    panel = open_panel(lang=lang, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for name in PAGES:
        panel.go(name)
        width = panel.page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        assert width <= 390, name


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_page_makes_the_browser_complain(open_panel: Callable[..., Panel], theme: Any) -> None:
    panel = open_panel(color_scheme=theme)
    for name in PAGES:
        panel.go(name)
        panel.page.wait_for_load_state("load")
        panel.page.wait_for_timeout(250)
        assert panel.page.evaluate("document.documentElement.dataset.theme") == theme
        assert panel.page.locator("h1:visible").count() == 1
    assert panel.complaints == []


def test_every_control_has_a_name(panel: Panel) -> None:
    nameless = """[...document.querySelectorAll("button, a[href], input, select, textarea")].filter((e) =>
      e.type !== "file" && !(e.textContent.trim() && e.matches("button, a")) && !e.getAttribute("aria-label")
      && !e.labels?.length
    ).map((e) => e.outerHTML)"""
    for name in PAGES:
        panel.go(name)
        assert panel.page.evaluate(nameless) == [], name


def test_both_languages_say_the_same_things() -> None:
    words = {}
    for lang in ("zh", "en"):
        folder = WEB / "js" / "i18n"
        parts = [folder / f"{part}{lang}.js" for part in ("", "wardrobe_", "training_", "desk_")]
        source = "\n".join(p.read_text(encoding="utf-8") for p in parts)
        pairs = re.findall(r'(?:^|[\s,{])"?([a-z][\w.]*)"?: "((?:[^"\\]|\\.)*)"', source)
        assert len(pairs) == len(dict(pairs)), "a key is there twice"
        words[lang] = dict(pairs)
    assert set(words["zh"]) == set(words["en"])
    blanks = {lang: {k: set(re.findall(r"\{\w+\}", v)) for k, v in table.items()} for lang, table in words.items()}
    assert blanks["zh"] == blanks["en"]
    sources = "\n".join(p.read_text(encoding="utf-8") for p in (WEB / "js").rglob("*.js") if p.parent.name != "i18n")
    used = set(re.findall(r'\bt\("([\w.]+)"', sources))
    assert used and used <= set(words["en"]), used - set(words["en"])
