"""`kill -9` of the server at any moment, and a restart: nothing is lost, stuck or left behind."""

import concurrent.futures
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now
from tests.support import processes
from tests.support.anatomy import (
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
    phase,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)
from tests.support.server import Server
from tests.support.traces import files

SECTIONS = {
    f"uws:service:{name}": {
        "core": f"tests.support.fault_cores:{name.partition('-')[0]}",
        "parameters": f"tests.support.fault_cores:PARAMETERS_{name.partition('-')[0].upper()}",
    }
    for name in ("witness", "gated", "lingering", "gated-one")
}
SECTIONS["uws:service:gated-one"]["max_running"] = "1"


@pytest.fixture(scope="module")
def crashed(tmp_path_factory):
    """Jobs in every state of a server that was killed, made things happen meanwhile, and was started again."""
    folder = tmp_path_factory.mktemp("recovery")
    diaries = folder / "diaries"
    diaries.mkdir()
    settings = {"uws.max_running": "12", "uws.grace": "2"}
    server = Server(folder / "server", settings=settings, services=["sleeper", "echo"], sections=SECTIONS)
    with server, concurrent.futures.ThreadPoolExecutor() as threads:
        jobs = start_jobs(server, diaries, threads)
        core = of_job(server, jobs.working, "uws-core")

        server.kill()
        things_happen(server, jobs, diaries)
        planted = plant_orphans(server)
        server.start()

        yield SimpleNamespace(server=server, core=core, diaries=diaries, planted=planted, **vars(jobs))
    planted.process.wait(5)


def start_jobs(server, diaries, threads):
    """Start jobs, and wait until each is where it shall be when the server is killed."""
    begin = {"FOLDER": str(diaries), "PHASE": "RUN"}
    jobs = SimpleNamespace(
        working=create(server.joblist("gated"), **begin),
        to_abort=create(server.joblist("sleeper"), PHASE="RUN"),
        ending=create(server.joblist("gated"), **begin),
        failing=create(server.joblist("gated"), FAIL="not enough stars", **begin),
        overdue=create(server.joblist("gated"), EXECUTIONDURATION=2, **begin),
        vanishing=create(server.joblist("sleeper"), PHASE="RUN"),
        deleted=create(server.joblist("lingering"), **begin),
        aborted=create(server.joblist("lingering"), **begin),
        first=create(server.joblist("gated-one"), **begin),
        queued=create(server.joblist("gated-one"), **begin),
        pending=create(server.joblist("echo"), RUNID="ä <&", files={"TEXT": ("t", b"\0\1", "image/fits")}),
    )
    for name in ("working", "ending", "failing", "overdue", "deleted", "aborted", "first"):
        wait_for(lambda name=name: diary(diaries, getattr(jobs, name)) == ["began"], what=name)
    for name in ("to_abort", "vanishing"):
        wait_for_process(server, getattr(jobs, name), "uws-core")
    jobs.pending_document = http.get(jobs.pending).text
    http.delete(jobs.deleted)
    threads.submit(http.post, f"{jobs.aborted}/phase", data={"PHASE": "ABORT"})
    for name in ("deleted", "aborted"):
        wait_for(lambda name=name: diary(diaries, getattr(jobs, name)) == ["began", "told"], what=name)
    # Between claim and start: nobody answers who could start it.
    send(signal.SIGSTOP, *named(server, "uws-forkserver"))
    jobs.claimed = create(server.joblist("witness"), **begin)
    wait_for_phase(jobs.claimed, "EXECUTING")
    return jobs


def diary(diaries, job):
    """Return what a job noted in its file, without the times."""
    file = diaries / job_id(job)
    return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


def things_happen(server, jobs, diaries):
    """Let some jobs end while there is no server."""
    (keeper,) = of_job(server, jobs.vanishing, "uws-keeper")
    send(signal.SIGKILL, keeper)
    for name in ("ending", "failing"):
        (diaries / f"{job_id(getattr(jobs, name))}.go").touch()
    for name in ("ending", "failing", "overdue", "vanishing"):
        wait_for(lambda name=name: not of_job(server, getattr(jobs, name)), what=f"the end of {name}")


