"""Cuts of spectra that are tables: some of their samples, as a FITS table or as VOTable."""

import io
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from .as_fits import plain
from .cuts import Cut
from .layout import opened
from .observations import Observation
from .planning import check_limits, nothing
from .spectra import Spectrum, samples

#: Cards of a column that follow from its values, which new ones have anew.
_STRUCTURAL = ("TFORM", "TDIM", "TTYPE", "TNULL", "TSCAL", "TZERO", "TUNIT")


def chosen(observation: Observation, spectrum: Spectrum, cut: Cut) -> NDArray[np.intp]:
    """Return the samples that a cut means; :exc:`NoOverlap` if there are none."""
    check_limits(observation, cut)
    found = spectrum.within(cut.band)
    if found is None:
        raise nothing(observation, "BAND", cut)
    return found


def size(spectrum: Spectrum, wanted: NDArray[np.intp], history: Sequence[str]) -> int:
    """Return how many bytes the file of a cut has; spectra are small enough to make it for that."""
    file = io.BytesIO()
    write(spectrum, file, wanted, history)
    return len(file.getbuffer())


def write(spectrum: Spectrum, file: BinaryIO, wanted: NDArray[np.intp], history: Sequence[str]) -> None:
    """Write some samples as FITS: the primary header, and the table with its own."""
    with opened(spectrum.path) as hdus:
        source = hdus[spectrum.index]
        if spectrum.is_row:
            table = _row(spectrum, source, wanted)
        else:
            table = fits.BinTableHDU(source.data[wanted], source.header)
        for line in history:
            table.header.add_history(plain(line))
        primary = fits.PrimaryHDU(header=spectrum.primary)
        content = io.BytesIO()
        fits.HDUList([primary, table]).writeto(content, checksum=True, output_verify="silentfix")
    file.write(content.getbuffer())


def _row(spectrum: Spectrum, source: fits.BinTableHDU, wanted: NDArray[np.intp]) -> fits.BinTableHDU:
    """Return a table of one row, whose arrays have some of the samples."""
    arrays = dict(samples(spectrum, wanted))
    columns = []
    for number, column in enumerate(source.columns):
        values = arrays[number][np.newaxis] if number in arrays else np.asarray(source.data.field(number))
        code = column.format.lstrip("0123456789")
        form = f"{len(wanted)}{code}" if number in arrays else column.format
        columns.append(fits.Column(column.name, form, column.unit, array=values))
    table = fits.BinTableHDU.from_columns(columns)
    table.header.extend(
        [card for card in source.header.cards if not card.keyword.startswith(_STRUCTURAL)], unique=True
    )
    return table
