"""Cuts by wavelength: whatever an axis or a column has, filters are vacuum wavelengths in metres."""

import io

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from pyramid_uws.datalink.cuts import Cut
from pyramid_uws.datalink.estimating import estimate
from pyramid_uws.datalink.observations import read_observation
from pyramid_uws.datalink.problems import NoOverlap, Unreadable
from pyramid_uws.datalink.spectral import from_air

from .conftest import content, coordinates, cut_out, image

LIGHT = 299_792_458.0

#: Kind of axis -> its header, and the wavelength (m) in the middle of pixel 50.
AXES = {
    "WAVE": ({"CUNIT": "nm", "CRVAL": 500.0, "CDELT": 0.1, "CRPIX": 50.0}, 500e-9),
    "AWAV": ({"CUNIT": "Angstrom", "CRVAL": 5000.0, "CDELT": 1.25, "CRPIX": 50.0}, 5001.394e-10),
    "FREQ": ({"CUNIT": "GHz", "CRVAL": 115.0, "CDELT": 0.01, "CRPIX": 50.0}, LIGHT / 115e9),
    "ENER": ({"CUNIT": "keV", "CRVAL": 2.0, "CDELT": 0.01, "CRPIX": 50.0}, 6.19920992e-10),
    "WAVN": ({"CUNIT": "cm-1", "CRVAL": 1000.0, "CDELT": 1.0, "CRPIX": 50.0}, 1e-5),
    "WAVE-LOG": ({"CUNIT": "Angstrom", "CRVAL": 5000.0, "CDELT": 1.0, "CRPIX": 50.0}, 5000e-10),
    "VOPT": ({"CUNIT": "km/s", "CRVAL": 0.0, "CDELT": 10.0, "CRPIX": 50.0, "REST": 1.4e9}, LIGHT / 1.4e9),
    "VRAD": ({"CUNIT": "km/s", "CRVAL": 0.0, "CDELT": 10.0, "CRPIX": 50.0, "REST": 1.4e9}, LIGHT / 1.4e9),
    "VELO": ({"CUNIT": "km/s", "CRVAL": 0.0, "CDELT": 10.0, "CRPIX": 50.0, "REST": 1.4e9}, LIGHT / 1.4e9),
}


def cube(kind):
    cards, _ = AXES[kind]
    hdu = image(np.arange(100 * 4 * 5, dtype="f4").reshape(100, 4, 5))
    hdu.header["CTYPE3"] = kind
    for key, value in cards.items():
        hdu.header["RESTFRQ" if key == "REST" else f"{key}3"] = value
    return hdu


@pytest.mark.parametrize("kind", AXES)
def test_a_wavelength_gives_the_plane_that_has_it(saved, kind):
    observation = saved(cube(kind))
    wavelength = AXES[kind][1]

    assert observation.kind == "cube"
    assert observation.band[0] < wavelength < observation.band[1]
    with cut_out(observation, Cut(band=(wavelength, wavelength))) as hdus:
        assert hdus[0].data.ravel().tolist() == list(range(49 * 20, 50 * 20))
        world = coordinates(hdus[0].header).wcs_pix2world([[0, 0, 0]], 0)[0]
    assert world[2] == pytest.approx(
        coordinates(cube(kind).header).wcs_pix2world([[0, 0, 49]], 0)[0][2], rel=1e-12
    )


def test_air_is_that_of_wcslib():
    axis = WCS(fits.Header({"CTYPE1": "AWAV", "CUNIT1": "nm", "CRVAL1": 650.0, "CDELT1": 1.0, "CRPIX1": 1.0}))
    axis.wcs.sptr("WAVE-???")

    assert from_air(np.array([650e-9, 651e-9])) == pytest.approx(axis.wcs_pix2world([0, 1], 0)[0], rel=1e-9)


