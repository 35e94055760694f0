"""Parameters from the data: by which an observation can be cut, and how far (SODA 1.0, section 4).

Intervals tell the ends of what there is, CIRCLE and POLYGON the smallest that covers all, POL the states.
"""

from collections.abc import Iterator
from typing import Any

from pyramid_uws.documents.datalink import Input
from pyramid_uws.parameters.geometry import write_polygon
from pyramid_uws.parameters.numbers import write_numbers

from .declarations import BAND, CIRCLE, POL, POLYGON, POS, RESPONSEFORMAT, TIME, as_input
from .estimating import formats


def parameters(observation: Any) -> tuple[Input, ...]:
    """Return the parameters of an observation: one for each of its axes that can be cut."""
    return tuple(_all(observation))


def _all(observation: Any) -> Iterator[Input]:
    if "lon" in observation.axes and observation.circle is not None:
        yield as_input(POS)
        yield as_input(CIRCLE, maximum=write_numbers(observation.circle))
        if observation.footprint is not None:
            yield as_input(POLYGON, maximum=write_polygon(observation.footprint))
    axes = (("spectral", BAND, observation.band), ("time", TIME, observation.time))
    for axis, parameter, interval in axes:
        if axis in observation.axes and interval is not None:
            lower, upper = interval
            yield as_input(parameter, minimum=write_numbers((lower,)), maximum=write_numbers((upper,)))
    if observation.pol:
        yield as_input(POL, options=tuple(observation.pol))
    yield as_input(RESPONSEFORMAT, options=formats(observation))
