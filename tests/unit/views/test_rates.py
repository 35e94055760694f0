"""Requests a minute: never more than the bucket holds and what has come in, and little is kept of anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.views.rates import MINUTE, Buckets


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_as_many_as_in_a_minute_may_come_at_once(clock):
    buckets = Buckets(clock=clock)

    assert [buckets.take("a", 5) for _ in range(5)] == [0.0] * 5
    assert buckets.take("a", 5) == pytest.approx(12)
    assert buckets.take("b", 5) == 0.0


def test_who_waits_as_long_as_told_has_one_more(clock):
    buckets = Buckets(clock=clock)
    for _ in range(7):
        buckets.take("a", 7)
    for _ in range(20):
        clock.now += buckets.take("a", 7)
        assert buckets.take("a", 7) == 0.0


def test_a_refused_request_costs_nothing(clock):
    buckets = Buckets(clock=clock)
    for _ in range(60):
        buckets.take("a", 60)
    waits = {buckets.take("a", 60) for _ in range(100)}

    assert len(waits) == 1


@given(
    most=st.integers(1, 200),
    steps=st.lists(st.floats(0, 90, allow_nan=False), min_size=1, max_size=200),
)
def test_in_no_time_there_are_more_than_the_bucket_and_what_came_in(most, steps):
    clock = Clock()
    buckets = Buckets(clock=clock)
    taken = []
    for step in steps:
        clock.now += step / most
        if buckets.take("a", most) == 0.0:
            taken.append(clock.now)

    for first, begun in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= most + (taken[last] - begun) * most / MINUTE + 0.001


@given(most=st.integers(1, 500), spent=st.integers(0, 600))
def test_what_is_left_is_told(most, spent):
    buckets = Buckets(clock=Clock())
    for _ in range(spent):
        buckets.take("a", most)

    assert buckets.left("a", most) == max(most - spent, 0)


def test_many_addresses_take_no_more_room_than_there_is(clock):
    buckets = Buckets(most=100, clock=clock)
    for number in range(10_000):
        assert buckets.take(f"address {number}", 1) == 0.0

    assert len(buckets._full_at) == 100
    assert buckets.take("address 9999", 1) > 0
