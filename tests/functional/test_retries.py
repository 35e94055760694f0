"""Attempts that failed for a reason that may pass are made again: the same job, after a pause, saying so."""

import time

import pytest

from pyramid_uws.uws.instants import parse_instant
from tests.support.anatomy import job_id
from tests.support.http import abort, create, http, job_document, phase, text, wait_for, wait_for_phase, xpath
from tests.support.traces import files
from tests.support.zeo import Worker, zeo

CORES = "tests.support.fault_cores"
FLAKY = {"core": f"{CORES}:flaky", "parameters": f"{CORES}:PARAMETERS_FLAKY", "retries": "2", "retry_pause": "0.6"}
GATED = {"core": f"{CORES}:gated", "parameters": f"{CORES}:PARAMETERS_GATED", "retries": "3", "retry_pause": "0"}
PATIENT = FLAKY | {"retry_pause": "600"}
SECOND = 1_000_000


@pytest.fixture
def server(make_server):
    sections = {
        "uws:service:flaky": FLAKY,
        "uws:service:patient": PATIENT,
        "uws:service:gated": GATED,
        "uws:service:stopped": GATED | {"on_stop": "error"},
    }
    return make_server(settings={"uws.max_running": "2"}, services=[], sections=sections)


def runs(folder, job):
    """Return when the attempts of a job began, in seconds."""
    file = folder / job_id(job)
    return [float(line.split()[1]) for line in file.read_text().splitlines()] if file.exists() else []


def told(document):
    """Return what jobInfo tells, by name."""
    return {node.tag.rpartition("}")[2]: node.text for node in xpath(document, "//uws:jobInfo/*")}


def test_it_is_run_again_after_pauses_that_grow_until_it_succeeds(server, tmp_path):
    job = create(server.joblist("flaky"), FOLDER=tmp_path, TIMES=2, PHASE="RUN")

    wait_for_phase(job, "COMPLETED")

    first, second, third = runs(tmp_path, job)
    assert second - first > 0.6
    assert third - second > 1.2
    assert third - first < 5
    info = told(job_document(job))
    assert info["attempt"] == "3"
    assert "signal 9" in info["lastFailure"]
    assert not info.keys() & {"nextAttempt", "reason"}
    assert http.get(f"{job}/results/result").text == "after 2"


@pytest.mark.spec("U-85", "U-08", "U-61")
def test_until_then_it_is_queued_and_says_why_and_when(server, tmp_path, uws_schema):
    job = create(server.joblist("patient"), FOLDER=tmp_path, TIMES=1, PHASE="RUN")
    wait_for(lambda: "nextAttempt" in told(job_document(job)))

    document = job_document(job)

    uws_schema.assertValid(document)
    assert text(document, "//uws:phase") == "QUEUED"
    assert [text(document, f"//uws:{name}Time") for name in ("start", "end")] == ["", ""]
    assert not xpath(document, "//uws:errorSummary | //uws:result")
    wait_for(lambda: not files(server, job))
    info = told(document)
    assert info["attempt"] == "2"
    assert info["reason"] == "Attempt 1 of 3 failed for a reason that may pass."
    assert info["lastFailure"] == "The job's process was killed by signal 9."
    assert 590 < parse_instant(info["nextAttempt"]) / SECOND - runs(tmp_path, job)[0] < 610
    abort(job)
    assert told(job_document(job)).keys() == {"attempt", "lastFailure"}


def test_a_pause_takes_no_slot_and_outlives_the_server(server, tmp_path):
    jobs = [create(server.joblist("patient"), FOLDER=tmp_path, TIMES=1, PHASE="RUN") for _ in range(3)]
    wait_for(lambda: all("nextAttempt" in told(job_document(job)) for job in jobs))
    due = [told(job_document(job))["nextAttempt"] for job in jobs]

    server.kill()
    server.start()

    job = create(server.joblist("flaky"), FOLDER=tmp_path, TIMES=0, PHASE="RUN")
    wait_for_phase(job, "COMPLETED")
    assert [told(job_document(job))["nextAttempt"] for job in jobs] == due
    assert [len(runs(tmp_path, job)) for job in jobs] == [1, 1, 1]


