import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pyramid_uws.demo.matching import (
    BAND,
    coordinates,
    joined,
    match,
    match_in_bands,
    moved,
    unit_vectors,
    within_circle,
)

ARCSEC = 1 / 3600


def angle(ra, dec, other_ra, other_dec):
    """Return the separation in degrees by Vincenty's formula, which is exact for all angles."""
    dec, other_dec, along = np.radians(dec), np.radians(other_dec), np.radians(other_ra - ra)
    across = np.hypot(
        np.cos(other_dec) * np.sin(along),
        np.cos(dec) * np.sin(other_dec) - np.sin(dec) * np.cos(other_dec) * np.cos(along),
    )
    onward = np.sin(dec) * np.sin(other_dec) + np.cos(dec) * np.cos(other_dec) * np.cos(along)
    return np.degrees(np.arctan2(across, onward))


# Near the places where things go wrong: poles, the wrap of right ascension, the edges of bands.
right_ascensions = st.one_of(st.floats(0, 360), st.floats(359.99, 360), st.floats(0, 0.01), st.just(180.0))
declinations = st.one_of(
    st.floats(-90, 90),
    st.floats(89.99, 90),
    st.floats(-90, -89.99),
    st.floats(-0.01, 0.01),
    st.sampled_from([float(edge) for edge in range(-90, 91, BAND)]),
)
points = st.lists(st.tuples(right_ascensions, declinations), max_size=12).map(
    lambda pairs: np.array(pairs, dtype=float).reshape(-1, 2)
)
radii = st.one_of(st.floats(0.001 * ARCSEC, 600 * ARCSEC), st.floats(0.01, 30))


@given(points, points, radii)
@example(np.array([[0.0, 90.0]]), np.array([[123.0, 90.0], [123.0, 89.9999]]), ARCSEC)
@example(np.array([[359.9999, 0.0]]), np.array([[0.0001, 0.0]]), ARCSEC)
@example(np.array([[5.0, 10.0]]), np.array([[5.0, 9.9999], [5.0, 10.0001]]), ARCSEC)
def test_bands_find_the_same_pairs_as_comparing_all_with_all(left, right, radius):
    found = joined([band.pairs for band in match_in_bands(unit_vectors(*left.T), unit_vectors(*right.T), radius)])

    every = angle(left[:, :1], left[:, 1:], right[:, 0], right[:, 1])
    pairs = list(zip(found.left.tolist(), found.right.tolist(), strict=True))
    surely = set(zip(*np.nonzero(every <= radius - 1e-12), strict=True))
    perhaps = set(zip(*np.nonzero(every <= radius + 1e-12), strict=True))
    assert surely <= set(pairs) <= perhaps
    assert len(set(pairs)) == len(pairs)
    expected = every[found.left, found.right] / ARCSEC
    np.testing.assert_allclose(found.separation, expected, rtol=1e-9, atol=1e-8)


@given(points, points, radii)
def test_each_left_point_belongs_to_one_band(left, right, radius):
    bands = list(match_in_bands(unit_vectors(*left.T), unit_vectors(*right.T), radius))

    assert sum(band.lefts for band in bands) == len(left)
    assert (bands[0].low, bands[-1].high) == (-90, 90)


def test_pairs_of_a_point_come_with_the_closest_first():
    left = unit_vectors(np.array([10.0]), np.array([0.0]))
    right = unit_vectors(np.array([10.0003, 10.0001, 10.0002]), np.zeros(3))

    pairs = match(left, right, 2 * ARCSEC)

    assert pairs.right.tolist() == [1, 2, 0]
    assert pairs.separation == pytest.approx([0.36, 0.72, 1.08])


def test_points_at_the_same_place_are_a_pair():
    point = unit_vectors(np.array([10.0]), np.array([20.0]))

    pairs = match(point, point, ARCSEC)

    assert pairs.separation.tolist() == [0.0]


def test_pairs_of_a_band_can_be_related_to_a_larger_list():
    left, right = unit_vectors(np.array([10.0]), np.array([5.0])), unit_vectors(np.array([10.0]), np.array([5.0]))

    bands = [band.relating(np.array([7])) for band in match_in_bands(left, right, ARCSEC)]

    assert joined([band.pairs for band in bands]).left.tolist() == [7]


@given(right_ascensions, declinations)
def test_coordinates_survive_the_way_to_vectors_and_back(ra, dec):
    back_ra, back_dec = coordinates(unit_vectors(np.array([ra]), np.array([dec])))

    assert 0 <= back_ra[0] < 360
    assert angle(ra, dec, back_ra[0], back_dec[0]) < 1e-12


def test_a_right_ascension_just_below_zero_does_not_become_360():
    ra, _ = coordinates(np.array([[1.0, -1e-17, 0.0]]))

    assert ra.tolist() == [0.0]


@given(right_ascensions, declinations, st.floats(-10000, 10000), st.floats(-10000, 10000), st.floats(-100, 100))
def test_motion_goes_as_far_as_its_rate_says(ra, dec, east, north, years):
    ra, dec, east, north = (np.array([value]) for value in (ra, dec, east, north))

    there = coordinates(moved(ra, dec, (east, north), years))

    # Straight in space: the angle's tangent grows evenly.
    expected = np.degrees(np.arctan(np.radians(np.hypot(east, north) * abs(years) / 3.6e6)))
    assert angle(ra, dec, *there) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_motion_in_right_ascension_is_along_the_sky_not_along_the_circle_of_latitude():
    ra, dec = coordinates(moved(np.array([0.0]), np.array([60.0]), (np.array([3.6e3]), np.array([0.0])), 1.0))

    assert ra[0] == pytest.approx(0.002)
    assert dec[0] == pytest.approx(60.0)


def test_motion_over_the_pole_goes_on_at_the_other_side():
    ra, dec = coordinates(moved(np.array([30.0]), np.array([89.999]), (np.zeros(1), np.array([7.2e3])), 1.0))

    assert ra[0] == pytest.approx(210.0)
    assert dec[0] == pytest.approx(89.999)


@given(
    hnp.arrays(float, (5, 2), elements=st.floats(0, 1)).map(lambda a: a * [360, 180] - [0, 90]),
    right_ascensions,
    declinations,
    st.floats(0.01, 179),
)
def test_a_circle_holds_what_is_no_further_from_its_centre_than_its_radius(points, ra, dec, radius):
    inside = within_circle(unit_vectors(*points.T), (ra, dec, radius))

    distance = angle(ra, dec, *points.T)
    clear = abs(distance - radius) > 1e-9
    assert (inside == (distance <= radius))[clear].all()


def test_a_circle_of_180_degrees_is_the_whole_sky():
    sky = unit_vectors(np.array([180.0, 0.0, 90.0]), np.array([0.0, 0.0, 45.0]))

    assert within_circle(sky, (0.0, 0.0, 180.0)).all()
