"""The pace of a service: a mean of run times that follows what happens, and is written seldom."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.tree import Root
from pyramid_uws.tree.pace import MEMORY, REST, Pace


def learn(pace, *durations):
    for number, duration in enumerate(durations, 1):
        pace.learn(number * REST - duration, number * REST)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=MEMORY))
def test_of_the_first_jobs_it_is_the_mean(durations):
    pace = Pace()

    learn(pace, *durations)

    assert abs(pace.mean - sum(durations) / len(durations)) < 0.001


def test_then_older_ones_are_forgotten():
    pace = Pace()

    learn(pace, *[1000] * 100, *[10] * 100)

    assert 10 < pace.mean < 20


def test_a_job_that_ends_just_after_another_does_not_count():
    pace = Pace()

    pace.learn(0, 2 * REST)
    pace.learn(0, 3 * REST - 1)

    assert (pace.mean, pace.count) == (2 * REST, 1)


def test_a_clock_that_was_set_back_neither_stops_it_nor_makes_it_negative():
    pace = Pace()

    pace.learn(9 * REST, 10 * REST)
    pace.learn(9 * REST, 5 * REST)

    assert (pace.mean, pace.learned) == (REST / 2, 5 * REST)


def test_a_service_without_a_history_has_no_pace():
    root = Root()
    assert root.mean_duration("s") == inf

    root.learn("s", REST, REST + 7)
    root.learn("t", REST, REST + 9)

    assert (root.mean_duration("s"), root.mean_duration("t"), root.mean_duration("u")) == (7, 9, inf)
