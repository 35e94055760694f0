"""The phases of a job and the moves between them (UWS 1.1, section 2.1.3)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pyramid_uws.uws.phases import PHASES
from tests.support import oddities, processes
from tests.support.http import (
    Session,
    abort,
    create,
    http,
    job_document,
    phase,
    run,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)
from tests.support.inside import Inside
from tests.support.server import Server
from tests.support.traces import count_transactions, pids_of_stubborn

#: Who takes part in a race, each with a connection of his own.
RACERS = 30


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    inside = Inside(tmp_path_factory.mktemp("inside"), services=["quick"], settings={"uws.waiters": "1"})
    # Nothing runs here, so nobody has to wait until an abort has ended something.
    inside.site.waiting_room.enter(1)
    yield inside
    inside.close()


@pytest.fixture(scope="module")
def odd_server(tmp_path_factory):
    sections = {"uws:service:late": oddities.LATE, "uws:service:held": oddities.HELD}
    settings = {"uws.grace": "10"}
    with Server(
        tmp_path_factory.mktemp("odd"), settings=settings, services=["quick"], sections=sections
    ) as server:
        yield server


@pytest.mark.spec("U-75")
def test_a_new_job_is_pending(server):
    job = create(server.joblist("quick"))

    assert phase(job) == "PENDING"


class TestRun:
    @pytest.mark.spec("U-76", "U-143")
    def test_it_leads_back_to_the_job_which_has_left_pending(self, server):
        job = create(server.joblist("sleeper"))

        answer = http.post(f"{job}/phase", data={"PHASE": "RUN"})

        assert answer.status_code == 303
        assert answer.headers["Location"] == job
        assert phase(job) in {"QUEUED", "EXECUTING"}
        abort(job)

    @pytest.mark.spec("U-76", "C-26")
    def test_until_its_end_the_job_is_in_phases_that_clients_wait_in(self, server):
        job = create(server.joblist("sleeper"), SECONDS=0.3)
        seen = []

        run(job)
        wait_for(lambda: seen.append(phase(job)) or seen[-1] == "COMPLETED", interval=0)

        assert set(seen) <= {"QUEUED", "EXECUTING", "COMPLETED"}
        assert seen == sorted(seen, key=["QUEUED", "EXECUTING", "COMPLETED"].index)

    @pytest.mark.spec("U-76")
    def test_times_of_start_and_end_go_with_the_phases(self, server):
        job = create(server.joblist("sleeper"), SECONDS=0.2, PHASE="RUN")

        wait_for_phase(job, "EXECUTING")
        at_work = job_document(job)
        wait_for_phase(job, "COMPLETED")
        ended = job_document(job)

        assert text(at_work, "uws:creationTime") <= text(at_work, "uws:startTime")
        assert not text(at_work, "uws:endTime")
        assert text(ended, "uws:startTime") == text(at_work, "uws:startTime")
        assert text(ended, "uws:startTime") < text(ended, "uws:endTime")

    @pytest.mark.spec("U-82")
    def test_of_many_at_once_one_is_the_first_and_the_others_are_told_so(self, server):
        job = create(server.joblist("quick"))

        statuses = race(lambda session, _: session.post(f"{job}/phase", data={"PHASE": "RUN"}))

        assert sorted(statuses) == [303] + [403] * (RACERS - 1)
        assert wait_for_phase(job) == "COMPLETED"

    @pytest.mark.spec("U-77", "U-107")
    def test_a_job_that_is_held_waits_for_the_next_run(self, odd_server):
        held = create(odd_server.joblist("held"), PHASE="RUN")
        other = create(odd_server.joblist("quick"), PHASE="RUN")
        wait_for_phase(other, "COMPLETED")

        assert phase(held) == "HELD"
        assert elapsed(lambda: http.get(held, params={"WAIT": 20})) < 1
        run(held)
        assert wait_for_phase(held) == "COMPLETED"


class TestAbort:
    @pytest.mark.spec("U-79", "U-80", "U-61")
    def test_a_pending_job_is_aborted_when_the_answer_comes(self, server):
        job = create(server.joblist("quick"))

        answer = http.post(f"{job}/phase", data={"PHASE": "ABORT"})

        assert (answer.status_code, answer.headers["Location"]) == (303, job)
        document = job_document(job)
        assert text(document, "uws:phase") == "ABORTED"
        assert text(document, "uws:endTime")
        assert not text(document, "uws:startTime")

    @pytest.mark.spec("U-79", "U-80")
    @pytest.mark.parametrize("before", ["QUEUED", "HELD"])
    def test_so_is_a_job_that_waits(self, inside, before):
        job = inside.put_into(inside.create("quick"), before)

        assert inside.request("POST", f"{job}/phase", PHASE="ABORT").status_code == 303
        assert inside.phase(job) == "ABORTED"

    @pytest.mark.spec("U-79", "U-80")
    def test_a_job_at_work_is_aborted_within_a_second(self, server):
        job = create(server.joblist("sleeper"), PHASE="RUN")
        wait_for_phase(job, "EXECUTING")

        assert elapsed(lambda: abort(job)) < 1
        assert phase(job) == "ABORTED"

    @pytest.mark.spec("U-80")
    def test_a_job_that_starts_in_this_very_moment_is_aborted_when_the_answer_comes(self, server):
        phases = []
        for _ in range(20):
            job = create(server.joblist("sleeper"), PHASE="RUN")
            abort(job)
            phases.append(phase(job))

        assert phases == ["ABORTED"] * 20

    @pytest.mark.spec("U-81", "U-87")
    def test_nothing_of_the_work_survives_however_it_has_hidden(self, server, tmp_path):
        job = create(server.joblist("stubborn"), PIDS=str(tmp_path), PHASE="RUN")
        pids = pids_of_stubborn(tmp_path)

        abort(job)

        wait_for_phase(job, "ABORTED", timeout=5)
        assert [pid for pid in pids if processes.is_alive(pid)] == []

    @pytest.mark.spec("U-81")
    def test_results_made_so_far_are_kept(self, server):
        job = create(server.joblist("several"), COUNT=100, PAUSE=0.2, PHASE="RUN")
        wait_for(lambda: progress(job).startswith("made"))

        abort(job)

        made = xpath(job_document(job), "uws:results/uws:result/@id")
        assert "result-0" in made
        assert len(made) < 100
        answer = http.get(f"{job}/results/result-0")
        assert (answer.status_code, answer.text) == (200, "content of 0")

    @pytest.mark.spec("U-87", "U-81")
    def test_a_worker_that_finishes_all_the_same_does_not_change_that(self, odd_server):
        job = create(odd_server.joblist("late"), PHASE="RUN")
        wait_for(lambda: progress(job) == "ready")

        abort(job)

        assert wait_for_phase(job) == "ABORTED"
        assert http.get(f"{job}/results/result").text == "finished after all"

    @pytest.mark.spec("U-83")
    def test_many_at_once_are_all_welcome(self, server):
        job = create(server.joblist("sleeper"), PHASE="RUN")
        wait_for_phase(job, "EXECUTING")

        statuses = race(lambda session, _: session.post(f"{job}/phase", data={"PHASE": "ABORT"}))

        assert statuses == [303] * RACERS
        assert wait_for_phase(job) == "ABORTED"


class TestRaces:
    @pytest.mark.spec("U-82", "U-87", "U-24")
    def test_run_and_abort_at_once_are_done_or_refused(self, server):
        job = create(server.joblist("quick"))

        wishes = ["RUN", "ABORT"]
        statuses = race(lambda session, number: session.post(f"{job}/phase", data={"PHASE": wishes[number % 2]}))

        assert set(statuses) <= {303, 403}
        assert sum(status == 303 for status in statuses[::2]) <= 1
        ended = wait_for_phase(job)
        assert ended == ("ABORTED" if 303 in statuses[1::2] else "COMPLETED")

    @pytest.mark.spec("U-24")
    def test_whatever_is_done_while_a_job_is_deleted_is_done_or_refused(self, server):
        job = create(server.joblist("sleeper"))
        deeds = [
            lambda session: session.post(f"{job}/phase", data={"PHASE": "RUN"}),
            lambda session: session.post(f"{job}/parameters", data={"SECONDS": "1"}),
            lambda session: session.get(job),
            lambda session: session.post(f"{job}/phase", data={"PHASE": "ABORT"}),
            lambda session: session.delete(job),
        ]

        statuses = race(lambda session, number: deeds[number % len(deeds)](session))

        assert set(statuses) <= {200, 303, 403, 404}
        assert statuses[4::5].count(303) == 1
        assert http.get(job).status_code == 404


class TestMovesThatAreNotAllowed:
    @pytest.mark.spec("U-82", "U-78", "U-89", "U-22")
    @pytest.mark.parametrize(
        ("before", "answer", "after"),
        [
            ("PENDING", 303, "QUEUED"),
            ("HELD", 303, "QUEUED"),
            *((name, 403, name) for name in PHASES if name not in {"PENDING", "HELD"}),
        ],
    )
    def test_run_is_for_jobs_that_have_not_been_run(self, inside, before, answer, after):
        job = inside.put_into(inside.create("quick"), before)

        response = inside.request("POST", f"{job}/phase", PHASE="RUN")

        assert response.status_code == answer
        assert inside.phase(job) == after
        if answer == 403:
            assert before in response.text
            assert response.content_type == "text/plain"

    @pytest.mark.spec("U-82", "U-83", "U-89", "U-22")
    @pytest.mark.parametrize(
        ("before", "answer"),
        [
            *((name, 303) for name in PHASES if name not in {"COMPLETED", "ERROR", "ARCHIVED"}),
            ("COMPLETED", 403),
            ("ERROR", 403),
            ("ARCHIVED", 403),
        ],
    )
    def test_abort_is_for_jobs_that_have_not_ended(self, inside, before, answer):
        job = inside.put_into(inside.create("quick"), before)
        document = inside.request("GET", job).text

        response = inside.request("POST", f"{job}/phase", PHASE="ABORT")

        assert response.status_code == answer
        if answer == 403 or before == "ABORTED":
            assert inside.request("GET", job).text == document

    @pytest.mark.spec("U-82")
    @pytest.mark.parametrize("wish", ["RUN", "ABORT"])
    def test_a_finished_job_stays_as_it_is(self, server, wish):
        job = create(server.joblist("quick"), PHASE="RUN")
        wait_for_phase(job, "COMPLETED")
        before = http.get(job).content

        answer = http.post(f"{job}/phase", data={"PHASE": wish})

        assert answer.status_code == 403
        assert http.get(job).content == before

    @pytest.mark.spec("U-84", "U-23", "U-25", "D-50")
    @pytest.mark.parametrize(
        "sent",
        [
            {"PHASE": "COMPLETED"},
            {"PHASE": "run"},
            {"PHASE": ""},
            {},
            {"PHASE": ["RUN", "ABORT"]},
        ],
    )
    def test_other_wishes_are_refused_with_a_sentence(self, server, sent):
        job = create(server.joblist("quick"))

        answer = http.post(f"{job}/phase", data=sent)

        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "PHASE" in answer.text
        assert phase(job) == "PENDING"

    @pytest.mark.spec("U-89")
    def test_an_archived_job_can_be_read_and_deleted_only(self, inside):
        job = inside.put_into(inside.create("quick", TEXT="x"), "ARCHIVED")
        before = inside.request("GET", job).text
        posts = {
            "phase": {"PHASE": "RUN"},
            "destruction": {"DESTRUCTION": "2990-01-01"},
            "executionduration": {"EXECUTIONDURATION": "5"},
            "parameters": {"TEXT": "y"},
        }

        refused = {child: inside.request("POST", f"{job}/{child}", **sent) for child, sent in posts.items()}

        assert {answer.status_code for answer in refused.values()} == {403}
        assert inside.request("GET", job).text == before
        assert inside.request("DELETE", job).status_code == 303
        assert inside.request("GET", job).status_code == 404


class TestResultsByPhase:
    @pytest.mark.spec("U-85")
    @pytest.mark.parametrize("before", ["PENDING", "QUEUED", "HELD"])
    def test_there_are_none_before_the_job_has_started(self, inside, before):
        job = inside.put_into(inside.create("quick"), before)

        assert "<uws:result " not in inside.request("GET", f"{job}/results").text

    @pytest.mark.spec("U-126")
    def test_they_appear_together_when_the_job_has_completed(self, server):
        job = create(server.joblist("several"), COUNT=3, PAUSE=0.5, PHASE="RUN")
        wait_for(lambda: progress(job) in {"made 1", "made 2"})

        at_work = http.get(f"{job}/results/result-0").status_code, phase(job)
        wait_for_phase(job, "COMPLETED")

        assert at_work == (404, "EXECUTING")
        assert xpath(job_document(job), "uws:results/uws:result/@id") == ["result-0", "result-1", "result-2"]


class TestProgress:
    @pytest.mark.spec("U-72")
    def test_it_is_told_while_the_job_is_at_work(self, server):
        job = create(server.joblist("several"), COUNT=4, PAUSE=0.5, PHASE="RUN")

        wait_for(lambda: progress(job) == "made 1")
        at_work = phase(job), xpath(job_document(job), "string(uws:jobInfo/*[local-name() = 'progress'])")
        wait_for_phase(job, "COMPLETED")

        assert at_work == ("EXECUTING", "0.5")
        assert xpath(job_document(job), "string(uws:jobInfo/*[local-name() = 'progress'])") == "1"

    def test_a_flood_of_it_is_a_few_transactions_a_second(self, make_server):
        server = make_server(services=["chatty"])
        job = create(server.joblist("chatty"), COUNT=500_000)

        run(job)
        seconds = elapsed(lambda: wait_for_phase(job, "COMPLETED"))
        server.stop()

        assert 3 < count_transactions(server) < 10 + 5 * seconds


def elapsed(action) -> float:
    """Return how many seconds the action takes."""
    start = time.monotonic()
    action()
    return time.monotonic() - start


def progress(job: str) -> str:
    return "".join(xpath(job_document(job), "uws:jobInfo/*[local-name() = 'progressText']/text()"))


def race(deed) -> list[int]:
    """Let all racers do the deed at once, by their sessions and numbers; return the status codes."""
    sessions = [Session() for _ in range(RACERS)]
    with ThreadPoolExecutor(RACERS) as pool:
        return [answer.status_code for answer in pool.map(deed, sessions, range(RACERS))]
