import re
import xml.sax
from dataclasses import replace
from xml.sax.handler import ContentHandler

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.documents import job_document, parameters_document, results_document
from pyramid_uws.uws.phases import ERROR, PHASES

URL = "https://vo.example.org/crossmatch/async/0h3kabc"
UWS = "{http://www.ivoa.net/xml/UWS/v1.0}"
XLINK = "{http://www.w3.org/1999/xlink}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ORDER = [
    "jobId",
    "runId",
    "ownerId",
    "phase",
    "quote",
    "creationTime",
    "startTime",
    "endTime",
    "executionDuration",
    "destruction",
    "parameters",
    "results",
    "errorSummary",
    "jobInfo",
]
SECOND = 1_000_000


@pytest.fixture
def full(make_job):
    """A job of which everything is known."""
    created = 1767323045678901
    return make_job(
        runid="nightly",
        owner="alice",
        phase=ERROR,
        quote=created + 60 * SECOND,
        created=created,
        started=created + SECOND,
        ended=created + 2 * SECOND,
        destruction=created + 86400 * SECOND,
        parameters=(("RADIUS", "1.5"), ("POL", "I"), ("POL", "Q")),
        references=(("UPLOAD", "text/csv", 17, "1"),),
        results=(("matches", "text/csv", 1234, "ab" * 32), ("a plot/1", "", 0, "")),
        error=("transient", "The disk is full.", True),
        info=(("progress", "0.45"), ("message", "matching")),
    )


def names(parent):
    """Return the local names of an element's children, which are all of the UWS namespace."""
    assert all(child.tag.startswith(UWS) for child in parent)
    return [child.tag.removeprefix(UWS) for child in parent]


@pytest.mark.spec("U-05", "U-08", "U-57")
@pytest.mark.parametrize("phase", PHASES)
def test_a_bare_job_is_valid_in_every_phase(phase, make_job, parse, uws_schema):
    root = parse(job_document(make_job(phase=phase), URL))

    uws_schema.assertValid(root)
    assert root.tag == UWS + "job"
    assert root.findtext(UWS + "phase") == phase


@pytest.mark.spec("U-08")
@pytest.mark.parametrize("write", [job_document, parameters_document, results_document])
@given(data=st.data())
def test_documents_are_valid_whatever_the_job_holds(write, data, jobs, parse, uws_schema):
    uws_schema.assertValid(parse(write(data.draw(jobs), URL)))


@pytest.mark.spec("U-54")
def test_elements_stand_in_the_order_of_the_schema(full, parse):
    assert names(parse(job_document(full, URL))) == ORDER


@pytest.mark.spec("U-54", "C-11")
def test_a_job_of_which_nothing_is_known_leaves_out_only_what_may_be_left_out(make_job, parse):
    optional = {"runId", "errorSummary", "jobInfo"}

    root = parse(job_document(make_job(), URL))

    assert names(root) == [name for name in ORDER if name not in optional]


@pytest.mark.spec("U-32", "C-14")
def test_the_job_has_a_version(make_job, parse):
    assert parse(job_document(make_job(), URL)).get("version") == "1.1"


@pytest.mark.spec("U-33")
@pytest.mark.parametrize("write", [parameters_document, results_document])
def test_parameters_and_results_have_no_version(write, full, parse):
    assert not parse(write(full, URL)).attrib


@pytest.mark.spec("U-73", "C-10")
@pytest.mark.parametrize(
    ("write", "name"),
    [(job_document, "job"), (parameters_document, "parameters"), (results_document, "results")],
)
def test_the_usual_prefixes_are_declared_on_the_root(write, name, full):
    root = re.search(rf"<uws:{name} [^>]*>", write(full, URL))[0]

    assert 'xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0"' in root
    assert 'xmlns:xlink="http://www.w3.org/1999/xlink"' in root
    assert 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' in root


@pytest.mark.spec("U-73", "C-09")
def test_readers_that_know_no_namespaces_find_the_usual_names(full):
    seen = {}

    class Handler(ContentHandler):
        def startElement(self, name, attrs):  # noqa: N802 - the name is SAX's
            seen.setdefault(name, dict(attrs))

    xml.sax.parseString(job_document(full, URL).encode(), Handler())

    assert {f"uws:{name}" for name in ["job", *ORDER, "parameter", "result", "message"]} <= set(seen)
    assert seen["uws:result"]["xlink:href"] == f"{URL}/results/matches"


@pytest.mark.spec("U-74")
@pytest.mark.parametrize("write", [job_document, parameters_document, results_document])
def test_documents_declare_to_be_utf8_and_are(write, make_job, parse):
    text = write(make_job(runid="Größe \U0001d6fc"), URL)

    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    assert parse(text).getroottree().docinfo.encoding == "UTF-8"


