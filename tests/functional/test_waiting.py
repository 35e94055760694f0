"""GET with WAIT (UWS 1.1, section 2.2.1.2), and waiting and polling as clients do it."""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import pyvo

from pyramid_uws.uws.phases import BLOCKING, PHASES
from tests.support.http import (
    FINAL,
    Session,
    abort,
    create,
    http,
    parse,
    phase,
    run,
    text,
    wait_for,
)
from tests.support.inside import Inside
from tests.support.server import Server

#: How many requests the narrow servers hold at once.
PLACES = 3

#: The longest that the server with a cap holds a request, in seconds.
CAP = 1


@pytest.fixture
def pending(server):
    """A job that nobody runs."""
    job = create(server.joblist("sleeper"))
    yield job
    http.delete(job)


@pytest.fixture(scope="module", params=["parked", "in threads"])
def narrow(request, tmp_path_factory):
    """A server that holds few requests at once, in one way or the other."""
    with Server(
        tmp_path_factory.mktemp("narrow"),
        settings={"uws.waiters": str(PLACES)},
        server_settings={"park_limit": str(PLACES if request.param == "parked" else 0)},
        services=["sleeper"],
    ) as server:
        yield server


@pytest.fixture
def narrowly_pending(narrow):
    """A job of the narrow server that nobody runs; whoever waits for it is told when the test is over."""
    job = create(narrow.joblist("sleeper"))
    yield job
    http.delete(job)


@pytest.fixture(scope="module")
def capped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("capped")
    with Server(folder, settings={"uws.max_wait": str(CAP)}, services=["quick", "sleeper"]) as server:
        yield server


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    inside = Inside(tmp_path_factory.mktemp("inside"), services=["quick"], settings={"uws.max_wait": str(CAP)})
    yield inside
    inside.close()


class TestHowLong:
    @pytest.mark.spec("U-106")
    def test_until_the_seconds_are_over(self, pending):
        answer, seconds = timed_get(pending, WAIT=2)

        assert 2 <= seconds < 4
        assert answer.status_code == 200
        assert text(parse(answer), "uws:phase") == "PENDING"

    @pytest.mark.spec("U-112")
    def test_not_at_all_for_no_seconds(self, pending):
        answer, seconds = timed_get(pending, WAIT=0)

        assert seconds < 1
        assert answer.status_code == 200

    @pytest.mark.spec("U-108", "U-109", "U-112", "C-23")
    @pytest.mark.parametrize("wish", ["-1", "1000", "-17"])
    def test_for_as_long_as_the_site_allows(self, capped, wish):
        job = create(capped.joblist("quick"))

        answer, seconds = timed_get(job, WAIT=wish)

        assert CAP <= seconds < CAP + 1
        assert answer.status_code == 200
        assert text(parse(answer), "uws:phase") == "PENDING"

    @pytest.mark.spec("U-112", "U-23")
    @pytest.mark.parametrize("wish", ["x", "1.5", "1e3"])
    def test_a_wish_that_is_no_whole_number_is_refused(self, pending, wish):
        answer = http.get(pending, params={"WAIT": wish})

        assert answer.status_code == 400
        assert "WAIT" in answer.text


class TestForWhat:
    @pytest.mark.spec("U-105")
    def test_a_change_by_somebody_else_is_told_at_once(self, narrowly_pending):
        with waiting(narrowly_pending, WAIT=30) as waiter:
            moment = time.monotonic()
            abort(narrowly_pending)

            answer = waiter.result()

        assert time.monotonic() - moment < 0.5
        assert text(parse(answer), "uws:phase") == "ABORTED"

    @pytest.mark.spec("U-105")
    def test_each_change_from_the_queue_to_the_end_is_told(self, server):
        job = create(server.joblist("sleeper"), SECONDS=0.5, PHASE="RUN")
        seen = [phase(job)]

        while seen[-1] not in FINAL:
            answer, seconds = timed_get(job, WAIT=20, PHASE=seen[-1])
            assert seconds < 5
            seen.append(text(parse(answer), "uws:phase"))

        assert seen[-2:] == ["EXECUTING", "COMPLETED"]
        assert len(set(seen)) == len(seen)

    @pytest.mark.spec("U-105")
    def test_no_change_is_missed_however_close_it_is_to_the_question(self, server):
        seconds = []
        for number in range(20):
            job = create(server.joblist("quick"))
            with waiting(job, after=0, WAIT=30) as waiter:
                time.sleep(number * 0.0005)  # not to wait for something, but to meet it in another moment
                abort(job)
                moment = time.monotonic()
                answer = waiter.result()
                seconds.append(time.monotonic() - moment)
            assert text(parse(answer), "uws:phase") == "ABORTED"

        assert max(seconds) < 0.8

    @pytest.mark.spec("U-114")
    def test_a_job_that_is_deleted_meanwhile_is_not_there(self, narrowly_pending):
        with waiting(narrowly_pending, WAIT=30) as waiter:
            moment = time.monotonic()
            http.delete(narrowly_pending)

            answer = waiter.result()

        assert time.monotonic() - moment < 0.5
        assert answer.status_code == 404

    @pytest.mark.spec("U-105")
    def test_other_changes_of_the_job_go_by(self, pending):
        with waiting(pending, WAIT=2) as waiter:
            moment = time.monotonic()
            http.post(f"{pending}/parameters", data={"SECONDS": 5})

            answer = waiter.result()

        assert time.monotonic() - moment > 1
        assert text(parse(answer), "uws:parameters/uws:parameter[@id='SECONDS']") == "5"


