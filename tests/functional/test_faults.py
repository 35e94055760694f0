"""Things that break while the server runs: processes, disks, modules, the ini file. The server goes on."""

import contextlib
import subprocess
from pathlib import Path

import pytest

from tests.support.anatomy import (
    allow_growth,
    attempts,
    forbid_growth,
    job_id,
    named,
    of_job,
    of_jobs,
    send,
    wait_for_process,
)
from tests.support.http import (
    abort,
    create,
    http,
    job_document,
    parse,
    phase,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)
from tests.support.server import Server
from signal import SIGCONT, SIGKILL, SIGSTOP

FAULTS = "tests.support.fault_cores"
SECTIONS = {
    f"uws:service:{name}": {"core": f"{FAULTS}:{name}", "parameters": f"{FAULTS}:PARAMETERS_{name.upper()}"}
    for name in ("witness", "gated", "devouring")
} | {
    "uws:service:broken": {"core": "tests.support.broken_core:core"},
    "uws:service:unlucky": {"core": f"{FAULTS}:plain", "preload": f"{FAULTS}:preload_that_raises"},
    "uws:service:doomed": {"core": f"{FAULTS}:plain", "preload": f"{FAULTS}:preload_that_dies"},
    "uws:service:lazy": {"core": f"{FAULTS}:plain", "preload": f"{FAULTS}:preload_that_never_ends"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server whose parts the tests of this module break and see mended."""
    settings = {"uws.grace": "0.3", "uws.max_running": "4"}
    services = ["quick", "sleeper", "stubborn"]
    folder = tmp_path_factory.mktemp("faults")
    with Server(folder, settings=settings, services=services, sections=SECTIONS) as server:
        yield server


@pytest.fixture
def sleeper(server):
    """Return a function that starts a job that sleeps, and returns it with the pids of its keeper and core."""

    def sleeper(**parameters):
        job = create(server.joblist("sleeper"), PHASE="RUN", **parameters)
        return job, wait_for_process(server, job, "uws-keeper"), wait_for_process(server, job, "uws-core")

    return sleeper


def error_of(job):
    """Return type and message of the job's error."""
    document = job_document(job)
    return xpath(document, "string(//uws:errorSummary/@type)"), text(document, "//uws:errorSummary/uws:message")


class TestProcesses:
    def test_a_job_whose_core_is_killed_says_so(self, server, sleeper):
        job, _, core = sleeper()

        send(SIGKILL, core)

        wait_for_phase(job, "ERROR", timeout=3)
        assert error_of(job) == ("transient", "The job's process was killed by signal 9.")

    @pytest.mark.spec("U-90")
    def test_a_job_whose_keeper_is_killed_says_so_and_nothing_of_it_runs(self, server, tmp_path):
        job = create(server.joblist("stubborn"), PIDS=str(tmp_path), PHASE="RUN")
        wait_for(lambda: len(list(tmp_path.glob("*[!w]"))) == 4)

        send(SIGKILL, *of_job(server, job, "uws-keeper"))

        wait_for_phase(job, "ERROR", timeout=3)
        assert error_of(job)[0] == "transient"
        assert "vanished" in error_of(job)[1]
        assert of_job(server, job) == []

    def test_a_killed_fork_server_is_replaced_and_its_jobs_go_on(self, server, sleeper):
        job, _, core = sleeper()
        before = named(server, "uws-forkserver")

        send(SIGKILL, *before)
        next_job = create(server.joblist("quick"), PHASE="RUN")

        wait_for_phase(next_job, "COMPLETED")
        assert of_job(server, job, "uws-core") == [core]
        abort(job)
        wait_for_phase(job, "ABORTED")

    @pytest.mark.spec("U-80")
    @pytest.mark.parametrize("who", ["core", "keeper"])
    def test_a_stopped_process_can_be_aborted(self, server, sleeper, who):
        job, keeper, core = sleeper()

        send(SIGSTOP, core if who == "core" else keeper)
        abort(job)

        wait_for_phase(job, "ABORTED", timeout=4)
        assert of_job(server, job) == []

    @pytest.mark.spec("U-86")
    @pytest.mark.parametrize("who", ["core", "keeper"])
    def test_the_execution_duration_holds_for_a_stopped_process(self, server, sleeper, who):
        job, keeper, core = sleeper(EXECUTIONDURATION=1)

        send(SIGSTOP, core if who == "core" else keeper)

        wait_for_phase(job, "ABORTED", timeout=5)
        assert "execution duration" in text(job_document(job), "//uws:jobInfo/*[last()]")
        assert of_job(server, job) == []


class TestModules:
    def test_a_core_that_cannot_be_imported_fails_its_own_jobs_only(self, server):
        job = create(server.joblist("broken"), PHASE="RUN")
        other = create(server.joblist("quick"), PHASE="RUN")

        wait_for_phase(job, "ERROR")
        assert error_of(job) == ("fatal", "ImportError: libcfitsio.so.9 is missing")
        wait_for_phase(other, "COMPLETED")

    def test_a_preload_that_raises_leaves_it_to_the_core(self, server):
        job = create(server.joblist("unlucky"), PHASE="RUN")

        wait_for_phase(job, "COMPLETED")
        assert "preload_that_raises failed: ValueError: the catalogue is not there" in server.log

    def test_jobs_whose_preload_dies_say_so(self, server):
        job = create(server.joblist("doomed"), PHASE="RUN")
        other = create(server.joblist("quick"), PHASE="RUN")

        wait_for_phase(job, "ERROR")
        sentence = "The job could not be started: what its service preloads cannot be loaded."
        assert error_of(job) == ("transient", sentence)
        wait_for_phase(other, "COMPLETED")

    def test_imports_that_never_end_hold_up_nobody_else(self, server):
        job = create(server.joblist("lazy"), PHASE="RUN")
        other = create(server.joblist("quick"), PHASE="RUN")

        wait_for_phase(other, "COMPLETED")
        assert phase(job) == "QUEUED"
        abort(job)
        assert phase(job) == "ABORTED"
