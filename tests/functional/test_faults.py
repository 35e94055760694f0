"""Things that break while the server runs: processes, modules, disks, the ini file. The server goes on."""

from signal import SIGKILL, SIGSTOP

import pytest

from tests.support.anatomy import (
    allow_growth,
    attempts,
    forbid_growth,
    job_id,
    of_job,
    parent,
    send,
    wait_for_process,
)
from tests.support.disks import small_disk
from tests.support.http import (
    FINAL,
    abort,
    create,
    http,
    job_document,
    phase,
    run,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)
from tests.support.server import Server
from tests.support.traces import below, stored

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

        wait_for_phase(job, "ERROR")
        assert error_of(job) == ("transient", "The job's process was killed by signal 9.")

    @pytest.mark.spec("U-90")
    def test_a_job_whose_keeper_is_killed_says_so_and_nothing_of_it_runs(self, server, tmp_path):
        job = create(server.joblist("stubborn"), PIDS=str(tmp_path), PHASE="RUN")
        wait_for(lambda: len(list(tmp_path.glob("*[!w]"))) == 4)

        send(SIGKILL, *of_job(server, job, "uws-keeper"))

        wait_for_phase(job, "ERROR")
        assert error_of(job)[0] == "transient"
        assert "vanished" in error_of(job)[1]
        assert of_job(server, job) == []

    def test_a_killed_fork_server_is_replaced_and_its_jobs_go_on(self, server, sleeper):
        job, keeper, core = sleeper()

        send(SIGKILL, parent(keeper))
        next_job = create(server.joblist("quick"), PHASE="RUN")

        wait_for_phase(next_job, "COMPLETED")
        assert of_job(server, job, "uws-core") == [core]
        abort(job)
        wait_for_phase(job, "ABORTED")

    @pytest.mark.spec("U-79")
    @pytest.mark.parametrize("who", ["core", "keeper"])
    def test_a_stopped_process_can_be_aborted(self, server, sleeper, who):
        job, keeper, core = sleeper()

        send(SIGSTOP, core if who == "core" else keeper)
        abort(job)

        wait_for_phase(job, "ABORTED")
        assert of_job(server, job) == []

    @pytest.mark.spec("U-86")
    @pytest.mark.parametrize("who", ["core", "keeper"])
    def test_the_execution_duration_holds_for_a_stopped_process(self, server, sleeper, who):
        job, keeper, core = sleeper(EXECUTIONDURATION=1)

        send(SIGSTOP, core if who == "core" else keeper)

        wait_for_phase(job, "ABORTED")
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


class TestADatabaseThatCannotBeWritten:
    @pytest.fixture
    def full(self, server):
        """The server, which finds no room for another transaction until it is told to."""
        forbid_growth(server.var / "uws.fs", server)
        yield server
        allow_growth(server)

    @pytest.mark.spec("U-92", "U-101")
    def test_a_job_is_not_made_and_that_is_said(self, full):
        before = http.get(full.joblist("gated")).text, stored(full)

        answer = http.post(full.joblist("gated"), files={"FOLDER": ("f", b"content", "image/fits")})

        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "cannot be written" in answer.text
        assert (http.get(full.joblist("gated")).text, stored(full)) == before
        allow_growth(full)
        assert phase(create(full.joblist("gated"))) == "PENDING"

    def test_a_job_ends_when_there_is_room_again(self, server, tmp_path):
        job = create(server.joblist("gated"), FOLDER=str(tmp_path), PHASE="RUN")
        wait_for((tmp_path / job_id(job)).exists)

        forbid_growth(server.var / "uws.fs", server)
        (tmp_path / f"{job_id(job)}.go").touch()
        wait_for(lambda: f"the end of job {job_id(job)} cannot be written yet" in server.log)
        meanwhile = phase(job)
        allow_growth(server)

        wait_for_phase(job, "COMPLETED")
        assert meanwhile == "EXECUTING"
        assert http.get(f"{job}/results/second").text == "made in the end"
        wait_for(lambda: not attempts(server))

    def test_a_queued_job_starts_when_there_is_room_again(self, full):
        allow_growth(full)
        blockers = [create(full.joblist("sleeper"), PHASE="RUN") for _ in range(4)]
        job = create(full.joblist("quick"), PHASE="RUN")
        for blocker in blockers:
            wait_for_process(full, blocker, "uws-core")

        forbid_growth(full.var / "uws.fs", full)
        send(SIGKILL, *(pid for blocker in blockers for pid in of_job(full, blocker, "uws-core")))
        wait_for(lambda: f"the end of job {job_id(blockers[0])} cannot be written yet" in full.log)
        allow_growth(full)

        wait_for_phase(job, "COMPLETED")