class TestInWhichPhase:
    @pytest.mark.spec("U-107", "U-111", "C-24", "C-25")
    @pytest.mark.parametrize("also", ["", "&PHASE={}"])
    @pytest.mark.parametrize("present", PHASES)
    def test_only_where_a_change_is_near(self, inside, present, also):
        job = inside.put_into(inside.create("quick"), present)

        start = time.monotonic()
        answer = inside.request("GET", f"{job}?WAIT=-1{also.format(present)}")
        seconds = time.monotonic() - start

        assert answer.status_code == 200
        assert (seconds >= CAP) == (present in BLOCKING)

    @pytest.mark.spec("U-110", "U-111")
    @pytest.mark.parametrize("others", [[name] for name in PHASES if name != "PENDING"] + [["QUEUED", "HELD"]])
    def test_not_if_the_job_is_in_none_of_the_phases_named(self, pending, others):
        answer, seconds = timed_get(pending, WAIT=10, PHASE=others)

        assert seconds < 1
        assert answer.status_code == 200

    @pytest.mark.spec("U-110", "U-111")
    @pytest.mark.parametrize("named", ["PENDING", ["QUEUED", "PENDING"]])
    def test_if_the_job_is_in_one_of_the_phases_named(self, pending, named):
        _, seconds = timed_get(pending, WAIT=1, PHASE=named)

        assert seconds >= 1

    @pytest.mark.spec("U-111")
    def test_what_is_no_phase_is_refused(self, pending):
        answer = http.get(pending, params={"WAIT": 10, "PHASE": "pending"})

        assert answer.status_code == 400
        assert "PHASE" in answer.text

    @pytest.mark.spec("U-111")
    @pytest.mark.parametrize("named", ["PENDING", "QUEUED", "nonsense"])
    def test_a_phase_alone_means_nothing(self, pending, named):
        answer, seconds = timed_get(pending, PHASE=named)

        assert seconds < 1
        assert answer.status_code == 200


class TestWhere:
    @pytest.mark.spec("U-104")
    @pytest.mark.parametrize(
        "child",
        [
            "phase",
            "results",
            "parameters",
            "executionduration",
            "destruction",
            "quote",
            "owner",
        ],
    )
    def test_children_of_a_job_do_not_wait(self, pending, child):
        answer, seconds = timed_get(f"{pending}/{child}", WAIT=10)

        assert seconds < 1
        assert answer.status_code == 200

    @pytest.mark.spec("U-104")
    def test_the_job_list_does_not_wait(self, server):
        answer, seconds = timed_get(server.joblist("quick"), WAIT=10)

        assert seconds < 1
        assert answer.status_code == 200

    @pytest.mark.spec("U-104", "U-20")
    def test_head_does_not_wait(self, pending):
        start = time.monotonic()
        answer = http.head(pending, params={"WAIT": 10})

        assert time.monotonic() - start < 1
        assert answer.status_code == 200

    @pytest.mark.spec("U-98", "U-104")
    def test_a_post_does_not_wait_and_keeps_nothing_of_it(self, server):
        start = time.monotonic()
        job = create(server.joblist("quick"), WAIT=10, TEXT="x")

        assert time.monotonic() - start < 1
        assert "WAIT" not in http.get(f"{job}/parameters").text


