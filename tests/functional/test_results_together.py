"""All results of a job in one stream."""

import io
import tarfile
import zipfile

import pytest
import requests

from tests.support.http import create, http, wait_for_phase
from tests.support.traces import files

CONTENTS = {f"result-{number}.txt": f"content of {number}".encode() for number in range(3)}


@pytest.fixture(scope="module")
def job(server):
    """A completed job with three results, which nobody changes."""
    job = create(server.joblist("several"), COUNT=3, PAUSE=0, PHASE="RUN")
    wait_for_phase(job, "COMPLETED")
    return job


def id_of(job):
    return job.rpartition("/")[2]


def unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


def untarred(content):
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}


WAYS = [
    ({"params": {"RESPONSEFORMAT": "zip"}}, "zip", unzipped),
    ({"params": {"responseformat": "application/zip"}}, "zip", unzipped),
    ({"headers": {"Accept": "application/zip"}}, "zip", unzipped),
    ({"headers": {"Accept": "application/zip, */*;q=0.1"}}, "zip", unzipped),
    ({"params": {"RESPONSEFORMAT": "TAR"}}, "tar", untarred),
    ({"headers": {"Accept": "application/x-tar"}}, "tar", untarred),
]


@pytest.mark.spec("D-26", "D-44")
@pytest.mark.parametrize(("asked", "kind", "read"), WAYS)
def test_all_results_come_together(job, asked, kind, read):
    answer = http.get(f"{job}/results", **asked)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == {"zip": "application/zip", "tar": "application/x-tar"}[kind]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{id_of(job)}.{kind}"'
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert "Accept" in answer.headers["Vary"]
    assert read(answer.content) == {f"{id_of(job)}/{name}": content for name, content in CONTENTS.items()}


@pytest.mark.parametrize(
    "accept", ["*/*", "text/xml", "text/xml, application/zip;q=0.5", "application/zip;q=0", "zip"]
)
def test_who_prefers_the_list_gets_the_list(job, accept):
    answer = http.get(f"{job}/results", headers={"Accept": accept})

    assert answer.headers["Content-Type"].startswith("text/xml")


@pytest.mark.spec("D-28")
def test_other_bundles_are_refused(job):
    answer = http.get(f"{job}/results", params={"RESPONSEFORMAT": "rar"})

    assert answer.status_code == 400
    assert answer.text.startswith("RESPONSEFORMAT='rar': results come together as zip or tar")


@pytest.mark.spec("U-20")
def test_head_and_conditions_hold_for_bundles(job):
    url = f"{job}/results?RESPONSEFORMAT=zip"
    whole = http.get(url)

    head = http.head(url)
    again = http.get(url, headers={"If-None-Match": whole.headers["ETag"]})
    part = http.get(url, headers={"Range": "bytes=10-19"})

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert (again.status_code, again.content) == (304, b"")
    assert part.content in (whole.content[10:20], whole.content)


def test_a_job_without_results_has_an_empty_bundle(server):
    job = create(server.joblist("quick"))

    assert unzipped(http.get(f"{job}/results?RESPONSEFORMAT=zip").content) == {}
    assert untarred(http.get(f"{job}/results?RESPONSEFORMAT=tar").content) == {}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_result_that_goes_meanwhile_breaks_the_stream_off_and_nothing_else(make_server, kind):
    server = make_server(services=["several"])
    job = create(server.joblist("several"), COUNT=3, PAUSE=0, PHASE="RUN")
    wait_for_phase(job, "COMPLETED")
    next(path for path in files(server, job) if path.name == "result-2").unlink()

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        http.get(f"{job}/results?RESPONSEFORMAT={kind}")

    assert http.get(f"{job}/results").status_code == 200
    assert "result-2.txt is gone" in server.log
    assert server.log.count("Traceback") <= 1
