"""From the values of SODA's parameters to cuts: one for each combination, in a stated order (SODA 1.0, section 6).

ID changes slowest; then the region, of all POS, all CIRCLE, all POLYGON; then BAND; TIME changes fastest. The
spatial parameters are alternatives of one axis, and all POL are one filter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from .cuts import Cut
from .faults import UsageError


@dataclass(frozen=True)
class Combination:
    """One product to be made: the id of its result, the id of its observation, and what is cut out."""

    result: str
    id: str
    cut: Cut


def combinations(parameters: Mapping[str, Any], most: int) -> list[Combination]:
    """Return all combinations; the only one is called ``result``, several ``result-1`` and so on.

    :class:`UsageError` if there are more than ``most``.
    """
    if not any(parameters["ID"]):
        raise UsageError("ID is missing; it is sent as a text.")
    count = count_combinations(parameters)
    if count > most:
        raise UsageError(f"The values make {count} combinations; this service takes at most {most} in a job.")
    names = ["result"] if count == 1 else [f"result-{number}" for number in range(1, count + 1)]
    found = _combined(parameters)
    return [Combination(name, observation, cut) for name, (observation, cut) in zip(names, found, strict=True)]


def count_combinations(parameters: Mapping[str, Any]) -> int:
    """Return how many products the values ask for."""
    return prod(map(len, _axes(parameters)))


def _combined(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Cut]]:
    pol = tuple(dict.fromkeys(parameters.get("POL", ())))
    for observation, shape, band, time in product(*_axes(parameters)):
        yield observation, Cut(shape=shape, band=band, time=time, pol=pol)


def _axes(parameters: Mapping[str, Any]) -> list[list[Any]]:
    """Return the values of each axis; one without values, or that the service does not declare, is not cut."""
    shapes = [
        *parameters.get("POS", ()),
        *(("circle", circle) for circle in parameters.get("CIRCLE", ())),
        *(("polygon", polygon) for polygon in parameters.get("POLYGON", ())),
    ]
    intervals = [parameters.get(name) or [None] for name in ("BAND", "TIME")]
    ids = list(filter(None, parameters["ID"]))
    axes = [ids, shapes or [None], *intervals]
    return [list(dict.fromkeys(axis)) for axis in axes]
