"""What records of the log tell, and which are kept."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.observing.activity import Actor, Known, Subject, about, acting_as, current
from pyramid_uws.observing.logs import (
    MOST_ERRORS,
    CircumstancesFilter,
    JsonFormatter,
    LineFormatter,
    RecentErrors,
)

LINE = "%(request_id)s %(service)s %(job)s %(owner)s %(runid)s %(message)s"


def record(message="hello", exc_info=None, level=logging.INFO):
    return logging.LogRecord("pyramid_uws.x", level, __file__, 1, message, (), exc_info)


def test_a_record_tells_request_and_job():
    with acting_as(Actor("alice", request_id="r1")), about(Subject("sky", "j1", "alice", "run")):
        line = LineFormatter(LINE).format(record())

    assert line == "r1 sky j1 alice run hello"


def test_where_there_is_no_such_thing_it_says_so():
    assert LineFormatter(LINE).format(record()) == "- - - - - hello"


def test_it_is_told_how_it_was_when_the_record_was_first_looked_at():
    entry = record()
    with acting_as(Actor(request_id="r1")):
        CircumstancesFilter().filter(entry)

    assert LineFormatter("%(request_id)s").format(entry) == "r1"
    assert json.loads(JsonFormatter().format(entry))["request_id"] == "r1"


@given(st.text(), st.text())
def test_whatever_a_client_has_chosen_stays_in_its_line_and_its_field(owner, runid):
    with about(Subject("sky", "j1", owner, runid)):
        line = LineFormatter("%(owner)s %(runid)s end").format(record())
        told = json.loads(JsonFormatter().format(record()))

    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert told.get("owner", "") == owner
    assert told.get("runid", "") == runid


@given(st.text())
def test_a_record_as_json_is_one_line(message):
    line = JsonFormatter().format(record(message))

    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == message


def test_json_has_the_traceback():
    try:
        raise KeyError("lost")
    except KeyError as problem:
        told = json.loads(JsonFormatter().format(record(exc_info=(KeyError, problem, problem.__traceback__))))

    assert told["traceback"].endswith("KeyError: 'lost'")


@pytest.fixture
def errors():
    errors = RecentErrors()
    errors.listen()
    yield errors
    errors.leave()


def test_the_last_complaints_are_kept_with_what_they_are_about(errors):
    log = logging.getLogger("pyramid_uws.some.room")
    with about(Subject("sky", "j1", "alice", None)):
        log.warning("it is %s", "late")
    log.info("all is well")
    for number in range(MOST_ERRORS - 1):
        logging.getLogger("waitress").error("number %d", number)

    oldest = errors.latest()[-1]

    assert (oldest.message, oldest.job, oldest.owner, oldest.level) == ("it is late", "j1", "alice", "WARNING")
    assert errors.latest()[0].message == f"number {MOST_ERRORS - 2}"
    assert errors.counts == {"WARNING": 1, "ERROR": MOST_ERRORS - 1}


def test_an_activity_that_is_over_is_not_told_any_more():
    with acting_as(Actor("alice")):
        assert isinstance(current.get(), Known)

    assert current.get() is None
