"""pyvo itself, on documents and jobs of ours."""

import contextlib
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from pyvo.dal import AsyncTAPJob, DALAccessError, DALQueryError, DALServiceError, TAPService
from pyvo.io.uws import parse_job, parse_job_list
from pyvo.io.vosi import parse_availability
from requests import Session as RequestsSession

from pyramid_uws.uws.phases import PHASES
from tests.support import exhibits
from tests.support.http import abort, create, http, job_document, phase, run, text, wait_for_phase, xpath

PATIENCE = 20


@pytest.fixture
def session():
    """A session as pyvo makes one, but one that asks nobody's proxy and closes what pyvo forgets."""
    with RequestsSession() as session, contextlib.ExitStack() as closing:

        def note(answer, **options):
            closing.callback(answer.close)

        session.trust_env = False
        session.hooks["response"].append(note)
        yield session


@pytest.fixture
def service(tap, session):
    return TAPService(tap, session=session)


@pytest.fixture
def submit(tap, session):
    """Create a job as `TAPService.submit_job` does."""
    return lambda query, **options: AsyncTAPJob.create(tap, query, session=session, **options)


class TestDocuments:
    @pytest.mark.spec("C-09", "C-12", "C-13", "C-14")
    @pytest.mark.parametrize("phase", PHASES)
    def test_a_job_is_read_in_every_phase(self, phase, in_every_phase):
        job = parse_job(BytesIO(http.get(in_every_phase[phase]).content), pedantic=True)

        assert job.phase == phase
        assert in_every_phase[phase].endswith("/" + job.jobid)
        assert job.version == "1.1"
        assert job.executionduration.value == 3600
        assert job.creationtime < job.destruction

    @pytest.mark.spec("C-16", "C-17")
    def test_results_are_read(self, in_every_phase):
        job = parse_job(BytesIO(http.get(in_every_phase["COMPLETED"]).content), pedantic=True)

        assert [(result.id_, result.size, result.mimetype) for result in job.results] == [
            (f"result-{number}", 12, "text/plain") for number in range(3)
        ]
        assert [http.get(result.href).text for result in job.results] == [f"content of {n}" for n in range(3)]

    @pytest.mark.spec("C-18")
    def test_an_error_is_read(self, in_every_phase):
        job = parse_job(BytesIO(http.get(in_every_phase["ERROR"]).content), pedantic=True)

        assert "no such star" in job.errorsummary.message.content
        assert job.errorsummary.type_ == "fatal"

    def test_parameters_are_read(self, in_every_phase):
        job = parse_job(BytesIO(http.get(in_every_phase["COMPLETED"]).content), pedantic=True)

        read = {parameter.id_: parameter.content for parameter in job.parameters}
        assert read["NOTE"] == exhibits.TEXTS["NOTE"]
        assert http.get(read["TABLE"]).content == exhibits.FILE[1]

    @pytest.mark.spec("C-13", "C-22")
    @pytest.mark.parametrize("service", ["routed", "several", "failing", "sleeper"])
    def test_lists_are_read(self, service, museum, in_every_phase):
        jobs = parse_job_list(BytesIO(http.get(museum.joblist(service)).content), pedantic=True)

        assert {f"{museum.joblist(service)}/{job.jobid}": job.phase for job in jobs} == {
            url: phase for phase, url in in_every_phase.items() if url.startswith(museum.joblist(service))
        }


