"""Cuts of real observations have the coordinates of the observations (SODA: a correct WCS)."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyramid_uws.datalink.cuts import Cut
from pyramid_uws.datalink.estimating import estimate
from pyramid_uws.datalink.layout import opened
from pyramid_uws.datalink.problems import NoOverlap

from .conftest import content, coordinates, cut_out

FILES = ("m13.fits", "muse_hdfs_image.fits", "muse_udf_subcube.fits")
parts = st.floats(0.0, 1.0)


@st.composite
def cuts(draw, observation):
    """Return circles, ranges and polygons that meet an observation, and bands if it has any."""
    ra, dec, radius = observation.circle
    lon = ra + (draw(parts) - 0.5) * radius / np.cos(np.radians(dec))
    lat = dec + (draw(parts) - 0.5) * radius
    size = radius * draw(parts)
    wide = size / np.cos(np.radians(lat))
    shape = draw(
        st.sampled_from(
            [
                ("circle", (lon, lat, size)),
                ("range", (lon - wide, lon + wide, lat - size, lat + size)),
                ("polygon", ((lon, lat - size), (lon + wide, lat), (lon - wide, lat + size))),
                None,
            ]
        )
    )
    if observation.band is None or observation.kind != "cube" or draw(st.booleans()):
        return Cut(shape=shape)
    low, high = sorted(observation.band[0] + draw(parts) * np.ptp(observation.band) for _ in range(2))
    return Cut(shape=shape, band=(low, high))


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pixels_of_a_cut_are_where_they_were_in_the_observation(demo, name, data):
    observation = demo(name)
    wanted = data.draw(cuts(observation))
    with opened(observation.path) as hdus:
        original, pixels = coordinates(hdus[0].header), np.array(hdus[0].data)

    try:
        with cut_out(observation, wanted) as hdus:
            found, header = np.array(hdus[0].data), hdus[0].header
    except NoOverlap:
        return

    corners = np.array([[0] * found.ndim, [length - 1 for length in reversed(found.shape)]], dtype=float)
    samples = np.linspace(corners[0], corners[1], 5)
    places = original.wcs_world2pix(coordinates(header).wcs_pix2world(samples, 0), 0)
    offset = np.round(places[0]).astype(int)
    assert np.abs(places - samples - offset).max() < 1e-6
    window = tuple(slice(start, start + length) for start, length in zip(offset[::-1], found.shape, strict=True))
    kept = np.isfinite(found) & (found != header.get("BLANK"))
    assert kept.any()
    assert (found == pixels[window])[kept].all()


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_size_of_a_cut_is_known_before(demo, name, data):
    observation = demo(name)
    wanted = data.draw(cuts(observation))
    try:
        expected = estimate(observation, wanted, ["from somewhere"])
    except NoOverlap:
        return

    assert len(content(observation, wanted, history=["from somewhere"])) == expected
