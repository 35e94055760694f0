"""Harvesting: whatever is wrong with an attempt or the database, jobs end, and nobody holds up the others."""

import contextlib
import dataclasses
import json
import logging

import pytest

from pyramid_uws.exceptions import NoSuchJob, Overloaded
from pyramid_uws.execution import dispatcher as dispatching
from pyramid_uws.execution import reaping
from pyramid_uws.execution.jobdir import JobDirectory, Outcome
from pyramid_uws.execution.reaping import reap
from pyramid_uws.uws import phases
from tests.support.plantation import DEAD, SERVICE

LONG_AGO = 1


@pytest.fixture
def harvester(left):
    return left.dispatcher.harvester


@pytest.fixture
def no_room(left, monkeypatch):
    """Return a context manager: within it the database takes nothing."""

    def refuse(_change):
        raise Overloaded("The disk is full.")

    @contextlib.contextmanager
    def no_room():
        with monkeypatch.context() as context:
            context.setattr(left.writer, "submit", refuse)
            yield

    return no_room


def ended(left, *results):
    """Plant a job whose core has returned; return its id and what is known of it."""
    job_id = left.job()
    return job_id, left.run(job_id, left.attempt(job_id, DEAD, "returned", results))


class TestGathering:
    @pytest.mark.parametrize(
        ("problem", "reason"), [(OSError(28, "No space left"), "No space left"), (ValueError("x"), "ValueError")]
    )
    def test_results_that_cannot_be_stored_end_the_job_in_an_error(
        self, left, harvester, monkeypatch, problem, reason
    ):
        def refuse(_job_id, _directory):
            raise problem

        job_id, run = ended(left, "a")
        monkeypatch.setattr(left.store, "take", refuse)

        harvester.write([harvester.gather(run)])

        sentence = f"What the job has left could not be stored ({reason}); run the job again later."
        assert left.phase(job_id) == phases.ERROR
        assert left.facts(job_id)["failure"] == ("transient", sentence, "")

    def test_what_a_core_says_cannot_pass_for_a_line_of_the_log(self, left, harvester, caplog):
        job_id = left.job()
        attempt = left.attempt(job_id, DEAD, "raised")
        said = "Traceback:\n\tx\nValueError: \x1b[2J\r\u2028é\nWARNING all is well\n"
        facts = Outcome(ended="raised", started=1, finished=2, message="x", traceback=said)
        (attempt.path / "outcome.json").write_text(json.dumps(dataclasses.asdict(facts)))

        harvester.gather(left.run(job_id, attempt))

        head, *lines = caplog.messages[0].splitlines()
        assert head == f"job {job_id} of {SERVICE} failed:"
        assert lines == [
            "    Traceback:",
            "    \tx",
            "    ValueError: \\x1b[2J\\r\\u2028é",
            "    WARNING all is well",
        ]

    def test_the_room_of_the_scratch_folder_is_given_back_first(self, left, harvester, monkeypatch):
        def look(_job_id, directory):
            seen.append(directory.scratch.exists())
            return ()

        seen = []
        monkeypatch.setattr(left.store, "take", look)

        harvester.gather(ended(left)[1])

        assert seen == [False]

    def test_results_of_a_job_that_is_run_again_are_not_stored(self, left, harvester):
        job_id = left.job()
        run = left.run(job_id, left.attempt(job_id, DEAD, "terminated", ["a"]))
        run.asked = "stop"

        harvester.write([harvester.gather(run)])

        assert left.phase(job_id) == phases.QUEUED
        assert not left.store.folder(job_id).exists()


class TestWriting:
    def test_what_the_database_does_not_take_waits(self, left, harvester, no_room):
        job_id, run = ended(left, "a")

        with no_room():
            harvester.write([harvester.gather(run)])
        meanwhile = left.phase(job_id), run.directory.path.exists(), len(harvester.waiting)
        harvester.write([])

        assert meanwhile == (phases.EXECUTING, True, 1)
        assert left.phase(job_id) == phases.COMPLETED
        assert harvester.waiting == []
        assert not run.directory.path.exists()

    def test_of_a_job_deleted_meanwhile_nothing_is_left(self, left, harvester):
        job_id, run = ended(left, "a")
        harvest = harvester.gather(run)
        left.remove(job_id)

        harvester.write([harvest])

        assert not left.store.folder(job_id).exists()
        assert not run.directory.path.exists()

    def test_a_directory_that_cannot_be_removed_does_not_hold_up_the_others(
        self, left, harvester, monkeypatch, caplog
    ):
        def refuse(directory):
            if directory.marker.startswith(first):
                raise PermissionError(directory.path)
            remove(directory)

        remove = JobDirectory.remove
        (first, run), (second, other) = ended(left), ended(left)
        monkeypatch.setattr(JobDirectory, "remove", refuse)

        harvester.write([harvester.gather(run), harvester.gather(other)])

        assert (left.phase(first), left.phase(second)) == (phases.COMPLETED, phases.COMPLETED)
        assert not other.directory.path.exists()
        assert f"the end of job {first} is not complete" in caplog.text


class TestReaping:
    def test_it_is_tried_again_when_the_database_takes_nothing(self, left, no_room):
        job_id = left.job(phases.COMPLETED, destruction=LONG_AGO)

        with no_room():
            left.dispatcher._dates.keep()
        meanwhile = left.phase(job_id), left.dispatcher._timeout()
        left.dispatcher._dates.keep()

        assert meanwhile == (phases.COMPLETED, dispatching.PAUSE)
        assert not left.has(job_id)

    @pytest.mark.parametrize("problem", [NoSuchJob("x"), RuntimeError("x")])
    def test_one_that_cannot_be_reaped_does_not_hold_up_the_others(self, left, monkeypatch, caplog, problem):
        def fail_for_the_first(address, definition, instant):
            def fail(_root, _journal):
                raise problem

            return fail if address.job_id == first else reap(address, definition, instant)

        caplog.set_level(logging.INFO)
        first = left.job(phases.COMPLETED, destruction=LONG_AGO)
        second = left.job(phases.COMPLETED, destruction=LONG_AGO + 1)
        left.store.folder(second).mkdir(parents=True)
        monkeypatch.setattr(reaping, "reap", fail_for_the_first)

        left.dispatcher._dates.keep()

        assert left.phase(first) == phases.COMPLETED
        assert not left.store.folder(second).exists()
