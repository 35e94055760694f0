"""A type of parameters of a site's own, the package that adds it, and a core that takes it.

[app:main]
uws.includes = tests.support.own_types

The processes of jobs import this module, so it leans on nothing but the package.
"""

import json
from typing import NamedTuple

from pyramid_uws.parameters import Parameter

NUMBER = 5
PARAMETERS = (
    Parameter(name="AXIS", type="geom:vector3d", description="The axis of rotation"),
    Parameter(name="TABLE", type="file", description="What to turn"),
)


class Vector(NamedTuple):
    x: float
    y: float
    z: float


def read_vector(text):
    try:
        return Vector(*map(float, text.split()))
    except (ValueError, TypeError):
        raise ValueError("expected three numbers") from None


def write_vector(vector):
    return " ".join(str(float(number)) for number in Vector(*vector))


def core(job):
    """Tell what arrived."""
    axis, table = job.parameters["AXIS"], job.parameters["TABLE"]
    told = {
        "axis": axis and [type(axis).__name__, *axis],
        "table": table and table.read_text(encoding="utf-8"),
        "same": table == job.uploads.get("TABLE"),
    }
    job.add_result("result", "application/json", json.dumps(told))


def includeme(config):
    config.add_uws_parameter_type("geom:vector3d", read_vector, write_vector)
