"""What stands around the rows: what columns mean, what became of the rows, what cannot be written."""

import datetime as dt
import decimal
import io

import numpy as np
import pyarrow as pa
import pytest
from astropy import table as astropy_table
from astropy import units
from astropy.time import Time
from lxml import etree

from pyramid_uws.documents import error_votable
from pyramid_uws.exceptions import CoreError
from pyramid_uws.parameters.formats import CSV, FITS, JSON, PARQUET, TSV, VOTABLE
from pyramid_uws.tables import Field, Frame, Info, Table, sources, write_table
from tests.support.votlint import complaints

from .conftest import (
    BINARY2,
    FORMATS,
    TABLEDATA,
    document,
    read_csv,
    read_fits,
    read_json,
    read_parquet,
    read_votable,
    write,
)

VOT = "{http://www.ivoa.net/xml/VOTable/v1.3}"
VOTABLES = (TABLEDATA, BINARY2)
INSTANT = dt.datetime(2026, 1, 31, 12, 0, 0, 250_000)  # noqa: DTZ001 - as Arrow has them

#: A column of every kind, each with a missing value, some with what XML has to escape.
KINDS = pa.table(
    {
        "flag": [True, None, False],
        "small": pa.array([1, None, 255], pa.uint8()),
        "short": pa.array([1, None, -3], pa.int8()),
        "unsigned": pa.array([1, None, 2**32 - 1], pa.uint32()),
        "long": [2**62, None, -(2**63)],
        "float": pa.array([0.1, None, float("-inf")], pa.float32()),
        "double": [1e300, None, float("nan")],
        "text": ["a <b> & c", None, "Größe\x07\r"],
        "name": ["a", None, ""],
        "kind": pa.array(["x", None, "x"]).dictionary_encode(),
        "time": [INSTANT, None, INSTANT],
        "civil": pa.array([INSTANT, None, INSTANT], pa.timestamp("ms", tz="Europe/Berlin")),
        "day": [INSTANT.date(), None, INSTANT.date()],
        "price": [decimal.Decimal("1.25"), None, decimal.Decimal("-3.50")],
        "none": pa.nulls(3),
        "list": [[1.0, 2.0], None, []],
        "flags": [[True, False], None, [True]],
        "pair": pa.array([[1.0, 2.0], None, [3.0, float("inf")]], pa.list_(pa.float64(), 2)),
    }
)
DECLARED = Table(
    rows=KINDS,
    fields=(
        Field(
            name="double", unit="deg", ucd="pos.eq.ra;meta.main", description="Right ascension < & >", ref="here"
        ),
        Field(name="float", unit="mag", ucd="phot.mag", decimals=2),
    ),
    name="kinds",
    description="Columns of all kinds & more",
    infos=(Info(name="note", value='a "b" < c', ucd="meta.note"),),
    frames=(Frame(id="here", epoch="J2016.0"),),
)
NUMBERS = pa.table({"n": list(range(10))})


def infos(content):
    return [(info.get("value"), info.text) for info in etree.fromstring(content).iter(f"{VOT}INFO")]


def failing(problem):
    yield NUMBERS
    raise problem


