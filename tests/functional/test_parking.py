"""The parking server over real connections: crowds that wait, hang up, are told; and how it stops."""

import os
import signal
import socket
import statistics
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.crowds import Crowd
from tests.support.http import Session, abort, create, http, wait_for
from tests.support.server import HOST, Server, free_port

#: What is held on four threads, so that nobody could believe they did it.
THREADS = {"threads": "4"}

#: So much memory may one who waits cost (bytes).
DEAR = 8000


@pytest.fixture(scope="module")
def parking(tmp_path_factory):
    """A server with few threads; whoever hangs up idle is closed after a second."""
    with Server(
        tmp_path_factory.mktemp("parking"),
        settings={"uws.includes": "tests.support.headerpolicy"},
        server_settings=THREADS | {"channel_timeout": "1", "cleanup_interval": "1"},
        services=["quick"],
    ) as server:
        yield server


@pytest.fixture
def pending(parking):
    """A job that nobody runs."""
    job = create(parking.joblist("quick"))
    yield job
    http.delete(job)


@pytest.fixture
def crowd(parking):
    with Crowd(parking.url) as crowd:
        yield crowd


def descriptors(server):
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def memory(server):
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def threads(server):
    return len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))


def processor_time(server):
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def be_at_rest(server):
    """Wait until the server has nothing to do."""

    def rests():
        before = processor_time(server)
        time.sleep(0.2)
        return processor_time(server) - before <= 1

    wait_for(rests, what="rest")


class TestManyOnOneJob:
    @pytest.mark.spec("U-105", "U-114", "C-23")
    def test_two_thousand_are_held_cheaply_and_told_at_once(self, parking, crowd, pending):
        crowd.ask(100, pending)  # what is made once is not charged to those who come later
        lines = crowd.ask(100, f"{pending}?WAIT=50")
        be_at_rest(parking)
        before, at_work = memory(parking), threads(parking)

        lines += crowd.ask(2000, f"{pending}?WAIT=50")
        be_at_rest(parking)
        each = (memory(parking) - before) / 2000
        took = [timed(http.get, pending) for _ in range(50)]
        assert threads(parking) == at_work
        moment = time.monotonic()
        abort(pending)
        crowd.until_answered(lines)

        assert {(line.answer.status, line.answer.phase) for line in lines} == {(200, "ABORTED")}
        assert max(line.answer.at for line in lines) - moment < 5
        assert each < DEAR
        assert statistics.median(took) < 0.1

    @pytest.mark.spec("U-105")
    def test_their_connections_can_be_used_again(self, crowd, pending):
        lines = crowd.ask(50, f"{pending}?WAIT=20")
        abort(pending)
        crowd.until_answered(lines)

        for line in lines:
            line.get(f"{pending}/phase")
        crowd.until_answered(lines, 2)

        assert {line.answers[1].body for line in lines} == {b"ABORTED"}

    @pytest.mark.spec("U-105")
    def test_changes_that_nobody_waits_for_tell_nobody(self, crowd, pending):
        lines = crowd.ask(200, f"{pending}?WAIT=20")

        for number in range(10):
            http.post(f"{pending}/parameters", data={"TEXT": number})
        crowd.listen(0)
        assert not any(line.answers for line in lines)
        abort(pending)
        crowd.until_answered(lines)

        assert {line.answer.phase for line in lines} == {"ABORTED"}
        assert all(b'id="TEXT">9<' in line.answer.body for line in lines)

    @pytest.mark.spec("U-114")
    def test_all_are_told_that_it_was_deleted(self, crowd, pending):
        lines = crowd.ask(200, f"{pending}?WAIT=20")

        http.delete(pending)
        crowd.until_answered(lines)

        assert {line.answer.status for line in lines} == {404}

    @pytest.mark.spec("U-106")
    def test_those_whose_time_is_up_together_are_told_together(self, crowd, pending):
        others = crowd.ask(10, f"{pending}?WAIT=20")
        asked = time.monotonic()
        lines = [crowd.line().get(f"{pending}?WAIT=2") for _ in range(500)]
        sent = time.monotonic()

        crowd.until_answered(lines)

        assert {line.answer.phase for line in lines} == {"PENDING"}
        assert min(line.answer.at for line in lines) >= asked + 2
        assert max(line.answer.at for line in lines) < sent + 2 + 2
        assert not any(line.answers for line in others)

    @pytest.mark.spec("U-105")
    def test_an_answer_larger_than_a_connection_takes_at_once_arrives_whole(self, server):
        job = create(server.joblist("quick"), files={"TEXT": (None, "&" * 900_000)})  # XML takes five times that
        with Crowd(server.url, is_narrow=True) as crowd:
            lines = crowd.ask(3, f"{job}?WAIT=20")

            abort(job)
            crowd.be_heard()  # in the meantime nobody takes anything
            crowd.until_answered(lines)

        assert {len(line.answer.body) for line in lines} == {len(http.get(job).content)}
        http.delete(job)


