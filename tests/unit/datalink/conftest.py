"""FITS files that are made for a test, and cuts of them, read again."""

import io
import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

from pyramid_uws.datalink.cuts import Cut
from pyramid_uws.datalink.cutting import cut
from pyramid_uws.datalink.observations import read_observation
from pyramid_uws.demo.observed import observations


@pytest.fixture(scope="session")
def demo():
    return observations()


@pytest.fixture
def saved(tmp_path):
    """Return what saves HDUs, and returns them as an observation."""

    def save(*hdus, name="some.fits"):
        first = [] if isinstance(hdus[0], fits.PrimaryHDU) else [fits.PrimaryHDU()]
        fits.HDUList([*first, *hdus]).writeto(tmp_path / name)
        return read_observation(name, tmp_path / name)

    return save


def image(pixels, *, scale=0.01, at=(30.0, 20.0), **cards):
    """Return an image around a position, the middle of which is in the middle."""
    hdu = fits.PrimaryHDU(np.asarray(pixels))
    height, width = hdu.data.shape[-2:]
    hdu.header.update(
        CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CRVAL1=at[0], CRVAL2=at[1], CDELT1=-scale, CDELT2=scale,
        CRPIX1=(width + 1) / 2, CRPIX2=(height + 1) / 2, RADESYS="ICRS",
    )  # fmt: skip
    hdu.header.update(cards)
    return hdu


def content(observation, wanted=None, media_type="application/fits", **others):
    """Return a cut as bytes."""
    file = io.BytesIO()
    cut(observation, wanted or Cut(), file, media_type, **others)
    return file.getvalue()


def cut_out(observation, wanted=None, **others):
    """Return the HDUs of a cut, whose checksums are right."""
    return fits.open(io.BytesIO(content(observation, wanted, **others)), checksum=True)


def coordinates(header, hdus=None):
    """Return the coordinates of a header as astropy understands it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        return WCS(header, hdus)
