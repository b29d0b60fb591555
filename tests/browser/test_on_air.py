"""The panel on a whole running show."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bench.instance import ROOT, running
from server.app import WEB

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(240)]

BEHIND = """() => { const v = document.querySelector("#preview"), b = v.buffered;
  return b.length ? b.end(b.length - 1) - v.currentTime : 99; }"""
CORNER = """() => { const canvas = document.createElement("canvas"); canvas.width = 90; canvas.height = 160;
  const pen = canvas.getContext("2d"); pen.drawImage(document.querySelector("#preview"), 0, 0, 90, 160);
  return [...pen.getImageData(0, 0, 90, 160).data].filter((_, i) => i % 4 === 1); }"""


def test_an_owner_signs_in_watches_and_gets_an_answer(browser: Browser, tmp_path: Path) -> None:
    if not list((ROOT / "assets" / "portraits").glob("*.json")):
        pytest.skip("no portrait has been drawn: python -m assets.illustrator all")
    with running(tmp_path / "data") as show:
        context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
        context.set_default_timeout(30_000)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda m: complaints.append(f"{m.text} {m.location['url']}") if m.type == "error" else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto(f"{show.base}/#/login?token={show.token}")
        page.wait_for_selector("#preview")
        page.wait_for_selector(".stage-cover", state="hidden")
        for _ in range(50):
            if sum(page.evaluate(CORNER)) > 20 * 14_400:
                break
            page.wait_for_timeout(200)
        first, began = page.evaluate(CORNER), page.evaluate("document.querySelector('#preview').currentTime")
        page.wait_for_timeout(3000)
        assert page.evaluate("document.querySelector('#preview').currentTime") > began + 1.5
        # It plays close to live: at some moment even on a machine that has other work.
        assert any(page.evaluate(BEHIND) < 1.5 or page.wait_for_timeout(200) for _ in range(100))
        assert sum(first) / len(first) > 20, "the picture is black"
        assert page.evaluate(CORNER) != first, "the picture stands still"

        page.fill("#chat-user", "小林")
        page.click("[data-kind=question]")
        page.fill("#chat-text", "精华多少钱？")
        page.press("#chat-text", "Enter")
        expect(page.locator(".chat-line", has_text="精华多少钱")).to_contain_text("已回复", timeout=20_000)
        expect(page.locator(".speech-now")).to_contain_text("回复观众")
        expect(page.locator(".speech-text")).to_contain_text("小林")

        for name in ("products", "outputs", "looks", "scripts", "settings"):
            page.goto(f"{show.base}/#/{name}")
            page.wait_for_selector(f".view-{name} .card")
        drawn = (WEB / "logo.svg").is_file()
        assert [c for c in complaints if drawn or not c.endswith("/logo.svg")] == []
        context.close()
