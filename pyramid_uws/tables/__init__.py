"""Tables: what a core declares of them, and how they are written in the formats clients ask for.

May import ``parameters`` and ``exceptions`` of the package; the process of a job uses it. Importing it is cheap:
pyarrow and numpy, which the extra ``tables`` installs, come in when a table is written, astropy for FITS only.
"""

import importlib
from typing import Any, BinaryIO

from pyramid_uws.exceptions import CoreFault
from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters.formats import VOTABLE

from .declarations import Field, Frame, Info, Table, Written

__all__ = ["MAXREC", "TABLE_PARAMETERS", "Field", "Frame", "Info", "Table", "Written", "warm_up", "write_table"]

#: How many rows a table may have (DALI 1.2, section 4.3.4).
MAXREC = Parameter(
    name="MAXREC",
    type="int",
    ucd="meta.number",
    minimum=0,
    description="The largest number of rows in the table; 0 asks for its columns only.",
)

#: What a service declares among its parameters whose core makes tables (DALI 1.2, sections 4.3.3 and 4.3.4).
TABLE_PARAMETERS = (
    Parameter(
        name="RESPONSEFORMAT",
        type="format",
        ucd="meta.code.mime",
        default=VOTABLE,
        description="The format of the table: votable, votable/b2 (as BINARY2), csv, tsv, json, fits or parquet, "
        "or a media type.",
    ),
    MAXREC,
)


def write_table(table: Any, file: BinaryIO, media_type: str = VOTABLE, limit: int | None = None) -> Written:
    """Write a table in the format that the media type asks for, cut after ``limit`` rows (None: never).

    ``table`` is a :class:`Table`, or what its ``rows`` may be. If the rows end in an error half-way, formats that
    have a place for it (VOTable) tell of it, and it is returned; from others it is raised.
    """
    written: Written = _writing().write(table, file, media_type, limit)
    return written


def warm_up() -> None:
    """Import what writing takes, in a process that others are forked from."""
    _writing()


def _writing() -> Any:
    try:
        return importlib.import_module(f"{__name__}.writing")
    except ModuleNotFoundError as problem:
        raise CoreFault(
            f"Writing tables needs the package {problem.name}, which is not installed here; "
            "pip install 'pyramid_uws[tables]' brings all that it needs."
        ) from problem
