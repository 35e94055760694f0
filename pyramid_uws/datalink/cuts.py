"""What is to be cut out of an observation: the filters of SODA 1.0, section 3.3, one value of each."""

from dataclasses import dataclass
from typing import Any

from pyramid_uws.parameters.geometry import write_shape
from pyramid_uws.parameters.numbers import write_numbers

from .problems import CannotCut, NoOverlap

__all__ = ["CannotCut", "Cut", "NoOverlap"]

Interval = tuple[float, float]


@dataclass(frozen=True)
class Cut:
    """One combination of filters; None, or no states, filter nothing.

    ``shape`` is what :func:`pyramid_uws.parameters.geometry.read_shape` returns: degrees, ICRS. ``band`` is of
    vacuum wavelengths in metres, ``time`` of MJD in UTC; ends may be infinite and belong to the interval.
    ``pol`` names states of polarization, all of them one filter.
    """

    shape: tuple[str, Any] | None = None
    band: Interval | None = None
    time: Interval | None = None
    pol: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Tell the filters as a client writes them."""
        parts = {
            "POS": write_shape(self.shape) if self.shape else "",
            "BAND": write_numbers(self.band) if self.band else "",
            "TIME": write_numbers(self.time) if self.time else "",
            "POL": " ".join(self.pol),
        }
        return ", ".join(f"{name}={value}" for name, value in parts.items() if value) or "no filter"
