"""Execution duration, destruction and quote (UWS 1.1, sections 2.1.4 to 2.1.6)."""

import re

import pytest

from pyramid_uws.uws.instants import format_instant, now, parse_instant
from pyramid_uws.uws.limits import SECOND
from tests.support import processes
from tests.support.http import (
    create,
    http,
    job_document,
    phase,
    post,
    run,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)
from tests.support.server import SERVICES, Server
from tests.support.traces import files, pids_of_stubborn

#: The most that the service `bounded` allows, in seconds.
LONGEST_DURATION = 100
LONGEST_LIFE = 1000

SECTIONS = {
    "uws:service:bounded": SERVICES["quick"]
    | {"max_execution_duration": str(LONGEST_DURATION), "max_lifetime": str(LONGEST_LIFE)},
    "uws:service:endless": SERVICES["quick"]
    | {
        "execution_duration": "0",
        "max_execution_duration": "0",
        "lifetime": "0",
    },
    "uws:service:keeping": SERVICES["several"] | {"on_destruction": "archive"},
    "uws:service:working": SERVICES["stubborn"] | {"on_destruction": "archive"},
}

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("limited"), services=[], sections=SECTIONS) as server:
        yield server


class TestExecutionDuration:
    @pytest.mark.spec("U-119", "U-29")
    def test_it_is_set_and_shown(self, server):
        job = create(server.joblist("quick"))

        answer = http.post(f"{job}/executionduration", data={"EXECUTIONDURATION": "77"})

        assert (answer.status_code, answer.headers["Location"]) == (303, job)
        assert text(job_document(job), "uws:executionDuration") == "77"
        assert http.get(f"{job}/executionduration").text == "77"

    @pytest.mark.spec("U-97", "U-98")
    def test_it_may_come_with_the_job(self, server):
        job = create(server.joblist("quick"), EXECUTIONDURATION=5)

        assert text(job_document(job), "uws:executionDuration") == "5"
        assert xpath(job_document(job), "uws:parameters/uws:parameter") == []

    @pytest.mark.spec("U-119", "U-97", "U-62")
    @pytest.mark.parametrize(
        ("wish", "given"), [("7", 7), (LONGEST_DURATION + 1, LONGEST_DURATION), ("0", LONGEST_DURATION)]
    )
    def test_the_service_allows_no_more_than_its_most(self, limited, wish, given):
        job = create(limited.joblist("bounded"))

        post(f"{job}/executionduration", EXECUTIONDURATION=wish)

        assert text(job_document(job), "uws:executionDuration") == str(given)
        other = create(limited.joblist("bounded"), EXECUTIONDURATION=wish)
        assert text(job_document(other), "uws:executionDuration") == str(given)

    @pytest.mark.spec("U-119", "U-62")
    def test_zero_is_unlimited_where_nothing_is(self, limited):
        job = create(limited.joblist("endless"))

        post(f"{job}/executionduration", EXECUTIONDURATION=0)
        run(job)

        assert text(job_document(job), "uws:executionDuration") == "0"
        assert wait_for_phase(job) == "COMPLETED"

    @pytest.mark.spec("U-120", "U-23")
    @pytest.mark.parametrize(
        "sent",
        [
            {"EXECUTIONDURATION": "-1"},
            {"EXECUTIONDURATION": "1.5"},
            {"EXECUTIONDURATION": "abc"},
            {"EXECUTIONDURATION": "2147483648"},
            {"EXECUTIONDURATION": ""},
            {"EXECUTIONDURATION": ["5", "6"]},
            {"DURATION": "5"},
        ],
    )
    def test_other_values_are_refused(self, server, sent):
        job = create(server.joblist("quick"), EXECUTIONDURATION=9)

        answer = http.post(f"{job}/executionduration", data=sent)

        assert answer.status_code == 400
        assert "EXECUTIONDURATION" in answer.text
        assert http.get(f"{job}/executionduration").text == "9"

    @pytest.mark.spec("U-120", "U-22")
    def test_it_stays_once_the_job_has_started(self, server):
        job = create(server.joblist("sleeper"), EXECUTIONDURATION=9, PHASE="RUN")
        wait_for_phase(job, "EXECUTING")

        answer = http.post(f"{job}/executionduration", data={"EXECUTIONDURATION": "20"})

        assert answer.status_code == 403
        assert http.get(f"{job}/executionduration").text == "9"
        http.delete(job)

    @pytest.mark.spec("U-86", "D-48")
    def test_a_job_that_uses_it_up_is_aborted_within_a_second(self, server):
        job = create(server.joblist("several"), COUNT=1000, PAUSE=0.1, EXECUTIONDURATION=1, PHASE="RUN")

        wait_for_phase(job, "ABORTED")

        document = job_document(job)
        assert SECOND <= span(document, "uws:startTime", "uws:endTime") < 2 * SECOND
        assert "execution duration of 1 s" in text(document, "uws:errorSummary/uws:message")
        assert "execution duration of 1 s" in text(document, "uws:jobInfo/*[local-name() = 'reason']")
        assert "result-0" in xpath(document, "uws:results/uws:result/@id")
        assert http.get(f"{job}/results/result-0").text == "content of 0"

    @pytest.mark.spec("U-86")
    def test_whatever_the_job_has_started_ends_with_it(self, server, tmp_path):
        job = create(server.joblist("stubborn"), PIDS=str(tmp_path), EXECUTIONDURATION=2, PHASE="RUN")

        pids = pids_of_stubborn(tmp_path)

        wait_for_phase(job, "ABORTED")

        assert [pid for pid in pids if processes.is_alive(pid)] == []


