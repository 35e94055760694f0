"""Cuts as FITS: headers that are kept and coordinates that fit, of several HDUs and axes of all kinds."""

import numpy as np
import pytest
from astropy.io import fits

from pyramid_uws.datalink.cuts import Cut
from pyramid_uws.datalink.estimating import estimate
from pyramid_uws.datalink.problems import NoOverlap

from .conftest import content, coordinates, cut_out, image

MIDDLE = Cut(shape=("circle", (30.0, 20.0, 0.0399)))  # 8 x 8 pixels


class TestHeaders:
    def test_what_is_not_about_the_pixels_is_kept_as_it_is(self, saved):
        hdu = image(np.ones((20, 20), dtype="f4"), BUNIT="Jy/beam", OBJECT="M 1", GAIN=2.5)
        hdu.header["HIERARCH ESO DET CHIP ID"] = "abc"
        hdu.header["COMMENT"] = "by hand"

        with cut_out(saved(hdu), MIDDLE) as hdus:
            found = hdus[0].header
        for key in ("BUNIT", "OBJECT", "GAIN", "ESO DET CHIP ID", "COMMENT", "CTYPE1", "CRVAL2", "CDELT1"):
            assert str(found[key]) == str(hdu.header[key])

    def test_history_tells_where_it_comes_from(self, saved):
        url = "http://example.org/observations/dlasync/" + "a" * 90

        with cut_out(
            saved(image(np.ones((20, 20), dtype="f4"))), MIDDLE, history=["Made by", url, "Ärger"]
        ) as hdus:
            lines = list(hdus[0].header["HISTORY"])
        assert "".join(lines[1:3]) == url  # longer than a card
        assert lines[3] == "?rger"
        assert "".join(lines[4:]).startswith("Cut from some.fits[7:14,7:14] by POS=circle 30.0 20.0 0.0399")

    def test_all_systems_of_coordinates_are_shifted(self, saved):
        more = {"CTYPE1A": "X", "CTYPE2A": "Y", "CRVAL1A": 100.0, "CRPIX1A": 1.0, "LTV1": 0.0, "LTV2": 5.0}

        with cut_out(saved(image(np.ones((20, 20), dtype="f4"), **more)), MIDDLE) as hdus:
            found = hdus[0].header
        assert (found["CRPIX1"], found["CRPIX2"]) == (4.5, 4.5)
        assert (found["CRPIX1A"], found["CRPIX2A"]) == (-5.0, -6.0)  # CRPIX is 0 if it is not given
        assert (found["LTV1"], found["LTV2"]) == (-6.0, -1.0)

    def test_polynomials_of_distortion_still_hold(self, saved):
        sip = {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-3, "B_0_2": -5e-4, "A_1_1": 2e-4}
        hdu = image(np.ones((60, 60), dtype="f4"), CTYPE1="RA---TAN-SIP", CTYPE2="DEC--TAN-SIP", **sip)
        original = coordinates(hdu.header)

        with cut_out(saved(hdu), Cut(shape=("circle", (29.9, 20.1, 0.05)))) as hdus:
            found = coordinates(hdus[0].header)
        places = original.all_world2pix(found.all_pix2world([[0, 0], [3, 7]], 0), 0)
        assert places[1] - places[0] == pytest.approx([3, 7], abs=1e-6)
        assert places[0] == pytest.approx(np.round(places[0]), abs=1e-6)


