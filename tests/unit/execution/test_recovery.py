"""Taking over what an earlier dispatcher left: real database, real job directories, planted by hand."""

import dataclasses
import os
import subprocess
import sys
import time

import pytest

from pyramid_uws.execution.jobdir import JobDirectory
from pyramid_uws.execution.processes import Identity
from pyramid_uws.execution.recovery import sweep_store
from pyramid_uws.uws import phases
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now
from tests.support.plantation import DEAD


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


class TestAnAttemptAtWork:
    def test_a_clock_that_was_set_forward_does_not_end_it(self, left, process):
        job_id = left.job(execution_duration=60)  # begun an hour ago, by the clock of today
        left.attempt(job_id, Identity.of(process.pid))

        left.recover()
        left.dispatcher.runs.look()

        assert left.phase(job_id) == phases.EXECUTING
        assert process.poll() is None


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
