"""Cuts as pictures."""

import io

import numpy as np
import pytest
from PIL import Image

from pyramid_uws.datalink import as_png
from pyramid_uws.datalink.cuts import Cut
from pyramid_uws.datalink.estimating import formats
from pyramid_uws.datalink.problems import CannotCut

from .conftest import content, image


def picture(observation, wanted=None, **others):
    """Return the grey and the opacity of a cut."""
    found = Image.open(io.BytesIO(content(observation, wanted, "image/png", **others)))
    return np.moveaxis(np.asarray(found), -1, 0)


def test_up_is_up_and_bright_is_white(saved):
    pixels = np.zeros((20, 30), dtype="f4")
    pixels[15:, :10] = 100.0  # above, on the left

    grey, opacity = picture(saved(image(pixels)))

    assert grey.shape == (20, 30)
    assert (grey[:5, :10] == 255).all()
    assert (grey[5:] == 0).all()
    assert (opacity == 255).all()


def test_faint_things_are_brighter_than_they_are(saved):
    grey, _ = picture(saved(image(np.tile(np.linspace(0, 1, 100), (100, 1)))))

    assert grey[0, 50] == pytest.approx(255 * np.arcsinh(5) / np.arcsinh(10), abs=3)


def test_what_is_not_of_the_cut_is_transparent(saved):
    _, opacity = picture(saved(image(np.ones((20, 20), dtype="i2"))), Cut(shape=("circle", (30.0, 20.0, 0.05))))

    assert opacity[0, 0] == 0
    assert opacity[5, 5] == 255


def test_planes_of_a_cube_become_their_mean(saved):
    planes = np.zeros((4, 10, 10), dtype="f4")
    planes[1, 2, 3] = 4.0
    planes[2] = np.nan
    hdu = image(planes)
    hdu.header.update(CTYPE3="WAVE", CUNIT3="m", CRVAL3=5e-7, CDELT3=1e-9, CRPIX3=1.0)

    grey, opacity = picture(saved(hdu))

    assert np.argwhere(grey == 255).tolist() == [[7, 3]]
    assert (opacity == 255).all()


def test_large_images_become_smaller(saved, monkeypatch):
    monkeypatch.setattr(as_png, "SIDE", 10)
    pixels = np.zeros((35, 62), dtype="f4")
    pixels[:7, -6:] = 1.0  # one of the squares of seven pixels, the last one being narrower

    grey, _ = picture(saved(image(pixels)))

    assert grey.shape == (5, 9)
    assert np.argwhere(grey == 255).tolist() == [[4, 8]]


def test_an_image_of_nothing_is_transparent(saved):
    _, opacity = picture(saved(image(np.full((4, 4), np.nan))))

    assert not opacity.any()


def test_where_it_comes_from_is_told(saved):
    written = content(saved(image(np.ones((4, 4)))), media_type="image/png", history=["Made by http://a/b"])

    assert Image.open(io.BytesIO(written)).text["Comment"] == "Made by http://a/b"


class TestFormats:
    def test_they_go_by_the_kind(self, demo):
        fits, png, votable = "application/fits", "image/png", "application/x-votable+xml"

        assert formats(demo("m13.fits")) == (fits, png)
        assert formats(demo("muse_udf_subcube.fits")) == (fits, png, votable)
        assert formats(demo("sdss_J220248.31+123656.3.fits")) == (fits, votable)

    def test_others_are_refused(self, demo):
        with pytest.raises(
            CannotCut, match=r"ID=m13\.fits: there are no cuts as text/csv, only application/fits, "
        ):
            content(demo("m13.fits"), media_type="text/csv")

    def test_a_spectrum_is_that_of_one_pixel(self, demo):
        with pytest.raises(
            CannotCut, match="one pixel of the sky, and this cut has 30 x 30; a CIRCLE of radius 0"
        ):
            content(demo("muse_udf_subcube.fits"), media_type="application/x-votable+xml")
