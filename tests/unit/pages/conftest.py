"""Jobs to make pages of, and the pages as an HTML parser reads them."""

from types import SimpleNamespace

import pytest
from lxml import html

from pyramid_uws.pages.environment import render
from pyramid_uws.pages.frame import Frame
from pyramid_uws.pages.jobs import May, Offer, job_page
from pyramid_uws.uws.limits import SECOND

FRAME = Frame(site="Observatory", root="", user=None, has_login=False, has_logout=False, here="/")
NOON = 1_795_867_200 * SECOND
URL = "http://h/survey/async/0h3k"
ALL = May(change=True, delete=True, share=True)

FACTS = {
    "__name__": "0h3k",
    "job_id": "0h3k",
    "phase": "PENDING",
    "runid": None,
    "owner": None,
    "created": NOON,
    "queued": None,
    "held": None,
    "not_before": None,
    "started": None,
    "ended": None,
    "destruction": NOON + 2 * 86400 * SECOND,
    "quote": None,
    "parameters": (),
    "references": (),
    "results": (),
    "former": (),
    "error": None,
    "blames_client": False,
    "progress": None,
    "reason": None,
    "failures": 0,
    "last_failure": None,
    "abort_requested": None,
    "execution_duration": 3600,
    "shares": (),
    "info": (),
}

#: What is known of a job in each phase.
LIFE = {
    "PENDING": {},
    "HELD": {"held": NOON + SECOND},
    "QUEUED": {"queued": NOON + SECOND},
    "EXECUTING": {"queued": NOON + SECOND, "started": NOON + 2 * SECOND},
}
LIFE |= {
    phase: {**LIFE["EXECUTING"], "ended": NOON + 62 * SECOND}
    for phase in ("COMPLETED", "ERROR", "ABORTED", "ARCHIVED")
}


@pytest.fixture(scope="session")
def make_job():
    """Return a function that makes a job, as views know it, in a phase and with other facts."""
    return lambda phase="PENDING", **facts: SimpleNamespace(**FACTS | {"phase": phase} | LIFE[phase] | facts)


@pytest.fixture(scope="session")
def offer():
    """Return a service, and another one with what is given."""
    return lambda **more: Offer(
        **{
            "title": "Survey",
            "url": "http://h/survey",
            "list_url": "http://h/survey/async",
            "form": "http://h/survey/form",
        }
        | more
    )


@pytest.fixture(scope="session")
def describe(make_job, offer):
    """Return a function that makes the page's model of a job."""

    def describe(phase="PENDING", *, may=ALL, service=None, log=None, **facts):
        return job_page(make_job(phase, **facts), URL, service or offer(), may, log)

    return describe


@pytest.fixture(scope="session")
def show():
    """Return a function that renders a template and parses what comes of it."""
    return lambda name, **model: html.document_fromstring(render(name, FRAME, **model))


@pytest.fixture(scope="session")
def skeleton():
    """Return a function that tells the elements of a page and the names of their attributes, and nothing else."""
    return lambda tree: [(each.tag, sorted(each.attrib)) for each in tree.iter() if isinstance(each.tag, str)]