def plant_orphans(server):
    """Put results, a process and a job directory there that no job names; and things that are not ours."""
    orphan = new_id(now())
    for folder in (server.var / "results" / orphan[-2:] / orphan / "results", server.var / "work" / f"{orphan}.1"):
        folder.mkdir(parents=True)
        (folder / "file").write_text("nobody's")
    (server.var / "work" / "lost+found").touch()
    (server.var / "results" / "README").touch()
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env=os.environ | {"PYRAMID_UWS_JOB": f"{orphan}.1", "UWS_TEST_SERVER": server.mark},
        start_new_session=True,
    )
    return SimpleNamespace(job_id=orphan, process=process)


def test_a_job_that_was_not_yet_run_is_as_it_was(crashed):
    assert http.get(crashed.pending).text == crashed.pending_document
    assert http.get(f"{crashed.pending}/parameters/TEXT").content == b"\0\1"


def test_a_job_at_work_goes_on_and_tells_how_far_it_is(crashed):
    assert phase(crashed.working) == "EXECUTING"
    assert of_job(crashed.server, crashed.working, "uws-core") == crashed.core
    progress = "//uws:jobInfo/*[2]"
    before = text(job_document(crashed.working), progress)
    wait_for(lambda: text(job_document(crashed.working), progress) != before)

    (crashed.diaries / f"{job_id(crashed.working)}.go").touch()

    wait_for_phase(crashed.working, "COMPLETED")
    assert diary(crashed.diaries, crashed.working) == ["began"]
    assert http.get(f"{crashed.working}/results/second").text == "made in the end"


@pytest.mark.spec("U-79")
def test_a_job_that_goes_on_can_be_aborted(crashed):
    assert phase(crashed.to_abort) == "EXECUTING"

    abort(crashed.to_abort)

    wait_for_phase(crashed.to_abort, "ABORTED")
    assert of_job(crashed.server, crashed.to_abort) == []


def test_a_job_whose_core_returned_meanwhile_is_completed(crashed):
    wait_for_phase(crashed.ending, "COMPLETED")

    assert http.get(f"{crashed.ending}/results/first").text == "made at once"
    assert http.get(f"{crashed.ending}/results/second").text == "made in the end"


def test_a_job_whose_core_failed_meanwhile_tells_why(crashed):
    wait_for_phase(crashed.failing, "ERROR")

    document = job_document(crashed.failing)
    assert text(document, "//uws:errorSummary/uws:message") == "not enough stars"
    assert xpath(document, "string(//uws:errorSummary/@type)") == "fatal"
    assert http.get(f"{crashed.failing}/results/first").text == "made at once"


@pytest.mark.spec("U-86")
def test_the_execution_duration_holds_without_a_server(crashed):
    wait_for_phase(crashed.overdue, "ABORTED")

    assert "execution duration" in text(job_document(crashed.overdue), "//uws:jobInfo/*[last()]")
    assert http.get(f"{crashed.overdue}/results/first").text == "made at once"


@pytest.mark.spec("U-90")
def test_a_job_whose_processes_vanished_meanwhile_says_so(crashed):
    wait_for_phase(crashed.vanishing, "ERROR")

    document = job_document(crashed.vanishing)
    assert "vanished" in text(document, "//uws:errorSummary/uws:message")
    assert xpath(document, "string(//uws:errorSummary/@type)") == "transient"


@pytest.mark.spec("U-137")
def test_a_deleted_job_whose_processes_had_not_ended_yet_is_ended(crashed):
    assert http.get(crashed.deleted).status_code == 404

    wait_for(lambda: not of_job(crashed.server, crashed.deleted))
    wait_for(lambda: not files(crashed.server, crashed.deleted))


def test_a_job_that_was_being_aborted_is_aborted(crashed):
    wait_for_phase(crashed.aborted, "ABORTED")

    assert of_job(crashed.server, crashed.aborted) == []


def test_a_job_that_was_claimed_but_not_started_is_run_once(crashed):
    wait_for_phase(crashed.claimed, "COMPLETED")
    send(signal.SIGCONT, *(pid for pid in named(crashed.server, "uws-forkserver")))

    assert diary(crashed.diaries, crashed.claimed) == ["began", "ended"]


