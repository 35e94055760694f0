"""Workers in processes of their own: two share a queue over ZEO; one is killed, stopped, told to end."""

import signal
import statistics
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import pytest

from pyramid_uws.cli import main as admin
from tests.support.http import abort, create, http, parse, phase, wait_for, wait_for_phase, xpath
from tests.support.server import Server
from tests.support.zeo import Worker, zeo

TIMEOUT = 10
SERVICE = {
    "core": "tests.support.fault_cores:tally",
    "parameters": "tests.support.fault_cores:PARAMETERS_TALLY",
    "max_running": "0",
}
JOBS = 500


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    with zeo(tmp_path_factory.mktemp("zeo")) as storage:
        yield storage


@pytest.fixture(scope="module")
def web(storage, tmp_path_factory):
    settings = {
        "uws.storage": storage.uri,
        "uws.dispatcher": "none",
        "uws.worker_timeout": str(TIMEOUT),
        "uws.max_running": "2",
    }
    sections = {
        "uws:service:tally": SERVICE,
        "uws:service:once": {**SERVICE, "on_stop": "error"},
        "uws:service:few": {**SERVICE, "max_running_per_owner": "1"},
        "uws:service:held": {**SERVICE, "max_queued": "2", "when_full": "hold"},
    }
    with Server(tmp_path_factory.mktemp("web"), settings=settings, services=["quick"], sections=sections) as web:
        yield web


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tally").touch()
    return tmp_path


@pytest.fixture
def first(web):
    with Worker(web, "first") as worker:
        yield worker


@pytest.fixture
def second(web):
    with Worker(web, "second") as worker:
        yield worker


def lines(folder):
    return [line.split() for line in (folder / "tally").read_text().splitlines()]


def began(folder, job):
    return [pid for word, job_id, pid, _ in lines(folder) if word == "began" and job.endswith(job_id)]


def test_two_workers_run_five_hundred_jobs_though_one_is_killed(web, folder, first, second):
    jobs = [create(web.joblist("tally"), FOLDER=folder, PHASE="RUN") for _ in range(JOBS)]
    wait_for(lambda: len(lines(folder)) > JOBS * 0.6, timeout=240, what="a third of the jobs")

    first.kill()

    def completed():
        document = parse(http.get(f"{web.joblist('tally')}?PHASE=COMPLETED"))
        return len(xpath(document, "//uws:jobref")) == JOBS

    wait_for(completed, timeout=240, what="all of them COMPLETED")
    runs = defaultdict(list)
    for word, job_id, pid, moment in lines(folder):
        runs[job_id].append((float(moment), word, pid))
    assert len(runs) == JOBS
    for notes in runs.values():  # one attempt after the other
        for (_, begin, one), (_, end, other) in zip(notes[::2], notes[1::2], strict=True):
            assert (begin, end, one) == ("began", "ended", other)
    again = {job_id: notes for job_id, notes in runs.items() if len(notes) > 2}
    assert len(again) <= 2, "more than the killed worker can have had in its hands"
    for job in jobs[:10] + [job for job in jobs if job.rpartition("/")[2] in again]:
        *_, (_, _, pid) = runs[job.rpartition("/")[2]]
        assert http.get(f"{job}/results/process").text == pid


def test_the_operator_sees_the_workers(web, first, capfd):
    assert admin([str(web.ini), "status"]) == 0
    row = next(line for line in capfd.readouterr().out.splitlines() if line.startswith("first "))
    assert str(first.process.pid) in row.split()
    assert "(dead)" not in row


def test_a_new_job_is_begun_at_once(web, folder, first):
    took = []
    for _ in range(5):
        started = time.monotonic()
        wait_for_phase(create(web.joblist("tally"), FOLDER=folder, PHASE="RUN"), "COMPLETED")
        took.append(time.monotonic() - started)
    assert statistics.median(took) < 1.6, f"the workers do not hear of new jobs: {took}"


