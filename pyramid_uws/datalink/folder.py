"""Folders of FITS files as a source of observations: IDs are the names of the files.

An ID is only ever compared with the names that the folder lists, so it cannot lead anywhere else. What headers
lack, ``observations.ini`` in the folder may add, a section for each file:

    [m13.fits]
    title = The globular cluster M 13
    credits = Digitized Sky Survey
    licence = …
    target = M 13
    ra = 250.4226
    dec = 36.4602
    band = 3.9e-7 5.4e-7
"""

import configparser
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyramid_uws.parameters.numbers import read_double, read_interval

from .observations import Observation, read_observation
from .problems import NotFound, Unreadable

SIDECAR = "observations.ini"
SUFFIXES = (".fits", ".fit", ".fts", ".fits.fz")

_TEXTS = ("title", "credits", "licence", "facility", "instrument", "target")
_KEYS = (*_TEXTS, "ra", "dec", "band", "time", "pol")


class Folder:
    """The observations of a folder, and of other folders and single files that are added to it.

    Calling it with an ID gives the observation. Files whose names begin with a dot, links that lead out of the
    folder, and what has another suffix are not there for it. The first place that has an ID counts.
    """

    def __init__(self, path: Path | str, *others: Path | str) -> None:
        self.places = tuple(Path(place).resolve() for place in (path, *others))

    def __call__(self, id: str) -> Observation:  # noqa: A002 - the parameter's name
        """Return the observation of an ID; :exc:`NotFound` if there is none."""
        found = next((file for place in self.places if (file := _found(place, id))), None)
        if found is None:
            raise NotFound(id)
        notes = next((notes for place in self.places if (notes := _notes(place).get(id))), {})
        return _with_notes(read_observation(id, found), notes)

    def __iter__(self) -> Iterator[str]:
        """Yield the IDs that there are, in order."""
        return iter(sorted({id for place in self.places for id in _listed(place)}))  # noqa: A001 - the parameter's name


def _listed(place: Path) -> Mapping[str, Path]:
    """Return the files of a place that may be read, by name."""
    if place.is_file():
        return {place.name: place}
    return {name: place / name for name in _names(place) if _is_there(place, place / name)}


def _found(place: Path, name: str) -> Path | None:
    """Return the file of this name, if the place lists it; the others are not looked at."""
    if place.is_file():
        return place if place.name == name else None
    return place / name if name in _names(place) and _is_there(place, place / name) else None


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are all that is wanted, of thousands
    except OSError as problem:
        raise Unreadable(f"The folder of observations cannot be read: {problem.strerror}.") from problem


def _is_there(folder: Path, entry: Path) -> bool:
    name = entry.name
    if name.startswith(".") or not name.lower().endswith(SUFFIXES):
        return False
    return entry.is_file() and entry.resolve().parent == folder


def _notes(folder: Path) -> Mapping[str, Mapping[str, str]]:
    sidecar = folder / SIDECAR
    try:
        status = sidecar.stat()
    except OSError:  # there is none
        return {}
    return _read_notes(sidecar, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)
def _read_notes(path: Path, _changed: int, _size: int) -> Mapping[str, Mapping[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, default_section="*")
    try:
        parser.read_string(path.read_text(encoding="utf-8"), path.name)
    except (configparser.Error, OSError, UnicodeDecodeError) as problem:
        raise Unreadable(f"{path.name} cannot be read: {' '.join(str(problem).split())}") from problem
    for name in parser.sections():
        for key in parser[name]:
            if key not in _KEYS:
                raise Unreadable(
                    f"{path.name}: [{name}] has {key}, which means nothing; there are {', '.join(_KEYS)}."
                )
    return {name: dict(parser[name]) for name in parser.sections()}


def _with_notes(observation: Observation, notes: Mapping[str, str]) -> Observation:
    changes: dict[str, Any] = {key: " ".join(notes[key].split()) for key in _TEXTS if key in notes}
    try:
        for key in ("band", "time"):
            if key in notes:
                changes[key] = read_interval(notes[key])
        if "ra" in notes and "dec" in notes:
            changes["circle"] = (read_double(notes["ra"]) % 360, read_double(notes["dec"]), 0.0)
    except ValueError as problem:
        raise Unreadable(
            f"{SIDECAR}: [{observation.id}] has a number that cannot be read: {problem}."
        ) from problem
    if "pol" in notes:
        changes["pol"] = tuple(notes["pol"].split())
    if observation.footprint is not None:  # where an image lies, its coordinates know better
        changes.pop("circle", None)
    return replace(observation, **changes)