class TestVOTables:
    @pytest.mark.spec("D-46", "D-53", "D-57", "D-59", "D-60", "D-61", "D-62")
    def test_stilts_has_nothing_to_complain_of(self):
        """In whole tables, empty ones, those that were cut or broke off, and error documents."""
        whole = (DECLARED, KINDS.slice(0, 0), [KINDS, KINDS.slice(1, 1)])
        problems = (CoreError("The disk is <full>."), ValueError("a\x07b"))
        message = "RADIUS='<&>\x07': no \"number\" at all.\n\nTraceback:\r\n  ]]> Größe"
        contents = [document(table, form) for table in whole for form in VOTABLES]
        contents += [document(DECLARED, form, limit) for limit in (0, 2) for form in VOTABLES]
        contents += [document(failing(problem), form) for problem in problems for form in VOTABLES]
        contents += [error_votable(message, infos=[("standardID", "ivo://ivoa.net/std/SODA#sync-1.0")]).encode()]

        assert complaints(contents) == ""

    @pytest.mark.parametrize("form", VOTABLES)
    def test_it_is_valid(self, uws_schema, form):
        uws_schema.assertValid(etree.fromstring(document(DECLARED, form)))

    @pytest.mark.spec("D-53", "D-57")
    def test_the_status_comes_before_the_table(self):
        resource = etree.fromstring(document(DECLARED)).find(f"{VOT}RESOURCE")

        assert resource.get("type") == "results"
        assert resource[0].attrib == {"name": "QUERY_STATUS", "value": "OK"}
        assert resource[-1].tag == f"{VOT}TABLE"

    @pytest.mark.spec("D-58")
    @pytest.mark.parametrize("form", VOTABLES)
    def test_readers_learn_what_columns_mean(self, form):
        read = read_votable(document(DECLARED, form))

        fields = {field.name: field for field in read.fields}
        double = fields["double"]
        assert (double.unit, double.ucd, double.ref) == (units.deg, "pos.eq.ra;meta.main", "here")
        assert double.description == "Right ascension < & >"
        assert {name: (field.datatype, field.arraysize) for name, field in fields.items()} == {
            "flag": ("boolean", None),
            "small": ("unsignedByte", None),
            "short": ("short", None),
            "unsigned": ("long", None),
            "long": ("long", None),
            "float": ("float", None),
            "double": ("double", None),
            "text": ("unicodeChar", "*"),
            "name": ("char", "*"),
            "kind": ("char", "*"),
            "time": ("char", "*"),
            "civil": ("char", "*"),
            "day": ("char", "*"),
            "price": ("double", None),
            "none": ("char", "*"),
            "list": ("double", "*"),
            "flags": ("boolean", "*"),
            "pair": ("double", "2"),
        }
        assert [fields[name].xtype for name in ("time", "civil", "day", "text")] == ["timestamp"] * 3 + [None]
        assert read.array["time"].tolist()[0] == "2026-01-31T12:00:00.250000"
        assert read.array["civil"].tolist()[0] == "2026-01-31T12:00:00.250"
        assert read.array["day"].tolist()[0] == "2026-01-31"

    @pytest.mark.spec("D-32", "D-55", "D-57")
    @pytest.mark.parametrize("form", VOTABLES)
    def test_an_overflow_is_told_after_the_table(self, uws_schema, form):
        content, written = write(DECLARED, form, 2)

        root = etree.fromstring(content)
        uws_schema.assertValid(root)
        assert (written.rows, written.overflow) == (2, True)
        assert root[0][-2].tag == f"{VOT}TABLE"
        assert root[0][-1].attrib == {"name": "QUERY_STATUS", "value": "OVERFLOW"}

    @pytest.mark.spec("D-56", "D-54")
    @pytest.mark.parametrize("form", VOTABLES)
    @pytest.mark.parametrize(
        ("problem", "text"),
        [(CoreError("The disk is <full>."), "The disk is <full>."), (ValueError("a\x07b"), "ValueError: a?b")],
    )
    def test_an_error_is_told_after_the_rows_there_were(self, form, problem, text):
        content, written = write(failing(problem), form)

        assert written.problem is problem
        assert infos(content) == [("OK", None), ("ERROR", text)]
        assert len(read_votable(content).array) == written.rows == 10

    @pytest.mark.spec("D-33")
    @pytest.mark.parametrize("form", VOTABLES)
    def test_none_of_the_rows_is_an_overflow_too(self, form):
        content, written = write(DECLARED, form, 0)

        assert (written.rows, written.overflow) == (0, True)
        assert len(read_votable(content).fields) == KINDS.num_columns
        assert infos(content)[-1] == ("OVERFLOW", None)

    def test_texts_have_the_decimals_that_mean_something_and_bytes_have_all(self):
        table = Table(rows=pa.table({"x": [1.23456, 1e300, 0.1]}), fields=[Field(name="x", decimals=2)])

        as_text, as_bytes = (read_votable(document(table, form)) for form in VOTABLES)

        assert as_text.array["x"].tolist() == [1.23, 1e300, 0.1]
        assert as_text.fields[0].precision == "F2"
        assert as_bytes.array["x"].tolist() == [1.23456, 1e300, 0.1]

    def test_missing_values_are_marked_in_binary2(self):
        """A bit for each column, the first one leftmost."""
        import base64

        content = document(pa.table({"a": pa.array([None, 7], pa.uint8()), "b": ["x", None]}), BINARY2)
        stream = etree.fromstring(content).find(f".//{VOT}STREAM").text

        assert base64.b64decode(stream) == b"\x80\0\0\0\0\1x" + b"\x40\7\0\0\0\0"


