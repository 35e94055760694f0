"""The documents as pyvo's readers see them; a warning of theirs fails the test."""

from io import BytesIO

import pytest
from pyvo.io.uws import parse_job, parse_job_list

from pyramid_uws.documents import job_document, joblist_document
from pyramid_uws.uws.phases import COMPLETED, ERROR, PHASES

URL = "https://vo.example.org/crossmatch/async/0h3kabc"
CREATED = 1767323045678901
SECOND = 1_000_000


@pytest.fixture
def read():
    return lambda job: parse_job(BytesIO(job_document(job, URL).encode()), pedantic=True)


@pytest.mark.spec("C-13", "C-14")
@pytest.mark.parametrize("phase", PHASES)
def test_a_job_with_nil_times_is_read_in_every_phase(phase, make_job, read):
    job = read(make_job(phase=phase))

    assert job.version == "1.1"
    assert (job.jobid, job.phase, job.ownerid, job.runid) == ("0h3kabc", phase, None, None)
    assert (job.quote, job.starttime, job.endtime, job.destruction) == (None, None, None, None)
    assert job.creationtime.isot == "2026-01-02T03:04:05.679"
    assert job.executionduration.value == 3600
    assert (len(job.parameters), len(job.results)) == (0, 0)


@pytest.mark.spec("C-13")
@pytest.mark.parametrize("phase", PHASES)
def test_a_job_of_which_all_is_known_is_read_in_every_phase(phase, make_job, read):
    job = read(
        make_job(
            phase=phase,
            runid="nightly",
            owner="alice",
            quote=CREATED + 3 * SECOND,
            started=CREATED + SECOND,
            ended=CREATED + 2 * SECOND,
            destruction=CREATED + 4 * SECOND,
            info=(("progress", "0.45"), ("message", "matching"), ("reason", "still <busy>")),
        )
    )

    assert (job.runid, job.ownerid) == ("nightly", "alice")
    assert [each.isot[-6:] for each in (job.starttime, job.endtime, job.quote, job.destruction)] == [
        "06.679",
        "07.679",
        "08.679",
        "09.679",
    ]
    assert job.jobinfo["progress"].value == 0.45
    assert job.jobinfo["message"].text == "matching"
    assert job.jobinfo["reason"].text == "still <busy>"


@pytest.mark.spec("C-21")
def test_of_equal_names_in_job_info_the_last_is_read(make_job, read):
    job = read(make_job(info=(("message", "first"), ("message", "last"))))

    assert job.jobinfo["message"].text == "last"


@pytest.mark.spec("C-16", "C-17")
def test_parameters_and_results_are_read(make_job, read):
    job = read(
        make_job(
            phase=COMPLETED,
            parameters=(("QUERY", "SELECT 1 WHERE a<b"),),
            references=(("UPLOAD", "text/csv", 17, "1"),),
            results=(("result", "text/csv", 1234, ""),),
        )
    )

    assert [(each.id_, each.content, bool(each.byreference)) for each in job.parameters] == [
        ("QUERY", "SELECT 1 WHERE a<b", False),
        ("UPLOAD", f"{URL}/parameters/UPLOAD", True),
    ]
    assert [(each.id_, each.href, each.size) for each in job.results] == [
        ("result", f"{URL}/results/result", 1234)
    ]


@pytest.mark.spec("C-18")
@pytest.mark.parametrize("error", [("fatal", "No such star.", True), ("transient", "", False), None])
def test_an_error_always_has_a_message(error, make_job, read):
    summary = read(make_job(phase=ERROR, error=error)).errorsummary

    assert summary.message.content
    assert summary.type_ in {"fatal", "transient"}


@pytest.mark.spec("C-22")
def test_a_list_is_read():
    rows = [("0h3k", "QUEUED", "nightly", "alice", CREATED), ("0h3j", "ERROR", None, None, CREATED)]
    text = "".join(joblist_document(rows, URL))

    read = parse_job_list(BytesIO(text.encode()), pedantic=True)

    assert [(each.jobid, each.phase, each.runid, each.ownerid) for each in read] == [
        ("0h3k", "QUEUED", "nightly", "alice"),
        ("0h3j", "ERROR", None, None),
    ]
    assert read[0].creationtime.isot == "2026-01-02T03:04:05.679"
