"""What is counted of a process."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.observing.numbers import MOST_SLOW, SLOW, Histogram, Numbers


@dataclass
class Changed:
    before: str | None
    after: str | None
    service: str = "sky"
    waited: int | None = None
    ran: int | None = None
    failure: str | None = None


def test_a_value_is_counted_below_the_first_bound_that_it_does_not_exceed():
    histogram = Histogram((1.0, 2.0))

    for value in (0.5, 1.0, 1.5, 2.0, 99.0):
        histogram.add(value)

    assert histogram.counts == [2, 2, 1]
    assert (histogram.count, histogram.total) == (5, 104.0)


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_a_bound_that_so_many_values_do_not_exceed(values, share):
    histogram = Histogram((1.0, 2.0, 5.0))
    for value in values:
        histogram.add(value)

    bound = histogram.quantile(share)

    assert sum(value <= bound for value in values) >= share * len(values)


def test_without_values_there_is_no_quantile():
    assert Histogram((1.0,)).quantile(0.5) is None


def test_slow_commits_are_remembered_but_not_for_ever():
    numbers = Numbers()

    numbers.committed(SLOW / 2, 3)
    for changes in range(MOST_SLOW + 5):
        numbers.committed(SLOW * 2, changes)

    assert [commit.changes for commit in numbers.slow_commits] == list(range(5, MOST_SLOW + 5))
    assert numbers.commits.count == MOST_SLOW + 6


def test_the_life_of_a_job_is_counted_by_service():
    numbers = Numbers()

    numbers.changed(Changed(None, "PENDING"))
    numbers.changed(Changed("PENDING", "QUEUED"))
    numbers.changed(Changed("QUEUED", "EXECUTING", waited=2_000_000))
    numbers.changed(Changed("EXECUTING", "ERROR", waited=2_000_000, ran=30_000_000, failure="fatal"))
    numbers.changed(Changed("ERROR", "ARCHIVED", ran=30_000_000, failure="fatal"))

    assert numbers.created == {"sky": 1}
    assert numbers.waits["sky"].total == pytest.approx(2.0)
    assert (numbers.runs["sky"].count, numbers.runs["sky"].total) == (1, 30.0)
    assert numbers.ended == {("sky", "ERROR"): 1}
    assert numbers.failed == {("sky", "fatal"): 1}
