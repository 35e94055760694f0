"""The control socket: who may connect, what is answered, and what no client can do to it."""

import json
import logging
import os
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pyramid_uws.admin import control as control_module
from pyramid_uws.admin.client import NoAnswer, NoServer, Refused, ask
from pyramid_uws.admin.control import MOST_CONNECTIONS, ControlSocket
from pyramid_uws.admin.wire import LONGEST_REQUEST, send, short_path
from pyramid_uws.exceptions import NoSuchJob
from tests.support.http import wait_for


def perform(request):
    match request["do"]:
        case "fail":
            raise NoSuchJob("abcdef")
        case "break":
            raise ZeroDivisionError("division by zero")
        case _:
            return {"echo": request}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "uws.socket"


@pytest.fixture
def make(path):
    """Return a function that opens a control socket."""
    made = []

    def make(perform=perform):
        control = ControlSocket(path, perform)
        control.open()
        made.append(control)
        return control

    yield make
    for control in made:
        control.close()


@pytest.fixture
def control(make):
    return make()


@pytest.fixture
def connect(path):
    """Return a function that connects and returns the connection."""
    connections = []

    def connect():
        connection = socket.socket(socket.AF_UNIX)
        connections.append(connection)
        connection.connect(str(path))
        connection.settimeout(20)
        return connection

    yield connect
    for connection in connections:
        connection.close()


def answer(connection):
    with connection.makefile("rb") as file:
        return json.loads(file.readline())


class TestAnswers:
    def test_a_request_is_performed_and_answered(self, control, path):
        assert ask(path, {"do": "it", "text": "Zoë"}, 20) == {"echo": {"do": "it", "text": "Zoë"}}

    def test_what_cannot_be_done_is_said_in_a_sentence(self, control, path):
        with pytest.raises(Refused, match="There is no job 'abcdef' here"):
            ask(path, {"do": "fail"}, 20)

    def test_an_unforeseen_error_is_logged_and_its_kind_told(self, control, path, caplog):
        with pytest.raises(Refused, match=r"failed over this \(ZeroDivisionError\)"):
            ask(path, {"do": "break"}, 20)

        assert "division by zero" in caplog.text

    def test_a_connection_may_ask_more_than_once(self, control, connect):
        connection = connect()

        with connection.makefile("rb") as file:
            for number in range(3):
                connection.sendall(b'{"do": "%d"}\n' % number)
                assert json.loads(file.readline()) == {"value": {"echo": {"do": str(number)}}}


