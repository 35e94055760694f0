"""Which pixels a shape means, compared with what astropy says of each pixel."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.units import deg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyramid_uws.datalink.cuts import Cut
from pyramid_uws.datalink.layout import read_layout
from pyramid_uws.datalink.problems import CannotCut, NoOverlap
from pyramid_uws.datalink.regions import region_of
from pyramid_uws.datalink.sky import sky_of
from pyramid_uws.datalink.sphere import shape_of

from .conftest import coordinates, cut_out, image

ALL_SKY = fits.Header(
    {
        "CTYPE1": "RA---AIT", "CTYPE2": "DEC--AIT", "CRVAL1": 0.0, "CRVAL2": 0.0, "CDELT1": -2.0, "CDELT2": 2.0,
        "CRPIX1": 90.5, "CRPIX2": 45.5, "RADESYS": "ICRS",
    }
)  # fmt: skip

#: What is there -> pixels across and up, and the cards of the header.
IMAGES = {
    "small": ((40, 30), {}),
    "across longitude 0": ((50, 50), {"CRVAL1": 0.02, "CRVAL2": 5.0}),
    "around the pole": ((60, 60), {"CRVAL1": 120.0, "CRVAL2": 89.9}),
    "turned": ((50, 40), {"CDELT1": 0.01, "CROTA2": 30.0}),
    "galactic": (
        (40, 40),
        {"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN", "CRVAL1": 210.0, "CRVAL2": -40.0, "RADESYS": ""},
    ),
    "FK5 of 1975": ((40, 40), {"RADESYS": "FK5", "EQUINOX": 1975.0}),
    "FK4": ((40, 40), {"RADESYS": "FK4", "EQUINOX": 1950.0}),
    "latitude first": ((40, 40), {"CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRVAL1": 20.0, "CRVAL2": 30.0}),
    "the whole sky": ((180, 90), ALL_SKY),
    "wide": (
        (100, 50),
        {"CTYPE1": "RA---CAR", "CTYPE2": "DEC--CAR", "CRVAL2": 0.0, "CDELT1": -2.0, "CDELT2": 2.0},
    ),
}


@pytest.fixture(params=IMAGES)
def picture(request, saved):
    size, cards = IMAGES[request.param]
    return saved(image(np.ones(size[::-1], dtype="f4"), **cards))


def centres(observation):
    """Return the positions of all pixels, by astropy alone."""
    with fits.open(observation.path) as hdus:
        wcs = coordinates(hdus[0].header)
    rows, columns = np.indices(observation.lengths[::-1])
    found = wcs.pixel_to_world(columns, rows)
    return found if isinstance(found, SkyCoord) else SkyCoord(*found[::-1])


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(way=st.floats(0, 1.5), angle=st.floats(0, 360), size=st.floats(0.001, 2))
def test_a_circle_means_the_pixels_with_their_centre_in_it(picture, way, angle, size):
    ra, dec, radius = picture.circle
    extent = min(radius, 60.0)
    middle = SkyCoord(ra, dec, unit="deg").directional_offset_by(angle * deg, way * extent * deg)
    circle = (middle.ra.deg, middle.dec.deg, size * extent)
    sky = sky_of(read_layout(picture.path))

    region = region_of(sky, shape_of(("circle", circle)))

    pixels = centres(picture).icrs
    with np.errstate(invalid="ignore"):
        expected = pixels.separation(middle).deg <= circle[2]
    if region is None or region.touched:
        assert not expected.any()
        return
    found = np.zeros_like(expected)
    box = region.box
    found[box.bottom : box.top, box.left : box.right] = region.mask(box.bottom, box.top)
    assert (found == expected).all()
    assert expected[box.bottom].any()
    assert expected[box.top - 1].any()
    assert expected[:, box.left].any()
    assert expected[:, box.right - 1].any()


class TestShapes:
    @pytest.fixture
    def picture(self, saved):
        return saved(image(np.arange(2500, dtype="f4").reshape(50, 50)))  # half a degree around 30, 20

    @pytest.mark.parametrize("turn", [1, -1])
    def test_a_polygon_may_be_wound_either_way(self, picture, turn):
        corners = ((30.1, 19.9), (30.1, 20.1), (29.9, 20.1), (29.9, 19.9))

        with cut_out(picture, Cut(shape=("polygon", corners[::turn]))) as hdus:
            assert abs(hdus[0].data.shape[0] - 20) <= 1
            assert np.isfinite(hdus[0].data).mean() > 0.9

    def test_a_concave_polygon_leaves_out_its_bay(self, picture):
        corners = ((30.2, 19.8), (30.0, 20.0), (29.8, 19.8), (29.8, 20.2), (30.2, 20.2))

        with cut_out(picture, Cut(shape=("polygon", corners))) as hdus:
            pixels = hdus[0].data
        assert np.isnan(pixels[2, pixels.shape[1] // 2])
        assert np.isfinite(pixels[-2, pixels.shape[1] // 2])

    def test_a_circle_smaller_than_a_pixel_gives_the_pixel_that_it_lies_in(self, picture):
        with fits.open(picture.path) as hdus:
            ra, dec = coordinates(hdus[0].header).wcs_pix2world([[17.3, 31.4]], 0)[0]

        with cut_out(picture, Cut(shape=("circle", (ra, dec, 1e-6)))) as hdus:
            assert hdus[0].data.tolist() == [[31 * 50 + 17]]

    def test_a_point_is_a_circle_of_radius_zero(self, picture):
        with cut_out(picture, Cut(shape=("circle", (30.0, 20.0, 0.0)))) as hdus:
            assert hdus[0].data.size in (1, 2, 4)  # it lies between pixels

    def test_a_range_across_longitude_0(self, saved):
        picture = saved(image(np.ones((50, 50), dtype="f4"), at=(0.0, 0.0)))

        with cut_out(picture, Cut(shape=("range", (359.9, 0.1, -0.05, 0.05)))) as hdus:
            assert hdus[0].data.shape == (10, 20)

    def test_a_range_around_the_pole_has_all_longitudes(self, saved):
        picture = saved(image(np.ones((50, 50), dtype="f4"), at=(0.0, 90.0)))

        with cut_out(picture, Cut(shape=("range", (0.0, 360.0, 89.9, 90.0)))) as hdus:
            assert np.isfinite(hdus[0].data).sum() == pytest.approx(np.pi * 10**2, abs=10)

    @pytest.mark.spec("S-12")
    def test_all_of_the_sky_is_all_of_the_image(self, picture):
        for shape in (("range", (0.0, 360.0, -90.0, 90.0)), ("circle", (0.0, 0.0, 180.0))):
            with cut_out(picture, Cut(shape=shape)) as hdus:
                assert hdus[0].data.shape == (50, 50)
                assert np.isfinite(hdus[0].data).all()

    def test_galactic_coordinates_are_so_whatever_radesys_says(self, saved):
        observation = saved(
            image(np.ones((50, 50), dtype="f4"), CTYPE1="GLON-TAN", CTYPE2="GLAT-TAN", at=(0.0, 0.0))
        )

        assert observation.circle[:2] == pytest.approx((266.405, -28.936), abs=0.001)

    @pytest.mark.parametrize(
        "shape",
        [
            ("circle", (210.0, -20.0, 1.0)),  # on the other side of the sky
            ("circle", (30.0, 21.0, 0.7)),
            ("range", (31.0, 29.0, 19.0, 21.0)),  # the long way around
            ("polygon", ((31.0, 20.0), (31.1, 20.0), (31.0, 20.1))),
        ],
    )
    def test_what_does_not_meet_the_image_overlaps_nothing(self, picture, shape):
        with pytest.raises(NoOverlap, match=r"ID=some.fits: nothing of it is within POS="):
            cut_out(picture, Cut(shape=shape))

    def test_a_large_circle_whose_rim_crosses_a_small_image(self, picture):
        with cut_out(picture, Cut(shape=("circle", (120.0, 20.0, 83.282)))) as hdus:
            assert 0 < np.isfinite(hdus[0].data).sum() < 2500

    def test_a_polygon_larger_than_half_of_the_sky_is_refused(self, picture):
        corners = ((0.0, 0.0), (120.0, 0.0), (240.0, 0.0))

        with pytest.raises(CannotCut, match="too large"):
            cut_out(picture, Cut(shape=("polygon", corners)))