@pytest.mark.spec("U-55")
def test_the_owner_is_named_or_nil(full, make_job, parse):
    nobody = parse(job_document(make_job(), URL)).find(UWS + "ownerId")
    alice = parse(job_document(full, URL)).find(UWS + "ownerId")

    assert (nobody.text, nobody.attrib) == (None, {NIL: "true"})
    assert (alice.text, alice.attrib) == ("alice", {})


@pytest.mark.spec("U-56")
@pytest.mark.parametrize("runid", ["", " a<&b ", "\tline 1\r\nline 2\n", "Größe"])
def test_the_run_id_is_returned_untouched(runid, make_job, parse):
    root = parse(job_document(make_job(runid=runid), URL))

    assert root.find(UWS + "runId").attrib == {}
    assert (root.findtext(UWS + "runId") or "") == runid


@pytest.mark.spec("U-56")
def test_no_run_id_is_written_when_none_was_given(make_job, parse):
    assert parse(job_document(make_job(runid=None), URL)).find(UWS + "runId") is None


@pytest.mark.spec("D-42")
def test_the_run_id_is_also_listed_as_a_parameter(full, parse):
    root = parse(job_document(full, URL))

    listed = [each.text for each in root.iter(UWS + "parameter") if each.get("id") == "RUNID"]

    assert listed == [root.findtext(UWS + "runId")]


@pytest.mark.spec("U-58", "U-60", "U-63")
@pytest.mark.parametrize("name", ["quote", "startTime", "endTime", "destruction"])
def test_times_not_known_are_nil(name, make_job, parse):
    found = parse(job_document(make_job(), URL)).find(UWS + name)

    assert found.text is None
    assert found.attrib == {NIL: "true"}


@pytest.mark.spec("U-28", "U-58", "U-60", "U-63")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("quote", "2026-01-02T03:05:05.678901Z"),
        ("creationTime", "2026-01-02T03:04:05.678901Z"),
        ("startTime", "2026-01-02T03:04:06.678901Z"),
        ("endTime", "2026-01-02T03:04:07.678901Z"),
        ("destruction", "2026-01-03T03:04:05.678901Z"),
    ],
)
def test_times_known_are_written_in_utc(name, expected, full, parse):
    found = parse(job_document(full, URL)).find(UWS + name)

    assert INSTANT.fullmatch(found.text)
    assert found.text == expected
    assert found.attrib == {}


@pytest.mark.spec("U-59")
@pytest.mark.parametrize("phase", PHASES)
def test_the_creation_time_is_the_same_in_every_phase(phase, full, parse):
    found = parse(job_document(replace(full, phase=phase), URL)).find(UWS + "creationTime")

    assert found.text == "2026-01-02T03:04:05.678901Z"


@pytest.mark.spec("U-62", "C-12")
@pytest.mark.parametrize("duration", [0, 3600, 2**31 - 1])
def test_the_execution_duration_is_a_whole_number(duration, make_job, parse):
    root = parse(job_document(make_job(execution_duration=duration), URL))

    assert root.findtext(UWS + "executionDuration") == str(duration)


@pytest.mark.spec("U-64")
@pytest.mark.parametrize("name", ["parameters", "results"])
def test_parameters_and_results_are_written_even_if_there_are_none(name, make_job, parse):
    found = parse(job_document(make_job(), URL)).findall(UWS + name)

    assert len(found) == 1
    assert len(found[0]) == 0


@pytest.mark.parametrize(("write", "name"), [(parameters_document, "parameters"), (results_document, "results")])
def test_documents_of_their_own_hold_what_the_job_holds(write, name, full, parse):
    own = parse(write(full, URL))
    inside = parse(job_document(full, URL)).find(UWS + name)

    assert own.tag == inside.tag
    assert [(each.attrib, each.text) for each in own] == [(each.attrib, each.text) for each in inside]


@pytest.mark.parametrize("write", [parameters_document, results_document])
def test_documents_of_their_own_are_empty_if_there_is_nothing(write, make_job, parse, uws_schema):
    root = parse(write(make_job(), URL))

    uws_schema.assertValid(root)
    assert len(root) == 0


@pytest.mark.spec("U-65")
@pytest.mark.parametrize("text", ['<a>&"', "", " \t\r\n ", "]]>", "a\x85b\u2028c"])
def test_a_parameter_holds_the_very_text(text, make_job, parse):
    (parameter,) = parse(parameters_document(make_job(parameters=(("A&<", text),)), URL))

    assert parameter.attrib == {"id": "A&<"}
    assert (parameter.text or "") == text


@pytest.mark.spec("D-21")
def test_every_value_of_a_parameter_is_listed_in_order(full, parse):
    listed = [(each.get("id"), each.text) for each in parse(parameters_document(full, URL))]

    assert listed[:3] == [("RADIUS", "1.5"), ("POL", "I"), ("POL", "Q")]


