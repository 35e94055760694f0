"""The life of a job, as its page tells it."""

import pytest

from pyramid_uws.pages.timeline import timeline
from pyramid_uws.uws.instants import format_instant
from pyramid_uws.uws.limits import SECOND

NOON = 1_795_867_200 * SECOND


@pytest.fixture
def steps(make_job):
    """Return a function that tells the steps of a job by name."""
    return lambda phase, **facts: {step.name: step for step in timeline(make_job(phase, **facts))}


def states(steps):
    return [step.state for step in steps.values()]


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("PENDING", ["now", "ahead", "ahead", "ahead", "ahead"]),
        ("HELD", ["done", "now", "ahead", "ahead", "ahead"]),
        ("QUEUED", ["done", "now", "ahead", "ahead", "ahead"]),
        ("EXECUTING", ["done", "done", "now", "ahead", "ahead"]),
        ("COMPLETED", ["done", "done", "done", "done", "ahead"]),
        ("ERROR", ["done", "done", "done", "failed", "ahead"]),
        ("ABORTED", ["done", "done", "done", "done", "ahead"]),
        ("ARCHIVED", ["done", "done", "done", "done", "done"]),
    ],
)
def test_every_phase_has_its_place(phase, expected, steps):
    assert states(steps(phase)) == expected


def test_a_job_aborted_before_it_was_queued_has_skipped_the_rest(steps):
    assert states(steps("ABORTED", queued=None, started=None)) == ["done", "skipped", "skipped", "done", "ahead"]


def test_a_job_in_the_queue_tells_its_position_and_when_it_is_likely_to_start(steps):
    told = (("queuePosition", "3"), ("expectedStart", format_instant(NOON + 90 * SECOND)))

    found = steps("QUEUED", info=told, quote=NOON + 200 * SECOND)

    assert found["queued"].notes == ("Position in the queue: 3.",)
    assert (found["started"].expected, found["started"].hedge) == (NOON + 90 * SECOND, "likely")
    assert found["ended"].expected == NOON + 200 * SECOND


def test_a_job_that_pauses_tells_which_attempt_is_next_why_and_when(steps):
    later = NOON + 30 * SECOND

    found = steps("QUEUED", not_before=later, failures=2, last_failure="The disk <is> full.")

    assert found["queued"].notes == ("Attempt 3. The one before failed: The disk <is> full.",)
    assert (found["started"].expected, found["started"].hedge) == (later, "")


@pytest.mark.parametrize(
    ("quote", "hedge"), [(NOON + 3602 * SECOND, "at the latest"), (NOON + 60 * SECOND, "likely")]
)
def test_the_end_of_a_running_job_is_told_with_how_sure_it_is(quote, hedge, steps):
    found = steps("EXECUTING", quote=quote)

    assert (found["ended"].expected, found["ended"].hedge) == (quote, hedge)


def test_how_long_a_step_took_is_told_if_it_can_be_noticed(steps):
    found = steps("COMPLETED", queued=NOON + 1000)

    assert (found["queued"].took, found["started"].took, found["ended"].took) == (None, pytest.approx(1.999), 60)


def test_a_job_that_is_being_aborted_says_so(steps):
    assert "being aborted" in steps("EXECUTING", abort_requested=NOON)["started"].notes[0]


@pytest.mark.parametrize(
    ("facts", "advice"),
    [
        ({"error": ("fatal", "No.", False), "blames_client": True}, "Correct what is wrong with the parameters"),
        ({"error": ("transient", "No.", False)}, "likely to pass"),
        ({"error": ("fatal", "No.", True)}, "it would fail again"),
    ],
)
def test_an_error_is_told_where_it_happened_with_what_can_be_done(facts, advice, steps):
    failure = steps("ERROR", progress=(0.42, "folding"), **facts)["ended"].failure

    assert (failure.message, failure.has_detail) == ("No.", facts["error"][2])
    assert failure.progress == "42%, folding"
    assert advice in failure.advice


def test_a_job_whose_time_was_used_up_is_told_to_take_more(steps):
    sentence = "The job was ended because its execution duration of 60 s was used up."

    step = steps("ABORTED", error=("transient", sentence, False), reason=sentence)["ended"]

    assert (step.label, step.state, step.notes) == ("Aborted", "failed", ())
    assert "longer execution duration" in step.failure.advice


def test_a_job_aborted_on_request_says_so_and_has_no_error(steps):
    step = steps("ABORTED", reason="Aborted on request.")["ended"]

    assert (step.notes, step.failure) == (("Aborted on request.",), None)


def test_what_becomes_of_a_job_at_the_end_is_told(make_job):
    assert timeline(make_job("COMPLETED"))[-1].label == "Will be deleted"
    assert timeline(make_job("COMPLETED"), "archive")[-1].label == "Will be archived"
    assert [step.name for step in timeline(make_job("COMPLETED", destruction=None))][-1] == "ended"
