"""Availability: what the site says of itself, from what it knows of its writer and its dispatcher."""

import time
from types import SimpleNamespace

import pytest
from lxml import etree
from pyramid.request import Request

from pyramid_uws.views.site import STUCK, availability

STARTED = 1767323045678901
VOSI = "{http://www.ivoa.net/xml/VOSIAvailability/v1.0}"


@pytest.fixture
def ask(uws_schema):
    """Ask a site in this state; return whether it is available, and what else it says."""

    def ask(*, healthy=True, idle=0.0, dispatcher=True):
        request = Request.blank("/availability")
        worker = SimpleNamespace(beat=time.monotonic() - idle) if dispatcher else None
        site = SimpleNamespace(started=STARTED, writer=SimpleNamespace(healthy=healthy), dispatcher=worker)
        request.registry = SimpleNamespace(uws=site)
        answer = availability(None, request)
        document = etree.fromstring(answer.body)
        uws_schema.assertValid(document)
        assert answer.status_code == 200
        return document.findtext(f"{VOSI}available"), [note.text for note in document.iter(f"{VOSI}note")]

    return ask


@pytest.mark.spec("V-08")
@pytest.mark.parametrize("state", [{}, {"idle": STUCK - 5}, {"dispatcher": False, "idle": STUCK * 2}])
def test_a_site_that_works_is_available(state, ask):
    assert ask(**state) == ("true", [])


@pytest.mark.spec("V-09")
@pytest.mark.parametrize(
    ("state", "word"),
    [
        ({"healthy": False}, "written"),
        ({"idle": STUCK + 1}, "started"),
        ({"healthy": False, "idle": STUCK + 1}, ""),
    ],
)
def test_a_site_that_cannot_write_or_start_jobs_is_not_and_says_why(state, word, ask):
    available, notes = ask(**state)

    assert available == "false"
    assert len(notes) == len(state)
    assert all(word in note for note in notes)