def test_what_a_dead_worker_has_run_is_ended_and_then_run_again(web, folder, first):
    job = create(web.joblist("tally"), FOLDER=folder, SECONDS=4, PHASE="RUN")
    once = create(web.joblist("once"), FOLDER=folder, SECONDS=60, PHASE="RUN")
    wait_for(lambda: began(folder, job) and began(folder, once))
    (pid,) = began(folder, once)
    first.kill()

    with Worker(web, "second"):
        wait_for_phase(once, "ERROR")
        assert "worker that ran the job was lost" in http.get(f"{once}/error").text
        assert not Path(f"/proc/{pid}").exists(), "ended before the job was taken away"
        wait_for_phase(job, "COMPLETED")
    assert len(began(folder, job)) == 2


def test_a_worker_started_again_adopts_its_own(web, folder, first):
    job = create(web.joblist("tally"), FOLDER=folder, SECONDS=4, PHASE="RUN")
    wait_for(lambda: began(folder, job))
    first.kill()
    first.start()

    wait_for_phase(job, "COMPLETED")
    assert len(began(folder, job)) == 1


def test_a_worker_that_was_stopped_and_comes_back_changes_nothing(web, folder, first):
    job = create(web.joblist("tally"), FOLDER=folder, SECONDS=3, PHASE="RUN")
    wait_for(lambda: began(folder, job))
    first.process.send_signal(signal.SIGSTOP)
    with Worker(web, "second"):
        wait_for(lambda: len(began(folder, job)) == 2, what="the second attempt")
        wait_for_phase(job, "COMPLETED")
        first.process.send_signal(signal.SIGCONT)
        wait_for(lambda: "was declared dead" in first.log)
        wait_for_phase(create(web.joblist("tally"), FOLDER=folder, PHASE="RUN"), "COMPLETED")
        wait_for(lambda: not list((web.var / "work" / "first").iterdir()), what="the end of the old attempt")
    assert http.get(f"{job}/results/process").text == began(folder, job)[1]


def test_an_abort_reaches_the_worker(web, folder, first):
    job = create(web.joblist("tally"), FOLDER=folder, SECONDS=60, PHASE="RUN")
    wait_for(lambda: began(folder, job))
    (pid,) = began(folder, job)
    abort(job)
    wait_for_phase(job, "ABORTED")
    assert not Path(f"/proc/{pid}").exists()


def test_a_worker_told_to_end_gives_its_jobs_back(web, folder, first):
    job = create(web.joblist("tally"), FOLDER=folder, SECONDS=60, PHASE="RUN")
    wait_for(lambda: began(folder, job))
    first.stop()
    assert phase(job) == "QUEUED"
    abort(job)


def test_two_of_one_name_cannot_be(web, first):
    twin = subprocess.run(first.command, env=first.environment, capture_output=True, text=True, check=False)

    assert twin.returncode == 1
    assert "is in use by another server or worker" in twin.stderr


def test_what_an_owner_may_have_running_counts_over_all_workers(web, folder, first, second):
    jobs = [create(web.joblist("few"), FOLDER=folder, SECONDS=0.3, PHASE="RUN") for _ in range(8)]
    for job in jobs:
        wait_for_phase(job, "COMPLETED")

    at_once = 0
    for word, *_ in lines(folder):
        at_once += 1 if word == "began" else -1
        assert at_once <= 1


def test_a_place_that_is_free_is_taken_by_whichever_worker(web, folder, first, second):
    jobs = [create(web.joblist("held"), FOLDER=folder, SECONDS=1, PHASE="RUN") for _ in range(12)]
    assert "HELD" in {phase(job) for job in jobs}

    for job in jobs:
        wait_for_phase(job, "COMPLETED")
    assert len({job_id for _, job_id, _, _ in lines(folder)}) == len(jobs)
    assert len(lines(folder)) == 2 * len(jobs)
