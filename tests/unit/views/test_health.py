"""Whether the site is available, from what it knows of its database, of those who run jobs, and of its disks."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from lxml import etree
from pyramid.request import Request
from ZODB.POSException import StorageError

from pyramid_uws.tree import Root
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.limits import SECOND
from pyramid_uws.views import health
from pyramid_uws.views.health import STUCK
from pyramid_uws.views.vosi import availability, out_of_reach

STARTED = 1767323045678901
TIMEOUT = 60
VOSI = "{http://www.ivoa.net/xml/VOSIAvailability/v1.0}"


class Usage(NamedTuple):
    free: int


@pytest.fixture
def root():
    return Root()


@pytest.fixture
def make_request(root, monkeypatch):
    """A function that returns a request to a site in this state."""

    def make_request(*, healthy=True, connected=None, idle=0.0, dispatcher=True, beats=(), free=2**40, path="/x"):
        request = Request.blank(path)
        for name, (age, gone) in enumerate(beats):
            heart = root.heartbeat(str(name))
            heart.seen, heart.gone = now() - int(age * SECOND), gone
        storage = SimpleNamespace() if connected is None else SimpleNamespace(is_connected=lambda: connected)
        folder = Path("var")
        site = SimpleNamespace(
            started=STARTED,
            writer=SimpleNamespace(healthy=healthy),
            dispatcher=SimpleNamespace(beat=time.monotonic() - idle) if dispatcher else None,
            database=SimpleNamespace(storage=storage),
            settings=SimpleNamespace(
                worker_timeout=TIMEOUT, min_free=1000, var=folder, results=folder, work=folder / "work"
            ),
        )
        monkeypatch.setattr(health.shutil, "disk_usage", lambda place: usage(place, free))
        request.registry = SimpleNamespace(uws=site)
        return request

    return make_request


def usage(place, free):
    if free is None:
        raise FileNotFoundError(place)
    return Usage(free if place.name == "work" else 2**40)


@pytest.fixture
def ask(make_request, root, uws_schema):
    """Ask a site in this state; return whether it is available, and what else it says."""

    def ask(**state):
        return told(availability(root, make_request(**state)), uws_schema)

    return ask


def told(answer, schema):
    document = etree.fromstring(answer.body)
    schema.assertValid(document)
    assert answer.status_code == 200
    assert document.findtext(f"{VOSI}upSince") == "2026-01-02T03:04:05.678901Z"
    return document.findtext(f"{VOSI}available"), [note.text for note in document.iter(f"{VOSI}note")]


@pytest.mark.spec("V-08")
@pytest.mark.parametrize(
    "state",
    [
        {},
        {"idle": STUCK - 5},
        {"connected": True},
        {"free": 1000},
        {"dispatcher": False, "beats": [(5, False)]},
        {"dispatcher": False, "beats": [(5, True), (1e6, False), (TIMEOUT, False)]},
    ],
)
def test_a_site_that_works_is_available(state, ask):
    assert ask(**state) == ("true", [])


@pytest.mark.spec("V-09")
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"healthy": False}, ["written"]),
        ({"connected": False}, ["written"]),
        ({"idle": STUCK + 1}, ["started"]),
        ({"dispatcher": False}, ["worker"]),
        ({"dispatcher": False, "beats": [(5, True), (3 * TIMEOUT, False)]}, ["worker"]),
        ({"free": 999}, ["disk"]),
        ({"free": None}, ["folders"]),
        ({"healthy": False, "idle": STUCK + 1, "free": 0}, ["written", "started", "disk"]),
    ],
)
def test_a_site_that_cannot_take_or_run_jobs_is_not_and_says_why(state, words, ask):
    available, notes = ask(**state)

    assert available == "false"
    assert len(notes) == len(words)
    assert all(word in note for word, note in zip(words, notes, strict=True))


@pytest.mark.spec("V-09")
@pytest.mark.parametrize("path", ["/availability", "/quick/availability", "/quick/availability/"])
def test_a_database_that_cannot_be_read_is_told_in_the_same_form(path, make_request, uws_schema):
    answer = out_of_reach(StorageError("gone"), make_request(path=path))

    assert told(answer, uws_schema) == ("false", ["The database cannot be read at present."])


@pytest.mark.parametrize("path", ["/quick/async", "/availability/x"])
def test_all_others_may_try_again_later(path, make_request):
    answer = out_of_reach(StorageError("gone"), make_request(path=path))

    assert (answer.status_code, answer.retry_after is None) == (503, False)
    assert answer.content_type == "text/plain"
