"""Fixtures of the tests that look at pages with a browser: one browser, and one site on which people log in."""

import configparser
import contextlib

import pytest

from tests.support.accounts import write_users
from tests.support.browser import browsing, visiting
from tests.support.papers import PROJECT
from tests.support.server import Server

#: People log in by a form, or stay nobody; root, of the group ops, looks after the site.
SETTINGS = {
    "uws.auth": "basic token cookie",
    "uws.auth.admins": "group:ops",
    "uws.auth.max_failures": "1000",
    "uws.title": "Observatory of Tests",
    "uws.max_running": "20",  # jobs that tests leave at work take no place from those of others
}


#: A service that has all that there may be on its page.
COUNTDOWN = {
    "title": "pyramid_uws.demo.countdown:TITLE",
    "description": "pyramid_uws.demo.countdown:DESCRIPTION",
    "examples": "pyramid_uws.demo.countdown:EXAMPLES",
    "renderers": "async sync",
    "credits": "Made for tests.",
}


@pytest.fixture(scope="session")
def browser():
    """One browser, which all tests of a process share."""
    with browsing() as browser:
        yield browser


@pytest.fixture
def visit(browser):
    """Return a function that has somebody visit: ``visit(phone=True, dark=True, scripts=False).page``."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(visiting(browser, **options))


@pytest.fixture(scope="session")
def site(browser, tmp_path_factory):
    """A server for people; not started where there is no browser to look at it."""
    server = Server(
        tmp_path_factory.mktemp("site"),
        settings=SETTINGS,
        services=["countdown", "several", "echo", "quick"],
        sections={"uws:service:crossmatch": crossmatch(), "uws:service:countdown": COUNTDOWN},
    )
    write_users(server.var)
    with server:
        yield server


def crossmatch():
    """Return the keys of the demonstration's service, which matches real catalogues."""
    ini = configparser.RawConfigParser()
    ini.read(PROJECT / "development.ini")
    return {key: value for key, value in ini["uws:service:crossmatch"].items() if key not in ini.defaults()}