class TestCoordinatesInOtherHDUs:
    def test_grids_of_distortions_go_with_the_cut(self, saved):
        hdu = image(np.ones((60, 60), dtype="f4"))
        rows, columns = np.indices((7, 7))
        grids = [fits.ImageHDU(grid.astype("f4"), name="WCSDVARR") for grid in (rows * columns / 30, columns / 7)]
        for axis, grid in enumerate(grids, start=1):
            grid.ver = axis
            grid.header.update(CRPIX1=1.0, CRPIX2=1.0, CRVAL1=1.0, CRVAL2=1.0, CDELT1=10.0, CDELT2=10.0)
            hdu.header.update({f"CPDIS{axis}": "LOOKUP", f"CPERR{axis}": 5.0})
            for record in (f"EXTVER: {axis}", "NAXES: 2", "AXIS.1: 1", "AXIS.2: 2"):
                hdu.header.append((f"DP{axis}", record))
        observation = saved(hdu, *grids)

        with (
            cut_out(observation, Cut(shape=("circle", (29.9, 20.1, 0.05)))) as found,
            fits.open(observation.path) as whole,
        ):
            original, cut = coordinates(whole[0].header, whole), coordinates(found[0].header, found)
            start = np.round(original.wcs.crpix - cut.wcs.crpix)
        assert [hdu.name for hdu in found] == ["PRIMARY", "WCSDVARR", "WCSDVARR"]
        pixels = np.array([[0.0, 0.0], [3.0, 7.0], [8.0, 1.0]])
        assert cut.all_pix2world(pixels, 0) == pytest.approx(original.all_pix2world(pixels + start, 0), abs=1e-8)
        assert cut.all_pix2world(pixels, 0) != pytest.approx(original.wcs_pix2world(pixels + start, 0), abs=1e-4)

    def test_tables_of_coordinates_go_with_the_cut(self, saved):
        hdu = image(np.arange(6 * 16, dtype="f4").reshape(6, 4, 4))
        hdu.header.update(
            CTYPE3="WAVE-TAB", CUNIT3="nm", PS3_0="WAVES", PS3_1="WAVE", CRPIX3=1.0, CRVAL3=1.0, CDELT3=1.0
        )
        waves = np.array([400.0, 410.0, 430.0, 460.0, 500.0, 550.0]).reshape(1, 6, 1)
        table = fits.BinTableHDU.from_columns(
            [fits.Column("WAVE", "6D", "nm", dim="(1,6)", array=waves)], name="WAVES"
        )
        observation = saved(hdu, table)

        with cut_out(observation, Cut(band=(4.28e-7, 4.62e-7))) as found:
            assert found[0].data.tolist() == hdu.data[2:4].tolist()
            places = coordinates(found[0].header, found).wcs_pix2world([[0, 0, 0], [0, 0, 1]], 0)
            assert places[:, 2].tolist() == [430.0, 460.0]  # nm, as in the table


class TestSeveralHDUs:
    @pytest.fixture
    def muse(self, saved):
        """As MUSE has them: an empty primary HDU, then the data and their variance, and a table of something."""
        primary = fits.PrimaryHDU()
        primary.header["TELESCOP"], primary.header["DATE-OBS"], primary.header["EXPTIME"] = (
            "VLT",
            "2020-01-01",
            86400,
        )
        cards = image(np.ones((20, 20))).header
        pixels = np.arange(400, dtype="f4").reshape(20, 20)
        data, variance = (
            fits.ImageHDU(array, cards, name=name) for array, name in ((pixels, "DATA"), (-pixels, "STAT"))
        )
        other = fits.ImageHDU(np.ones((5, 5)), name="MASTER")
        table = fits.BinTableHDU.from_columns([fits.Column("A", "J", array=[1, 2])])
        return saved(primary, other, data, variance, table)

    def test_the_data_are_found_by_their_name(self, muse):
        assert muse.lengths == (20, 20)
        assert (muse.facility, muse.time, muse.exposure) == ("VLT", (58849.0, 58850.0), 86400.0)

    def test_what_belongs_to_the_same_pixels_is_cut_alike(self, muse):
        with cut_out(muse, MIDDLE) as hdus:
            assert [hdu.name for hdu in hdus] == ["PRIMARY", "DATA", "STAT"]
            assert hdus[0].header["TELESCOP"] == "VLT"
            assert np.array_equal(hdus["DATA"].data, -hdus["STAT"].data, equal_nan=True)
            assert hdus["DATA"].data[3, 3] == 20 * 9 + 9
            assert hdus["STAT"].header["CRPIX1"] == 4.5
        assert estimate(muse, MIDDLE) == len(content(muse, MIDDLE))

    def test_chips_of_a_mosaic_are_not(self, saved):
        first, second = (
            fits.ImageHDU(np.ones((20, 20)), image(np.ones((20, 20)), at=at).header) for at in ((30, 20), (31, 20))
        )

        with cut_out(saved(first, second), MIDDLE) as hdus:
            assert len(hdus) == 2


