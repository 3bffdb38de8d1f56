"""A headless Chromium for the pages, and what is watched while a page is open."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from scripts import system_packages

if TYPE_CHECKING:
    from collections.abc import Iterator

ARGUMENTS = [
    "--headless",
    "--no-sandbox",  # which root has not, as in CI
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
]
PATIENCE_MS = 60_000
"""For how long a page may take on a busy machine before the test is lost: a guard, never awaited in vain."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium; fails if there is none."""
    path = system_packages.find("chromium")
    assert path is not None, system_packages.way_out("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@attrs.define(slots=False)  # Playwright keeps its own notes on the object whose method it calls
class Watch:
    """What a page did: each request, and whatever it or its security policy complained about."""

    own: str
    requests: list[str] = attrs.field(factory=list[str])
    strangers: list[str] = attrs.field(factory=list[str])
    trouble: list[str] = attrs.field(factory=list[str])

    def on_request(self, request: Request) -> None:
        self.requests.append(f"{request.method} {urlsplit(request.url).path}")
        if not request.url.startswith((f"{self.own}/", "data:")):
            self.strangers.append(request.url)

    def on_console(self, message: ConsoleMessage) -> None:
        self.trouble.append(message.text)


@contextmanager
def opened(browser: Browser, url: str, *, own: str | None = None, **options: Any) -> Iterator[tuple[Page, Watch]]:
    """Open a page in a context of its own; at the end nothing may have gone elsewhere or been complained about.

    `own` is what the addresses of its own site begin with, without the slash; by default the page's.
    """
    context: BrowserContext = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    try:
        page, watch = context.new_page(), Watch(own or url)
        page.on("request", watch.on_request)
        page.on("console", watch.on_console)
        page.on("pageerror", lambda error: watch.trouble.append(str(error)))
        page.on("dialog", lambda dialog: watch.trouble.append(dialog.message))
        page.goto(url)
        yield page, watch
        assert watch.strangers == []
        assert watch.trouble == []
    finally:
        context.close()
