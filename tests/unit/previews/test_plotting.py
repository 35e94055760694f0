"""Plots: which columns are chosen, where points are, and how axes are marked."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.previews import sky
from pyramid_uws.previews.plotting import HEIGHT, WIDTH, choose, plot
from pyramid_uws.previews.ticks import axis, widened
from pyramid_uws.previews.values import Column, Wish


def columns(*said):
    return [Column(name, unit, ucd, is_number=True) for name, unit, ucd in said]


PAIRS = {
    "by UCD": [("x", "deg", "pos.eq.dec"), ("y", "deg", "pos.eq.ra")],
    "by the old UCDs": [("x", "", "POS_EQ_DEC_MAIN"), ("y", "", "POS_EQ_RA_MAIN")],
    "by common names": [("dec", "", ""), ("ra", "", "")],
    "by names with something before": [("s_dec", "deg", ""), ("s_ra", "deg", "")],
    "by names with something behind": [("DE_ICRS", "deg", ""), ("RA_ICRS", "deg", "")],
    "of catalogues": [("DEJ2000", "deg", ""), ("RAJ2000", "deg", "")],
    "of the Galaxy": [("b", "deg", "pos.galactic.lat"), ("l", "deg", "pos.galactic.lon")],
}


@pytest.mark.parametrize("said", PAIRS.values(), ids=PAIRS)
def test_positions_are_found(said):
    choice = choose(columns(*said), Wish())

    assert (choice.x, choice.y, choice.is_sky) == (1, 0, True)


def test_of_several_positions_each_has_its_own_partner_and_the_main_ones_come_first():
    said = columns(
        ("ra_2", "deg", "pos.eq.ra"),
        ("dec_2", "deg", "pos.eq.dec"),
        ("ra_1", "deg", "pos.eq.ra;meta.main"),
        ("dec_1", "deg", "pos.eq.dec;meta.main"),
        ("ra_error", "deg", "stat.error;pos.eq.ra"),
    )

    assert [(pair.longitude, pair.latitude) for pair in sky.pairs(said)] == [(2, 3), (0, 1)]


@pytest.mark.parametrize(
    "said", [("ra", "h", ""), ("ra", "rad", "pos.eq.ra"), ("area", "", ""), ("ra", "", "stat.error")]
)
def test_what_is_no_position_in_degrees_is_not_taken_for_one(said):
    assert sky.pairs(columns(said, ("dec", "deg", ""))) == []


def test_without_positions_the_first_two_numbers_are_plotted_and_no_identifiers():
    said = columns(("id", "", "meta.id"), ("flux", "Jy", ""), ("freq", "GHz", ""))

    assert (choose(said, Wish()).x, choose(said, Wish()).y) == (1, 2)
    assert choose(said, Wish("freq", "id")).x == 2
    assert choose(said, Wish("freq", "none such")).x == 1
    assert choose(said[:2], Wish()) is None


def told(xs, ys, said=(("ra", "deg", "pos.eq.ra"), ("dec", "deg", "pos.eq.dec"))):
    chosen = columns(*said)
    return plot(chosen, choose(chosen, Wish()), list(zip(xs, ys, strict=True)))


def places(plotted):
    return [tuple(map(float, dot.removesuffix("h0").split())) for dot in plotted["path"].split("M")[1:]]


def test_right_ascension_grows_to_the_left_and_declination_upwards():
    (east, top), (west, bottom) = places(told([11.0, 10.0], [21.0, 20.0]))

    assert east < west
    assert top < bottom


def test_a_small_field_has_the_same_scale_in_both_directions():
    plotted = told([10.0, 10.2, 10.0], [60.0, 60.0, 60.1])
    (x0, y0), (x1, _), (_, y1) = places(plotted)

    assert plotted["kind"] == "flat"
    assert (x0 - x1) == pytest.approx(y0 - y1, rel=0.01)  # 0.2 deg at 60 deg are 0.1 deg on the sky


def test_a_field_across_the_first_hour_is_not_torn():
    plotted = told([359.9, 0.1], [0.0, 0.0])

    assert plotted["points"]["x"] == pytest.approx([-0.1, 0.1])
    assert {mark["text"] for mark in plotted["axes"]["x"]["ticks"]} >= {"0.0", "359.0"}


def test_positions_all_over_are_shown_on_the_whole_sky():
    plotted = told([0.0, 90.0, 270.0, 0.0], [0.0, 0.0, 0.0, 90.0])
    (x0, y0), (x90, _), (x270, _), (_, pole) = places(plotted)

    assert plotted["kind"] == "sky"
    assert x90 < x0 < x270
    assert pole < y0


@given(st.floats(-360, 720), st.floats(-90, 90))
def test_every_position_is_within_the_map(longitude, latitude):
    x, y = sky.hammer(longitude, latitude)

    assert math.hypot(x, y) <= 1 + 1e-9


FINITE = st.floats(-1e300, 1e300)


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=20))
def test_every_point_is_within_the_picture(points):
    plotted = told(*zip(*points, strict=True), said=(("a", "", ""), ("b", "", "")))

    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places(plotted))


@given(st.lists(FINITE, min_size=1, max_size=5))
def test_axes_are_marked_within_with_labels_that_differ(values):
    low, high = widened(values)

    marked = axis(low, high)

    assert 1 <= len(marked.ticks) <= 12
    assert all(low - (high - low) * 1e-6 <= tick <= high + (high - low) * 1e-6 for tick in marked.ticks)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 10, ("0", "2", "4", "6", "8", "10")),
        (-0.02, 0.03, ("\N{MINUS SIGN}0.02", "\N{MINUS SIGN}0.01", "0.00", "0.01", "0.02", "0.03")),
        (2e9, 4e9, ("2e+09", "2.5e+09", "3e+09", "3.5e+09", "4e+09")),
    ],
)
def test_marks_are_round_numbers(low, high, labels):
    assert axis(low, high).labels == labels
