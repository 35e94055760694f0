"""Cores that make tables, in all the ways there are."""

import numpy as np
import pyarrow as pa

from pyramid_uws.exceptions import CoreError
from pyramid_uws.parameters import Parameter
from pyramid_uws.tables import TABLE_PARAMETERS, Field, Table

PARAMETERS = (
    Parameter(name="ROWS", type="int", default=10, minimum=0, description="How many rows there are"),
    Parameter(name="FAIL", description="What to complain of after them"),
    *TABLE_PARAMETERS,
)

FIELDS = (
    Field(name="id", ucd="meta.id;meta.main", description="A number"),
    Field(name="ra", unit="deg", ucd="pos.eq.ra;meta.main", description="Right ascension"),
    Field(name="name", ucd="meta.id", description="What it is called"),
)

_BATCH = 1000


def _batches(job):
    for start in range(0, job.parameters["ROWS"] or 1, _BATCH):
        ids = np.arange(start, min(start + _BATCH, job.parameters["ROWS"]))
        yield pa.record_batch({"id": ids, "ra": ids * 0.5, "name": pa.array([f"N {i}" for i in ids], pa.string())})
    if job.parameters["FAIL"]:
        raise CoreError(job.parameters["FAIL"])


def yielding(job):
    """Yield batches."""
    yield from _batches(job)


def returning(job):
    """Return a table with all that can be said of it."""
    return Table(rows=_batches(job), fields=FIELDS, name="stars", description="Stars that do not exist")


def adding(job):
    """Add two tables and something else."""
    job.add_table("first", Table(rows=_batches(job), fields=FIELDS))
    job.add_table("second", pa.table({"n": [1, 2, 3]}))
    job.add_result("third", "text/plain", "no table")


def astronomical(job):
    """Return a table of astropy."""
    from astropy.table import QTable
    from astropy.units import deg

    table = QTable()
    table["ra"] = np.arange(job.parameters["ROWS"]) * deg
    return table


def confused(_job):
    """Return what is no table."""
    return 42


def silent(_job):
    """Yield nothing at all."""
    yield from ()


SERVICES = {
    f"uws:service:{core.__name__}": {
        "core": f"{__name__}:{core.__name__}",
        "parameters": f"{__name__}:PARAMETERS",
        "maxrec": "5000",
        "max_maxrec": "8000",
    }
    for core in (yielding, returning, adding, astronomical, confused, silent)
}
