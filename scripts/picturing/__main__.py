"""Make pictures of every page: `scripts/screenshots FOLDER`."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from tests.support.browser import INSTALL, Visit, assert_accessible, assert_fits, browsing, find_chromium, visiting

from .exhibition import Exhibition, opened

#: Name -> how a visitor looks at pages.
LOOKS: Mapping[str, Mapping[str, bool]] = {
    "desktop-light": {},
    "desktop-dark": {"dark": True},
    "desktop-light-noscript": {"scripts": False},
    "phone-light": {"phone": True},
    "phone-dark": {"phone": True, "dark": True},
    "phone-light-noscript": {"phone": True, "scripts": False},
}

#: What a browser says of every error that it is shown.
EXPECTED = r"the server responded with a status of 4\d\d"


def main() -> int:
    """Make the pictures; return 1 if something is wrong with a page, besides how it looks."""
    options = read_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    if find_chromium() is None:
        print(INSTALL, file=sys.stderr)
        return 2
    complaints = []
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as exhibition, browsing() as browser:
        for complaint in pictured(browser, exhibition, options):
            print(complaint, file=sys.stderr)
            complaints.append(complaint)
    pictures = len(list(options.folder.glob("*.png")))
    print(f"{pictures} pictures in {options.folder}; complaints: {len(complaints)}")
    return bool(complaints)


def read_arguments() -> Any:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go: PAGE.LOOK.png")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="WORD", help="pages whose names have one of these"
    )
    parser.add_argument(
        "--looks", nargs="+", default=[""], metavar="WORD", help=f"likewise, of {', '.join(LOOKS)}"
    )
    return parser.parse_args()


def pictured(browser: Browser, exhibition: Exhibition, options: Any) -> Iterator[str]:
    """Make the pictures; yield what is wrong."""
    for look, manner in LOOKS.items():
        if not any(word in look for word in options.looks):
            continue
        for name, (who, url) in exhibition.pages.items():
            if any(word in name for word in options.only):
                file = options.folder / f"{name}.{look}.png"
                yield from (
                    f"{name}, {look}: {text}" for text in taken(browser, exhibition, manner, who, url, file)
                )


def taken(
    browser: Browser, exhibition: Exhibition, manner: Mapping[str, bool], who: str, url: str, file: Path
) -> Iterator[str]:
    """Take one picture; yield what is wrong with the page."""
    try:
        with visiting(browser, **manner) as visit:
            visit.forgive(EXPECTED)
            if who:
                visit.log_in(exhibition.server, who)
            visit.page.goto(url)
            settle(visit, scripts=manner.get("scripts", True))
            visit.page.screenshot(path=file, full_page=True, animations="disabled")
            assert_fits(visit.page)
            if manner.get("scripts", True) and visit.page.evaluate("self.origin") != "null":
                assert_accessible(visit.page)
    except (AssertionError, BrowserError) as problem:
        yield str(problem)


def settle(visit: Visit, *, scripts: bool) -> None:
    """Scroll through the page, so that whatever waits for being seen is fetched, and wait until it is there."""
    page = visit.page
    if scripts:
        height = page.evaluate("document.documentElement.scrollHeight")
        for top in range(0, height, page.viewport_size["height"] // 2):
            page.evaluate("top => scrollTo(0, top)", top)
            page.wait_for_timeout(30)
        page.evaluate("scrollTo(0, 0)")
        page.locator(".htmx-request").first.wait_for(state="detached")
    page.wait_for_load_state("load")


if __name__ == "__main__":
    sys.exit(main())
