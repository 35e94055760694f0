"""Whatever our writers have written, in any format, is shown with its columns and its values."""

import io
import math

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyramid_uws.previews import fits
from pyramid_uws.previews.child import preview
from pyramid_uws.previews.summary import table
from pyramid_uws.previews.values import Wish
from pyramid_uws.tables.declarations import Field, Table
from pyramid_uws.tables.writing import write
from tests.support.examples import examples

# The files of FITS are closed by the end of the process, which here goes on.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

FORMATS = [
    "application/x-votable+xml",
    "application/x-votable+xml;serialization=BINARY2",
    "text/csv",
    "text/tab-separated-values",
    "application/json",
    "application/vnd.apache.parquet",
]
FIELDS = (
    Field(name="ra", unit="deg", ucd="pos.eq.ra;meta.main", description="Right <ascension>"),
    Field(name="dec", unit="deg", ucd="pos.eq.dec;meta.main"),
)
TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=30)
ROWS = st.lists(
    st.tuples(
        st.floats(0, 360, width=64, exclude_max=True),
        st.floats(-90, 90),
        st.integers(-(2**53), 2**53),
        TEXTS.filter(lambda text: text == text.strip()),
    ),
    min_size=1,
    max_size=40,
)


def written(rows, media_type):
    columns = list(zip(*rows, strict=True))
    batch = pa.table(
        {
            "ra": pa.array(columns[0], pa.float64()),
            "dec": pa.array(columns[1], pa.float64()),
            "number": pa.array(columns[2], pa.int64()),
            "name": pa.array(columns[3], pa.string()),
        }
    )
    file = io.BytesIO()
    write(Table(rows=batch, fields=FIELDS), file, media_type, None)
    return file.getvalue()


@pytest.mark.parametrize("media_type", FORMATS)
@given(rows=ROWS)
@example(rows=[(0.0, 0.0, 0, '"'), (0.0, 0.0, 0, "0")])
@examples(25)
def test_rows_are_shown_as_they_were_written(media_type, rows):
    told = preview(io.BytesIO(written(rows, media_type)), media_type, Wish())

    assert [column["name"] for column in told["table"]["columns"]] == ["ra", "dec", "number", "name"]
    assert told["table"]["total"] == len(rows)
    for shown, row in zip(told["table"]["rows"], rows, strict=False):
        assert [float(shown[0]), float(shown[1]), int(float(shown[2]))] == [*row[:2], row[2]]
        assert shown[3] == row[3]


@pytest.mark.parametrize("media_type", FORMATS)
def test_positions_are_plotted_whatever_the_format(media_type):
    rows = [(10.0, 20.0, 1, "a"), (11.0, 21.0, 2, "b")]

    plot = preview(io.BytesIO(written(rows, media_type)), media_type, Wish())["plot"]

    assert plot["is_sky"]
    assert (plot["points"]["x"], plot["points"]["y"]) == ([10.0, 11.0], [20.0, 21.0])


def test_a_fits_table_tells_units_and_is_plotted(tmp_path):
    rows = [(10.0, 20.0, index, "a") for index in range(3000)]
    path = tmp_path / "table.fits"
    path.write_bytes(written(rows, "application/fits"))

    told = fits.read(str(path))
    shown = table(told["source"], Wish())

    assert "3000 rows" in told["notes"][0]
    assert [column["unit"] for column in shown["table"]["columns"][:2]] == ["deg", "deg"]
    assert shown["table"]["total"] == 3000
    assert shown["plot"]["is_sky"]
    assert shown["plot"]["rows"] == 3000


@pytest.mark.parametrize("media_type", FORMATS[:2])
def test_columns_say_what_they_mean(media_type):
    told = preview(io.BytesIO(written([(1.0, 2.0, 3, "x")], media_type)), media_type, Wish())

    ra = told["table"]["columns"][0]

    assert (ra["unit"], ra["ucd"], ra["datatype"]) == ("deg", "pos.eq.ra;meta.main", "double")
    assert ra["description"] == "Right <ascension>"


@pytest.mark.parametrize("media_type", FORMATS[:2])
@given(cut=st.integers(0, 3000))
@examples(50)
def test_a_file_that_is_cut_anywhere_has_a_preview_or_a_sentence(media_type, cut):
    data = written([(float(index), 1.0, index, "name") for index in range(30)], media_type)

    told = preview(io.BytesIO(data[:cut]), media_type, Wish())

    assert told["table"] or told["notes"] or told["text"] is not None
    if told["table"]:
        assert all(float(row[0]) == index for index, row in enumerate(told["table"]["rows"]))


def test_values_that_are_missing_are_left_out_of_plots():
    rows = b"ra,dec\n1,2\n,3\nnan,4\n5,6\n"

    told = preview(io.BytesIO(rows), "text/csv", Wish())

    assert told["plot"]["points"]["row"] == [1, 4]
    assert all(map(math.isfinite, told["plot"]["points"]["x"]))