class TestInACrowd:
    @pytest.mark.spec("U-114", "C-23")
    def test_fifty_who_wait_leave_the_server_to_the_others(self, server, pending):
        with crowd(pending, 50) as answers:
            seconds = max(timed_get(server.joblist("quick"))[1] for _ in range(30))
            early = sum(answer.done() for answer in answers)
            abort(pending)

        assert seconds < 2
        assert early == 0
        assert [text(parse(answer.result()), "uws:phase") for answer in answers] == ["ABORTED"] * 50

    @pytest.mark.spec("U-113", "U-114", "C-23")
    def test_those_for_whom_there_is_no_place_are_answered_early(self, narrow, narrowly_pending):
        with crowd(narrowly_pending, 50) as answers:
            wait_for(lambda: sum(answer.done() for answer in answers) == 50 - PLACES)
            turned_away = [answer.result() for answer in answers if answer.done()]
            _, seconds = timed_get(narrow.joblist("sleeper"))
            abort(narrowly_pending)

        assert seconds < 1
        assert {answer.status_code for answer in turned_away} == {200}
        assert {text(parse(answer), "uws:phase") for answer in turned_away} == {"PENDING"}
        assert {answer.result().status_code for answer in answers} == {200}

    @pytest.mark.spec("U-114")
    def test_who_hangs_up_makes_room_for_the_next(self, narrowly_pending):
        with contextlib.ExitStack() as lines:

            def no_place_is_left():
                lines.callback(ask(narrowly_pending).close)
                for _ in range(3):
                    phase(narrowly_pending)  # whoever asked before this has been heard by then
                return timed_get(narrowly_pending, WAIT=1)[1] < 0.5

            for _ in range(PLACES):
                lines.callback(ask(narrowly_pending).close)
            wait_for(no_place_is_left)

        wait_for(lambda: timed_get(narrowly_pending, WAIT=1)[1] >= 1, timeout=5, what="a place")


class TestClients:
    @pytest.mark.spec("C-23", "C-26", "C-27")
    def test_pyvo_waits_for_a_job_across_early_answers(self, capped):
        job = pyvo.dal.tap.AsyncTAPJob(create(capped.joblist("sleeper"), SECONDS=CAP * 1.5))

        job.run().wait(timeout=20)

        assert job.phase == "COMPLETED"

    @pytest.mark.spec("C-24", "C-26", "C-27")
    def test_topcat_gets_through_with_few_questions(self, capped):
        job = create(capped.joblist("sleeper"), SECONDS=CAP * 1.5)

        run(job)
        seen = [phase(job)]
        while seen[-1] not in FINAL:
            answer = http.get(job, params={"WAIT": -1, "PHASE": seen[-1]})
            assert answer.status_code == 200
            seen.append(text(parse(answer), "uws:phase"))

        assert seen[-1] == "COMPLETED"
        assert len(seen) < 8

    @pytest.mark.spec("C-28", "C-29")
    def test_astroquery_polls_the_bare_word(self, server):
        job = create(server.joblist("sleeper"), SECONDS=0.2, PHASE="RUN")
        seen = set()

        wait_for(lambda: seen.add(http.get(f"{job}/phase").content) or seen & {b"COMPLETED"})

        assert seen <= {b"QUEUED", b"EXECUTING", b"COMPLETED"}
        assert http.get(f"{job}/results/result").text == "awake"


def timed_get(url: str, **query):
    """Return the answer, and after how many seconds it came."""
    start = time.monotonic()
    answer = http.get(url, params=query)
    return answer, time.monotonic() - start


@contextlib.contextmanager
def waiting(job: str, *, after: float = 0.3, **query):
    """Let somebody else wait for the job; begin when he has waited for that long (s)."""
    with ThreadPoolExecutor(1) as pool:
        waiter = pool.submit(Session().get, job, params=query)
        if after:
            with contextlib.suppress(TimeoutError):
                waiter.exception(after)
            assert not waiter.done()
        yield waiter


@contextlib.contextmanager
def crowd(job: str, number: int):
    """Let many wait for the job."""
    gate = threading.Barrier(number)

    def wait():
        with Session() as session:
            gate.wait(10)
            return session.get(job, params={"WAIT": 25})

    with ThreadPoolExecutor(number) as pool:
        yield [pool.submit(wait) for _ in range(number)]


def ask(job: str) -> socket.socket:
    """Send a request that waits, and return the line, so that it can be hung up."""
    address = urlsplit(job)
    line = socket.create_connection((address.hostname, address.port))
    line.sendall(f"GET {address.path}?WAIT=50 HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    return line
