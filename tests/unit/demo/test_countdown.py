from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.demo import countdown
from pyramid_uws.exceptions import BadValue, CoreError


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only by sleeping."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(countdown, "time", clock)
    return clock


def test_it_takes_as_long_as_it_is_told(make_job, clock):
    countdown.core(make_job(countdown.PARAMETERS, SECONDS="7.5"))

    assert clock.now == 1007.5


def test_it_reports_each_second_and_the_end(make_job, clock):
    job = make_job(countdown.PARAMETERS, SECONDS="2.5")

    countdown.core(job)

    assert job.fractions == [1 / 2.5, 2 / 2.5, 1.0]
    assert job.texts == ["1.5 s to go", "0.5 s to go", "time is up"]
    assert job.lines[1:] == job.texts


def test_it_makes_one_result_in_ten_seconds_by_default(make_job, clock):
    job = make_job(countdown.PARAMETERS)

    countdown.core(job)

    assert clock.now == 1010.0
    assert job.results == {"result1": b"Result 1 of 1, after 10 s.\n"}
    assert job.media_types == {"result1": "text/plain"}


def test_results_come_spread_over_the_time_so_that_an_abort_keeps_the_first(make_job, clock, monkeypatch):
    job = make_job(countdown.PARAMETERS, SECONDS="10", RESULTS="4")
    monkeypatch.setattr(clock, "sleep", _abort_after(6.0, clock))

    with pytest.raises(KeyboardInterrupt):
        countdown.core(job)

    assert list(job.results) == ["result1", "result2"]


def _abort_after(seconds, clock):
    end = clock.now + seconds

    def sleep(duration):
        clock.now += duration
        if clock.now > end:
            raise KeyboardInterrupt

    return sleep


def test_it_fails_with_the_message_at_the_end_and_keeps_its_results(make_job, clock):
    job = make_job(countdown.PARAMETERS, SECONDS="3", FAIL="The moon is too bright.", RESULTS="2")

    with pytest.raises(CoreError, match=r"^The moon is too bright\.$"):
        countdown.core(job)

    assert clock.now == 1003.0
    assert list(job.results) == ["result1", "result2"]


def test_an_empty_message_is_no_failure(make_job, clock):
    countdown.core(make_job(countdown.PARAMETERS, SECONDS="0", FAIL=""))


def test_no_time_at_all_is_enough_for_results(make_job, clock):
    job = make_job(countdown.PARAMETERS, SECONDS="0", RESULTS="3")

    countdown.core(job)

    assert clock.now == 1000.0
    assert len(job.results) == 3
    assert job.fractions == [1.0]


@pytest.mark.parametrize(
    ("name", "text"),
    [("SECONDS", "-1"), ("SECONDS", "86401"), ("SECONDS", "NaN"), ("RESULTS", "-1"), ("RESULTS", "1001")],
)
def test_values_out_of_bounds_are_refused(make_job, name, text):
    with pytest.raises(BadValue, match=name):
        make_job(countdown.PARAMETERS, **{name: text})


@given(st.floats(0, 500), st.integers(0, 50))
def test_everything_is_due_in_order_and_nothing_after_the_end(seconds, results):
    moments = list(countdown.moments(seconds, results))

    assert all(early[0] <= late[0] for early, late in pairwise(moments))
    assert sorted(number for _, number in moments if number) == list(range(1, results + 1))
    assert moments[-1] == (seconds, 0)
