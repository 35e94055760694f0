"""Files with odd names and headers, systems of coordinates that are rare, and polygons with many corners."""

import io
import re

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits

from pyramid_uws.datalink import CannotCut, Cut
from pyramid_uws.datalink.cutting import cut
from pyramid_uws.datalink.estimating import estimate
from pyramid_uws.datalink.links import cutouts, preview, this
from pyramid_uws.datalink.observations import read_observation
from pyramid_uws.datalink.offer import Offer
from pyramid_uws.datalink.problems import Unreadable
from pyramid_uws.datalink.sphere import MOST_CORNERS, Polygon, vectors


def an_image(path, system=("RA---TAN", "DEC--TAN"), **cards):
    image = fits.PrimaryHDU(np.ones((20, 30), dtype=np.float32))
    image.header.update(
        {"CTYPE1": system[0], "CTYPE2": system[1], "CUNIT1": "deg", "CUNIT2": "deg", "CRVAL1": 120.0}
    )
    image.header.update(
        {"CRVAL2": 30.0, "CRPIX1": 15.5, "CRPIX2": 10.5, "CDELT1": -0.001, "CDELT2": 0.001, **cards}
    )
    image.writeto(path)
    return path


def history_of(observation, wanted):
    file = io.BytesIO()
    cut(observation, wanted, file)
    file.seek(0)
    return "\n".join(fits.getheader(file)["HISTORY"])


@pytest.mark.parametrize("name", ["new\nline.fits", "tab\there.fits", "bell\x07.fits", "ünï☃.fits"])
def test_names_may_have_marks_that_no_header_may_have(tmp_path, name):
    observation = read_observation(name, an_image(tmp_path / name))

    assert estimate(observation, Cut()) > 0
    assert "?" in history_of(observation, Cut())


def test_a_card_that_cannot_be_read_is_left_out(tmp_path):
    path = an_image(tmp_path / "image.fits", OBJECT="NULHERE", TELESCOP="Ours")
    path.write_bytes(path.read_bytes().replace(b"NULHERE", b"A\x00\x01\x1b\xff\xfeB"))

    observation = read_observation("image.fits", path)

    assert (observation.target, observation.facility) == ("", "Ours")
    assert observation.circle[:2] == pytest.approx((120.0, 30.0))
    assert "image.fits" in history_of(observation, Cut())


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        (b"BITPIX  =                  -32", b"BITPIX  =                  -99"),
        (b"NAXIS2  =                   20", b"COMMENT                       "),
        (b"NAXIS2  =                   20", b"NAXIS2  =                'two'"),
        (b"NAXIS   =                    2", b"NAXIS   =                    x"),
    ],
)
def test_a_file_whose_structure_is_broken_is_named(tmp_path, sound, broken):
    path = an_image(tmp_path / "image.fits")
    whole = path.read_bytes()
    assert sound in whole
    path.write_bytes(whole.replace(sound, broken))

    with pytest.raises(Unreadable, match=r"image\.fits"):
        read_observation("image.fits", path)


def test_a_pixel_of_reference_that_is_a_text_is_not_understood(tmp_path):
    observation = read_observation("image.fits", an_image(tmp_path / "image.fits", CRPIX1="text"))

    with pytest.raises(Unreadable, match="coordinates of image"):
        estimate(observation, Cut())


@pytest.mark.parametrize(
    ("system", "frame"),
    [(("ELON-TAN", "ELAT-TAN"), "barycentricmeanecliptic"), (("SLON-TAN", "SLAT-TAN"), "supergalactic")],
)
def test_ecliptic_and_supergalactic_coordinates_are_of_the_sky(tmp_path, system, frame):
    observation = read_observation("image.fits", an_image(tmp_path / "image.fits", system))

    middle = SkyCoord(120.0, 30.0, unit="deg", frame=frame).icrs
    assert observation.circle[:2] == pytest.approx((middle.ra.deg, middle.dec.deg), abs=1e-8)


@pytest.mark.parametrize(
    ("system", "reason"),
    [
        (("RA---TAN", "DEC--SIN"), "Inconsistent projection types (expected DEC--TAN, got DEC--SIN in CTYPE2)"),
        (("RA---TAB", "DEC--TAB"), "Memory allocation error"),
        ((5, "DEC--TAN"), "'int' object has no attribute 'strip'"),
    ],
    ids=str,
)
def test_a_file_with_coordinates_that_cannot_be_understood_is_given_and_not_cut(tmp_path, system, reason):
    path = an_image(tmp_path / "some.fits", system, OBJECT="M 1", RA=83.6, DEC=22.0)
    observation = read_observation("some", path)
    told = f"The coordinates of some.fits cannot be understood: {reason}."
    offer = Offer(number=1, pieces=None, links="u:links", file="u:file", soda="u:soda", dlasync="u:dlasync")

    (link,) = this(observation, offer)
    assert (observation.kind, observation.target, observation.circle) == ("image", "M 1", (83.6, 22.0, 0.0))
    assert (link.access_url, link.content_length) == ("u:file?ID=some", path.stat().st_size)
    assert link.description == f"M 1. {told}"
    assert [*preview(observation, offer), *cutouts(observation, offer)] == []
    with pytest.raises(Unreadable, match=re.escape(told)):
        cut(observation, Cut(), io.BytesIO())


def many_corners(count):
    turns = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return tuple(zip(120 + 0.005 * np.cos(turns), 30 + 0.005 * np.sin(turns), strict=True))


def test_a_polygon_of_many_corners_holds_what_is_within():
    held = Polygon(many_corners(MOST_CORNERS)).holds(vectors([120.0, 120.0049, 120.0051, np.nan], [30.0] * 4))

    assert held.tolist() == [True, True, False, False]


def test_more_corners_are_refused():
    with pytest.raises(CannotCut, match=f"{MOST_CORNERS + 1} corners; at most {MOST_CORNERS}"):
        Polygon(many_corners(MOST_CORNERS + 1))


def test_the_estimate_of_a_complicated_polygon_is_not_too_small(tmp_path):
    observation = read_observation("image.fits", an_image(tmp_path / "image.fits"))
    wanted, file = Cut(shape=("polygon", many_corners(500))), io.BytesIO()
    cut(observation, wanted, file)

    assert len(file.getvalue()) <= estimate(observation, wanted) <= 2 * len(file.getvalue())