def test_a_queued_job_is_run_in_its_turn(crashed):
    assert (phase(crashed.first), phase(crashed.queued)) == ("EXECUTING", "QUEUED")

    for job in (crashed.first, crashed.queued):
        (crashed.diaries / f"{job_id(job)}.go").touch()

    wait_for_phase(crashed.first, "COMPLETED")
    wait_for_phase(crashed.queued, "COMPLETED")
    assert [diary(crashed.diaries, job) for job in (crashed.first, crashed.queued)] == [["began"], ["began"]]


def test_what_belongs_to_no_job_is_ended_and_removed(crashed):
    wait_for(lambda: crashed.planted.process.poll() is not None)
    wait_for(lambda: not files(crashed.server, crashed.planted.job_id))
    wait_for(lambda: attempts(crashed.server) == ["lost+found"])

    assert of_jobs(crashed.server) == {}


def test_what_is_not_ours_is_left_alone(crashed):
    assert (crashed.server.var / "work" / "lost+found").exists()
    assert (crashed.server.var / "results" / "README").exists()


@pytest.fixture
def make_faulty_server(make_server):
    """Return a function that starts a server with the cores above."""

    def make_faulty_server(**settings):
        defaults = {"uws.grace": "0.3", "uws.max_running": "4"}
        return make_server(settings=defaults | settings, services=["sleeper"], sections=SECTIONS)

    return make_faulty_server


def test_a_job_whose_end_could_not_be_written_is_not_lost(make_faulty_server, tmp_path):
    server = make_faulty_server()
    job = create(server.joblist("gated"), FOLDER=str(tmp_path), PHASE="RUN")
    wait_for(lambda: diary(tmp_path, job))

    forbid_growth(server.var / "uws.fs", server)
    (tmp_path / f"{job_id(job)}.go").touch()
    wait_for(lambda: "cannot be written yet" in server.log)
    server.kill()
    server.start()

    wait_for_phase(job, "COMPLETED")
    assert http.get(f"{job}/results/second").text == "made in the end"
    wait_for(lambda: attempts(server) == [])


def test_a_job_that_was_being_ended_by_a_stop_ends_honestly(make_faulty_server, tmp_path):
    server = make_faulty_server(**{"uws.grace": "1.5"})
    job = create(server.joblist("lingering"), FOLDER=str(tmp_path), EXECUTIONDURATION=5, PHASE="RUN")
    wait_for(lambda: diary(tmp_path, job))

    send(signal.SIGTERM, server.process.pid)
    wait_for(lambda: "told" in diary(tmp_path, job))
    server.kill()
    server.start()

    wait_for(lambda: phase(job) in {"QUEUED", "ERROR"} or diary(tmp_path, job).count("began") > 1)


def test_after_the_death_of_everything_jobs_at_work_say_so_and_the_others_run(make_faulty_server):
    server = make_faulty_server(**{"uws.max_running": "1"})
    job = create(server.joblist("sleeper"), PHASE="RUN")
    wait_for_process(server, job, "uws-core")
    queued = create(server.joblist("sleeper"), SECONDS=0, PHASE="RUN")

    processes.kill_all(server.mark, server.folder)
    server.kill()
    server.start()

    wait_for_phase(job, "ERROR")
    assert "the machine went down" in text(job_document(job), "//uws:errorSummary/uws:message")
    wait_for_phase(queued, "COMPLETED")


@pytest.mark.spec("U-86")
def test_the_execution_duration_holds_for_an_adopted_job_whose_keeper_is_stuck(make_faulty_server):
    server = make_faulty_server()
    job = create(server.joblist("sleeper"), EXECUTIONDURATION=4, PHASE="RUN")
    keeper = wait_for_process(server, job, "uws-keeper")
    wait_for_process(server, job, "uws-core")

    send(signal.SIGSTOP, keeper)
    server.kill()
    server.start()

    wait_for_phase(job, "ABORTED")
    assert of_job(server, job) == []