class TestEndsOfBands:
    @pytest.mark.spec("S-09", "S-12")
    def test_a_band_with_open_ends_is_reduced_to_the_data(self, saved):
        observation = saved(cube("WAVE"))

        with cut_out(observation, Cut(band=(-np.inf, np.inf))) as hdus:
            assert hdus[0].data.shape == (100, 4, 5)
        with cut_out(observation, Cut(band=(500e-9, np.inf))) as hdus:
            assert hdus[0].data.shape == (51, 4, 5)

    def test_a_band_beside_the_data_overlaps_nothing(self, saved):
        with pytest.raises(
            NoOverlap, match=r"ID=some\.fits: nothing of it is within BAND=6e-07 7e-07; it has from 4\.9"
        ):
            estimate(saved(cube("WAVE")), Cut(band=(600e-9, 700e-9)))

    def test_an_axis_of_velocities_without_a_rest_frequency_is_no_filter(self, saved):
        hdu = cube("VRAD")
        del hdu.header["RESTFRQ"]

        with cut_out(saved(hdu), Cut(band=(600e-9, 700e-9))) as hdus:
            assert hdus[0].data.shape == (100, 4, 5)

    def test_an_image_is_kept_whole_if_its_filter_meets_the_band_and_not_if_it_does_not(self, demo):
        observation = demo("muse_hdfs_image.fits")

        with cut_out(observation, Cut(band=(4e-7, 5e-7))) as hdus:
            assert hdus[0].data.shape == (331, 326)
        with pytest.raises(NoOverlap, match="BAND=1e-06 2e-06"):
            estimate(observation, Cut(band=(1e-6, 2e-6)))

    def test_an_image_that_does_not_tell_its_band_is_not_filtered_by_one(self, demo):
        with cut_out(demo("m13.fits"), Cut(band=(4e-7, 5e-7))) as hdus:
            assert hdus[0].data.shape == (300, 300)


class TestSpectrumOfSDSS:
    def test_its_axis_of_logarithms_is_understood(self, demo):
        observation = demo("sdss_J220248.31+123656.3.fits")

        assert observation.kind == "spectrum"
        assert observation.band == pytest.approx((10**3.55065 * 1e-10, 10**4.01525 * 1e-10), rel=1e-9)

    def test_all_of_its_arrays_are_cut_alike(self, demo):
        observation = demo("sdss_J220248.31+123656.3.fits")

        with cut_out(observation, Cut(band=(5e-7, 5.001e-7))) as hdus, fits.open(observation.path) as original:
            start = round((hdus[2].data[0] - 3.5507) / 1e-4)
            assert [len(hdu.data) for hdu in hdus] == [2] * 4
            for hdu, source in zip(hdus, original, strict=True):
                assert hdu.data.tolist() == source.data[start : start + 2].tolist()

    def test_it_can_be_had_as_votable(self, demo):
        written = content(
            demo("sdss_J220248.31+123656.3.fits"), Cut(band=(5e-7, 5.01e-7)), "application/x-votable+xml"
        )

        table = Table.read(io.BytesIO(written), format="votable")
        assert table["wavelength"].unit == units.m
        assert np.log10(np.array(table["wavelength"]) * 1e10) == pytest.approx(
            np.array(table["extension_2"]), abs=1e-12
        )

    def test_a_circle_without_its_position_overlaps_nothing(self, demo):
        observation = demo("sdss_J220248.31+123656.3.fits")

        with cut_out(observation, Cut(shape=("circle", (330.7, 12.6, 0.1)))) as hdus:
            assert len(hdus[0].data) == 4646
        with pytest.raises(NoOverlap, match=r"POS=circle 331\.7"):
            estimate(observation, Cut(shape=("circle", (331.7, 12.6, 0.1))))