class TestDestruction:
    @pytest.mark.spec("U-115", "U-63", "U-29")
    def test_it_is_told_alike_everywhere(self, server):
        job = create(server.joblist("quick"))

        instant = http.get(f"{job}/destruction").text

        assert ISO.fullmatch(instant)
        assert instant == text(job_document(job), "uws:destruction")

    @pytest.mark.spec("U-115", "U-63")
    def test_a_job_that_lives_on_tells_nothing(self, limited):
        job = create(limited.joblist("endless"))

        answer = http.get(f"{job}/destruction")

        assert (answer.status_code, answer.content) == (200, b"")
        assert xpath(job_document(job), "uws:destruction/@xsi:nil") == ["true"]

    @pytest.mark.spec("U-116", "C-33")
    @pytest.mark.parametrize("separator", ["T", " "])
    def test_it_is_set_and_shown(self, server, separator):
        job = create(server.joblist("quick"))
        wish = format_instant(now() + 3600 * SECOND)

        answer = http.post(f"{job}/destruction", data={"DESTRUCTION": wish.replace("T", separator)})

        assert (answer.status_code, answer.headers["Location"]) == (303, job)
        assert text(job_document(job), "uws:destruction") == wish

    @pytest.mark.spec("U-97", "U-98")
    def test_it_may_come_with_the_job(self, server):
        wish = format_instant(now() + 3600 * SECOND)

        job = create(server.joblist("quick"), DESTRUCTION=wish)

        assert text(job_document(job), "uws:destruction") == wish
        assert xpath(job_document(job), "uws:parameters/uws:parameter") == []

    @pytest.mark.spec("U-116", "U-97")
    def test_the_service_keeps_no_job_longer_than_it_wants(self, limited):
        job = create(limited.joblist("bounded"))

        post(f"{job}/destruction", DESTRUCTION="9999-01-01")

        assert span(job_document(job), "uws:creationTime", "uws:destruction") == LONGEST_LIFE * SECOND
        other = create(limited.joblist("bounded"), DESTRUCTION="9999-01-01")
        assert span(job_document(other), "uws:creationTime", "uws:destruction") == LONGEST_LIFE * SECOND

    @pytest.mark.spec("U-117", "U-31", "U-23")
    @pytest.mark.parametrize(
        "sent",
        [
            {"DESTRUCTION": ""},
            {"DESTRUCTION": "tomorrow"},
            {"DESTRUCTION": "2990-26-10"},
            {"DESTRUCTION": "2990-01-01T00:00:00+01:00"},
            {"DESTRUCTION": "1999-01-01T00:00:00Z"},
            {"WHEN": "2990-01-01"},
            {},
        ],
    )
    def test_other_values_are_refused(self, server, sent):
        job = create(server.joblist("quick"))
        before = http.get(f"{job}/destruction").text

        answer = http.post(f"{job}/destruction", data=sent)

        assert answer.status_code == 400
        assert "DESTRUCTION" in answer.text
        assert http.get(f"{job}/destruction").text == before

    @pytest.mark.spec("U-118")
    @pytest.mark.parametrize("start", ["", "RUN"])
    def test_at_that_time_a_job_and_its_files_are_gone(self, server, start):
        job = create(server.joblist("quick"), DESTRUCTION=soon(1), PHASE=start)
        if start:
            wait_for_phase(job, "COMPLETED")
            assert files(server, job)

        wait_for(lambda: http.get(job).status_code == 404, timeout=3)

        wait_for(lambda: not files(server, job), timeout=1)
        assert job not in http.get(server.joblist("quick")).text

    @pytest.mark.spec("U-118", "U-137")
    def test_at_that_time_work_is_ended_and_its_files_are_gone(self, server, tmp_path):
        job = create(server.joblist("stubborn"), PIDS=str(tmp_path), PHASE="RUN")
        pids = pids_of_stubborn(tmp_path)

        post(f"{job}/destruction", DESTRUCTION=soon(0.5))

        wait_for(lambda: http.get(job).status_code == 404, timeout=3)
        wait_for(lambda: not any(map(processes.is_alive, pids)), timeout=5)
        wait_for(lambda: not files(server, job), timeout=5)

    @pytest.mark.spec("U-118")
    def test_a_time_may_be_put_off(self, server):
        job = create(server.joblist("quick"), DESTRUCTION=soon(1))
        other = create(server.joblist("quick"), DESTRUCTION=soon(1.2))

        post(f"{job}/destruction", DESTRUCTION=soon(3600))

        wait_for(lambda: http.get(other).status_code == 404, timeout=4)
        assert phase(job) == "PENDING"


