"""FITS: thumbnails of images, plain and compressed, of cubes a plane; headers; and files that lie."""

import io
import warnings

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from pyramid_uws.previews import fits as reader
from pyramid_uws.previews import fits_images
from pyramid_uws.previews.values import NoPreview

# The files of FITS are closed by the end of the process, which here goes on.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.fixture
def look(tmp_path):
    """Return a function that writes a FITS file and tells what is shown of it."""

    def look(*parts):
        path = tmp_path / "file.fits"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fits.HDUList([fits.PrimaryHDU(), *parts]).writeto(path, overwrite=True)
            return reader.read(str(path))

    return look


@pytest.fixture
def lie(tmp_path):
    """Return a function that writes a header, and data behind it that may not fit."""

    def lie(cards, data=b""):
        path = tmp_path / "lie.fits"
        text = "".join(f"{key:<8}= {value:>20}".ljust(80) for key, value in cards) + "END".ljust(80)
        path.write_bytes(text.ljust(-(-len(text) // 2880) * 2880).encode() + data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return reader.read(str(path))
            except NoPreview as reason:
                return {"notes": [str(reason)]}

    return lie


def pixels(image):
    return np.asarray(Image.open(io.BytesIO(image["png"])))


def test_what_is_up_in_an_image_is_up_and_what_is_blank_is_transparent(look):
    values = np.zeros((40, 60), np.float32)
    values[30:, 50:] = 1.0
    values[0, 0] = np.nan

    grey = pixels(look(fits.ImageHDU(values))["image"])

    assert grey.shape == (40, 60, 2)
    assert grey[5, 55].tolist() == [255, 255]
    assert grey[39, 0, 1] == 0
    assert grey[39, 1].tolist() == [0, 255]


@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1"])
def test_a_compressed_image_is_shown_as_a_plain_one(look, compression):
    values = np.arange(64 * 64, dtype=np.int16).reshape(64, 64)

    plain = pixels(look(fits.ImageHDU(values))["image"])
    compressed = pixels(look(fits.CompImageHDU(values, compression_type=compression))["image"])

    assert np.array_equal(plain, compressed)


def test_scaled_integers_and_blanks_are_what_they_mean(look):
    part = fits.ImageHDU(np.array([[0, 1], [2, 7]], np.int16))
    part.header["BSCALE"], part.header["BZERO"], part.header["BLANK"], part.header["BUNIT"] = 2.0, 100.0, 7, "Jy"

    told = look(part)

    assert told["image"]["dark"] == pytest.approx(100.0, abs=0.1)
    assert told["image"]["bright"] == pytest.approx(104.0, abs=0.1)
    assert pixels(told["image"])[0, 1, 1] == 0
    assert "in Jy" in told["notes"][0]


def test_the_middle_plane_of_a_cube_is_shown(look):
    values = np.zeros((5, 8, 8), np.float32)
    values[2] = np.arange(64).reshape(8, 8)

    told = look(fits.ImageHDU(values))["image"]

    assert told["plane"] == "plane 3 of 5"
    assert told["bright"] > 60


def test_of_a_large_image_squares_of_pixels_are_one_and_some_lines_are_read(look, monkeypatch):
    monkeypatch.setattr(fits_images, "PIXELS", 500_000)
    values = np.tile(np.arange(1500, dtype=np.float32), (2000, 1))

    told = look(fits.ImageHDU(values))["image"]

    assert (told["square"], told["width"], told["height"]) == (4, 375, 500)
    assert np.all(np.diff(pixels(told)[0, :, 0].astype(int)) >= 0)


def test_a_line_of_pixels_is_a_spectrum_with_its_axis(look):
    part = fits.ImageHDU(np.array([1.0, 4.0, 9.0]))
    part.header.update(
        {"CTYPE1": "WAVE", "CUNIT1": "nm", "CRVAL1": 500.0, "CDELT1": 2.0, "CRPIX1": 1.0, "BUNIT": "Jy"}
    )

    source = look(part)["source"]

    assert [(column.name, column.unit) for column in source.columns] == [("WAVE", "nm"), ("value", "Jy")]
    assert list(source.rows) == [[500.0, 1.0], [502.0, 4.0], [504.0, 9.0]]


def test_the_header_is_shown_as_text(look):
    part = fits.ImageHDU(np.zeros((2, 2)))
    part.header["OBJECT"] = "<script>"

    assert "OBJECT  = '<script>'" in look(part)["text"]


def test_columns_of_arrays_and_of_any_length_are_shown(look):
    part = fits.BinTableHDU.from_columns(
        [
            fits.Column("n", "J", array=[1, 2], bzero=2**31),
            fits.Column("pair", "2D", array=[[1, 2], [3, 4]]),
            fits.Column("any", "PJ()", array=np.array([np.arange(9), np.arange(1)], dtype=object)),
            fits.Column("text", "5A", array=["a", "b"]),
        ]
    )

    rows = list(look(part)["source"].rows)

    assert rows[0] == [1, [1.0, 2.0], list(range(7)), "a"]


IMAGE = [("SIMPLE", "T"), ("BITPIX", "-32"), ("NAXIS", "2")]


@pytest.mark.parametrize(
    "cards",
    [
        [*IMAGE, ("NAXIS1", "1000000"), ("NAXIS2", "1000000")],
        [*IMAGE, ("NAXIS1", "999999999999"), ("NAXIS2", "999999999999")],
        [*IMAGE, ("NAXIS1", "-5"), ("NAXIS2", "5")],
        [*IMAGE, ("NAXIS1", "'x'"), ("NAXIS2", "5")],
        [("SIMPLE", "T"), ("BITPIX", "7"), ("NAXIS", "2"), ("NAXIS1", "5"), ("NAXIS2", "5")],
        [("SIMPLE", "T"), ("BITPIX", "8"), ("NAXIS", "999")],
        [("SIMPLE", "T")],
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # astropy leaves files open
def test_a_header_that_lies_gets_a_sentence(lie, cards):
    told = lie(cards, bytes(2880))

    assert "image" not in told
    assert all(note.endswith(".") for note in told["notes"])


@pytest.mark.parametrize("data", [b"", b"SIMPLE  =", b"SIMPLE  =" + b" " * 100_000, b"SIMPLE  = T" * 5000])
def test_what_only_begins_like_fits_gets_a_sentence(tmp_path, data):
    path = tmp_path / "file.fits"
    path.write_bytes(data)

    with pytest.raises(NoPreview, match=r"^The FITS file cannot be read: .*\.$"):
        reader.read(str(path))


def test_a_table_that_is_cut_off_is_said_to_be(tmp_path):
    path = tmp_path / "file.fits"
    table = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=np.arange(5000))])
    table.writeto(path)
    path.write_bytes(path.read_bytes()[:10_000])

    told = reader.read(str(path))

    assert told["notes"][1:] == ["The file is cut off: it ends before the table does."]
    assert "source" not in told
