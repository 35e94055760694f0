"""Cuts of one position as VOTable: the spectrum there."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from astropy import units
from numpy.typing import NDArray

from pyramid_uws.tables import Field, Info, Table, write_table

from . import spectral
from .as_fits import Progress
from .layout import Extension
from .observations import Observation
from .planning import Plan
from .problems import CannotCut
from .spectra import Spectrum, samples
from .values import scaled


def write(
    observation: Observation,
    plan: Plan,
    file: BinaryIO,
    media_type: str,
    history: Sequence[str],
    progress: Progress,
) -> None:
    """Write a spectrum; :exc:`CannotCut` if there are several, or the wavelengths are unknown."""
    columns: dict[str, Any] = {"wavelength": _wavelengths(observation, plan)}
    fields = [Field(name="wavelength", unit="m", ucd="em.wl", description="Wavelength in vacuum")]
    extensions = [plan.layout.data, *plan.layout.others]
    for number, extension in enumerate(extensions):
        field = _field(number, extension)
        fields.append(field)
        columns[field.name] = _column(plan, extension)
        progress((number + 1) / len(extensions))
    write_columns(observation, file, media_type, columns, fields, history)


def write_samples(
    observation: Observation,
    spectrum: Spectrum,
    file: BinaryIO,
    media_type: str,
    wanted: NDArray[np.intp],
    history: Sequence[str],
) -> None:
    """Write some samples as VOTable: their wavelengths, and all numbers that the table has for each."""
    columns = {"wavelength": spectrum.wavelengths[wanted]}
    fields = [Field(name="wavelength", unit="m", ucd="em.wl", description="Wavelength in vacuum")]
    for number, values in samples(spectrum, wanted):
        name = spectrum.names[number]
        if values.ndim == 1 and values.dtype.kind in "iuf" and name not in columns:
            unit = vounit(str(spectrum.header.get(f"TUNIT{number + 1}", "")))
            ucd = str(spectrum.header.get(f"TUCD{number + 1}", "")) or None
            fields.append(Field(name=name, unit=unit, ucd=ucd))
            columns[name] = values.astype(values.dtype.newbyteorder("="))
    write_columns(observation, file, media_type, columns, fields, history)


def write_columns(
    observation: Observation,
    file: BinaryIO,
    media_type: str,
    columns: Mapping[str, Any],
    fields: Sequence[Field],
    history: Sequence[str],
) -> None:
    """Write a spectrum, given its columns and what they mean."""
    infos = [Info(name="history", value=line) for line in history]
    if observation.credits:
        infos.append(Info(name="credit", value=observation.credits))
    table = Table(
        rows=pa.table(columns), fields=fields, name="spectrum", description=observation.title, infos=infos
    )
    write_table(table, file, media_type)


def _wavelengths(observation: Observation, plan: Plan) -> spectral.Floats:
    axis, wavelengths = plan.layout.spectral, spectral.centres(plan.layout)
    if axis is None or wavelengths is None:
        raise CannotCut(f"ID={observation.id}: its wavelengths are not known, so there is no spectrum of it.")
    several = [length for other, length in enumerate(plan.lengths) if other != axis and length > 1]
    if several:
        raise CannotCut(
            f"ID={observation.id}: a spectrum as VOTable is that of one pixel of the sky, and this cut has "
            f"{' x '.join(map(str, several))}; a CIRCLE of radius 0 gives one."
        )
    return wavelengths[plan.parts[axis]]


def _field(number: int, extension: Extension) -> Field:
    """Return what a column is: the flux, or what another HDU has for each pixel of it."""
    unit = vounit(str(extension.header.get("BUNIT", "")))
    if number == 0:
        return Field(name="flux", unit=unit, ucd="phot.flux.density;em.wl", description="Flux density")
    name = str(extension.header.get("EXTNAME", "")).lower() or f"extension_{extension.index}"
    return Field(name=name, unit=unit, description=f"From HDU {extension.index} of the observation")


def vounit(text: str) -> str | None:
    """Return a unit of FITS as VOUnit writes it, as it is if nobody understands it."""
    if not text.strip():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", units.UnitsWarning)  # of units that are old-fashioned, such as erg
            return str(units.Unit(text).to_string("vounit"))
    except ValueError:
        return text.strip()


def _column(plan: Plan, extension: Extension) -> NDArray[np.float64]:
    return np.concatenate(list(_runs(plan, extension)))


def _runs(plan: Plan, extension: Extension) -> Iterator[NDArray[np.float64]]:
    for _, values in scaled(plan, extension):
        yield values.ravel()
