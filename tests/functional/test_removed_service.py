"""A service that is taken out of the ini file: what was promised to its users holds, and nothing new begins."""

import configparser
from types import SimpleNamespace

import pytest

from tests.support.anatomy import job_id
from tests.support.http import abort, create, http, job_document, phase, text, wait_for, wait_for_phase
from tests.support.server import Server

GATED = {
    "core": "tests.support.fault_cores:gated",
    "parameters": "tests.support.fault_cores:PARAMETERS_GATED",
    "max_running": "1",
}


@pytest.fixture(scope="module")
def removed(tmp_path_factory):
    """Jobs of a service that is gone since the last start of the server."""
    folder = tmp_path_factory.mktemp("removed")
    server = Server(
        folder,
        settings={"uws.max_running": "3", "uws.on_stop": "leave"},
        services=["quick"],
        sections={"uws:service:gated": GATED},
    )
    with server:
        jobs = [create(server.joblist("gated"), FOLDER=str(folder)) for _ in range(4)]
        complete, running, queued, pending = jobs
        (folder / f"{job_id(complete)}.go").touch()
        for job in (complete, running, queued):
            http.post(f"{job}/phase", data={"PHASE": "RUN"})
        wait_for_phase(complete, "COMPLETED")
        wait_for((folder / job_id(running)).exists)

        server.stop()
        remove_section(server.ini, "uws:service:gated")
        server.start()

        yield SimpleNamespace(
            folder=folder,
            joblist=server.joblist("gated"),
            complete=complete,
            running=running,
            queued=queued,
            pending=pending,
        )


def remove_section(file, name):
    ini = configparser.RawConfigParser()
    ini.optionxform = str
    ini.read(file)
    assert ini.remove_section(name)
    with file.open("w") as stream:
        ini.write(stream)


def test_its_jobs_can_be_read(removed):
    assert phase(removed.complete) == "COMPLETED"
    assert http.get(f"{removed.complete}/results/second").text == "made in the end"
    assert job_id(removed.complete) in http.get(removed.joblist).text


@pytest.mark.spec("U-92")
def test_a_new_job_is_refused(removed):
    before = http.get(removed.joblist).text

    answer = http.post(removed.joblist, data={"PHASE": "RUN", "FOLDER": "x"})

    assert answer.status_code == 403
    assert "'gated' is no longer offered" in answer.text
    assert http.get(removed.joblist).text == before


def test_a_job_that_was_not_yet_run_cannot_be_run_but_aborted(removed):
    answer = http.post(f"{removed.pending}/phase", data={"PHASE": "RUN"})

    assert answer.status_code == 403
    assert "no longer offered" in answer.text
    abort(removed.pending)
    assert phase(removed.pending) == "ABORTED"


def test_a_queued_job_ends_with_an_error_that_says_why(removed):
    wait_for_phase(removed.queued, "ERROR")

    assert "no longer offered" in text(job_document(removed.queued), "//uws:errorSummary/uws:message")


def test_a_job_at_work_may_finish(removed):
    assert phase(removed.running) == "EXECUTING"

    (removed.folder / f"{job_id(removed.running)}.go").touch()

    wait_for_phase(removed.running, "COMPLETED")
    assert http.get(f"{removed.running}/results/second").text == "made in the end"


@pytest.mark.spec("U-136")
def test_its_jobs_can_be_deleted(removed):
    answer = http.delete(removed.complete)

    assert (answer.status_code, answer.headers["Location"]) == (303, removed.joblist)
    assert http.get(removed.complete).status_code == 404
