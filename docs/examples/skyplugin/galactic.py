"""The work: from right ascension and declination to galactic coordinates."""

import json
import re
from math import asin, atan2, cos, degrees, radians, sin
from typing import Any

from pyramid_uws.parameters import Parameter

PARAMETERS = (
    Parameter(name="RA", type="sky:ra", unit="deg", ucd="pos.eq.ra", required=True, description="ICRS."),
    Parameter(
        name="DEC",
        type="double",
        unit="deg",
        ucd="pos.eq.dec",
        required=True,
        minimum=-90.0,
        maximum=90.0,
        description="ICRS.",
    ),
)

#: The north galactic pole in ICRS, and the galactic longitude of the north celestial pole (degrees).
POLE_RA, POLE_DEC, NORTH = 192.85948, 27.12825, 122.93192

_HMS = re.compile(r"(\d\d?):(\d\d?):(\d\d?(?:\.\d*)?)", re.ASCII)


def read_ra(text: str) -> float:
    """Read a right ascension in degrees, or in hours, minutes and seconds, and return degrees."""
    found = _HMS.fullmatch(text.strip())
    try:
        if found is None:
            return float(text) % 360
        hours, minutes, seconds = map(float, found.groups())
        return 15 * (hours + minutes / 60 + seconds / 3600)
    except ValueError:
        raise ValueError("expected degrees, or hours, minutes and seconds such as 17:45:37.2") from None


def core(job: Any) -> None:
    """Add the galactic coordinates as a result ``position``."""
    longitude, latitude = to_galactic(job.parameters["RA"], job.parameters["DEC"])
    job.progress(1.0, "turned")
    position = {"l": round(longitude, 4), "b": round(latitude, 4)}
    job.add_result("position", "application/json", json.dumps(position) + "\n")


def to_galactic(ra: float, dec: float) -> tuple[float, float]:
    """Return galactic longitude and latitude, all in degrees."""
    turn, height, pole = radians(ra - POLE_RA), radians(dec), radians(POLE_DEC)
    latitude = asin(sin(pole) * sin(height) + cos(pole) * cos(height) * cos(turn))
    east = cos(height) * sin(turn)
    north = cos(pole) * sin(height) - sin(pole) * cos(height) * cos(turn)
    return (NORTH - degrees(atan2(east, north))) % 360, degrees(latitude)
