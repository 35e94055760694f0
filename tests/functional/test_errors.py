"""Jobs that fail, and what their error documents say (UWS 1.1, section 2.2.2.5; DALI 1.1, section 5.2)."""

import pytest

from tests.support.http import abort, create, http, job_document, parse, text, wait_for_phase, xpath

COMPLAINT = "the <sky> is & remains cloudy"


@pytest.fixture(scope="module")
def failed(server):
    """A job that has failed, which nobody changes."""
    job = create(server.joblist("failing"), MESSAGE=COMPLAINT, PHASE="RUN")
    wait_for_phase(job, "ERROR")
    return job


class TestFailedJob:
    @pytest.mark.spec("U-24", "U-123", "U-70")
    def test_it_is_served_as_any_other_and_says_why_it_failed(self, failed):
        answer = http.get(failed)

        document = parse(answer)
        assert answer.status_code == 200
        assert text(document, "uws:phase") == "ERROR"
        assert COMPLAINT in text(document, "uws:errorSummary/uws:message")
        assert xpath(document, "uws:errorSummary/@type") == ["fatal"]

    @pytest.mark.spec("U-122", "U-124", "D-46", "D-47", "D-48")
    def test_its_error_document_begins_with_the_message(self, failed):
        answer = http.get(f"{failed}/error")

        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("application/x-votable+xml")
        (status,) = xpath(parse(answer), "vot:RESOURCE[@type='results']/vot:INFO[@name='QUERY_STATUS']")
        assert status.get("value") == "ERROR"
        assert status.text.startswith(text(job_document(failed), "uws:errorSummary/uws:message"))

    @pytest.mark.spec("U-71")
    def test_has_detail_says_whether_the_error_document_tells_more(self, failed, make_server):
        telling = make_server(settings={"uws.development": "true"}, services=["failing"])
        told_all = create(telling.joblist("failing"), PHASE="RUN")
        wait_for_phase(told_all, "ERROR")

        for job, more in ((failed, False), (told_all, True)):
            document = job_document(job)
            told = parse(http.get(f"{job}/error")).xpath("string(//*[@name='QUERY_STATUS'])")
            assert xpath(document, "uws:errorSummary/@hasDetail") == [str(more).lower()]
            assert (told != text(document, "uws:errorSummary/uws:message")) == more
            assert ("Traceback" in told) == more

    @pytest.mark.spec("U-123", "U-70")
    def test_a_core_that_is_killed_ends_in_a_transient_error(self, server):
        job = create(server.joblist("crashing"), PHASE="RUN")

        wait_for_phase(job, "ERROR")

        document = job_document(job)
        assert xpath(document, "uws:errorSummary/@type") == ["transient"]
        assert "killed" in text(document, "uws:errorSummary/uws:message")
        assert http.get(f"{job}/error").status_code == 200

    @pytest.mark.spec("U-125", "U-123")
    def test_what_it_made_before_is_kept(self, failed):
        assert http.get(f"{failed}/results/partial").text == "as far as it went"

    @pytest.mark.spec("D-49")
    @pytest.mark.parametrize("child", ["results/result", "nonsense"])
    def test_who_looks_for_what_it_has_not_made_is_told_where_it_says_why(self, failed, child):
        answer = http.get(f"{failed}/{child}")

        assert answer.status_code == 404
        assert f"ERROR, has no such part. Why it has failed is told at {failed}/error." in answer.text


class TestOtherJobs:
    @pytest.mark.spec("U-122", "D-49", "U-70")
    @pytest.mark.parametrize("end", ["PENDING", "COMPLETED", "ABORTED"])
    def test_a_job_that_has_not_failed_has_no_error(self, server, end):
        job = create(server.joblist("quick"), PHASE="RUN" if end == "COMPLETED" else "")
        if end == "ABORTED":
            abort(job)
        wait_for_phase(job, end)

        answer = http.get(f"{job}/error")

        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert xpath(job_document(job), "uws:errorSummary") == []


class TestErrorsOfUWS:
    @pytest.mark.spec("D-50", "C-41", "C-54")
    @pytest.mark.parametrize(
        ("method", "child", "sent", "status"),
        [
            ("POST", "/phase", {"PHASE": "RUN"}, 403),
            ("POST", "/phase", {"PHASE": "JUMP"}, 400),
            ("POST", "/parameters", {"MESSAGE": "x"}, 403),
            ("POST", "/executionduration", {"EXECUTIONDURATION": "x"}, 400),
            ("POST", "/error", {}, 405),
            ("GET", "/results/nonesuch", {}, 404),
            ("GET", "/nonesuch", {}, 404),
            ("POST", "", {"MESSAGE": "x"}, 400),
        ],
    )
    def test_they_are_plain_sentences_with_a_status_also_on_a_failed_job(
        self, failed, method, child, sent, status
    ):
        answer = http.request(method, failed + child, data=sent)

        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text.strip()
        assert COMPLAINT not in answer.text
