"""The plot of a long table is of rows all over it."""

import numpy as np
import pytest
from astropy.io import fits

from pyramid_uws.previews import fits as reader
from pyramid_uws.previews.summary import table
from pyramid_uws.previews.values import Wish

# The files of FITS are closed by the end of the process, which here goes on.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

ROWS = 60_000
HEAD = (
    '<VOTABLE><RESOURCE><TABLE><FIELD name="a" datatype="int"/><FIELD name="b" datatype="int"/><DATA><TABLEDATA>'
)


def votable():
    rows = "".join(f"<TR>\n<TD>{row}</TD><TD>1</TD>\n</TR>\n" for row in range(ROWS))
    return f"{HEAD}{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>".encode()


def csv(value="1"):
    return ("a,b\n" + "".join(f"{row},{value}\n" for row in range(ROWS))).encode()


def assert_all_over(plot):
    places = sorted(set(plot["points"]["x"]))
    assert plot["is_spread"]
    assert 5_000 < len(places) <= 10_000
    assert places[0] < 0.01 * ROWS
    assert places[-1] > 0.98 * ROWS
    assert max(np.diff(places)) < 0.01 * ROWS
    assert set(plot["points"]["y"]) == {1.0}


@pytest.mark.parametrize(("data", "media_type"), [(votable(), "application/x-votable+xml"), (csv(), "text/csv")])
def test_it_is_of_rows_from_all_over_a_text(look, data, media_type):
    told = look(data, media_type)

    assert_all_over(told["plot"])
    assert told["table"]["total"] == ROWS
    assert told["table"]["rows"][0] == ["0", "1"]


def test_it_is_of_rows_from_all_over_a_fits_table(tmp_path):
    columns = [fits.Column("a", "J", array=np.arange(ROWS)), fits.Column("b", "E", array=np.ones(ROWS))]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "table.fits")

    assert_all_over(table(reader.read(str(tmp_path / "table.fits"))["source"], Wish())["plot"])


def test_where_rows_may_be_quoted_it_is_of_the_first_ones(look):
    plot = look(csv('"1"'), "text/csv")["plot"]

    assert not plot["is_spread"]
    assert plot["points"]["row"] == list(range(1, 10_001))
