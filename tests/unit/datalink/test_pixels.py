"""The pixels that a cut has are those of the observation, however they are stored and in however many pieces."""

import uuid

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyramid_uws.datalink import pixels, reading
from pyramid_uws.datalink.cuts import Cut
from pyramid_uws.datalink.layout import read_layout
from pyramid_uws.datalink.observations import read_observation
from pyramid_uws.datalink.pixels import pieces
from pyramid_uws.datalink.planning import Plan
from pyramid_uws.datalink.problems import Unreadable

from .conftest import cut_out, image

KINDS = ["u1", "i2", "i4", "i8", "f4", "f8"]


@st.composite
def parts(draw, lengths):
    """Return some of each axis; of one of them, in steps."""
    found = []
    for length in lengths:
        start = draw(st.integers(0, length - 1))
        found.append(slice(start, draw(st.integers(start + 1, length))))
    axis = draw(st.integers(0, len(lengths) - 1))
    found[axis] = slice(found[axis].start, found[axis].stop, draw(st.integers(1, 3)))
    return tuple(found)


@pytest.mark.parametrize("compressed", [False, True])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_pieces_put_together_are_the_slice(tmp_path, monkeypatch, compressed, data):
    most = 3 if compressed else 5
    lengths = data.draw(st.lists(st.integers(1, 9), min_size=2 if compressed else 1, max_size=most))
    kind = data.draw(st.sampled_from(["i2", "i4"] if compressed else KINDS))
    array = np.arange(np.prod(lengths)).astype(kind).reshape(lengths[::-1])
    hdu = fits.CompImageHDU(array) if compressed else fits.ImageHDU(array)
    path = tmp_path / f"{uuid.uuid4()}.fits"
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    monkeypatch.setattr(pixels, "PIECE", data.draw(st.integers(1, 300)))
    monkeypatch.setattr(reading, "_GAP", data.draw(st.integers(0, 20)))
    layout = read_layout(path)
    plan = Plan(layout, data.draw(parts(lengths)))

    found = [piece.pixels.ravel() for piece in pieces(plan, layout.data)]

    assert np.concatenate(found).tolist() == array[plan.parts[::-1]].ravel().tolist()


class TestKindsOfPixels:
    CIRCLE = Cut(shape=("circle", (30.0, 20.0, 0.04)))

    def test_floats_outside_a_circle_are_nan(self, saved):
        with cut_out(saved(image(np.ones((20, 20), dtype="f8"))), self.CIRCLE) as hdus:
            assert hdus[0].header["BITPIX"] == -64
            assert np.isnan(hdus[0].data[0, 0])
            assert hdus[0].data[4, 4] == 1

    def test_integers_outside_a_circle_are_what_blank_says(self, saved):
        with cut_out(saved(image(np.ones((20, 20), dtype="i2"), BLANK=-5)), self.CIRCLE) as hdus:
            assert hdus[0].header["BITPIX"] == 16
            assert np.isnan(hdus[0].data[0, 0])  # which astropy makes of BLANK
            assert hdus[0].data[4, 4] == 1

    @pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "u4"])
    def test_integers_without_blank_become_wider_so_that_none_is_lost(self, saved, kind):
        extremes = np.iinfo(kind)
        pixels = np.tile(np.array([extremes.min, extremes.max], dtype=kind), (20, 10))

        with cut_out(saved(image(pixels)), self.CIRCLE) as hdus:
            assert hdus[0].header["BITPIX"] == {"1": 16, "2": 32, "4": 64}[kind[1]]
            found = hdus[0].data
        assert np.isnan(found[0, 0])
        assert sorted(set(found[4])) == [extremes.min, extremes.max]

    def test_integers_stay_as_they_are_in_a_cut_that_blanks_nothing(self, saved):
        pixels = np.arange(60000, 60400, dtype="u2").reshape(20, 20)

        with cut_out(saved(image(pixels))) as hdus:
            assert hdus[0].header["BITPIX"] == 16
            assert (hdus[0].data == pixels).all()

    def test_scaled_numbers_keep_their_scale(self, saved):
        hdu = image(np.linspace(0, 1, 400).reshape(20, 20))
        hdu.scale("int16", bscale=0.001, bzero=3.0)
        expected = hdu.data.copy() * 0.001 + 3.0

        with cut_out(saved(hdu), self.CIRCLE) as hdus:
            found = hdus[0].data
        assert found[4, 4] == pytest.approx(expected[10, 10], abs=0.001)


class TestCompressedImages:
    @pytest.mark.parametrize("kind", ["i2", "u2", "i4", "f4"])
    def test_they_are_cut_like_plain_ones(self, saved, kind):
        pixels = np.arange(10_000).reshape(100, 100).astype(kind)
        plain = image(pixels)
        hdu = fits.CompImageHDU(pixels, plain.header, tile_shape=(10, 20), quantize_level=0)
        wanted = Cut(shape=("circle", (30.1, 20.1, 0.1)))

        with (
            cut_out(saved(hdu, name="packed.fits.fz"), wanted) as packed,
            cut_out(saved(plain), wanted) as expected,
        ):
            assert [type(hdu) for hdu in packed] == [fits.PrimaryHDU]  # as before it was compressed
            assert np.array_equal(packed[0].data, expected[0].data, equal_nan=True)
            assert packed[0].header["CRPIX1"] == expected[0].header["CRPIX1"]


class TestBrokenFiles:
    def test_a_file_that_is_cut_off_is_refused(self, saved):
        observation = saved(image(np.ones((200, 200))))
        with observation.path.open("r+b") as file:
            file.truncate(100_000)

        with pytest.raises(Unreadable, match=r"some.fits is shorter than its header says"):
            cut_out(observation)

    def test_a_file_that_is_replaced_meanwhile_is_not_mixed_with_the_old_one(self, saved, tmp_path):
        observation = saved(image(np.ones((20, 20))))
        layout = read_layout(observation.path)
        image(np.zeros((30, 30))).writeto(tmp_path / "new")
        (tmp_path / "new").replace(observation.path)

        with pytest.raises(Unreadable, match=r"some\.fits has been replaced while it was read"):
            list(pieces(Plan(layout, (slice(0, 20), slice(0, 20))), layout.data))

    def test_a_file_that_becomes_shorter_meanwhile_is_an_error(self, saved, monkeypatch):
        observation = saved(image(np.ones((200, 200))))
        layout = read_layout(observation.path)
        monkeypatch.setattr(pixels, "PIECE", 2000)
        found = pieces(Plan(layout, (slice(0, 200), slice(0, 200))), layout.data)
        next(found)
        with observation.path.open("r+b") as file:
            file.truncate(6000)

        with pytest.raises(Unreadable, match=r"some\.fits has become shorter while it was read"):
            list(found)

    @pytest.mark.parametrize("content", [b"", b"no FITS at all", b"SIMPLE  =                    T" + b" " * 2850])
    def test_what_is_no_fits_is_refused(self, tmp_path, content):
        path = tmp_path / "broken.fits"
        path.write_bytes(content)

        with pytest.raises(Unreadable, match=r"broken\.fits"):
            read_observation("broken.fits", path)

    def test_a_file_without_pixels_is_refused(self, tmp_path):
        fits.PrimaryHDU().writeto(tmp_path / "empty.fits")

        with pytest.raises(Unreadable, match=r"empty\.fits has no image, cube or spectrum"):
            read_observation("empty.fits", tmp_path / "empty.fits")