class TestJob:
    @pytest.mark.spec("C-05", "C-19", "U-91")
    def test_one_is_created_and_found_at_its_url(self, submit, tap):
        job = submit("SELECT 1 WHERE a < 'ö'", maxrec=7)

        assert job.url.startswith(f"{tap}/async/")
        assert job.url.endswith("/" + job.job_id)
        assert (job.phase, job.query, job.owner, job.uws_version) == (
            "PENDING",
            "SELECT 1 WHERE a < 'ö'",
            None,
            "1.1",
        )

    @pytest.mark.spec("C-15", "C-23", "C-26")
    def test_one_is_run_and_its_result_fetched(self, submit):
        job = submit("SELECT 1")

        job.run().wait(timeout=PATIENCE)
        job.raise_if_error()

        assert job.phase == "COMPLETED"
        assert job.result_uri == job.url + "/results/result"
        assert job.result.id_ == "result"
        assert list(job.fetch_result()["n"]) == [1]

    @pytest.mark.spec("C-23", "C-26", "C-27")
    def test_a_wait_ends_when_the_job_does(self, submit):
        job = submit("SLEEP 0.5").run()

        job.wait(timeout=PATIENCE)

        assert phase(job.url) == "COMPLETED"

    @pytest.mark.spec("C-18", "C-44", "C-26")
    def test_a_failure_is_told_in_its_own_words(self, submit):
        job = submit("FAIL there is no star called <Foo>").run()

        job.wait(timeout=PATIENCE)

        with pytest.raises(DALQueryError, match=r"^Query Error: there is no star called <Foo>$"):
            job.raise_if_error()

    @pytest.mark.spec("C-26")
    def test_a_wait_for_what_is_not_running_is_refused_at_once(self, submit):
        job = submit("SELECT 1")
        job.abort()

        assert job.phase == "ABORTED"
        with pytest.raises(DALServiceError, match="not active"):
            job.wait(timeout=PATIENCE)

    @pytest.mark.spec("C-30", "C-33")
    def test_tables_go_along(self, submit):
        content = b"<VOTABLE/>" * 1000
        job = submit("SELECT 1", uploads={"t1": BytesIO(content)})
        job.upload(t2=BytesIO(b"1234"))

        job.run().wait(timeout=PATIENCE)

        assert list(job.fetch_result()["upload_bytes"]) == [len(content) + 4]
        uploads = xpath(job_document(job.url), "uws:parameters/uws:parameter[@id='UPLOAD']/text()")
        assert uploads == ["t1,param:t1", "t2,param:t2"]

    @pytest.mark.spec("C-33")
    def test_the_query_can_be_changed(self, submit):
        job = submit("SELECT 1")

        job.query = "SELECT 2\nFROM t"

        assert job.query == "SELECT 2\nFROM t"

    @pytest.mark.spec("C-33")
    def test_the_execution_duration_can_be_set(self, submit):
        job = submit("SELECT 1")

        job.execution_duration = 17

        assert job.execution_duration.value == 17

    @pytest.mark.spec("C-33")
    def test_the_destruction_time_can_be_set_with_six_digits_of_a_second(self, submit):
        job = submit("SELECT 1")
        wish = datetime.now(UTC).replace(tzinfo=None, microsecond=123456) + timedelta(days=1)

        job.destruction = wish

        assert text(job_document(job.url), "uws:destruction") == wish.isoformat() + "Z"
        assert abs(job.destruction.to_datetime() - wish) < timedelta(milliseconds=1)

    @pytest.mark.spec("C-40")
    def test_one_that_was_deleted_is_gone(self, submit, session):
        with submit("SELECT 1") as job:
            url = job.url

        assert http.get(url).status_code == 404
        with pytest.raises(DALServiceError, match="There is nothing at"):
            AsyncTAPJob(url, session=session)

    @pytest.mark.spec("C-54")
    def test_a_refusal_is_shown_in_our_words(self, submit, session):
        job = submit("SELECT 1").run()
        wait_for_phase(job.url, "COMPLETED")

        with pytest.raises(DALAccessError, match="can be changed while it is PENDING"):
            job.query = "SELECT 2"
        with pytest.raises(DALAccessError, match="can be run while it is PENDING"):
            job.run()
        with pytest.raises(DALAccessError, match="EXECUTIONDURATION='soon'"):
            job.execution_duration = "soon"

    @pytest.mark.spec("C-55")
    def test_a_job_of_any_service_can_be_followed(self, server, session):
        job = AsyncTAPJob(create(server.joblist("several"), COUNT=2, PAUSE=0), session=session, delete=False)

        job.run().wait(timeout=PATIENCE)

        assert [uri.rpartition("/")[2] for uri in job.result_uris] == ["result-0", "result-1"]


class TestService:
    @pytest.mark.spec("C-22", "C-36")
    def test_jobs_are_listed_and_filtered(self, service, submit):
        before = datetime.now(UTC).replace(tzinfo=None)
        jobs = [submit("SELECT 1"), submit("SELECT 1"), submit("SELECT 1")]
        abort(jobs[1].url)
        ids = [job.job_id for job in reversed(jobs)]

        assert [job.jobid for job in service.get_job_list(after=before)] == ids
        assert [job.jobid for job in service.get_job_list(last=2)] == ids[:2]
        assert [job.jobid for job in service.get_job_list(phases=["ABORTED", "HELD"], after=before)] == ids[1:2]
        full = service.get_job_list(last=2, short_description=False)
        assert [[each.content for each in job.parameters if each.id_ == "QUERY"] for job in full] == [
            ["SELECT 1"]
        ] * 2

    def test_a_job_is_found_by_its_id(self, service, submit):
        assert service.get_job(submit("SELECT 5").job_id).phase == "PENDING"

    @pytest.mark.spec("C-50", "C-56")
    def test_capabilities_are_found_below_the_service(self, service, tap):
        found = {capability.standardid: capability for capability in service.capabilities}

        (interface,) = found["ivo://ivoa.net/std/UWS#rest-1.1"].interfaces
        assert [(url.content, url.use) for url in interface.accessurls] == [(f"{tap}/async", "base")]

    @pytest.mark.spec("V-08")
    def test_the_service_is_available(self, tap):
        availability = parse_availability(BytesIO(http.get(f"{tap}/availability").content), pedantic=True)

        assert availability.available
        assert availability.upsince.endswith("Z")

    def test_one_call_does_it_all(self, service):
        assert list(service.run_async("SELECT 1")["n"]) == [1]


@pytest.mark.spec("C-23")
def test_what_does_not_wait_is_answered_soon(submit):
    """pyvo gives up after ten seconds, which is one less with every second that somebody waits in a thread."""
    job = submit("SELECT 1")

    for url in (job.url, f"{job.url}/phase", f"{job.url}/results"):
        assert http.get(url, timeout=10).elapsed < timedelta(seconds=5)


@pytest.mark.spec("C-26")
def test_a_job_that_was_run_is_never_pending_again(server):
    job = create(server.joblist("sleeper"), SECONDS=30)

    run(job)

    assert phase(job) in {"QUEUED", "EXECUTING"}
    abort(job)
