import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.uws.instants import clamp_instant, format_instant, parse_instant

ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
INSTANTS = st.integers(min_value=-62135596800_000_000, max_value=253402300799_999_999)


@pytest.mark.spec("U-28")
@given(INSTANTS)
def test_every_instant_written_is_iso_with_z_and_reads_back(instant):
    written = format_instant(instant)

    assert ISO.match(written)
    assert parse_instant(written) == instant


@pytest.mark.spec("U-30")
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2015-10-26T09:15:35", "2015-10-26T09:15:35.000000Z"),
        ("2015-10-26T09:15:35Z", "2015-10-26T09:15:35.000000Z"),
        ("2015-10-26 09:00", "2015-10-26T09:00:00.000000Z"),
        ("2015-10-26T09:15:35.1", "2015-10-26T09:15:35.100000Z"),
        ("2015-10-26T09:15:35.123456789", "2015-10-26T09:15:35.123456Z"),
        ("2015-10-26", "2015-10-26T00:00:00.000000Z"),
        ("2015-10", "2015-10-01T00:00:00.000000Z"),
        ("2015", "2015-01-01T00:00:00.000000Z"),
        ("20151026", "2015-10-26T00:00:00.000000Z"),
        ("20151026T091535Z", "2015-10-26T09:15:35.000000Z"),
    ],
)
def test_input_instants_may_be_written_in_many_ways(text, meant):
    assert format_instant(parse_instant(text)) == meant


@pytest.mark.spec("U-31")
@pytest.mark.parametrize(
    "text",
    [
        "2015-26-10",
        "2015-02-30",
        "sometext",
        "",
        "2015-10-26T09:00+01:00",
        "2015-10-26T09:00 01:00",
        "2015-10-26T25:00",
        "0000",
        "20151",
        "2015-10-26T",
        "٢٠١٥",
    ],
)
def test_other_zones_impossible_dates_and_text_are_refused(text):
    with pytest.raises(ValueError, match=r"expected|no such"):
        parse_instant(text)


def test_an_instant_beyond_the_calendar_is_clamped_to_its_end():
    assert format_instant(clamp_instant(10**20)) == "9999-12-31T23:59:59.999999Z"