def hypercube():
    """Return a cube of 4 states, 6 frequencies, and the sky, as radio astronomers have them."""
    hdu = image(np.arange(4 * 6 * 10 * 12, dtype="f4").reshape(4, 6, 10, 12))
    hdu.header.update(CTYPE3="FREQ", CUNIT3="Hz", CRVAL3=1.4e9, CDELT3=1e6, CRPIX3=1.0)
    hdu.header.update(CTYPE4="STOKES", CRVAL4=1.0, CDELT4=1.0, CRPIX4=1.0)
    return hdu


class TestPolarization:
    def test_states_are_those_of_the_axis(self, saved):
        assert saved(hypercube()).pol == ("I", "Q", "U", "V")

    @pytest.mark.spec("S-05")
    @pytest.mark.parametrize(
        ("wanted", "planes", "step"),
        [(("I",), [0], 1), (("V", "I"), [0, 3], 3), (("Q", "V"), [1, 3], 2), (("Q", "U", "XX"), [1, 2], 1)],
    )
    def test_states_are_one_filter(self, saved, wanted, planes, step):
        hdu = hypercube()

        with cut_out(saved(hdu), Cut(pol=wanted)) as hdus:
            assert hdus[0].data.tolist() == hdu.data[planes].tolist()
            codes = coordinates(hdus[0].header).wcs_pix2world([[0, 0, 0, 0], [0, 0, 0, 1]], 0)[:, 3]
        assert codes.tolist() == [planes[0] + 1, planes[0] + 1 + step]

    def test_a_state_between_those_that_are_wanted_is_blank(self, saved):
        with cut_out(saved(hypercube()), Cut(pol=("I", "Q", "V"))) as hdus:
            assert [np.isnan(plane).all() for plane in hdus[0].data] == [False, False, True, False]

    def test_states_that_are_not_there_overlap_nothing(self, saved):
        with pytest.raises(NoOverlap, match="POL=RR LL; it has states I Q U V"):
            estimate(saved(hypercube()), Cut(pol=("RR", "LL")))

    def test_data_without_states_are_not_filtered_by_them(self, saved):
        with cut_out(saved(image(np.ones((4, 4), dtype="f4"))), Cut(pol=("V",))) as hdus:
            assert hdus[0].data.shape == (4, 4)


def test_all_filters_together(saved):
    hdu = hypercube()
    wanted = Cut(("circle", (30.0, 20.0, 0.02)), (0.2130, 0.2138), None, ("V",))  # 1.4025 to 1.407 GHz

    with cut_out(saved(hdu), wanted) as hdus:
        found = hdus[0].data
    assert found.shape[:2] == (1, 4)
    kept = np.isfinite(found)
    window = hdu.data[3:, 2:6, 3:7, 4:8]
    assert found.shape == window.shape
    assert (found[kept] == window[kept]).all()
    assert not kept[0, 0, 0, 0]
    assert kept[0, 0].sum() == 12


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0), (0, 2, 1)])
def test_axes_may_come_in_any_order(saved, order):
    plain = image(np.arange(4 * 6 * 5, dtype="f4").reshape(4, 6, 5))
    plain.header.update(CTYPE3="WAVE", CUNIT3="m", CRVAL3=5e-7, CDELT3=1e-9, CRPIX3=1.0)
    turned = fits.PrimaryHDU(plain.data.transpose([2 - axis for axis in order][::-1]))
    for number, axis in enumerate(order, start=1):
        for key in ("CTYPE", "CUNIT", "CRVAL", "CDELT", "CRPIX"):
            if f"{key}{axis + 1}" in plain.header:
                turned.header[f"{key}{number}"] = plain.header[f"{key}{axis + 1}"]
    turned.header["RADESYS"] = "ICRS"
    wanted = Cut(shape=("circle", (30.0, 20.0, 0.0151)), band=(5.008e-7, 5.022e-7))

    with cut_out(saved(plain, name="plain.fits"), wanted) as expected, cut_out(saved(turned), wanted) as found:
        back = found[0].data.transpose(np.argsort([2 - axis for axis in order][::-1]))
        assert np.array_equal(back, expected[0].data, equal_nan=True)
        assert np.isnan(back).any()


