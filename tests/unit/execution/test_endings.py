"""Every way an attempt can end has one phase, one kind of error and one sentence."""

import pytest

from pyramid_uws.execution.endings import ABORT, OVERDUE, STOP, judge
from pyramid_uws.execution.jobdir import Outcome
from pyramid_uws.uws import phases

RETURNED = Outcome(ended="returned", started=1, finished=2)
RAISED = Outcome(ended="raised", started=1, finished=2, message="ValueError: no", traceback="Traceback ...")
TIMEOUT = Outcome(ended="timeout", started=1, finished=2)
TERMINATED = Outcome(ended="terminated", started=1, finished=2)
EXITED = Outcome(ended="exited", started=1, finished=2, status=3)
SIGNALLED = Outcome(ended="signalled", started=1, finished=2, signal=9)
OUT_OF_MEMORY = Outcome(ended="signalled", started=1, finished=2, signal=9, memory_ran_out=True)
CRASHED = Outcome(ended="signalled", started=1, finished=2, signal=11)
EXCEEDED = Outcome(ended="exceeded", started=1, finished=2, limit="max_disk", message="It had more on disk.")
BUSY = Outcome(ended="raised", started=1, finished=2, transient=True, message="The telescope is busy.")
VANISHED = None

#: All there is.
OUTCOMES = [RETURNED, RAISED, TIMEOUT, TERMINATED, EXITED, SIGNALLED, VANISHED]
ASKED = [None, ABORT, STOP, OVERDUE]


def end(outcome, asked=None, *, on_stop="requeue", show_detail=False):
    return judge(outcome, asked, duration=7, on_stop=on_stop, show_detail=show_detail)


@pytest.mark.spec("U-79", "U-87")
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_job_that_is_to_be_aborted_is_aborted_however_it_ended(outcome):
    ending = end(outcome, ABORT)

    assert ending.phase == phases.ABORTED
    assert ending.failure is None
    assert ending.reason == "Aborted on request."


@pytest.mark.parametrize("asked", [None, STOP, OVERDUE])
def test_a_core_that_returned_has_completed_whatever_else_happened_at_that_moment(asked):
    ending = end(RETURNED, asked)

    assert (ending.phase, ending.failure, ending.reason) == (phases.COMPLETED, None, None)


@pytest.mark.spec("U-123")
@pytest.mark.parametrize("asked", [None, STOP, OVERDUE])
def test_a_core_that_raised_has_failed_for_good_with_its_own_message(asked):
    ending = end(RAISED, asked)

    assert ending.phase == phases.ERROR
    assert ending.failure == ("fatal", "ValueError: no", "")


@pytest.mark.spec("U-71")
def test_the_traceback_is_told_only_where_it_is_to_be_shown():
    assert end(RAISED, show_detail=True).failure == ("fatal", "ValueError: no", "Traceback ...")


@pytest.mark.spec("U-70")
def test_an_error_without_a_message_gets_one():
    silent = Outcome(ended="raised", started=1, finished=2)

    assert end(silent).failure[1] == "The core failed without a word."


@pytest.mark.spec("U-86")
@pytest.mark.parametrize(
    ("outcome", "asked"),
    [(TIMEOUT, None), (TIMEOUT, STOP), *((outcome, OVERDUE) for outcome in (TERMINATED, SIGNALLED, VANISHED))],
)
def test_a_job_that_used_up_its_time_is_aborted_and_says_how_much_it_was(outcome, asked):
    ending = end(outcome, asked)

    assert ending.phase == phases.ABORTED
    assert ending.failure == ("transient", ending.reason, "")
    assert "7 s" in ending.reason


@pytest.mark.parametrize("outcome", [TERMINATED, EXITED, SIGNALLED, VANISHED])
def test_a_job_ended_with_its_server_is_queued_again(outcome):
    ending = end(outcome, STOP)

    assert (ending.phase, ending.failure) == (phases.QUEUED, None)
    assert "stopped" in ending.reason


@pytest.mark.parametrize("outcome", [TERMINATED, EXITED, SIGNALLED, VANISHED])
def test_or_fails_for_now_if_the_service_wants_it_so(outcome):
    ending = end(outcome, STOP, on_stop="error")

    assert ending.phase == phases.ERROR
    assert ending.failure[0] == "transient"
    assert "stopped" in ending.failure[1]


@pytest.mark.spec("U-123", "U-70")
@pytest.mark.parametrize(
    ("outcome", "kind", "sentence"),
    [
        (EXITED, "fatal", "exit status 3"),
        (SIGNALLED, "transient", "signal 9"),
        (OUT_OF_MEMORY, "transient", "ran out of memory"),
        (CRASHED, "fatal", "signal 11"),
        (EXCEEDED, "fatal", "more on disk"),
        (BUSY, "transient", "is busy"),
        (TERMINATED, "transient", "somebody outside"),
        (VANISHED, "transient", "vanished"),
    ],
)
def test_a_process_that_ended_by_itself_has_failed(outcome, kind, sentence):
    ending = end(outcome)

    assert ending.phase == phases.ERROR
    assert ending.failure[0] == kind
    assert sentence in ending.failure[1]


@pytest.mark.spec("U-70", "U-87")
@pytest.mark.parametrize("on_stop", ["requeue", "error"])
@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_whatever_happens_there_is_a_move_and_an_error_has_a_message(outcome, asked, on_stop):
    ending = end(outcome, asked, on_stop=on_stop)

    assert ending.phase in phases.MOVES[phases.EXECUTING]
    assert (ending.failure is not None) >= (ending.phase == phases.ERROR)
    if ending.failure is not None:
        kind, message, _ = ending.failure
        assert kind in {"fatal", "transient"}
        assert message.strip()


@pytest.mark.parametrize(
    ("on_stop", "phase"), [("requeue", phases.QUEUED), ("leave", phases.ERROR), ("error", phases.ERROR)]
)
def test_a_job_whose_worker_was_lost_is_run_again_if_the_service_wants_it_so(on_stop, phase):
    ending = end(Outcome(ended="forsaken", started=1, finished=2, message="lost"), on_stop=on_stop)

    assert ending.phase == phase
    assert "worker that ran the job was lost" in (ending.reason or ending.failure[1])