class TestAnswersOfOnesOwn:
    """Answers are shared among those alone who would have been given the same one."""

    @pytest.mark.spec("U-105")
    def test_everybody_gets_the_format_asked_for(self, crowd, pending):
        asked = {"text/xml": "text/xml", "application/json": "application/json", "*/*": "text/xml"}
        lines = {accept: crowd.ask(5, f"{pending}?WAIT=20", Accept=accept) for accept in asked}

        abort(pending)

        for accept, media_type in asked.items():
            crowd.until_answered(lines[accept])
            assert all(f"Content-Type: {media_type}" in line.answer.head for line in lines[accept])

    @pytest.mark.spec("U-105")
    def test_everybody_gets_the_urls_of_the_host_he_spoke_to(self, crowd, parking):
        job = create(parking.joblist("quick"), TEXT="x")
        path = urlsplit(job).path
        lines = {host: [crowd.line().get(f"http://{host}{path}?WAIT=20") for _ in range(3)] for host in "ab"}
        crowd.be_heard()

        abort(job)

        for host in "ab":
            crowd.until_answered(lines[host])
            assert {http.get(job, headers={"Host": host}).content} == {line.answer.body for line in lines[host]}

    def test_connections_end_and_go_on_as_each_client_wants(self, crowd, pending):
        url = f"{pending}?WAIT=20"
        lines = crowd.ask(3, url)
        closing = crowd.ask(3, url, Connection="close")
        old = crowd.ask(3, url, version="1.0")
        kept = crowd.ask(3, url, version="1.0", Connection="keep-alive")

        abort(pending)
        crowd.until_answered(lines + closing + old + kept)
        crowd.until_closed(closing + old)

        assert not any(line.is_closed for line in lines + kept)
        assert all("Connection: close" in line.answer.head for line in closing + old)
        assert all(line.answer.head.startswith("HTTP/1.0 200") for line in old + kept)
        assert all("Connection: Keep-Alive" in line.answer.head for line in kept)

    def test_who_knows_the_state_in_which_it_ends_is_told_no_more(self, crowd, parking):
        job = create(parking.joblist("quick"))
        etag = http.get(job).headers["ETag"]

        lines = crowd.ask(3, f"{job}?WAIT=1", If_None_Match=etag)
        others = crowd.ask(3, f"{job}?WAIT=1")
        crowd.until_answered(lines + others)

        assert {line.answer.status for line in lines} == {304}
        assert {line.answer.status for line in others} == {200}
        http.delete(job)

    def test_owners_are_told_of_their_jobs_and_nobody_else(self, crowd, parking):
        session = Session()
        session.headers["X-Test-User"] = "ann"
        job = create(parking.joblist("quick"), session=session)

        lines = crowd.ask(5, f"{job}?WAIT=20", X_Test_User="ann")
        strangers = crowd.ask(5, f"{job}?WAIT=20", X_Test_User="bob") + crowd.ask(5, f"{job}?WAIT=20")
        crowd.until_answered(strangers)
        abort(job, session=session)
        crowd.until_answered(lines)

        assert {line.answer.status for line in strangers} == {401, 403}
        assert {line.answer.phase for line in lines} == {"ABORTED"}


class TestManyJobs:
    @pytest.mark.spec("U-105")
    def test_everybody_is_told_of_his_own(self, parking, crowd):
        jobs = [create(parking.joblist("quick")) for _ in range(60)]
        lines = {job: [crowd.line().get(f"{job}?WAIT=30") for _ in range(3)] for job in jobs}
        crowd.be_heard()

        for job in jobs[::2]:
            abort(job)
        for job in jobs[::2]:
            crowd.until_answered(lines[job])
            assert {line.answer.phase for line in lines[job]} == {"ABORTED"}
            assert all(job.rpartition("/")[2].encode() in line.answer.body for line in lines[job])

        assert not any(line.answers for job in jobs[1::2] for line in lines[job])


class TestOneConnection:
    def test_answers_come_in_the_order_of_the_questions(self, crowd, pending):
        line = crowd.line()
        line.get(f"{pending}/phase").get(f"{pending}?WAIT=20").get(f"{pending}/phase").get(f"{pending}/nothing")

        crowd.until_answered([line])
        crowd.be_heard()
        crowd.listen(0)
        assert len(line.answers) == 1
        abort(pending)
        crowd.until_answered([line], 4)

        assert [answer.status for answer in line.answers] == [200, 200, 200, 404]
        assert [line.answers[0].body, line.answers[1].phase, line.answers[2].body] == [
            b"PENDING",
            "ABORTED",
            b"ABORTED",
        ]

    def test_what_is_asked_while_one_waits_is_answered_afterwards(self, crowd, pending):
        line = crowd.line().get(f"{pending}?WAIT=20")
        crowd.be_heard()

        line.get(f"{pending}/phase")
        crowd.be_heard()
        abort(pending)
        crowd.until_answered([line], 2)

        assert line.answers[1].body == b"ABORTED"

    @pytest.mark.spec("U-105")
    def test_one_may_wait_again_and_again(self, parking, crowd):
        line = crowd.line()
        for number in range(1, 51):
            job = create(parking.joblist("quick"))
            line.get(f"{job}?WAIT=20")
            abort(job)
            crowd.until_answered([line], number)
            assert line.answers[-1].phase == "ABORTED"

    def test_one_that_is_idle_for_long_is_closed_but_not_one_that_waits(self, crowd, pending):
        waiting = crowd.line().get(f"{pending}?WAIT=20")
        idle = crowd.line().get(f"{pending}/phase")
        silent = crowd.line()
        crowd.be_heard()

        crowd.until_closed([idle, silent], timeout=10)

        assert not waiting.is_closed
        abort(pending)
        crowd.until_answered([waiting])
        assert waiting.answer.phase == "ABORTED"


