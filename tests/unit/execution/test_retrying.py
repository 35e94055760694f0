"""Which endings are tried again, how often, and after which pauses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.execution.endings import ABORTED, VOID, Ending
from pyramid_uws.execution.retrying import LONGEST_PAUSE, NEVER, Retries
from pyramid_uws.uws import phases

TRANSIENT = Ending(phases.ERROR, ("transient", "the disk is full", ""))
FATAL = Ending(phases.ERROR, ("fatal", "no such star", ""))
TIME_IS_UP = Ending(phases.ABORTED, ("transient", "its execution duration was used up", ""), "it was")


def test_a_failure_that_may_pass_is_tried_again_as_often_as_the_service_says():
    assert [Retries(2).applies(TRANSIENT, failures) for failures in range(4)] == [True, True, False, False]
    assert not NEVER.applies(TRANSIENT, 0)


@pytest.mark.parametrize("ending", [FATAL, TIME_IS_UP, ABORTED, VOID, Ending(phases.COMPLETED)])
def test_nothing_else_is(ending):
    assert not Retries(9).applies(ending, 0)


def test_the_pause_doubles():
    assert [Retries(9, 30).pause_after(failures) for failures in range(1, 5)] == [30, 60, 120, 240]


@given(st.floats(0, 1e9), st.integers(1, 10**18))
def test_it_never_shrinks_and_has_an_end(pause, failures):
    retries = Retries(10**18, pause)

    assert pause <= retries.pause_after(failures) <= retries.pause_after(failures + 1)
    assert retries.pause_after(failures) <= max(LONGEST_PAUSE, pause)
