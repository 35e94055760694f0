"""Archived jobs in a database of their own: everywhere the same URLs, and nothing that a crash could lose."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pyramid_uws.execution.reaping import reap, reap_all, shelve
from pyramid_uws.execution.runs import Address
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import format_instant, now
from pyramid_uws.uws.limits import SECOND
from tests.support.http import create, http, job_document, parse, phase, post, text, wait_for, xpath
from tests.support.inside import Inside
from tests.support.server import SERVICES, Server

SECTIONS = {
    "uws:service:keeping": SERVICES["several"] | {"on_destruction": "archive"},
    "uws:service:plain": SERVICES["quick"],
}


def options(folder):
    return {
        "services": [],
        "sections": SECTIONS,
        "settings": {"uws.archive.uri": f"file://{folder}/archive.fs"},
    }


@pytest.fixture(scope="module")
def museum(tmp_path_factory):
    folder = tmp_path_factory.mktemp("museum")
    with Server(folder, **options(folder)) as server:
        yield server


def archived(server, **parameters):
    """Return the URL of a job that had three results and has reached its destruction time."""
    job = create(server.joblist("keeping"), COUNT=3, PHASE="RUN", **parameters)
    wait_for(lambda: phase(job) == phases.COMPLETED)
    post(f"{job}/destruction", DESTRUCTION=format_instant(now() + SECOND // 2))
    wait_for(lambda: phase(job) == phases.ARCHIVED)
    return job


def job_ids(joblist):
    return [str(job_id) for job_id in xpath(parse(http.get(joblist)), "uws:jobref/@id")]


def admin(server, *words):
    command = [Path(sys.executable).with_name("uws-admin"), server.ini, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.mark.spec("U-88", "U-89", "U-41", "U-42")
def test_they_are_found_where_they_were(museum):
    job = archived(museum, RUNID="once")
    other = create(museum.joblist("keeping"))

    document = job_document(job)

    assert text(document, "uws:phase") == "ARCHIVED"
    assert text(document, "uws:runId") == "once"
    assert text(document, "uws:parameters/uws:parameter[@id='COUNT']") == "3"
    assert xpath(document, "uws:results/uws:result") == []
    assert "sha256" in "".join(xpath(document, "uws:jobInfo//text()"))
    assert http.get(f"{job}/executionduration").text == text(document, "uws:executionDuration")
    joblist = museum.joblist("keeping")
    assert job_ids(joblist) == [other.rpartition("/")[2]]
    assert job.rpartition("/")[2] in job_ids(f"{joblist}?PHASE=ARCHIVED")
    both = job_ids(f"{joblist}?PHASE=ARCHIVED&PHASE=PENDING")
    assert both == sorted(both)
    assert {job.rpartition("/")[2], other.rpartition("/")[2]} <= set(both)
    assert job_ids(f"{joblist}?PHASE=ARCHIVED&LAST=1") == [min(job_ids(f"{joblist}?PHASE=ARCHIVED"))]
    http.delete(other)


@pytest.mark.spec("U-88")
def test_they_can_be_read_and_deleted_only(museum):
    job = archived(museum)

    for url, name, value in ((f"{job}/phase", "PHASE", "RUN"), (f"{job}/parameters", "COUNT", "4")):
        assert http.post(url, data={name: value}).status_code == 403
    assert http.delete(job).status_code == 303
    assert http.get(job).status_code == 404
    assert job.rpartition("/")[2] not in job_ids(f"{museum.joblist('keeping')}?PHASE=ARCHIVED")


@pytest.mark.spec("U-17")
def test_who_waits_for_a_job_is_told_that_it_was_archived(museum):
    job = create(museum.joblist("keeping"))
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(http.get, f"{job}?WAIT=30&PHASE=PENDING") for _ in range(2)]
        post(f"{job}/destruction", DESTRUCTION=format_instant(now() + SECOND // 2))
        began = time.monotonic()
        documents = [answer.result() for answer in answers]

    assert time.monotonic() - began < 15
    assert all("<uws:phase>ARCHIVED</uws:phase>" in answer.text for answer in documents)


def test_they_outlive_the_server_and_operators_find_them(tmp_path):
    with Server(tmp_path, **options(tmp_path)) as server:
        job = archived(server)
        server.kill()
        server.start()
        job_id = job.rpartition("/")[2]

        assert phase(job) == phases.ARCHIVED
        assert [found["jobId"] for found in json.loads(admin(server, "archive", "--json"))] == [job_id]
        assert "ARCHIVED" in admin(server, "show", job_id[:10])
        status = json.loads(admin(server, "status", "--json"))
        assert status["archive"]["where"].endswith("archive.fs")
        assert next(one for one in status["services"] if one["service"] == "keeping")["phases"] == {"ARCHIVED": 1}
        before = (tmp_path / "archive.fs").stat().st_size
        admin(server, "pack", "--days", "0", "--yes")
        assert (tmp_path / "archive.fs").stat().st_size < before
        assert (tmp_path / "archive.fs").stat().st_mode & 0o777 == 0o600
        assert phase(job) == phases.ARCHIVED
        admin(server, "delete", job_id, "--yes")
        assert http.get(job).status_code == 404
    assert "Traceback" not in server.log


class TestBetweenTheTwoTransactions:
    """Whatever happens while a job is in both databases, it is one job."""

    @pytest.fixture
    def inside(self, tmp_path):
        inside = Inside(tmp_path, **options(tmp_path))
        yield inside
        inside.close()

    @pytest.fixture
    def half(self, inside):
        """A job that is on the shelf and has not left its list yet; the steps that are left to do."""
        job = inside.put_into(inside.create("keeping"), phases.COMPLETED)
        address = Address(*job.strip("/").split("/"))
        definition = inside.site.definitions["keeping"]
        late = now() + 10**9 * SECOND
        assert inside.site.writer.do(shelve(address, definition, late))
        return job, lambda instant=late: inside.site.writer.do(reap(address, definition, instant))

    def listed(self, inside, *wanted):
        query = "&".join(f"PHASE={each}" for each in wanted)
        return inside.request("GET", f"/keeping/async?{query}").text.count("<uws:jobref ")

    def test_it_is_shown_once_and_as_it_was(self, inside, half):
        job, _ = half
        assert inside.phase(job) == phases.COMPLETED
        assert self.listed(inside, phases.COMPLETED, phases.ARCHIVED) == 1

    def test_it_leaves_its_list_then(self, inside, half):
        job, finish = half
        assert finish()
        assert inside.phase(job) == phases.ARCHIVED
        assert self.listed(inside, phases.COMPLETED) == 0
        assert not finish(), "an archived job is not archived again"
        assert self.listed(inside, phases.ARCHIVED) == 1

    def test_a_deletion_removes_both(self, inside, half):
        job, _ = half
        assert inside.request("DELETE", job).status_code == 303
        assert inside.request("GET", job).status_code == 404
        assert self.listed(inside, phases.ARCHIVED) == 0

    def test_one_that_was_put_off_comes_back_from_the_shelf(self, inside, half):
        job, finish = half
        assert not finish(0)
        assert inside.phase(job) == phases.COMPLETED
        assert self.listed(inside, phases.ARCHIVED) == 0

    def test_after_a_crash_it_is_done_again(self, inside, half):
        job, _ = half
        address = Address(*job.strip("/").split("/"))
        inside.site.writer.do(
            lambda root, _j: address.joblist(root).update(address.joblist(root).get(address.job_id), destruction=1)
        )
        [(_, future)] = reap_all(inside.site.writer, [address], inside.site.definitions)
        assert future.result()
        assert inside.phase(job) == phases.ARCHIVED
        assert self.listed(inside, phases.ARCHIVED) == 1


def test_without_the_setting_they_stay_in_the_main_database(tmp_path):
    inside = Inside(tmp_path, services=[], sections=SECTIONS)
    job = inside.put_into(inside.create("keeping"), phases.COMPLETED)
    address = Address(*job.strip("/").split("/"))
    definition = inside.site.definitions["keeping"]

    assert not inside.site.writer.do(shelve(address, definition, now() + 10**9 * SECOND))
    assert inside.site.writer.do(reap(address, definition, now() + 10**9 * SECOND))

    assert inside.phase(job) == phases.ARCHIVED
    inside.close()