class TestTheSocketFile:
    def test_only_its_user_can_open_it(self, control, path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.is_socket()

    def test_it_goes_when_the_server_goes(self, make, path):
        make().close()

        assert list(path.parent.iterdir()) == []
        with pytest.raises(NoServer):
            ask(path, {"do": "it"}, 20)

    def test_one_left_by_a_dead_server_is_replaced(self, make, path):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        with pytest.raises(NoServer):
            ask(path, {"do": "it"}, 20)

        make()

        assert ask(path, {"do": "it"}, 20)

    def test_whatever_else_is_in_its_place_is_replaced_too(self, make, path):
        path.write_text("not a socket")
        path.with_name(f"uws.socket.{os.getpid()}").write_text("nor this")

        make()

        assert ask(path, {"do": "it"}, 20)

    def test_that_of_a_living_server_is_left_to_it(self, control, make, path, caplog):
        second = make()

        assert "another server of this site listens" in caplog.text
        second.close()
        assert ask(path, {"do": "it"}, 20)

    def test_that_of_a_successor_is_left_in_its_place(self, control, path):
        path.unlink()
        path.write_text("a successor's")

        control.close()

        assert path.read_text() == "a successor's"

    def test_a_server_whose_folder_takes_no_socket_goes_without(self, tmp_path, caplog):
        control = ControlSocket(tmp_path / "missing/uws.socket", perform)

        control.open()
        control.close()

        assert "there is no control socket for uws-admin" in caplog.text

    def test_a_draft_that_cannot_be_put_in_place_is_removed(self, make, path, caplog):
        path.mkdir()

        make()

        assert "there is no control socket" in caplog.text
        assert [entry.name for entry in path.parent.iterdir()] == ["uws.socket"]

    def test_its_path_may_be_longer_than_the_address_of_a_socket(self, tmp_path):
        path = tmp_path.joinpath(*["y" * 60] * 3) / "uws.socket"
        path.parent.mkdir(parents=True)
        control = ControlSocket(path, perform)
        control.open()

        assert ask(path, {"do": "it"}, 20)
        control.close()
        assert not path.exists()


class TestHostility:
    @pytest.mark.parametrize(
        "garbage",
        [b"GET / HTTP/1.1\r\n", b"\x00\xff\n", b"[" * 50_000 + b"\n", b"7\n"],
        ids=lambda raw: str(raw[:8]),
    )
    def test_garbage_is_answered_by_a_sentence_and_the_end(self, control, connect, path, garbage):
        connection = connect()
        connection.sendall(garbage)

        with connection.makefile("rb") as file:
            assert "JSON" in json.loads(file.readline())["error"]
            assert file.readline() == b""
        assert ask(path, {"do": "it"}, 20)

    def test_a_huge_line_is_not_read_to_its_end(self, control, connect, path):
        connection = connect()

        with pytest.raises(BrokenPipeError):
            connection.sendall(b"x" * 1000 * LONGEST_REQUEST)

        assert ask(path, {"do": "it"}, 20)

    def test_a_silent_connection_is_ended_and_makes_room(self, control, connect, path, monkeypatch):
        monkeypatch.setattr(control_module, "REQUEST_SECONDS", 0.1)

        silent = [connect() for _ in range(MOST_CONNECTIONS)]

        assert all(connection.recv(1) == b"" for connection in silent)
        assert ask(path, {"do": "it"}, 20)

    def test_connections_beyond_the_bound_are_sent_away_and_threads_stay_few(self, control, connect, path):
        connections = [connect() for _ in range(MOST_CONNECTIONS)]
        wait_for(lambda: len(control._served) == MOST_CONNECTIONS)

        further = [connect() for _ in range(100)]

        assert all("too many control connections" in answer(connection)["error"] for connection in further)
        assert sum(thread.name == "uws-control" for thread in threading.enumerate()) <= MOST_CONNECTIONS + 1
        for connection in connections:
            connection.close()
        wait_for(lambda: not control._served)
        assert ask(path, {"do": "it"}, 20)

    def test_many_at_once_are_served_or_sent_away_and_nobody_is_left_waiting(self, control, path):
        def one(_):
            try:
                return bool(ask(path, {"do": "it"}, 20))
            except Refused as refused:
                return "too many" in refused.message
            except NoAnswer as sent_away:  # by the kernel, whose queue is full
                return "too many" in sent_away.message

        with ThreadPoolExecutor(50) as pool:
            assert all(pool.map(one, range(300)))

    def test_who_hangs_up_before_the_answer_harms_nobody(self, make, connect, path):
        gate = threading.Event()
        make(lambda request: gate.wait(20) and "x" * 500_000)
        for _ in range(MOST_CONNECTIONS):
            connection = connect()
            connection.sendall(b'{"do": "it"}\n')
            connection.close()
        gate.set()

        assert wait_for(lambda: not_refused(path)) == "x" * 500_000

    def test_another_user_is_refused_by_the_kernels_word(self, control, connect, monkeypatch, caplog):
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        monkeypatch.setattr(control_module, "_user_of", lambda _connection: 54321)

        assert "for the server's own user" in answer(connect())["error"]
        assert "user 54321 was refused" in caplog.text

    def test_root_and_the_servers_user_are_served(self, control, path, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        for user in (0, 12345):
            monkeypatch.setattr(control_module, "_user_of", lambda _connection, user=user: user)
            assert ask(path, {"do": "it"}, 20)

    def test_a_kernel_without_threads_is_no_end(self, control, connect, path, monkeypatch, caplog):
        def start(_thread):
            raise RuntimeError("can't start new thread")

        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", start)
            assert connect().recv(1) == b""

        assert "can't start new thread" in caplog.text
        assert ask(path, {"do": "it"}, 20)

    def test_a_kernel_without_files_is_no_end(self, control, path, monkeypatch, caplog):
        class Full:
            def __init__(self, listener):
                self.listener = listener
                self.refusals = 2

            def accept(self):
                if self.refusals:
                    self.refusals -= 1
                    raise OSError(24, "Too many open files")
                return self.listener.accept()

            def __getattr__(self, name):
                return getattr(self.listener, name)

        monkeypatch.setattr(control_module, "REST", 0.01)
        control._listener = Full(control._listener)

        assert ask(path, {"do": "it"}, 20)
        assert caplog.text.count("Too many open files") == 2


class TestClosing:
    def test_a_request_at_work_is_finished_and_idle_connections_end(self, make, connect, path):
        at_work, gate = threading.Event(), threading.Event()

        def slow(_request):
            at_work.set()
            gate.wait(20)
            return "done"

        control = make(slow)
        idle = connect()
        with ThreadPoolExecutor(2) as pool:
            asked = pool.submit(ask, path, {"do": "it"}, 20)
            assert at_work.wait(20)
            closed = pool.submit(control.close)
            wait_for(lambda: not path.exists())
            gate.set()

            assert asked.result(20) == "done"
            closed.result(20)
        assert idle.recv(1) == b""
        wait_for(lambda: not control._served)

    def test_a_request_that_takes_too_long_does_not_hold_up_the_end(self, make, connect, path, monkeypatch):
        monkeypatch.setattr(control_module, "CLOSE_SECONDS", 0.1)
        at_work, gate = threading.Event(), threading.Event()
        control = make(lambda _request: at_work.set() or gate.wait(20))
        connect().sendall(b'{"do": "it"}\n')
        assert at_work.wait(20)

        control.close()

        assert control._served
        gate.set()
        wait_for(lambda: not control._served)

    def test_who_connects_at_that_moment_is_sent_away(self, make):
        control = make()
        control.close()
        here, there = socket.socketpair()

        control._receive(there)

        with here:
            assert "too many control connections" in answer(here)["error"]


class TestAsking:
    def test_a_server_that_does_not_answer_is_not_waited_for(self, path):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()

            with pytest.raises(NoAnswer, match=r"has not answered for 0.05 s"):
                ask(path, {"do": "it"}, 0.05)

    def test_a_server_that_takes_no_more_connections_does_not_answer_either(self, path, monkeypatch):
        monkeypatch.setattr("pyramid_uws.admin.client.CONNECT_SECONDS", 1)
        with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as other:
            listener.bind(str(path))
            listener.listen(0)
            other.connect(str(path))

            with pytest.raises(NoAnswer, match="too many commands waiting"):
                ask(path, {"do": "it"}, 0.05)
            with short_path(path) as name:
                assert control_module._answers(name)

    @pytest.mark.parametrize(
        ("said", "complaint"), [(b"", "ended before it answered"), (b"hello\n", "does not speak to this command")]
    )
    def test_a_server_that_ends_or_babbles_is_no_answer(self, path, said, complaint):
        def serve():
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(said)
            connection.close()

        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            thread = threading.Thread(target=serve)
            thread.start()

            with pytest.raises(NoAnswer, match=complaint):
                ask(path, {"do": "it"}, 20)
            thread.join()

    def test_who_is_sent_away_before_asking_is_told_why(self, path, monkeypatch):
        def send_late(connection, message, timeout):
            accepted, _ = listener.accept()
            accepted.sendall(b'{"error": "Go away."}\n')
            accepted.close()
            send(connection, message, timeout)

        monkeypatch.setattr("pyramid_uws.admin.client.send", send_late)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()

            with pytest.raises(Refused, match=r"^Go away\.$"):
                ask(path, {"do": "it"}, 20)

    def test_where_there_is_nothing_is_no_server(self, tmp_path):
        with pytest.raises(NoServer, match="No server listens at"):
            ask(tmp_path / "missing/uws.socket", {"do": "it"}, 1)


def not_refused(path):
    try:
        return ask(path, {"do": "it"}, 20)
    except Refused:
        logging.getLogger(__name__).debug("again")
        return None
