"""Many jobs: all are run, oldest first, and never more at once than the site and the service allow."""

import time
from itertools import accumulate

import pytest

from pyramid_uws.uws.instants import parse_instant
from tests.support.anatomy import job_id
from tests.support.http import Session, create, http, job_document, parse, text, wait_for, xpath
from tests.support.server import Server

MANY = 200
AT_ONCE = 3

CORES = "tests.support.fault_cores"
SECTIONS = {
    "uws:service:gated": {"core": f"{CORES}:gated", "parameters": f"{CORES}:PARAMETERS_GATED"},
    "uws:service:plain": {"core": f"{CORES}:plain"},
    "uws:service:single": {"core": f"{CORES}:plain", "max_running": "1"},
}


@pytest.fixture(scope="module")
def history(tmp_path_factory, record_testsuite_property):
    """The documents of many jobs that were queued, then run, in the order in which they were queued."""
    folder = tmp_path_factory.mktemp("queue")
    settings = {"uws.max_running": str(AT_ONCE)}
    with Server(folder, settings=settings, services=[], sections=SECTIONS) as server:
        blockers = [create(server.joblist("gated"), FOLDER=str(folder), PHASE="RUN") for _ in range(AT_ONCE)]
        for job in blockers:
            wait_for((folder / job_id(job)).exists)
        with Session() as session:
            jobs = [
                create(server.joblist("single" if number % 10 == 0 else "plain"), session=session, PHASE="RUN")
                for number in range(MANY)
            ]
        assert count(server, "QUEUED") == MANY

        began = time.monotonic()
        for job in blockers:
            (folder / f"{job_id(job)}.go").touch()
        wait_for(lambda: count(server, "QUEUED", "EXECUTING") == 0)
        record_testsuite_property("trivial jobs per second", MANY / (time.monotonic() - began))

        yield [job_document(job) for job in jobs]


def count(server, *phases):
    lists = (http.get(server.joblist(service), params={"PHASE": phases}) for service in ("plain", "single"))
    return sum(len(xpath(parse(answer), "//uws:jobref")) for answer in lists)


def test_all_are_completed(history):
    assert [text(job, "//uws:phase") for job in history] == ["COMPLETED"] * MANY


def test_the_oldest_is_started_first(history):
    for service in ("plain", "single"):
        starts = [start for start, _ in times(history, service)]
        assert starts == sorted(starts)


def test_never_more_than_the_site_allows_run_at_once(history):
    assert most_at_once(times(history)) == AT_ONCE


def test_never_more_than_the_service_allows_run_at_once(history):
    assert most_at_once(times(history, "single")) == 1


def times(history, service=""):
    """Return start and end of the jobs, of one service or of all."""
    return [
        tuple(parse_instant(text(job, f"//uws:{name}Time")) for name in ("start", "end"))
        for job in history
        if f"/{service}" in xpath(job, "string(//uws:result/@xlink:href)")
    ]


def most_at_once(intervals):
    changes = sorted([(end, -1) for _, end in intervals] + [(start, 1) for start, _ in intervals])
    return max(accumulate(change for _, change in changes))