class TestSpectraAsTables:
    @pytest.fixture
    def rows(self, saved):
        """As SDSS has them: a row for each wavelength."""
        loglam = np.linspace(3.6, 3.8, 201)
        table = fits.BinTableHDU.from_columns(
            [
                fits.Column("flux", "E", unit="1e-17 erg/s/cm2/Angstrom", array=np.arange(201)),
                fits.Column("loglam", "E", array=loglam),
                fits.Column("and_mask", "J", array=np.arange(201) % 7),
            ],
            name="COADD",
        )
        table.header["PLUG_RA"], table.header["PLUG_DEC"] = 30.0, 20.0
        return saved(table)

    @pytest.fixture
    def arrays(self, saved):
        """As ESO has them: a row of arrays."""
        wave = np.linspace(400.0, 500.0, 1001)[np.newaxis]
        columns = [
            fits.Column("WAVE", "1001D", unit="nm", array=wave),
            fits.Column("FLUX", "1001E", unit="adu", array=np.arange(1001)[np.newaxis]),
            fits.Column("NAME", "5A", array=["abcde"]),
        ]
        table = fits.BinTableHDU.from_columns(columns)
        table.header["TUCD1"] = "em.wl;obs.atmos"
        return saved(table)

    def test_rows_are_described(self, rows):
        assert (rows.kind, rows.circle, rows.lengths) == ("spectrum", (30.0, 20.0, 0.0), (201,))
        assert rows.unit == "1e-17 erg/s/cm2/Angstrom"
        assert rows.band == pytest.approx((10**3.6 * 1e-10, 10**3.8 * 1e-10), rel=1e-6)

    def test_arrays_are_described(self, arrays):
        assert (arrays.kind, arrays.circle, arrays.lengths, arrays.unit) == ("spectrum", None, (1001,), "adu")
        assert arrays.band == pytest.approx((400.113e-9, 500.139e-9), rel=1e-6)  # in air, by its UCD

    def test_rows_are_cut(self, rows):
        wanted = Cut(band=(5e-7, 5.1e-7))

        with cut_out(rows, wanted, history=["from somewhere"]) as hdus:
            found = 10 ** hdus["COADD"].data["loglam"].astype(float)
            assert len(found) == hdus["COADD"].header["NAXIS2"] == 9
            assert found.min() >= 5000
            assert found.max() <= 5100
            assert "from somewhere" in hdus["COADD"].header["HISTORY"]
        assert estimate(rows, wanted) == len(content(rows, wanted))

    def test_arrays_are_cut(self, arrays):
        with cut_out(arrays, Cut(band=(450e-9, 451e-9))) as hdus:
            data, header = hdus[1].data, hdus[1].header
            assert data["WAVE"].shape == data["FLUX"].shape == (1, 10)
            assert data["NAME"][0] == "abcde"
            assert data["FLUX"][0][0] == np.round((data["WAVE"][0][0] - 400) * 10)
            assert (header["TUNIT1"], header["TUCD1"]) == ("nm", "em.wl;obs.atmos")

    def test_a_wavelength_between_two_samples_gives_the_nearer_one(self, arrays):
        with cut_out(arrays, Cut(band=(450.13e-9, 450.13e-9))) as hdus:
            assert hdus[1].data["WAVE"].tolist() == [450.0]

    def test_a_band_beside_them_overlaps_nothing(self, rows):
        with pytest.raises(NoOverlap, match="BAND=1e-06 2e-06"):
            estimate(rows, Cut(band=(1e-6, 2e-6)))

    @pytest.mark.parametrize("name", ["rows", "arrays"])
    def test_they_can_be_had_as_votable(self, request, name):
        written = content(request.getfixturevalue(name), Cut(band=(4.5e-7, 4.6e-7)), "application/x-votable+xml")

        table = Table.read(io.BytesIO(written), format="votable")
        assert table["wavelength"].min() >= 4.5e-7
        assert table["wavelength"].max() <= 4.6e-7
        assert len(table) > 5

    def test_wavelengths_that_are_no_lengths_are_told(self, saved):
        table = fits.BinTableHDU.from_columns([fits.Column("WAVE", "D", unit="kg", array=np.ones(3))])

        with pytest.raises(Unreadable, match=r"The column WAVE of some\.fits has no wavelengths"):
            saved(table)


@pytest.mark.filterwarnings("ignore:The unit")
def test_a_spectrum_as_votable_is_that_of_one_position(demo):
    observation = demo("muse_udf_subcube.fits")
    ra, dec, _ = observation.circle
    wanted = Cut(shape=("circle", (ra, dec, 0.0)), band=(4.8e-7, 4.85e-7))

    table = Table.read(io.BytesIO(content(observation, wanted, "application/x-votable+xml")), format="votable")

    with cut_out(observation, wanted) as hdus:
        assert hdus[0].data.shape[1:] == (1, 1)
        assert table["flux"].tolist() == hdus[0].data.ravel().tolist()
    assert table["flux"].unit == 1e-20 * units.erg / units.s / units.cm**2 / units.Angstrom
    assert read_observation("x", observation.path).band[0] < table["wavelength"][0]
