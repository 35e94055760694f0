"""Writing tables and reading them back with what others use."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits, votable
from hypothesis import strategies as st

from pyramid_uws.parameters.formats import CSV, FITS, JSON, PARQUET, TSV, VOTABLE
from pyramid_uws.tables import write_table

TABLEDATA = VOTABLE
BINARY2 = f"{VOTABLE};serialization=BINARY2"
FORMATS = (TABLEDATA, BINARY2, CSV, TSV, JSON, FITS, PARQUET)

#: What XML can hold, without what its readers turn into something else.
XML_TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=8
)


def write(table, media_type=VOTABLE, limit=None):
    """Return the document, and what is said of it."""
    file = io.BytesIO()
    written = write_table(table, file, media_type, limit)
    return file.getvalue(), written


def document(table, media_type=VOTABLE, limit=None):
    return write(table, media_type, limit)[0]


def read_votable(content):
    """Return the first table as astropy reads it, which is strict here: warnings are errors."""
    return votable.parse(io.BytesIO(content), verify="exception").get_first_table()


def read_csv(content):
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def read_json(content):
    return json.loads(content, parse_constant=pytest.fail)


def read_fits(content):
    with fits.open(io.BytesIO(content), logical_as_bytes=True, memmap=False) as hdus:
        hdus.verify("exception")
        return hdus[1].data, hdus[1].header


def read_parquet(content):
    return pq.read_table(pa.BufferReader(content))
