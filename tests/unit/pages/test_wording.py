"""What is written for the eye: instants, sizes and durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.pages.wording import clock, duration, hint, roughly, size
from pyramid_uws.uws.instants import parse_instant

NOON = parse_instant("2026-11-28T12:00:00Z")
SECOND = 1_000_000


def test_an_instant_is_in_utc_to_the_second():
    assert clock(NOON + 999_999) == "2026-11-28 12:00:00 UTC"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "now"),
        (0.9, "now"),
        (-1, "1 s ago"),
        (59.9, "in 60 s"),
        (-119, "119 s ago"),
        (-120, "2 min ago"),
        (-3599, "60 min ago"),
        (5400, "in 90 min"),
        (7200, "in 2 h"),
        (86400, "in 24 h"),
        (47 * 3600 + 20 * 60, "in 47 h"),
        (47 * 3600 + 50 * 60, "in 2 d"),
        (-86400 * 40, "40 d ago"),
    ],
)
def test_a_hint_is_in_the_largest_unit_of_which_there_are_two(seconds, said):
    assert hint(NOON + int(seconds * SECOND), NOON) == said


@given(seconds=st.floats(1, 1e10))
def test_a_hint_is_off_by_a_fifth_at_most(seconds):
    number, unit = roughly(seconds).split()
    said = int(number) * {"d": 86400, "h": 3600, "min": 60, "s": 1}[unit]

    assert abs(said - seconds) <= max(0.5, seconds / 5)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.0002, "1 ms"),
        (0.0123, "12 ms"),
        (0.25, "0.2 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3900, "1 h 5 min"),
        (3601, "1 h"),
        (172800, "2 d"),
        (90000, "1 d 1 h"),
    ],
)
def test_a_duration_is_in_two_units(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (24363239, "24.4 MB"),
        (999_999, "1.0 MB"),
        (10**15, "1.0 PB"),
        (10**18, "1000.0 PB"),
    ],
)
def test_a_size_is_in_the_units_of_disks(count, said):
    assert size(count) == said