class TestAFullDisk:
    @pytest.fixture
    def disk(self, tmp_path):
        with small_disk(tmp_path / "disk", megabytes=4) as disk:
            yield disk

    @pytest.fixture
    def make_full_server(self, make_server):
        def make_full_server(**settings):
            return make_server(settings=settings, services=["quick"], sections=SECTIONS)

        return make_full_server

    def test_a_core_that_fills_it_fails_and_the_room_is_given_back(self, disk, make_full_server):
        server = make_full_server(**{"uws.var": str(disk.folder)})
        job = create(server.joblist("devouring"), PHASE="RUN")

        wait_for_phase(job, "ERROR")
        assert error_of(job) == ("fatal", "OSError: [Errno 28] No space left on device")
        assert http.get(f"{job}/results/first").text == "made at once"
        wait_for_phase(create(server.joblist("quick"), PHASE="RUN"), "COMPLETED")

    def test_nothing_is_lost_while_there_is_no_room(self, disk, make_full_server, tmp_path):
        server = make_full_server(**{"uws.var": str(disk.folder)})
        job = create(server.joblist("gated"), FOLDER=str(tmp_path), PHASE="RUN")
        wait_for((tmp_path / job_id(job)).exists)

        disk.fill()
        # The last page of the database may have room for some jobs.
        wait_for(lambda: http.post(server.joblist("quick")).status_code == 503)
        (tmp_path / f"{job_id(job)}.go").touch()
        wait_for(lambda: not of_job(server, job))
        disk.clear()
        wait_for_phase(job, "ERROR", "COMPLETED")
        server.kill()
        server.start()

        assert phase(job) in FINAL
        assert http.get(f"{job}/results/first").text == "made at once"
        wait_for_phase(create(server.joblist("quick"), PHASE="RUN"), "COMPLETED")

    def test_results_that_do_not_fit_into_the_store_fail_the_job(self, disk, make_full_server):
        server = make_full_server(**{"uws.results": str(disk.folder)})
        job = create(server.joblist("devouring"), SIZE=5_000_000, PHASE="RUN")

        wait_for_phase(job, "ERROR")
        sentence = "What the job has left could not be stored (No space left on device); run the job again later."
        assert error_of(job) == ("transient", sentence)
        assert [path for path in below(disk.folder) if path.is_file()] == []
        wait_for_phase(create(server.joblist("quick"), PHASE="RUN"), "COMPLETED")


def test_a_work_folder_that_is_lost_fails_jobs_until_it_is_there_again(server):
    work = server.var / "work"
    work.rename(server.var / "elsewhere")
    work.touch()
    job = create(server.joblist("quick"), PHASE="RUN")

    wait_for_phase(job, "ERROR")
    assert error_of(job)[0] == "transient"
    assert "could not be started (Not a directory)" in error_of(job)[1]
    work.unlink()
    wait_for_phase(create(server.joblist("quick"), PHASE="RUN"), "COMPLETED")


def test_a_file_that_a_parameter_refers_to_and_that_is_lost_fails_the_job(server):
    job = create(server.joblist("quick"), files={"TEXT": ("t", b"\0", "image/fits")})
    for path in stored(server):
        if job_id(job) in str(path):
            path.unlink()

    run(job)

    wait_for_phase(job, "ERROR")
    assert "There is no file" in error_of(job)[1]