class TestTime:
    def test_planes_are_cut_by_time(self, saved):
        hdu = image(np.arange(5 * 16, dtype="f4").reshape(5, 4, 4), MJDREF=59000.0)
        hdu.header.update(CTYPE3="TIME", CUNIT3="d", CRVAL3=1.0, CDELT3=1.0, CRPIX3=1.0)
        observation = saved(hdu)

        assert observation.time == (59000.5, 59005.5)
        with cut_out(observation, Cut(time=(59002.0, 59002.9))) as hdus:
            assert hdus[0].data.tolist() == hdu.data[1:3].tolist()

    @pytest.mark.parametrize(
        ("cards", "start", "end"),
        [
            ({"MJD-OBS": 59000.25, "EXPTIME": 864.0}, 59000.25, 59000.26),
            ({"DATE-OBS": "2020-05-31T06:00:00", "DATE-END": "2020-05-31T12:00:00"}, 59000.25, 59000.5),
            ({"DATE-OBS": "2020-05-31T06:00:00.5Z"}, 59000.2500057870, 59000.2500057870),
            ({"DATE-BEG": "2020-05-31T06:00:37", "TIMESYS": "TAI"}, 59000.25, 59000.25),
            ({"MJD-BEG": 59000.25, "TIMESYS": "TT"}, 59000.25 - 69.184 / 86400, 59000.25 - 69.184 / 86400),
            ({"TAI-BEG": 59000.25 * 86400 + 37, "TAI-END": 59000.5 * 86400 + 37}, 59000.25, 59000.5),
        ],
    )
    def test_headers_tell_when_it_was(self, saved, cards, start, end):
        observation = saved(image(np.ones((4, 4), dtype="f4"), **cards))

        assert observation.time == pytest.approx((start, end), abs=1e-9)
        with pytest.raises(NoOverlap, match=r"TIME=58000\.0 58001\.0; it has from 59000"):
            estimate(observation, Cut(time=(58000.0, 58001.0)))

    def test_headers_that_do_not_tell_filter_nothing(self, saved):
        observation = saved(image(np.ones((4, 4), dtype="f4"), **{"DATE-OBS": "31/05/20"}))

        assert observation.time is None
        assert estimate(observation, Cut(time=(58000.0, 58001.0))) == 5760


@pytest.mark.parametrize(
    "cards",
    [{"CRVAL1": 1e9}, {"CTYPE1": "SOLX", "CTYPE2": "SOLY"}, {"CTYPE1": "HPLN-TAN", "CTYPE2": "HPLT-TAN"}, {}],
)
def test_images_without_a_sky_that_is_known_are_not_filtered_by_shapes(saved, cards):
    hdu = fits.PrimaryHDU(np.ones((4, 4), dtype="f4"))
    hdu.header.update(cards)

    with cut_out(saved(hdu), MIDDLE) as hdus:
        assert hdus[0].data.shape == (4, 4)


def test_progress_goes_to_the_end(saved):
    told = []

    content(saved(image(np.ones((20, 20), dtype="f4"))), MIDDLE, progress=told.append)

    assert told[-1] == 1.0
    assert told == sorted(told)