class TestOtherFormats:
    def test_csv_is_as_the_rfc_has_it(self):
        content = document(pa.table({"a,b": ["x", 'say "hi"', "", None], "n": [1, 2, 3, None]}), CSV)

        assert content == b'"a,b",n\r\nx,1\r\n"say ""hi""",2\r\n"",3\r\n,\r\n'

    @pytest.mark.spec("D-27")
    @pytest.mark.parametrize(("kind", "rest"), [(CSV, b"0\r\n1\r\n"), (TSV, b"0\n1\n")])
    def test_a_header_may_be_absent(self, kind, rest):
        assert document(NUMBERS.slice(0, 2), f"{kind};header=absent") == rest

    def test_json_tells_what_columns_mean_and_of_an_overflow(self):
        read = read_json(document(DECLARED, JSON, 1))

        assert read["query_status"] == "OVERFLOW"
        assert read["description"] == DECLARED.description
        assert read["info"] == [{"name": "note", "value": 'a "b" < c'}]
        (double,) = (column for column in read["metadata"] if column["name"] == "double")
        assert (double["datatype"], double["unit"]) == ("double", "deg")

    def test_json_tells_of_an_error(self):
        read = read_json(document(failing(CoreError("No more.")), JSON))

        assert (read["query_status"], read["message"]) == ("ERROR", "No more.")
        assert read["data"] == [[n] for n in range(10)]

    def test_fits_tells_what_columns_mean(self):
        _, header = read_fits(document(DECLARED, FITS, 2))

        number = KINDS.column_names.index("double") + 1
        assert header[f"TUNIT{number}"] == "deg"
        assert header[f"TUCD{number}"] == "pos.eq.ra;meta.main"
        assert header[f"TCOMM{number}"] == "Right ascension < & >"
        assert (header["EXTNAME"], header["QSTATUS"], header["NAXIS2"]) == ("kinds", "OVERFLOW", 2)

    def test_fits_has_question_marks_for_what_it_cannot_hold(self):
        data, _ = read_fits(document(pa.table({"Größe": ["é\x07"]}), FITS))

        assert data.names == ["Gr??e"]
        assert data["Gr??e"].tolist() == ["??"]

    def test_fits_says_which_column_leaves_no_number_for_missing_values(self):
        table = pa.table({"a": pa.array([0, None, 255], pa.uint8())})

        with pytest.raises(CoreError, match="Column a has missing values, and both 0 and 255"):
            document(table, FITS)

    def test_parquet_keeps_types_and_tells_what_columns_mean(self):
        read = read_parquet(document(DECLARED, PARQUET))

        assert str(read.to_pylist()) == str(KINDS.to_pylist())
        assert read.schema.equals(KINDS.schema)
        assert read.schema.field("double").metadata[b"ucd"] == b"pos.eq.ra;meta.main"
        said = etree.fromstring(read.schema.metadata[b"IVOA.VOTable-Parquet.content"])
        assert [field.get("name") for field in said.iter(f"{VOT}FIELD")] == KINDS.column_names

    def test_parquet_takes_what_no_other_format_can_hold(self):
        table = pa.table({"a": [{"b": 1}]})

        assert read_parquet(document(table, PARQUET)).equals(table)
        with pytest.raises(CoreError, match=r"Column a: values of type struct.* Parquet only"):
            document(table, CSV)

    @pytest.mark.parametrize("kind", [CSV, TSV, FITS, PARQUET])
    def test_an_error_is_raised_where_there_is_no_place_to_tell_it(self, kind):
        with pytest.raises(KeyError):
            document(failing(KeyError("x")), kind)