class TestHangingUp:
    @pytest.mark.spec("U-114")
    @pytest.mark.parametrize("rudely", [False, True], ids=["politely", "rudely"])
    def test_who_hangs_up_is_forgotten(self, parking, crowd, pending, rudely):
        be_at_rest(parking)
        before = descriptors(parking)
        lines = crowd.ask(200, f"{pending}?WAIT=50")
        assert descriptors(parking) > before + 150

        for line in lines:
            line.hang_up(rudely=rudely)

        wait_for(lambda: descriptors(parking) <= before + 5, timeout=5)
        abort(pending)

    @pytest.mark.spec("U-114")
    def test_who_has_said_that_he_will_say_no_more_has_hung_up(self, crowd, pending):
        line = crowd.line().get(f"{pending}?WAIT=50")
        crowd.be_heard()

        line.socket.shutdown(socket.SHUT_WR)

        crowd.until_closed([line], timeout=5)
        assert not line.answers

    @pytest.mark.spec("U-105", "U-114")
    def test_those_who_stay_are_told_even_if_the_first_have_gone(self, crowd, pending):
        lines = crowd.ask(100, f"{pending}?WAIT=20")

        for line in lines[:50]:
            line.hang_up()
        abort(pending)
        crowd.until_answered(lines[50:])

        assert {line.answer.phase for line in lines[50:]} == {"ABORTED"}


class TestListening:
    def test_at_several_addresses(self, tmp_path):
        ports = free_port(), free_port()
        listening = {"listen": " ".join(f"{HOST}:{port}" for port in ports), "host": None, "port": None}
        server = Server(tmp_path, server_settings=THREADS | listening, services=["quick"])
        server.port, server.url = ports[0], f"http://{HOST}:{ports[0]}"

        with server, Crowd(server.url) as crowd:
            job = create(server.joblist("quick"))
            lines = [crowd.line((HOST, port)).get(f"{job}?WAIT=20") for port in ports * 3]
            crowd.be_heard()
            abort(job)
            crowd.until_answered(lines)

            assert {line.answer.phase for line in lines} == {"ABORTED"}


class TestStopping:
    """Everybody who has been heard is answered."""

    @pytest.fixture
    def server(self, make_server):
        return make_server(server_settings=THREADS, services=["quick"])

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_all_who_wait_are_answered_early(self, server, number):
        jobs = [create(server.joblist("quick")) for _ in range(100)]
        with Crowd(server.url) as crowd:
            lines = crowd.ask(500, f"{jobs[0]}?WAIT=50") + [crowd.line().get(f"{job}?WAIT=50") for job in jobs]
            crowd.be_heard()
            idle = crowd.line()

            os.killpg(server.process.pid, number)
            moment = time.monotonic()
            crowd.until_answered(lines)
            crowd.until_closed([*lines, idle])
            assert server.process.wait(10) == 0
            took = time.monotonic() - moment

        assert {(line.answer.status, line.answer.phase) for line in lines} == {(200, "PENDING")}
        assert all("Connection: close" in line.answer.head for line in lines)
        assert took < 8
        assert "before everybody was answered" not in server.log

    def test_who_has_just_come_is_answered_too(self, server):
        job = create(server.joblist("quick"))
        with Crowd(server.url) as crowd:
            os.kill(server.process.pid, signal.SIGSTOP)  # nobody is taken in
            lines = [crowd.line().get(f"{job}?WAIT=50") for _ in range(300)]
            late = [crowd.line() for _ in range(10)]
            os.kill(server.process.pid, signal.SIGTERM)
            os.kill(server.process.pid, signal.SIGCONT)
            for line in late:
                line.get(job)

            crowd.until_answered(lines + late)
            assert server.process.wait(10) == 0

        assert {line.answer.phase for line in lines + late} == {"PENDING"}

    def test_a_change_at_that_moment_is_told(self, server):
        job = create(server.joblist("quick"))
        with Crowd(server.url) as crowd:
            lines = crowd.ask(300, f"{job}?WAIT=50")

            abort(job)
            os.kill(server.process.pid, signal.SIGTERM)
            crowd.until_answered(lines)

        assert {line.answer.phase for line in lines} == {"ABORTED"}


def timed(call, *arguments):
    start = time.monotonic()
    call(*arguments)
    return time.monotonic() - start
