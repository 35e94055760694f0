"""The dispatcher alone: what it does when something unforeseen happens."""

import dataclasses
import json
import subprocess
import sys

import pytest

from pyramid_uws.execution import dispatcher as dispatching
from pyramid_uws.execution.changes import claim
from pyramid_uws.execution.jobdir import JobDirectory, Outcome
from pyramid_uws.execution.processes import Identity
from pyramid_uws.execution.runs import Address
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import now
from tests.support.http import wait_for
from tests.support.plantation import DEAD, SERVICE


@pytest.fixture
def dispatcher(left):
    return left.dispatcher


@pytest.fixture
def claimed(left):
    """A job that was just claimed."""
    address = Address(SERVICE, "async", left.job(phases.QUEUED, attempt=0))
    return left.writer.do(claim(address, "here", left.limiter))


def fail(*_args):
    raise RuntimeError("nobody has thought of this")


def test_it_goes_on_after_something_unforeseen(left, dispatcher, monkeypatch, caplog):
    job_id = left.job(phases.COMPLETED, destruction=1)
    with monkeypatch.context() as broken:
        broken.setattr(dispatching, "recover", fail)
        dispatcher.start()
        wait_for(lambda: "nobody has thought of this" in caplog.text)

    wait_for(lambda: not left.has(job_id))

    dispatcher.stop()


def test_an_unforeseen_end_of_the_sweep_is_told(dispatcher, monkeypatch, caplog):
    monkeypatch.setattr(dispatching, "sweep_store", fail)

    dispatcher._sweep()

    assert "the sweep of the result store ended early" in caplog.text


def test_a_job_that_has_moved_meanwhile_is_not_started(left, dispatcher, monkeypatch):
    job_id = left.job(phases.ABORTED)
    address = Address(SERVICE, "async", job_id)
    monkeypatch.setattr(dispatcher, "_to_start", lambda _root: [address])

    dispatcher._fill()

    assert left.phase(job_id) == phases.ABORTED
    assert list(left.settings.work.iterdir()) == []


def test_a_job_that_has_ended_before_it_could_be_followed_is_harvested(left, dispatcher, claimed, monkeypatch):
    def launch(_definition, directory):
        facts = dataclasses.asdict(Outcome(ended="returned", started=1, finished=2))
        (directory.path / "outcome.json").write_text(json.dumps(facts))
        return DEAD

    monkeypatch.setattr(dispatcher._nurseries, "launch", launch)

    dispatcher._start(claimed)

    assert left.phase(claimed.address.job_id) == phases.COMPLETED


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (OSError(28, "No space left"), "The job could not be started (No space left); run the job again later."),
        (TypeError("x"), "The job could not be started (TypeError); run the job again later."),
    ],
)
def test_a_job_that_is_claimed_but_cannot_be_started_ends(
    left, dispatcher, claimed, monkeypatch, problem, sentence
):
    def refuse(_directory, _spec):
        raise problem

    monkeypatch.setattr(JobDirectory, "create", refuse)

    dispatcher._start(claimed)

    assert left.phase(claimed.address.job_id) == phases.ERROR
    assert left.facts(claimed.address.job_id)["failure"] == ("transient", sentence, "")


@pytest.mark.spec("U-81")
def test_a_job_aborted_just_before_the_server_stops_keeps_its_results(left, dispatcher):
    job_id = left.job(abort_requested=now())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as keeper:
        directory = left.attempt(job_id, Identity.of(keeper.pid), results=["a"])
        assert dispatcher.runs.follow(left.run(job_id, directory))

        dispatcher._end_runs()

    assert left.phase(job_id) == phases.ABORTED
    assert [result[0] for result in left.facts(job_id)["results"]] == ["a"]
