"""The place in the queue, the likely start and the likely end of a job (UWS 1.1, section 2.1.6)."""

import threading
import time

import pytest

from pyramid_uws.uws.instants import now, parse_instant
from tests.support.http import abort, create, http, job_document, text, wait_for, wait_for_phase, xpath

CORES = "tests.support.fault_cores"
TALLY = {"core": f"{CORES}:tally", "parameters": f"{CORES}:PARAMETERS_TALLY", "execution_duration": "600"}
SECOND = 1_000_000


@pytest.fixture
def make_site(make_server, tmp_path):
    def make_site(**settings):
        sections = {f"uws:service:{name}": TALLY for name in ("tally", "new")}
        named = {f"uws.{key}": str(value) for key, value in {"max_running": 1, **settings}.items()}
        return make_server(settings=named, services=[], sections=sections)

    return make_site


@pytest.fixture
def site(make_site):
    return make_site()


@pytest.fixture
def queue(tmp_path):
    """Return a function that has a job run that takes some seconds."""

    def queue(server, seconds, service="tally"):
        return create(server.joblist(service), FOLDER=tmp_path, SECONDS=seconds, PHASE="RUN")

    return queue


def told(document):
    """Return what jobInfo tells, by name."""
    return {node.tag.rpartition("}")[2]: node.text for node in xpath(document, "//uws:jobInfo/*")}


def position(job):
    return told(job_document(job)).get("queuePosition")


def instant(document, name):
    return parse_instant(text(document, f"//uws:{name}"))


@pytest.mark.spec("U-121", "U-58", "U-29", "U-08")
def test_a_service_that_has_run_jobs_estimates_by_them_also_after_a_restart(site, queue, uws_schema):
    wait_for_phase(queue(site, 2), "COMPLETED")
    site.stop()
    site.start()
    running = queue(site, 60)
    wait_for_phase(running, "EXECUTING")
    first, second = (queue(site, 60) for _ in range(2))

    documents = [job_document(job) for job in (running, first, second)]

    for document in documents:
        uws_schema.assertValid(document)
    started = instant(documents[0], "startTime")
    ends = [instant(document, "quote") - started for document in documents]
    for turn, end in enumerate(ends, 1):
        assert 2 * turn * SECOND <= end <= (2.5 * turn + 1) * SECOND
    begin = parse_instant(told(documents[2])["expectedStart"]) - started
    assert ends[1] <= begin + SECOND
    assert begin < ends[2]
    assert http.get(f"{second}/quote").text == text(documents[2], "//uws:quote")
    wait_for(lambda: instant(job_document(running), "quote") - started == 600 * SECOND, what="the latest end")


@pytest.mark.spec("U-121")
def test_one_that_has_run_none_reckons_with_the_longest_time_allowed(site, queue):
    running, queued = queue(site, 60, "new"), queue(site, 60, "new")
    wait_for_phase(running, "EXECUTING")
    wait_for(lambda: position(queued) == "1")

    document = job_document(queued)

    latest = instant(job_document(running), "quote")
    assert latest - instant(job_document(running), "startTime") == 600 * SECOND
    assert 0 <= parse_instant(told(document)["expectedStart"]) - latest < SECOND
    assert 0 <= instant(document, "quote") - latest - 600 * SECOND < SECOND


def test_where_nothing_is_started_the_place_is_told_and_no_more(make_site, queue):
    server = make_site(dispatcher="none")
    jobs = [queue(server, 1) for _ in range(3)]

    wait_for(lambda: [position(job) for job in jobs] == ["1", "2", "3"])
    assert told(job_document(jobs[0])).keys() == {"queuePosition"}
    assert http.get(f"{jobs[0]}/quote").text == ""


def test_the_document_follows_the_queue_and_so_does_its_etag(site, queue):
    wait_for_phase(queue(site, 60), "EXECUTING")
    first, second = queue(site, 1), queue(site, 1)
    wait_for(lambda: position(second) == "2")
    known = http.get(second).headers["ETag"]
    assert http.get(second, headers={"If-None-Match": known}).status_code == 304

    abort(first)

    wait_for(lambda: http.get(second, headers={"If-None-Match": known}).status_code == 200)
    assert position(second) == "1"
    assert told(job_document(first)) == {}
    as_json = http.get(second, headers={"Accept": "application/json"}).json()
    assert as_json["jobInfo"]["queuePosition"] == "1"


@pytest.mark.spec("U-105")
def test_who_waits_is_not_woken_when_the_queue_moves_and_then_sees_where_the_job_is(site, queue):
    wait_for_phase(queue(site, 60), "EXECUTING")
    first, second = queue(site, 1), queue(site, 1)
    wait_for(lambda: position(second) == "2")
    began = time.monotonic()
    answers = []

    def wait():
        answers.append(http.get(second, params={"WAIT": 2}))

    thread = threading.Thread(target=wait)
    thread.start()
    abort(first)
    thread.join()

    assert time.monotonic() - began > 1.9
    assert b">1</info:queuePosition>" in answers[0].content


def test_jobs_that_have_ended_have_neither(site, queue):
    job = queue(site, 0)
    wait_for_phase(job, "COMPLETED")

    assert told(job_document(job)) == {}
    assert http.get(f"{job}/quote").content == b""
    assert now() > instant(job_document(job), "endTime")
