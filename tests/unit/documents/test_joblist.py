from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.documents import joblist_document
from pyramid_uws.documents.joblist import quick_instant
from pyramid_uws.uws.instants import format_instant
from pyramid_uws.uws.phases import PHASES

URL = "https://vo.example.org/crossmatch/async"
UWS = "{http://www.ivoa.net/xml/UWS/v1.0}"
HREF = "{http://www.w3.org/1999/xlink}href"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
CREATED = 1767323045678901


@pytest.fixture(scope="session")
def read(parse):
    return lambda rows: parse("".join(joblist_document(rows, URL)))


@pytest.fixture(scope="session")
def rows(texts, instants):
    """A strategy for the rows of a list, with any texts."""
    row = st.tuples(texts, st.sampled_from(PHASES), st.none() | texts, st.none() | texts, instants)
    return st.lists(row, max_size=5)


def names(parent):
    return [child.tag.removeprefix(UWS) for child in parent]


@pytest.mark.spec("U-04", "U-36", "U-32")
def test_an_empty_list_is_an_empty_element(read, uws_schema):
    root = read([])

    uws_schema.assertValid(root)
    assert root.tag == UWS + "jobs"
    assert root.attrib == {"version": "1.1"}
    assert len(root) == 0


@pytest.mark.spec("U-73", "U-74", "C-10")
def test_the_usual_prefixes_are_declared_on_the_root(make_job):
    head = next(joblist_document([], URL))

    assert head.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<uws:jobs ')
    assert 'xmlns:xlink="http://www.w3.org/1999/xlink"' in head
    assert 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' in head


@pytest.mark.spec("U-37", "U-39")
@pytest.mark.parametrize("phase", PHASES)
def test_a_job_is_shown_with_all_that_is_known(phase, read, uws_schema):
    root = read([("0h3k", phase, "nightly", "alice", CREATED)])

    uws_schema.assertValid(root)
    (jobref,) = root
    assert names(jobref) == ["phase", "runId", "ownerId", "creationTime"]
    assert [child.text for child in jobref] == [phase, "nightly", "alice", "2026-01-02T03:04:05.678901Z"]


@pytest.mark.spec("U-39")
def test_a_job_of_nobody_has_a_nil_owner_and_no_run_id(read, uws_schema):
    root = read([("0h3k", "PENDING", None, None, CREATED)])

    uws_schema.assertValid(root)
    assert names(root[0]) == ["phase", "ownerId", "creationTime"]
    assert root[0].find(UWS + "ownerId").attrib == {NIL: "true"}


@pytest.mark.spec("U-38", "C-22")
def test_a_job_is_linked_to_by_its_absolute_url(read):
    (jobref,) = read([("0h3k", "PENDING", None, None, CREATED)])

    assert jobref.tag == UWS + "jobref"
    assert jobref.get("id") == "0h3k"
    assert jobref.get(HREF) == f"{URL}/0h3k"


def test_the_url_of_the_list_may_hold_an_ampersand(parse):
    root = parse("".join(joblist_document([("0h3k", "PENDING", None, None, CREATED)], "https://x.example/a&b")))

    assert root[0].get(HREF) == "https://x.example/a&b/0h3k"


def test_a_link_is_percent_encoded(read):
    (jobref,) = read([("ä/b%", "PENDING", None, None, CREATED)])

    assert jobref.get("id") == "ä/b%"
    assert jobref.get(HREF) == f"{URL}/%C3%A4%2Fb%25"


@pytest.mark.spec("U-36", "U-40")
@pytest.mark.parametrize("number", [1, 199, 200, 201, 1000])
def test_every_job_is_listed_once_in_the_order_of_the_rows(number, read):
    ids = [f"job{each}" for each in range(number)]

    root = read((job_id, "QUEUED", None, None, CREATED) for job_id in ids)

    assert {child.tag for child in root} == {UWS + "jobref"}
    assert [child.get("id") for child in root] == ids


def test_the_list_is_written_in_pieces_of_many_rows_as_they_come():
    endless = ((f"job{each}", "QUEUED", None, None, CREATED) for each in count())

    pieces = list(islice(joblist_document(endless, URL), 4))

    assert next(endless)[0] == "job600"
    assert [piece.count("<uws:jobref ") for piece in pieces] == [0, 200, 200, 200]


@pytest.mark.spec("U-08")
@given(data=st.data())
def test_the_list_is_valid_whatever_the_rows_hold(data, rows, read, uws_schema):
    uws_schema.assertValid(read(data.draw(rows)))


@given(data=st.data())
def test_a_parser_reads_back_what_the_rows_hold(data, rows, read, carried):
    drawn = data.draw(rows)

    root = read(drawn)

    assert [(jobref.get("id"), jobref.findtext(UWS + "phase")) for jobref in root] == [
        (carried(job_id), phase) for job_id, phase, *_ in drawn
    ]
    assert [jobref.findtext(UWS + "creationTime") for jobref in root] == [
        format_instant(created) for *_, created in drawn
    ]
    assert [jobref.findtext(UWS + "runId") for jobref in root] == [
        None if runid is None else carried(runid) for _, _, runid, _, _ in drawn
    ]
    assert [(NIL in who.attrib, who.text or "") for who in root.iter(UWS + "ownerId")] == [
        (owner is None, carried(owner or "")) for _, _, _, owner, _ in drawn
    ]


@given(data=st.data())
def test_the_quick_way_to_write_instants_writes_the_same(data, instants):
    instant = data.draw(instants)

    assert quick_instant(instant) == format_instant(instant)
