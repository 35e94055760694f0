"""A table of the user's own in place of a catalogue: VOTable, FITS and CSV, and what is refused of them."""

import gzip
import io

import numpy as np
import pytest
from astropy import units
from astropy.io import votable
from astropy.table import MaskedColumn, Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from pyramid_uws.demo import crossmatch, crossmatching, own
from pyramid_uws.demo.own import read_own
from pyramid_uws.exceptions import CoreError

TABLE = Table(
    {
        "name": ["a", "b", "c", "d"],
        "RAJ2000": MaskedColumn([10.5, 200.0, 30.0, 400.0], mask=[False, False, True, False], unit="deg"),
        "DEJ2000": MaskedColumn([-45.0, 45.0, 1.0, 0.0], unit="deg"),
        "mag": [1.0, 2.0, 3.0, 4.0],
        "n": [1, 2, 3, 4],
    }
)
VOTABLE = """<?xml version="1.0"?>{doctype}
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>
<FIELD name="x" datatype="double" ucd="{ra}" unit="deg"/><FIELD name="y" datatype="double" ucd="{dec}" unit="deg"/>
<DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>"""
CELLS = "<TABLEDATA><TR><TD>10.5</TD><TD>-45</TD></TR></TABLEDATA>"
UCDS = {"ra": "pos.eq.ra;meta.main", "dec": "pos.eq.dec;meta.main"}
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.fixture
def write(tmp_path):
    """Return a function that writes what was sent, and returns the path."""

    def write(content):
        path = tmp_path / "1"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture(params=["votable", "votable/b2", "fits", "csv"])
def sent(request, tmp_path):
    """The table in each of the formats."""
    path = tmp_path / "sent"
    if request.param.startswith("votable"):
        document = votable.from_table(TABLE)
        votable.writeto(document, str(path), tabledata_format="binary2" if "b2" in request.param else "tabledata")
    else:
        TABLE.write(path, format="ascii.csv" if request.param == "csv" else request.param)
    return path


class TestRead:
    def test_positions_and_the_rest_are_found_in_all_formats(self, sent):
        catalogue = read_own(sent)

        columns = {column.field.name: column.values for column in catalogue.columns}
        assert catalogue.ra.tolist() == [10.5, 200.0, 40.0]
        assert catalogue.dec.tolist() == [-45.0, 45.0, 0.0]
        assert columns["row"].tolist() == [1, 2, 4]
        assert columns["mag"].tolist() == [1.0, 2.0, 4.0]
        assert [str(name).strip() for name in columns["name"]] == ["a", "b", "d"]

    @pytest.mark.parametrize("ucds", [UCDS, {"ra": "POS_EQ_RA_MAIN", "dec": "POS_EQ_DEC_MAIN"}])
    def test_columns_of_any_name_are_known_by_ucd(self, write, ucds):
        catalogue = read_own(write(VOTABLE.format(doctype="", data=CELLS, **ucds)))

        assert (catalogue.ra.tolist(), catalogue.dec.tolist()) == ([10.5], [-45.0])

    def test_columns_may_be_named(self, write):
        catalogue = read_own(write("a,b,ra,dec\n1,2,3,4\n"), "a", "b")

        assert (catalogue.ra.tolist(), catalogue.dec.tolist()) == ([1], [2])

    def test_units_of_angles_are_turned_into_degrees(self, tmp_path):
        path = tmp_path / "t.fits"
        Table({"ra": [0.5] * units.rad, "dec": [60.0] * units.arcmin}).write(path)

        catalogue = read_own(path)

        assert catalogue.ra.tolist() == pytest.approx([np.degrees(0.5)])
        assert catalogue.dec.tolist() == pytest.approx([1.0])


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (gzip.compress(b"ra,dec\n1,2\n", mtime=0), r"packed \(gzip\)"),
            (b"PK\x03\x04xxxx", r"packed \(zip\)"),
            (VOTABLE.format(doctype=LAUGHS, data="&b;", **UCDS), "DOCTYPE"),
            (VOTABLE.format(doctype='<!DOCTYPE x SYSTEM "file:///etc/passwd">', data=CELLS, **UCDS), "DOCTYPE"),
            (VOTABLE.format(doctype=LAUGHS, data=CELLS, **UCDS).encode("utf-16"), "DOCTYPE|as VOTable"),
            (VOTABLE.format(doctype="", data='<BINARY><STREAM href="file:///x"/></BINARY>', **UCDS), "STREAM"),
            (VOTABLE.format(doctype="", data=CELLS[:40], **UCDS), "as VOTable"),
            (VOTABLE.format(doctype="", data="", **UCDS), "0 rows"),
            ("<html><body>Log in</body></html>", "as VOTable"),
            ("<VOTABLE/>", "as VOTable"),
            (b"SIMPLE  =                    T" + b" " * 5000, "as FITS|no table"),
            (b"\x00\x01\x02\xff" * 100, "CSV"),
            (b"", "CSV"),
            ("ra,dec\n", "0 rows"),
            ("ra,dec\n1,2,3\n4\n", "CSV"),
            ("a,b\n1,2\n", "LEFT_RA"),
            ("ra,b\n1,2\n", "LEFT_DEC"),
            ("ra,dec\n1,100\n", "-90 to 90"),
            ("ra,dec\n,\n", "-90 to 90"),
            ("ra,dec\n00:01:02,1\n", "numbers, in degrees"),
        ],
    )
    def test_what_cannot_be_used_is_told(self, write, content, said):
        with pytest.raises(CoreError, match=said):
            read_own(write(content))

    def test_a_column_that_is_not_there_is_told(self, write):
        with pytest.raises(CoreError, match="no column 'x', but ra, dec"):
            read_own(write("ra,dec\n1,2\n"), "x")

    def test_too_many_rows_are_too_many(self, write, monkeypatch):
        monkeypatch.setattr(own, "MOST_ROWS", 2)

        with pytest.raises(CoreError, match="has 3 rows; it may have 1 to 2"):
            read_own(write("ra,dec\n1,2\n3,4\n5,6\n"))

    @given(st.binary(max_size=300), st.sampled_from([b"", b"<VOTABLE>", b"SIMPLE  =", b"ra,dec\n"]))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
    def test_whatever_is_sent_there_is_a_sentence(self, write, content, beginning):
        path = write(beginning + content)
        try:
            catalogue = read_own(path)
        except CoreError:
            return
        assert len(catalogue)


def test_it_is_matched_like_a_catalogue(make_job, catalogues, uws_schema, write, monkeypatch):
    monkeypatch.setattr(crossmatching.skymap, "draw", lambda file, *_, **__: file.write(b"a map"))
    job = make_job(crossmatch.PARAMETERS, RIGHT="gaia", RADIUS="1", LEFT="gaia")
    job.uploads = {"LEFT": write("id,ra,dec,flux\nx,200,45,1.5\ny,100,0,\n")}

    crossmatch.core(job)

    uws_schema.assertValid(etree.fromstring(job.results["matches"]))
    table = votable.parse(io.BytesIO(job.results["matches"]), verify="exception").get_first_table()
    (pair,) = table.array
    assert [field.name for field in table.fields][:5] == ["own_row", "own_ra", "own_dec", "own_id", "own_flux"]
    assert (pair["own_row"], pair["own_id"], pair["gaia_source_id"]) == (1, "x", 12)
    assert np.isclose(pair["separation"], 0)
