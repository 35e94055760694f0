"""Taking over what an earlier dispatcher left: real database, real job directories, planted by hand."""

import dataclasses
import json
import os
import subprocess
import sys
import time
from contextlib import closing

import pytest
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.execution.dispatcher import Dispatcher
from pyramid_uws.execution.jobdir import JobDirectory, JobSpec, Outcome
from pyramid_uws.execution.processes import Identity
from pyramid_uws.execution.reading import Reader
from pyramid_uws.execution.recovery import recover, sweep_store
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.execution.writer import Writer
from pyramid_uws.settings import read_settings
from pyramid_uws.tree import AsyncRenderer, Job, find_joblist, match_tree
from pyramid_uws.uws import phases
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now

SERVICE = "s"
HOUR = 3_600_000_000
DEAD = Identity(2**22 + 1, 1, "")


class Plantation:
    """A database with jobs and folders with attempts, as a dispatcher may find them."""

    def __init__(self, folder):
        self.settings = read_settings({"uws.var": str(folder)})
        for path in (self.settings.work, self.settings.results):
            path.mkdir()
        self.database = DB(FileStorage(str(folder / "uws.fs")))
        self.writer = Writer(self.database, lambda _journal: None)
        self.writer.start()
        self.writer.do(lambda root, _journal: match_tree(root, {SERVICE: {"async": AsyncRenderer}}))
        self.store = ResultStore(self.settings.results)
        self.reader = Reader(self.database)
        definition = ServiceDefinition(SERVICE, "tests.support.cores:quick")
        self.dispatcher = Dispatcher(self.settings, {SERVICE: definition}, self.database, self.writer, self.store)

    def close(self):
        self.dispatcher.reader.close()
        self.reader.close()
        self.writer.stop()
        self.database.close()

    def job(self, phase=phases.EXECUTING, **facts):
        """Put a job into the database, in its first attempt; return its id."""
        created = now() - HOUR
        job_id = new_id(created)
        facts = {"phase": phase, "attempt": 1, "queued": created, "started": created} | facts

        def change(root, _journal):
            job = Job(job_id, created=created, execution_duration=0, **facts)
            find_joblist(root, SERVICE, "async").add(job)

        self.writer.do(change)
        return job_id

    def attempt(self, job_id, keeper=None, outcome=None, results=(), number=1):
        """Put a job directory there: of a keeper, with what that and the core have left."""
        directory = JobDirectory(self.settings.work / f"{job_id}.{number}")
        directory.create(JobSpec(job_id=job_id, attempt=number, service=SERVICE, core="x:y"))
        if keeper is not None:
            directory.claim(keeper)
        for name in results:
            (directory.results_folder / name).write_text(name)
            directory.list_result((name, "text/plain", len(name), "0"))
        if outcome is not None:
            facts = Outcome(ended=outcome, started=1, finished=2, message="x")
            (directory.path / "outcome.json").write_text(json.dumps(dataclasses.asdict(facts)))
        return directory

    def recover(self):
        recover(self.dispatcher)

    def phase(self, job_id):
        return self.facts(job_id)["phase"]

    def facts(self, job_id):
        with self.reader.reading() as root:
            job = find_joblist(root, SERVICE, "async")[job_id]
            names = ("phase", "queued", "started", "ended", "reason", "failure", "results")
            return {name: getattr(job, name) for name in names}


@pytest.fixture
def left(tmp_path):
    """What an earlier dispatcher has left, to be planted by the test."""
    with closing(Plantation(tmp_path)) as left:
        yield left