def test_a_pause_that_began_before_a_restart_ends_after_it(server, tmp_path):
    job = create(server.joblist("flaky"), FOLDER=tmp_path, TIMES=1, PHASE="RUN")
    wait_for(lambda: runs(tmp_path, job))
    server.kill()
    server.start()

    wait_for_phase(job, "COMPLETED")
    assert len(runs(tmp_path, job)) == 2


def test_when_the_last_attempt_fails_too_it_is_an_error(server, tmp_path):
    job = create(server.joblist("flaky"), FOLDER=tmp_path, TIMES=9, PHASE="RUN")

    wait_for_phase(job, "ERROR")

    document = job_document(job)
    assert len(runs(tmp_path, job)) == 3
    assert xpath(document, "string(//uws:errorSummary/@type)") == "transient"
    assert told(document)["attempt"] == "3"


def test_what_would_fail_again_is_not_tried_again(server, tmp_path):
    job = create(server.joblist("gated"), FOLDER=tmp_path, FAIL="no such star", PHASE="RUN")
    (tmp_path / f"{job_id(job)}.go").touch()

    wait_for_phase(job, "ERROR")

    assert "attempt" not in told(job_document(job))
    assert len(runs(tmp_path, job)) == 1


@pytest.mark.spec("U-81", "U-114")
@pytest.mark.parametrize("own", [True, False])
def test_nor_what_was_aborted_or_has_used_up_its_time(server, tmp_path, own):
    job = create(server.joblist("gated"), FOLDER=tmp_path, EXECUTIONDURATION=60 if own else 1, PHASE="RUN")
    wait_for(lambda: runs(tmp_path, job))
    if own:
        abort(job)

    wait_for_phase(job, "ABORTED")

    assert len(runs(tmp_path, job)) == 1
    assert "attempt" not in told(job_document(job))


def test_a_stop_of_the_server_costs_no_attempt_unless_it_is_an_error(server, tmp_path):
    again = create(server.joblist("gated"), FOLDER=tmp_path, PHASE="RUN")
    failed = create(server.joblist("stopped"), FOLDER=tmp_path, PHASE="RUN")
    wait_for(lambda: runs(tmp_path, again) and runs(tmp_path, failed))
    server.stop()
    for job in (again, failed):
        (tmp_path / f"{job_id(job)}.go").touch()
    server.start()

    for job in (again, failed):
        wait_for_phase(job, "COMPLETED")
    assert "attempt" not in told(job_document(again))
    assert told(job_document(failed))["attempt"] == "2"


def test_the_jobs_of_a_lost_worker_are_run_again_by_others(make_server, tmp_path):
    with zeo(tmp_path) as storage:
        settings = {"uws.storage": storage.uri, "uws.dispatcher": "none", "uws.worker_timeout": "6"}
        section = GATED | {"on_stop": "error", "retry_pause": "0.5"}
        web = make_server(settings=settings, services=[], sections={"uws:service:gated": section})
        with Worker(web, "first") as first:
            job = create(web.joblist("gated"), FOLDER=tmp_path, PHASE="RUN")
            wait_for(lambda: runs(tmp_path, job))
            first.kill()
            with Worker(web, "second"):
                wait_for(lambda: len(runs(tmp_path, job)) == 2)
                info = told(job_document(job))
                assert (info["attempt"], phase(job)) == ("2", "EXECUTING")
                assert "worker that ran the job was lost" in info["lastFailure"]
                (tmp_path / f"{job_id(job)}.go").touch()
                wait_for_phase(job, "COMPLETED")
    assert time.time() - runs(tmp_path, job)[0] > 6
