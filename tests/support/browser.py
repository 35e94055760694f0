"""Pages as people see them: Debian's Chromium, driven by Playwright, and axe-core, which looks for barriers.

with browsing() as browser, visiting(browser, phone=True) as visit:
    visit.page.goto(server.url)
    assert_accessible(visit.page)

A visit fails at its end if anything went wrong behind the page's back: an error on the console, among them what
the Content-Security-Policy has refused; an exception in a script; a request to another host.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .accounts import password_of
from .server import Server

#: How long a page is waited for (ms): long enough for a busy machine, and no longer than it takes otherwise.
PATIENCE = 30_000

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

#: Names that are not our own host's are not even looked up.
OPTIONS = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-gpu", "--disable-extensions")
OURS = {"127.0.0.1", None}

#: What axe-core is asked to look for, and what of it is grave.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
GRAVE = {"serious", "critical"}


#: The names it goes by; the first is without what only a window needs, which makes it three times as fast.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
INSTALL = "chromium is not installed (on Debian: apt-get install chromium-headless-shell fonts-dejavu-core)"


def find_chromium() -> str | None:
    """Return the path of the browser, if there is one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Have a browser run; skip the test if none is installed."""
    path = find_chromium()
    if path is None:
        pytest.skip(INSTALL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(OPTIONS), chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """What one visitor does, with cookies of their own; ``page`` is the first tab, ``context`` has them all."""

    context: BrowserContext
    page: Page
    scripts: bool = True
    problems: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def log_in(self, server: Server, name: str) -> None:
        """Log in as one of the people whom tests know."""
        answer = self.context.request.post(
            f"{server.url}/login", form={"username": name, "password": password_of(name)}
        )
        assert answer.ok, answer.text()

    def forgive(self, pattern: str) -> None:
        """Let problems pass in which this is found: a browser calls every status from 400 an error."""
        self.forgiven.append(pattern)

    def check(self) -> None:
        """Fail if there was a problem."""
        left = [text for text in self.problems if not any(re.search(each, text) for each in self.forgiven)]
        assert not left, "While the pages were looked at:\n" + "\n".join(left)

    def watch(self, page: Page) -> None:
        """Note what goes wrong on a page."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: exception in a script: {error}"))
        page.on("request", self._on_request)

    def _on_console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"{message.location.get('url')}: {message.type}: {message.text}")

    def _on_request(self, request: Any) -> None:
        if urlsplit(request.url).hostname not in OURS:
            self.problems.append(f"{request.frame.url}: request to another host: {request.url}")


@contextmanager
def visiting(
    browser: Browser,
    *,
    phone: bool = False,
    dark: bool = False,
    scripts: bool = True,
) -> Iterator[Visit]:
    """Have a visitor; check the visit at its end."""
    context = browser.new_context(
        viewport=PHONE if phone else DESKTOP,
        is_mobile=phone,
        has_touch=phone,
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    try:
        context.set_default_timeout(PATIENCE)
        visit = Visit(context, context.new_page(), scripts)
        visit.watch(visit.page)
        context.on("page", visit.watch)
        yield visit
        visit.check()
    finally:
        context.close()


# What has to hold on every page


def assert_accessible(page: Page) -> None:
    """Fail if axe-core finds something serious or critical; it needs scripts."""
    assert page.evaluate("location.protocol === 'about:' || self.origin !== 'null'"), "no script runs in a sandbox"
    page.evaluate(_axe())
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"
        ".then(found => found.violations.map(each => [each.impact, each.id, each.help,"
        " each.nodes.map(node => node.html + ' ' + node.failureSummary)]))",
        list(RULES),
    )
    grave = [f"{rule}: {text}\n  " + "\n  ".join(nodes) for impact, rule, text, nodes in found if impact in GRAVE]
    assert not grave, f"{page.url} has barriers:\n" + "\n".join(grave)


def assert_fits(page: Page) -> None:
    """Fail if the page is wider than the screen, so that one would have to scroll sideways."""
    width = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
    screen = page.viewport_size["width"]
    assert width <= screen, f"{page.url} is {width} px wide on a screen of {screen} px: {_too_wide(page, screen)}"


def _too_wide(page: Page, screen: int) -> list[str]:
    """Return the beginnings of the elements that stick out."""
    return page.evaluate(
        "screen => [...document.querySelectorAll('body *')]"
        ".filter(each => each.getBoundingClientRect().right > screen + 1"
        " || each.scrollWidth > screen && getComputedStyle(each).overflowX === 'visible')"
        ".map(each => each.outerHTML.slice(0, 120)).slice(0, 5)",
        screen,
    )


@cache
def _axe() -> str:
    """Return axe-core, which comes with a package; it is given to the page by the debugger, past its policy."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
