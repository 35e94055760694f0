"""SIGTERM and Ctrl-C: the server ends soon and in good order, and every job ends or goes on as was agreed."""

import os
import signal
import socket
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.anatomy import attempts, job_id, of_job, of_jobs, wait_for_process
from tests.support.http import abort, create, http, job_document, phase, text, wait_for, wait_for_phase, xpath
from tests.support.server import HOST

CORES = "tests.support.fault_cores"

#: A server has to be gone after this many seconds, whatever it was doing.
SOON = 8


@pytest.fixture
def stop():
    """Return a function that ends a server by a signal, as a terminal or init does; it has to be gone soon."""

    def stop(server, number=signal.SIGTERM):
        os.killpg(server.process.pid, number)
        assert server.process.wait(SOON) == 0, server.log_tail()
        assert "Exception" not in server.log, server.log_tail()

    return stop


@pytest.fixture
def make_small_server(make_server):
    """Return a function that starts a server whose jobs sleep, or are hard to end."""

    def make_small_server(**settings):
        defaults = {"uws.max_running": "4", "uws.grace": "0.3"}
        return make_server(
            settings=defaults | settings,
            services=["quick", "sleeper", "stubborn"],
            sections={"uws:service:gated": {"core": f"{CORES}:gated", "parameters": f"{CORES}:PARAMETERS_GATED"}},
        )

    return make_small_server


def start_sleepers(server, count=1, seconds=60):
    """Start jobs and wait until they are at work."""
    jobs = [create(server.joblist("sleeper"), SECONDS=seconds, PHASE="RUN") for _ in range(count)]
    for job in jobs:
        wait_for_process(server, job, "uws-core")
    return jobs


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_jobs_go_back_to_the_queue_and_run_again_after_the_next_start(make_small_server, stop, number):
    server = make_small_server()
    jobs = start_sleepers(server, 2, seconds=1)
    waiting = create(server.joblist("sleeper"), SECONDS=0)

    stop(server, number)
    wait_for(lambda: server.processes() == [])
    left = attempts(server)
    server.start()

    assert left == []
    assert phase(waiting) == "PENDING"
    for job in jobs:
        wait_for_phase(job, "COMPLETED")


def test_jobs_of_a_service_that_wants_it_end_in_an_error_that_says_why(make_server, stop):
    server = make_server(services=["sleeper", "several"], sections={"uws:service:several": {"on_stop": "error"}})
    job = create(server.joblist("several"), PAUSE=60, PHASE="RUN")
    wait_for(lambda: xpath(job_document(job), "//uws:jobInfo/*[. = 'made 0']"))

    stop(server)
    wait_for(lambda: server.processes() == [])
    server.start()

    assert phase(job) == "ERROR"
    document = job_document(job)
    assert xpath(document, "string(//uws:errorSummary/@type)") == "transient"
    assert "stopped" in text(document, "//uws:errorSummary/uws:message")
    assert http.get(f"{job}/results/result-0").text == "content of 0"


def test_jobs_go_on_without_the_server_if_the_site_wants_it(make_small_server, stop, tmp_path):
    server = make_small_server(**{"uws.on_stop": "leave"})
    job = create(server.joblist("gated"), FOLDER=str(tmp_path), PHASE="RUN")
    core = wait_for_process(server, job, "uws-core")

    stop(server)
    goes_on = of_job(server, job, "uws-core")
    server.start()

    assert goes_on == [core]
    assert phase(job) == "EXECUTING"
    (tmp_path / f"{job_id(job)}.go").touch()
    wait_for_phase(job, "COMPLETED")
    assert len((tmp_path / job_id(job)).read_text().splitlines()) == 1


def test_what_ignores_sigterm_is_killed_after_the_grace_time(make_small_server, stop, tmp_path):
    server = make_small_server()
    job = create(server.joblist("stubborn"), PIDS=str(tmp_path), PHASE="RUN")
    wait_for(lambda: all((tmp_path / name).exists() for name in ("core", "child", "session", "daemon")))

    stop(server)
    wait_for(lambda: server.processes() == [])
    server.start()

    assert wait_for_phase(job, "QUEUED", "EXECUTING")


def test_being_told_again_in_the_grace_time_does_no_harm(make_small_server, stop):
    server = make_small_server(**{"uws.grace": "1"})
    job = create(server.joblist("stubborn"), PIDS=str(server.folder), PHASE="RUN")
    wait_for((server.folder / "core").exists)

    os.kill(server.process.pid, signal.SIGTERM)
    wait_for(lambda: "stopping" in server.log)
    os.kill(server.process.pid, signal.SIGTERM)
    os.kill(server.process.pid, signal.SIGINT)
    stop(server)
    left = of_jobs(server)
    server.start()

    assert left == {}
    assert wait_for_phase(job, "QUEUED", "EXECUTING")


def test_queued_jobs_stay_queued(make_small_server, stop):
    server = make_small_server(**{"uws.max_running": "1"})
    (sleeper,) = start_sleepers(server)
    job = create(server.joblist("quick"), PHASE="RUN")

    stop(server)
    server.start()

    assert phase(job) == "QUEUED"
    abort(sleeper)
    wait_for_phase(job, "COMPLETED")


def test_a_request_that_waits_is_answered(make_small_server, stop):
    server = make_small_server()
    job = create(server.joblist("sleeper"))
    with socket.create_connection((HOST, server.port)) as client:
        client.sendall(f"GET {urlsplit(job).path}?WAIT=60 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert phase(job) == "PENDING"  # what was sent before this has arrived, too

        stop(server)

        assert client.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_connection_that_is_kept_open_does_not_hold_it_up(make_small_server, stop):
    server = make_small_server()
    with requests.Session() as session, socket.create_connection((HOST, server.port)) as silent:
        session.get(server.url)

        stop(server)

        assert silent.recv(1) == b""