class TestArchive:
    @pytest.mark.spec("U-88", "U-89")
    def test_at_destruction_time_metadata_are_kept_and_results_are_gone(self, limited):
        job = create(limited.joblist("keeping"), COUNT=2, PAUSE=0, RUNID="mine", PHASE="RUN")
        wait_for_phase(job, "COMPLETED")
        before = job_document(job)

        post(f"{job}/destruction", DESTRUCTION=soon(0.3))

        wait_for(lambda: phase(job) == "ARCHIVED", timeout=4)
        after = job_document(job)
        assert xpath(after, "uws:results/uws:result") == []
        assert http.get(f"{job}/results/result-0").status_code == 404
        former = text(after, "uws:jobInfo/*[local-name()='formerResults']")
        for result in xpath(before, "uws:results/uws:result"):
            assert f"{result.get('id')} (text/plain, {result.get('size')} bytes, sha256 " in former
        for kept in ("uws:runId", "uws:startTime", "uws:endTime", "uws:parameters/uws:parameter[1]"):
            assert text(after, kept) == text(before, kept)
        wait_for(lambda: not files(limited, job), timeout=5)

    @pytest.mark.spec("U-88", "U-118")
    def test_so_it_is_with_a_job_at_work_which_is_ended(self, limited, tmp_path):
        job = create(limited.joblist("working"), PIDS=str(tmp_path), PHASE="RUN")
        pids = pids_of_stubborn(tmp_path)

        post(f"{job}/destruction", DESTRUCTION=soon(0.3))

        wait_for(lambda: phase(job) == "ARCHIVED", timeout=4)
        wait_for(lambda: not any(map(processes.is_alive, pids)), timeout=5)
        wait_for(lambda: not files(limited, job), timeout=5)

    @pytest.mark.spec("U-88", "U-85")
    def test_results_that_come_afterwards_are_not_kept(self, limited):
        job = create(limited.joblist("keeping"), COUNT=1000, PAUSE=0.05, PHASE="RUN")
        wait_for(lambda: xpath(job_document(job), "uws:jobInfo/*"))

        post(f"{job}/destruction", DESTRUCTION=soon(0.3))

        wait_for(lambda: phase(job) == "ARCHIVED", timeout=4)
        assert xpath(job_document(job), "uws:results/uws:result") == []
        wait_for(lambda: not files(limited, job), timeout=5)


class TestQuote:
    @pytest.mark.spec("U-121", "U-58")
    def test_there_is_none_before_the_job_is_run(self, server):
        job = create(server.joblist("quick"))

        answer = http.get(f"{job}/quote")

        assert (answer.status_code, answer.content) == (200, b"")
        assert xpath(job_document(job), "uws:quote/@xsi:nil") == ["true"]

    @pytest.mark.spec("U-121", "U-58", "U-29")
    def test_then_it_is_an_instant_and_not_after_the_latest_end_possible(self, server):
        job = create(server.joblist("sleeper"), EXECUTIONDURATION=1000, PHASE="RUN")
        wait_for_phase(job, "EXECUTING")

        quote = http.get(f"{job}/quote").text

        document = job_document(job)
        assert quote == text(document, "uws:quote")
        assert 0 < span(document, "uws:startTime", "uws:quote") <= 1000 * SECOND
        http.delete(job)


def soon(seconds: float) -> str:
    return format_instant(now() + int(seconds * SECOND))


def span(document, start: str, end: str) -> int:
    """Return the time between two instants of a job document, in µs."""
    return parse_instant(text(document, end)) - parse_instant(text(document, start))