class TestRows:
    @pytest.mark.spec("D-31")
    @pytest.mark.parametrize("kind", FORMATS)
    @pytest.mark.parametrize(
        ("limit", "rows", "overflow"),
        [(None, 20, False), (20, 20, False), (21, 20, False), (19, 19, True), (10, 10, True), (0, 0, True)],
    )
    def test_are_cut_at_the_limit(self, kind, limit, rows, overflow):
        _, written = write(iter([NUMBERS, NUMBERS]), kind, limit)

        assert (written.rows, written.overflow) == (rows, overflow)

    @pytest.mark.parametrize(
        "rows",
        [
            NUMBERS,
            NUMBERS.to_batches()[0],
            NUMBERS.to_reader(max_chunksize=3),
            NUMBERS.to_batches(max_chunksize=3),
            (NUMBERS.slice(start, 5) for start in (0, 5)),
            [NUMBERS.slice(0, 0), NUMBERS],
            astropy_table.Table({"n": range(10)}),
            [astropy_table.Table({"n": range(10)})],
            [NUMBERS.slice(0, 5), pa.table({"n": pa.array(range(5, 10), pa.int16())})],
        ],
        ids=lambda rows: type(rows).__qualname__,
    )
    def test_come_in_many_ways(self, rows):
        assert read_csv(document(rows, CSV)) == [["n"], *([str(n)] for n in range(10))]

    @pytest.mark.parametrize("size", [1, sources.MOST_ROWS - 1, sources.MOST_ROWS, 2 * sources.MOST_ROWS + 1])
    @pytest.mark.parametrize("kind", [TABLEDATA, BINARY2, PARQUET])
    def test_none_is_lost_between_blocks(self, kind, size):
        table = pa.table({"n": np.arange(size)})

        content = document(table, kind)

        read = read_parquet(content)["n"] if kind == PARQUET else read_votable(content).array["n"]
        assert np.array_equal(np.asarray(read), np.arange(size))

    def test_of_great_width_are_written_in_small_blocks(self):
        wide = pa.table({"t": ["x" * 1_000_000] * 30})

        batches = list(sources.Source.of(Table(rows=wide)).batches)

        assert max(batch.nbytes for batch in batches) < 2 * sources.MOST_BYTES
        assert sum(batch.num_rows for batch in batches) == 30

    def test_of_small_batches_are_joined(self):
        single = (NUMBERS.slice(row % 10, 1) for row in range(sources.MOST_ROWS + 1))

        batches = list(sources.Source.of(Table(rows=single)).batches)

        assert [batch.num_rows for batch in batches] == [sources.MOST_ROWS, 1]

    def test_are_not_asked_for_beyond_the_limit(self):
        def endless():
            while True:
                yield NUMBERS

        assert write(endless(), CSV, 15)[1].rows == 15

    @pytest.mark.parametrize(
        ("rows", "sentence"),
        [
            (7, "int is no table"),
            ("abc", "str is no table"),
            ([7], "int is no part of a table"),
            ([], "not even an empty batch"),
            (pa.table({}), "no columns"),
            (pa.table([[1], [2]], names=["a", "a"]), "Two columns of the table are called 'a'"),
            (Table(rows=NUMBERS, fields=[Field(name="m")]), "no column 'm'.*it has n"),
            (pa.table({"a": [[["x"]]]}), "Column a: values of type list<.*> can be written to Parquet only"),
            (pa.table({"a": [["x"]]}), "Column a: values of type list<.*string.*> can be written to Parquet only"),
            (pa.table({"a": [b"x"]}), "Column a: values of type binary"),
        ],
    )
    def test_that_are_none_are_refused_in_a_sentence(self, rows, sentence):
        with pytest.raises(CoreError, match=sentence):
            document(rows)

    @pytest.mark.parametrize(
        ("second", "sentence"),
        [
            (pa.table({"m": [1]}), "A batch has the columns m, but the first one had n"),
            (pa.table({"n": ["x"]}), "A batch has other types than the first one"),
            (pa.table({"n": [1.5]}), "A batch has other types than the first one"),
        ],
    )
    def test_that_change_on_the_way_are_refused(self, second, sentence):
        with pytest.raises(CoreError, match=sentence):
            document(iter([NUMBERS, second]), CSV)

    @pytest.mark.parametrize(
        ("table", "sentence"),
        [
            (pa.table({"a": [[1, None]]}), "Column a: items of lists are missing"),
            (pa.table({"a": pa.array([2**64 - 1], pa.uint64())}), "Column a: .*18446744073709551615"),
        ],
    )
    def test_with_what_formats_cannot_hold_are_refused(self, table, sentence):
        with pytest.raises(CoreError, match=sentence):
            document(table, CSV)