@pytest.mark.spec("U-66")
@pytest.mark.parametrize("text", ["\0", "a\x1bb", "\ud800", "\uffff"])
def test_a_text_that_xml_cannot_carry_is_given_by_reference(text, make_job, parse):
    (parameter,) = parse(parameters_document(make_job(parameters=(("IN PUT/1", text),)), URL))

    assert parameter.attrib == {"id": "IN PUT/1", "byReference": "true"}
    assert parameter.text == f"{URL}/parameters/IN%20PUT%2F1"


@pytest.mark.spec("U-66")
def test_a_parameter_sent_as_a_file_is_given_by_reference(full, parse):
    upload = parse(parameters_document(full, URL))[3]

    assert upload.attrib == {"id": "UPLOAD", "byReference": "true"}
    assert upload.text == f"{URL}/parameters/UPLOAD"


@pytest.mark.spec("U-67", "C-16", "C-17")
def test_a_result_is_a_link_with_size_and_type(full, parse):
    matches, plot = parse(results_document(full, URL))

    assert matches.attrib == {
        "id": "matches",
        XLINK + "type": "simple",
        XLINK + "href": f"{URL}/results/matches",
        "size": "1234",
        "mime-type": "text/csv",
    }
    assert plot.attrib == {
        "id": "a plot/1",
        XLINK + "type": "simple",
        XLINK + "href": f"{URL}/results/a%20plot%2F1",
        "size": "0",
    }
    assert (matches.text, len(matches)) == (None, 0)


@pytest.mark.spec("U-70", "C-18")
@pytest.mark.parametrize("has_detail", [True, False])
@pytest.mark.parametrize("kind", ["fatal", "transient"])
def test_an_error_is_summarized(kind, has_detail, make_job, parse):
    job = make_job(phase=ERROR, error=(kind, "Bad \x07 & <sad>.", has_detail))

    summary = parse(job_document(job, URL)).find(UWS + "errorSummary")

    assert summary.attrib == {"type": kind, "hasDetail": str(has_detail).lower()}
    assert [(each.tag, each.text) for each in summary] == [(UWS + "message", "Bad \ufffd & <sad>.")]


@pytest.mark.spec("U-70", "C-18")
@pytest.mark.parametrize("error", [None, ("fatal", "", False), ("fatal", " \n", False)])
def test_a_job_in_error_has_a_message_even_if_none_was_left(error, make_job, parse):
    root = parse(job_document(make_job(phase=ERROR, error=error), URL))

    assert root.findtext(f"{UWS}errorSummary/{UWS}message") == "The job failed; it left no message."


@pytest.mark.spec("U-70")
@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase != ERROR])
def test_a_job_without_error_has_no_summary(phase, make_job, parse):
    assert parse(job_document(make_job(phase=phase), URL)).find(UWS + "errorSummary") is None


@pytest.mark.spec("U-72")
def test_job_info_holds_elements_of_a_namespace_of_ours(full, parse, uws_schema):
    root = parse(job_document(full, URL))
    info = root.find(UWS + "jobInfo")

    uws_schema.assertValid(root)
    assert info.attrib == {}
    assert not (info.text or "").strip()
    assert [(each.tag, each.text) for each in info] == [
        ("{urn:pyramid-uws:jobinfo}progress", "0.45"),
        ("{urn:pyramid-uws:jobinfo}message", "matching"),
    ]


def test_the_namespace_of_job_info_is_declared_on_it_alone(full, make_job):
    assert '<uws:jobInfo xmlns:info="urn:pyramid-uws:jobinfo">' in job_document(full, URL)
    assert "jobInfo" not in job_document(make_job(), URL)


@given(data=st.data())
def test_a_parser_reads_back_what_the_job_holds(data, jobs, parse, carried):
    job = data.draw(jobs)

    root = parse(job_document(job, URL))

    assert (root.findtext(UWS + "jobId") or "") == carried(job.job_id)
    assert (root.find(UWS + "ownerId").get(NIL) == "true") == (job.owner is None)
    assert (root.findtext(UWS + "ownerId") or "") == carried(job.owner or "")
    assert (root.findtext(UWS + "runId") or "") == carried(job.runid or "")
    sent = [*job.parameters, *([("RUNID", job.runid)] if job.runid is not None else [])]
    plain = [each for each in root.iter(UWS + "parameter") if each.get("byReference") is None]
    assert [(each.get("id"), each.text or "") for each in plain] == [
        (carried(name), text) for name, text in sent if text == carried(text)
    ]
    assert len(root.find(UWS + "parameters")) == len(sent) + len(job.references)
    assert [
        (each.get("id"), each.get("mime-type", ""), int(each.get("size"))) for each in root.iter(UWS + "result")
    ] == [(carried(name), carried(media_type), size) for name, media_type, size, _ in job.results]
    assert [each.text or "" for each in (root.find(UWS + "jobInfo") if job.info else ())] == [
        carried(text) for _, text in job.info
    ]
