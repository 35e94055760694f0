import os
import signal
import subprocess
import sys

import pytest

from pyramid_uws.execution import linux, processes
from pyramid_uws.execution.processes import Identity, alive, descendants, end_everything, of_job, open_pidfd, send

SLEEP = [sys.executable, "-c", "import time; time.sleep(120)"]


@pytest.fixture
def start():
    """Return a function that starts a process; the test ends with it."""
    started = []

    def start(command=SLEEP, **options):
        started.append(subprocess.Popen(command, **options))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def mark(tmp_path):
    """A mark that no other process carries."""
    return f"{tmp_path.name}.{os.getpid()}"[-linux.MARK_ROOM :]


class TestIdentity:
    def test_a_process_is_itself_until_it_ends(self, start):
        process = start()
        identity = Identity.of(process.pid)

        assert alive(identity)
        assert Identity.of(process.pid) == identity
        process.kill()
        process.wait()
        assert not alive(identity)

    def test_a_zombie_is_dead(self, start):
        process = start()
        identity = Identity.of(process.pid)

        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert not alive(identity)
        assert open_pidfd(identity) is None

    def test_a_successor_in_the_pid_is_somebody_else(self):
        me = Identity.of(os.getpid())

        for other in (Identity(me.pid, me.start_time + 1, me.boot), Identity(me.pid, me.start_time, "other boot")):
            assert not alive(other)
            assert open_pidfd(other) is None
            assert not send(other, signal.SIGKILL)

    def test_a_strange_name_does_not_confuse(self, start):
        process = start([sys.executable, "-c", _NAMED])
        process_name = f"/proc/{process.pid}/comm"
        while "Z 1" not in _read(process_name):
            pass

        assert Identity.of(process.pid).start_time == Identity.of(process.pid).start_time > 0

    def test_without_a_boot_id_it_does_without(self, monkeypatch, tmp_path):
        monkeypatch.setattr(processes, "_PROC", tmp_path)

        assert processes._boot.__wrapped__() == ""


_NAMED = """
import time
from pyramid_uws.execution import linux
linux.set_name("a) Z 1 (b")
time.sleep(120)
"""


def _read(path):
    with open(path) as file:  # noqa: PTH123 - as a core does it
        return file.read()


class TestSend:
    def test_it_reaches_the_process(self, start):
        process = start()

        assert send(Identity.of(process.pid), signal.SIGTERM)

        assert process.wait() == -signal.SIGTERM

    def test_what_is_not_ours_to_signal_is_left_alone(self, monkeypatch):
        def refuse(*_arguments):
            raise PermissionError

        monkeypatch.setattr(signal, "pidfd_send_signal", refuse)

        assert not send(Identity.of(os.getpid()), signal.SIGTERM)


_FAMILY = """
import os, subprocess, sys, threading, time
def start():
    subprocess.run([sys.executable, "-c", "import time; print(flush=True); time.sleep(120)"])
threading.Thread(target=start, daemon=True).start()
if os.fork() == 0:
    start()
time.sleep(120)
"""


@pytest.mark.parametrize("listed", [True, False], ids=["listed by the kernel", "searched for"])
def test_descendants_are_children_and_theirs_whichever_thread_has_them(start, monkeypatch, listed):
    monkeypatch.setattr(processes, "_lists_children", lambda: listed)
    parent = start([sys.executable, "-c", _FAMILY], stdout=subprocess.PIPE)
    parent.stdout.readline()
    parent.stdout.readline()

    family = list(descendants(parent.pid))

    assert len(family) == 3
    assert all(map(alive, family))
    for identity in family:
        send(identity, signal.SIGKILL)


class TestEndEverything:
    def test_it_ends_whoever_carries_the_mark_and_what_belongs_to_them(self, start, mark):
        marked = os.environ | {linux.MARK: mark}
        leader = start(env=marked, start_new_session=True)
        parent = start([sys.executable, "-c", _WIPED], env=marked, start_new_session=True, stdout=subprocess.PIPE)
        wiped = Identity.of(int(parent.stdout.readline()))

        assert len(of_job(mark)) == 3
        assert end_everything(None, mark) == 0

        assert leader.wait() == parent.wait() == -signal.SIGKILL
        assert not alive(wiped)

    def test_it_ends_the_keeper_even_without_a_mark(self, start, mark):
        keeper = start()

        assert end_everything(Identity.of(keeper.pid), mark) == 0

        assert keeper.wait() == -signal.SIGKILL

    def test_it_leaves_all_others_alone(self, start, mark):
        """Not even a session is ended in which somebody has marked a single process by hand."""
        other = start(env=os.environ | {linux.MARK: mark + "0"})
        by_hand = start(env=os.environ | {linux.MARK: mark})

        assert end_everything(None, mark) == 0

        assert by_hand.wait() == -signal.SIGKILL
        assert other.poll() is None

    def test_it_gives_up_on_what_does_not_go(self, start, mark, monkeypatch):
        start(env=os.environ | {linux.MARK: mark})
        monkeypatch.setattr(processes, "send", lambda *_arguments: False)

        assert end_everything(None, mark, patience=0.0) == 1


_WIPED = f"""
import subprocess, sys
process = subprocess.Popen({SLEEP!r}, env={{}}, start_new_session=True)
print(process.pid, flush=True)
process.wait()
"""


class TestMarks:
    def test_a_marked_process_and_its_forks_show_the_mark(self, start, mark):
        script = f"""
import os, time
from pyramid_uws.execution import linux
linux.mark_process({mark!r})
os.fork()
os.write(1, os.environ[linux.MARK].encode() + b"\\n")
time.sleep(120)
"""
        process = start(
            [sys.executable, "-c", script], env=os.environ | linux.room_for_mark(), stdout=subprocess.PIPE
        )
        said = {process.stdout.readline().decode().strip() for _ in range(2)}

        assert said == {mark}
        assert len(of_job(mark)) == 2
        end_everything(None, mark)

    def test_without_room_only_what_is_executed_shows_it(self, mark, monkeypatch):
        monkeypatch.setenv(linux.MARK, "something else")

        linux.mark_process(mark)

        assert os.environ[linux.MARK] == mark
        assert of_job(mark) == set()

    def test_a_mark_that_is_too_long_is_refused(self):
        with pytest.raises(ValueError, match="longer than 63 bytes"):
            linux.mark_process("x" * 64)


def test_a_process_whose_parent_is_gone_dies(start):
    process = start(
        [sys.executable, "-c", "from pyramid_uws.execution import linux; linux.die_with_parent(1 << 22)"]
    )

    assert process.wait() == -signal.SIGKILL


def test_what_the_kernel_refuses_is_an_error():
    with pytest.raises(OSError, match="prctl"):
        linux._prctl(-1, linux.ctypes.c_ulong(0))
