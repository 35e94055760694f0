import json
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.documents import (
    job_document,
    job_json,
    joblist_document,
    joblist_json,
    parameters_json,
    results_json,
)
from pyramid_uws.uws.phases import ERROR, PHASES

URL = "https://vo.example.org/crossmatch/async/0h3kabc"
LIST_URL = "https://vo.example.org/crossmatch/async"
UWS = "{http://www.ivoa.net/xml/UWS/v1.0}"
HREF = "{http://www.w3.org/1999/xlink}href"
CREATED = 1767323045678901


@pytest.fixture(scope="module")
def read():
    """Read JSON as a client gets it: encoded."""
    return lambda text: json.loads(text.encode("utf-8"))


def test_a_bare_job_has_all_its_keys(make_job, read):
    assert read(job_json(make_job(), URL)) == {
        "version": "1.1",
        "jobId": "0h3kabc",
        "runId": None,
        "ownerId": None,
        "phase": "PENDING",
        "quote": None,
        "creationTime": "2026-01-02T03:04:05.678901Z",
        "startTime": None,
        "endTime": None,
        "executionDuration": 3600,
        "destruction": None,
        "parameters": [],
        "results": [],
        "errorSummary": None,
        "jobInfo": {},
    }


def test_a_job_shows_all_that_is_known(make_job, read):
    second = 1_000_000
    job = make_job(
        runid="nightly",
        owner="alice",
        phase=ERROR,
        quote=CREATED + second,
        started=CREATED + 2 * second,
        ended=CREATED + 3 * second,
        destruction=CREATED + 4 * second,
        error=("transient", "The disk is full.", True),
        info=(("progress", "0.45"), ("reason", "no space")),
    )

    shown = read(job_json(job, URL))

    assert shown["runId"] == "nightly"
    assert shown["ownerId"] == "alice"
    assert [shown[name] for name in ("quote", "startTime", "endTime", "destruction")] == [
        "2026-01-02T03:04:06.678901Z",
        "2026-01-02T03:04:07.678901Z",
        "2026-01-02T03:04:08.678901Z",
        "2026-01-02T03:04:09.678901Z",
    ]
    assert shown["errorSummary"] == {"type": "transient", "hasDetail": True, "message": "The disk is full."}
    assert shown["jobInfo"] == {"progress": "0.45", "reason": "no space"}


def test_parameters_have_a_value_or_a_reference(make_job, read):
    job = make_job(
        runid="nightly",
        parameters=(("POL", "I"), ("POL", "Q"), ("NOTE", "\0")),
        references=(("UPLOAD", "text/csv", 17, "1"), ("OTHER", "", 3, "2")),
    )

    assert read(parameters_json(job, URL)) == {
        "parameters": [
            {"id": "POL", "value": "I"},
            {"id": "POL", "value": "Q"},
            {"id": "NOTE", "byReference": True, "href": f"{URL}/parameters/NOTE"},
            {"id": "UPLOAD", "byReference": True, "href": f"{URL}/parameters/UPLOAD", "mimeType": "text/csv"},
            {"id": "OTHER", "byReference": True, "href": f"{URL}/parameters/OTHER"},
            {"id": "RUNID", "value": "nightly"},
        ]
    }


def test_results_are_links_with_size_type_and_checksum(make_job, read):
    job = make_job(results=(("matches", "text/csv", 1234, "ab" * 32), ("a plot/1", "image/png", 0, "")))

    assert read(results_json(job, URL)) == {
        "results": [
            {
                "id": "matches",
                "href": f"{URL}/results/matches",
                "mimeType": "text/csv",
                "size": 1234,
                "sha256": "ab" * 32,
            },
            {"id": "a plot/1", "href": f"{URL}/results/a%20plot%2F1", "mimeType": "image/png", "size": 0},
        ]
    }


def test_a_list_shows_what_a_row_holds(read):
    rows = [("0h3k", "QUEUED", "nightly", "alice", CREATED), ("0h3j", "ERROR", None, None, CREATED)]

    assert read("".join(joblist_json(rows, LIST_URL))) == {
        "version": "1.1",
        "jobs": [
            {
                "id": "0h3k",
                "href": f"{LIST_URL}/0h3k",
                "phase": "QUEUED",
                "runId": "nightly",
                "ownerId": "alice",
                "creationTime": "2026-01-02T03:04:05.678901Z",
            },
            {
                "id": "0h3j",
                "href": f"{LIST_URL}/0h3j",
                "phase": "ERROR",
                "runId": None,
                "ownerId": None,
                "creationTime": "2026-01-02T03:04:05.678901Z",
            },
        ],
    }


@pytest.mark.parametrize("number", [0, 1, 200, 201, 1000])
def test_every_job_is_listed_once_in_the_order_of_the_rows(number, read):
    rows = [(f"job{each}", "QUEUED", None, None, CREATED) for each in range(number)]

    shown = read("".join(joblist_json(rows, LIST_URL)))

    assert [each["id"] for each in shown["jobs"]] == [row[0] for row in rows]


def test_the_list_is_written_in_pieces_of_many_rows_as_they_come():
    endless = ((f"job{each}", "QUEUED", None, None, CREATED) for each in count())

    pieces = list(islice(joblist_json(endless, LIST_URL), 4))

    assert [piece.count('"id"') for piece in pieces] == [0, 200, 200, 200]


@given(data=st.data())
def test_a_job_says_the_same_in_json_and_xml(data, jobs, read, parse):
    job = data.draw(jobs)

    shown = read(job_json(job, URL))
    root = parse(job_document(job, URL))

    for name in ("jobId", "runId", "ownerId", "phase", "quote", "creationTime", "startTime", "endTime"):
        assert (shown[name] or "") == (root.findtext(UWS + name) or "")
    assert str(shown["executionDuration"]) == root.findtext(UWS + "executionDuration")
    assert [(each["id"], each.get("href") or each["value"]) for each in shown["parameters"]] == [
        (each.get("id"), each.text or "") for each in root.iter(UWS + "parameter")
    ]
    assert [(each["id"], each["href"], str(each["size"])) for each in shown["results"]] == [
        (each.get("id"), each.get(HREF), each.get("size")) for each in root.iter(UWS + "result")
    ]
    if shown["errorSummary"] is None:
        assert root.find(UWS + "errorSummary") is None
    else:
        summary = root.find(UWS + "errorSummary")
        assert shown["errorSummary"]["message"] == summary.findtext(UWS + "message")
        assert json.dumps(shown["errorSummary"]["hasDetail"]) == summary.get("hasDetail")
    info = {each.tag.partition("}")[2]: each.text or "" for each in root.iterfind(UWS + "jobInfo" + "/*")}
    assert shown["jobInfo"] == info


@given(data=st.data())
def test_a_list_says_the_same_in_json_and_xml(data, texts, instants, read, parse):
    row = st.tuples(texts, st.sampled_from(PHASES), st.none() | texts, st.none() | texts, instants)
    rows = data.draw(st.lists(row, max_size=5))

    shown = read("".join(joblist_json(rows, LIST_URL)))
    root = parse("".join(joblist_document(rows, LIST_URL)))

    for name in ("phase", "runId", "ownerId", "creationTime"):
        assert [each[name] or "" for each in shown["jobs"]] == [each.findtext(UWS + name) or "" for each in root]
    assert [(each["id"], each["href"]) for each in shown["jobs"]] == [
        (each.get("id"), each.get(HREF)) for each in root
    ]
