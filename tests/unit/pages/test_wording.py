"""What is written for the eye: instants, sizes and durations."""

import pytest

from pyramid_uws.pages.wording import clock, duration, hint, size
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
        (59.9, "in 59 s"),
        (-60, "1 min ago"),
        (-3599, "59 min ago"),
        (3600, "in 1 h"),
        (-86400 * 40, "40 d ago"),
    ],
)
def test_a_hint_is_in_the_largest_unit(seconds, said):
    assert hint(NOON + int(seconds * SECOND), NOON) == said


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
