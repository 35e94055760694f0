"""VOTables as others write them, and as those do who mean no good."""

import base64
import struct

import pytest

HEAD = '<VOTABLE version="1.3"><RESOURCE type="results"><TABLE{}>{}<DATA>'
TAIL = "</DATA></TABLE></RESOURCE></VOTABLE>"
RA = '<FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra"/>'


def votable(fields, data, attributes=""):
    return (HEAD.format(attributes, fields) + data + TAIL).encode()


def binary(fields, rows, kind="BINARY"):
    stream = base64.encodebytes(rows).decode()
    return votable(fields, f'<{kind}><STREAM encoding="base64">{stream}</STREAM></{kind}>')


def test_rows_of_binary_have_the_types_of_their_fields(look):
    fields = "".join(
        f'<FIELD name="{name}" datatype="{kind}" arraysize="{size}"/>'
        if size
        else f'<FIELD name="{name}" datatype="{kind}"/>'
        for name, kind, size in [
            ("flag", "boolean", ""),
            ("byte", "unsignedByte", ""),
            ("pair", "short", "2"),
            ("text", "char", "*"),
            ("wide", "unicodeChar", "3"),
            ("bits", "bit", "10"),
            ("single", "float", ""),
            ("many", "int", "*"),
        ]
    )
    row = (
        b"T\x07"
        + struct.pack(">hh", -1, 2)
        + struct.pack(">i", 3)
        + b"abc"
        + "äöü".encode("utf-16-be")
        + b"\xa5\x40"
        + struct.pack(">f", 0.1)
        + struct.pack(">i", 9)
        + struct.pack(">9i", *range(9))
    )

    table = look(binary(fields, row * 2))["table"]

    assert table["rows"] == [["True", "7", "-1 2", "abc", "äöü", "1010010101", "0.1", "0 1 2 3 4 5 …"]] * 2
    assert table["total"] == 2


def test_flags_of_binary2_tell_what_is_missing(look):
    told = look(binary(RA, b"\x80" + struct.pack(">d", 1.0) + b"\x00" + struct.pack(">d", 2.0), "BINARY2"))

    assert told["table"]["rows"] == [[""], ["2.0"]]


def test_the_number_that_stands_for_a_missing_one_is_not_shown(look):
    field = '<FIELD name="n" datatype="int"><VALUES null="-99"/></FIELD>'

    told = look(votable(field, "<TABLEDATA><TR><TD>-99</TD></TR><TR><TD>5</TD></TR></TABLEDATA>"))

    assert told["table"]["rows"] == [[""], ["5"]]


def test_rows_that_the_table_tells_are_not_counted(look):
    rows = "<TR><TD>1</TD></TR>" * 30_000

    told = look(votable(RA, f"<TABLEDATA>{rows}</TABLEDATA>", ' nrows="123456"'))

    assert told["table"]["total"] == 123456
    assert len(told["table"]["rows"]) == 20


@pytest.mark.parametrize(
    "row", ["<TR><TD>1</TD><TD>2</TD></TR>", "<TR ><TD>1</TD><TD>2</TD></TR>\n", "<v:TR>\n</v:TR>"]
)
def test_rows_are_counted_to_the_end_of_the_table(look, row):
    rows = row * 60_000
    data = f"<TABLEDATA>{rows}</TABLEDATA>".replace("TABLEDATA", "v:TABLEDATA" if "v:" in row else "TABLEDATA")
    document = votable(RA, data).replace(b"<VOTABLE", b'<VOTABLE xmlns:v="x"')
    told = look(document + b"<!-- <TR> -->")

    assert told["table"]["total"] == 60_000


def test_an_error_that_the_votable_tells_is_told(look):
    told = look(
        b'<VOTABLE><RESOURCE><INFO name="QUERY_STATUS" value="ERROR">No <!-- --> luck</INFO></RESOURCE></VOTABLE>'
    )

    assert told["notes"] == ["The VOTable tells of an error: No luck"]
    assert told["text"].startswith("<VOTABLE>")


HOSTILE = {
    "entities": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><VOTABLE>&b;</VOTABLE>',
    "an external entity": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><VOTABLE><RESOURCE>&a;</RESOURCE></VOTABLE>',
    "a table elsewhere": votable(RA, '<BINARY><STREAM href="file:///etc/passwd"/></BINARY>'),
    "no base64": votable(RA, '<BINARY><STREAM encoding="base64">????</STREAM></BINARY>'),
    "a length below zero": binary('<FIELD name="t" datatype="char" arraysize="*"/>', struct.pack(">i", -5)),
    "a length beyond all": binary('<FIELD name="t" datatype="char" arraysize="*"/>', struct.pack(">i", 2**31 - 1)),
    "an arraysize beyond all": binary('<FIELD name="t" datatype="char" arraysize="999999999x999999999"/>', b"abc"),
    "an arraysize that is none": binary('<FIELD name="t" datatype="char" arraysize="-1"/>', b"abc"),
    "an unknown type": binary('<FIELD name="t" datatype="pickle"/>', b"abc"),
    "many columns": votable(RA * 5000, "<TABLEDATA/>"),
    "columns only": b"<VOTABLE><RESOURCE><TABLE>" + RA.encode(),
    "nothing": b"<VOTABLE/>",
    "no end of depth": b"<VOTABLE>" + b"<RESOURCE>" * 100_000,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_read_is_told_in_a_sentence(look, data):
    told = look(data)

    assert "passwd" not in str(told["table"])
    assert told["notes"] or told["table"]["rows"] == []
    assert all(note.endswith((".", "luck")) and len(note) < 300 for note in told["notes"])


def test_what_a_row_says_is_shortened_and_has_no_controls(look):
    field = '<FIELD name="t" datatype="char" arraysize="*"/>'
    text = "\u202e" + "x" * 1_000_000

    told = look(votable(field, f"<TABLEDATA><TR><TD>{text}</TD></TR></TABLEDATA>"))

    assert told["table"]["rows"] == [["\ufffd" + "x" * 118 + "…"]]


@pytest.mark.parametrize("rows", [0, 3])
def test_one_that_is_cut_off_is_said_to_be_once(look, rows):
    whole = votable(RA, "<TABLEDATA>" + "<TR><TD>1</TD></TR>" * rows + "</TABLEDATA>")

    told = look(whole[: -len(TAIL) - 5])

    assert told["notes"] == ["The file is cut off: its XML ends in line 1."]
    assert (len(told["table"]["rows"]), told["table"]["total"]) == (rows, None)