class TestAstropy:
    def test_tables_keep_units_descriptions_and_missing_values(self):
        table = astropy_table.QTable()
        table["ra"] = [1.5, 2.5] * units.deg
        table["ra"].info.description = "Right ascension"
        table["ra"].info.meta = {"ucd": "pos.eq.ra"}
        table["n"] = astropy_table.MaskedColumn([1, 2], mask=[False, True], dtype=">i2")
        table["name"] = astropy_table.MaskedColumn(["a", "b"], mask=[True, False])
        table["bytes"] = np.array([b"x", b"yz"])
        table["time"] = Time(["2026-01-31T12:00:00", "2026-02-01T00:00:00"])
        table["pair"] = [[1.0, 2.0], [3.0, 4.0]]

        read = read_votable(document(table))

        fields = {field.name: field for field in read.fields}
        assert (fields["ra"].unit, fields["ra"].ucd) == (units.deg, "pos.eq.ra")
        assert fields["ra"].description == "Right ascension"
        assert fields["n"].datatype == "short"
        assert read.array["ra"].tolist() == [1.5, 2.5]
        assert read.array["n"].tolist() == [1, None]
        assert read.array["name"].tolist() == ["", "b"]
        assert read.array["bytes"].tolist() == ["x", "yz"]
        assert fields["time"].xtype == "timestamp"
        assert read.array["time"].tolist() == ["2026-01-31T12:00:00.000", "2026-02-01T00:00:00.000"]
        assert read.array["pair"].tolist() == [[1.0, 2.0], [3.0, 4.0]]

    def test_what_a_votable_says_is_said_again(self):
        first = document(DECLARED)

        with io.BytesIO(first) as file:
            again = document(astropy_table.Table.read(file, format="votable")["double", "float", "name"])

        field = read_votable(again).fields[0]
        assert (field.unit, field.ucd, field.description) == (
            units.deg,
            "pos.eq.ra;meta.main",
            "Right ascension < & >",
        )

    @pytest.mark.parametrize(
        "column",
        [np.zeros((1, 2, 3)), np.array([object()], object), np.array([1j])],
        ids=["cube", "object", "complex"],
    )
    def test_what_cannot_be_written_is_said_by_name(self, column):
        with pytest.raises(CoreError, match="Column odd: "):
            document(astropy_table.Table({"odd": column}))


def test_a_missing_package_is_named(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name="pyarrow")

    monkeypatch.setattr("importlib.import_module", missing)

    with pytest.raises(CoreError, match=r"needs the package pyarrow.*pyramid_uws\[tables\]"):
        write_table(NUMBERS, io.BytesIO(), VOTABLE)
