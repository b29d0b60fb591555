"""Chromium on the panel, over the mock server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import clip
from tests.browser.mock_server import TOKEN, Mock, serving

# What is waited for comes at once, but for a machine that has other work.
expect.set_options(timeout=20_000)


@dataclass
class Panel:
    """One page of the panel; `complaints` is what the browser held against it."""

    page: Page
    mock: Mock
    url: str
    complaints: list[str]

    def go(self, name: str) -> None:
        """Open a page and wait until it is drawn."""
        self.page.goto(f"{self.url}/#/{name}")
        self.page.wait_for_selector(f".view-{name} .card")


# Playwright keeps an event loop running in this thread; it must be gone before tests with loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("chromium is not installed; `make test-deps` installs what tests need")
    with sync_playwright() as playwright:
        args = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        chromium = playwright.chromium.launch(executable_path=path, args=args)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def moving_clip() -> clip.Clip:
    return clip.make()


@pytest.fixture
def open_panel(browser: Browser, moving_clip: clip.Clip) -> Iterator[Callable[..., Panel]]:
    """Opens the panel, signed in unless told otherwise; keyword arguments go to the browser context."""
    contexts: list[Any] = []
    with serving(moving_clip) as (url, mock):

        def make(*, signed_in: bool = True, lang: str = "zh", **options: Any) -> Panel:
            options.setdefault("viewport", {"width": 1440, "height": 900})
            context = browser.new_context(locale="zh-CN" if lang == "zh" else "en-GB", **options)
            context.set_default_timeout(20_000)
            contexts.append(context)
            page = context.new_page()
            complaints: list[str] = []
            page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda e: complaints.append(str(e)))
            if signed_in:
                context.add_cookies([{"name": "na_session", "value": "s1", "url": url}])
            return Panel(page, mock, url, complaints)

        yield make
        for context in contexts:
            context.close()


@pytest.fixture
def panel(open_panel: Callable[..., Panel]) -> Panel:
    """The panel, signed in, in Chinese, on a desk."""
    return open_panel()


__all__ = ["TOKEN", "Panel"]