@pytest.fixture
def process():
    """A process that has nothing to do with jobs."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        assert process.poll() is None


class TestAnAttemptThatNeverCameToLife:
    def assert_is_queued_again(self, left, job_id, queued):
        facts = left.facts(job_id)
        assert (facts["phase"], facts["queued"], facts["started"]) == (phases.QUEUED, queued, None)
        assert "queued again" in facts["reason"]
        assert list(left.settings.work.iterdir()) == []

    def test_a_job_without_a_directory_takes_its_old_place_in_the_queue(self, left):
        job_id = left.job(queued=17)

        left.recover()

        self.assert_is_queued_again(left, job_id, 17)

    def test_one_without_a_keeper_does_too(self, left):
        job_id = left.job(queued=17)
        left.attempt(job_id)

        left.recover()

        self.assert_is_queued_again(left, job_id, 17)

    def test_one_with_half_a_directory_does_too(self, left):
        job_id = left.job(queued=17)
        (left.settings.work / f"{job_id}.1").mkdir()

        left.recover()

        self.assert_is_queued_again(left, job_id, 17)

    def test_it_is_aborted_if_somebody_asked_for_it(self, left):
        job_id = left.job(abort_requested=now())

        left.recover()

        assert left.phase(job_id) == phases.ABORTED

    def test_whoever_comes_late_cannot_keep_it(self, left, monkeypatch):
        directory = left.attempt(left.job())
        monkeypatch.setattr(JobDirectory, "remove", lambda _directory: None)

        left.recover()

        assert not directory.claim(Identity.of(os.getpid()))


class TestAnAttemptThatHasEnded:
    def test_what_it_left_is_harvested(self, left):
        job_id = left.job()
        left.attempt(job_id, DEAD, "returned", ["a", "b"])

        left.recover()

        assert left.phase(job_id) == phases.COMPLETED
        assert [result[0] for result in left.facts(job_id)["results"]] == ["a", "b"]
        assert left.store.path(job_id, "b").read_text() == "b"

    def test_so_it_is_if_the_results_were_stored_already(self, left):
        job_id = left.job()
        left.store.take(job_id, left.attempt(job_id, DEAD, "returned", ["a"]))

        left.recover()

        assert [result[0] for result in left.facts(job_id)["results"]] == ["a"]
        assert left.store.path(job_id, "a").read_text() == "a"

    def test_an_hour_long_job_that_ended_is_not_taken_for_overdue(self, left):
        job_id = left.job(execution_duration=1)
        left.attempt(job_id, DEAD, "returned")

        left.recover()

        assert left.phase(job_id) == phases.COMPLETED

    @pytest.mark.spec("U-90")
    def test_one_that_vanished_without_a_word_is_said_to_have(self, left):
        job_id = left.job()
        left.attempt(job_id, DEAD, results=["a"])

        left.recover()

        kind, message, _ = left.facts(job_id)["failure"]
        assert (left.phase(job_id), kind) == (phases.ERROR, "transient")
        assert "vanished" in message
        assert left.store.path(job_id, "a").read_text() == "a"

    @pytest.mark.parametrize("change", [{"start_time": 1}, {"boot": "another"}])
    def test_another_process_with_the_pid_of_its_keeper_is_not_taken_for_it(self, left, process, change):
        job_id = left.job()
        left.attempt(job_id, dataclasses.replace(Identity.of(process.pid), **change))

        left.recover()

        assert left.phase(job_id) == phases.ERROR


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("file", "content"),
        [("keeper.json", b"\0\0\0"), ("keeper.json", b"{}"), ("outcome.json", b"{"), ("outcome.json", b"[]")],
    )
    def test_the_job_ends_in_an_error_and_the_others_are_taken_over(self, left, file, content):
        spoilt, good = left.job(), left.job()
        directory = left.attempt(spoilt, DEAD, "returned")
        (directory.path / file).write_bytes(content)
        if file == "keeper.json":
            (directory.path / "outcome.json").unlink()
        left.attempt(good, DEAD, "returned")

        left.recover()

        assert left.phase(spoilt) == phases.ERROR
        assert left.facts(spoilt)["failure"][0] == "transient"
        assert left.phase(good) == phases.COMPLETED
        assert list(left.settings.work.iterdir()) == []


class TestWhatBelongsToNoJob:
    @pytest.mark.parametrize("phase", [phases.QUEUED, phases.COMPLETED])
    def test_attempts_of_jobs_that_are_not_at_work_are_removed(self, left, phase):
        left.attempt(left.job(phase), DEAD, "returned")

        left.recover()

        assert list(left.settings.work.iterdir()) == []

    def test_other_attempts_of_a_job_at_work_are_removed(self, left):
        job_id = left.job(attempt=2)
        left.attempt(job_id, DEAD, "raised", number=1)
        left.attempt(job_id, DEAD, "returned", number=2)

        left.recover()

        assert left.phase(job_id) == phases.COMPLETED
        assert list(left.settings.work.iterdir()) == []

    def test_what_cannot_be_removed_does_not_hold_up_the_rest(self, left, monkeypatch, caplog):
        def refuse(directory):
            raise PermissionError(directory.path)

        left.attempt(left.job(phases.COMPLETED))
        job_id = left.job()
        left.attempt(job_id, DEAD, "returned")
        monkeypatch.setattr(JobDirectory, "remove", refuse)

        left.recover()

        assert left.phase(job_id) == phases.COMPLETED
        assert "could not be removed" in caplog.text

    def test_other_things_in_the_work_folder_stay(self, left):
        (left.settings.work / "file").touch()
        (left.settings.work / "lost+found").mkdir()

        left.recover()

        assert {path.name for path in left.settings.work.iterdir()} == {"file", "lost+found"}


class TestTheSweepOfTheStore:
    @pytest.fixture
    def folder(self, left):
        """Return a function that makes the folder of a job in the store."""

        def folder(job_id):
            path = left.store.folder(job_id)
            path.mkdir(parents=True)
            return path

        return folder

    def test_folders_of_jobs_that_are_gone_are_removed(self, left, folder):
        orphan, known = folder(new_id(now())), folder(left.job(phases.COMPLETED))

        sweep_store(left.reader, left.store, now(), lambda: False)

        assert (orphan.exists(), known.exists()) == (False, True)

    def test_a_folder_of_a_job_that_is_being_created_stays(self, left, folder):
        began = now()
        time.sleep(0.001)  # the clock must have gone on
        young = folder(new_id(now()))

        sweep_store(left.reader, left.store, began, lambda: False)

        assert young.exists()

    def test_it_ends_when_the_server_does(self, left, folder):
        orphan = folder(new_id(now()))

        sweep_store(left.reader, left.store, now(), lambda: True)

        assert orphan.exists()
