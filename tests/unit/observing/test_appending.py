"""A file to which several processes append whole lines."""

import fcntl
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time

import pytest

from pyramid_uws.observing.appending import LineFile
from tests.support.server import PROJECT

#: Appends numbered lines, from several threads, as fast as it can: `python -c WRITER FILE NAME COUNT SIZE KEEP`.
WRITER = """
import json, sys, threading
from pathlib import Path
from pyramid_uws.observing.appending import LineFile
path, name, count, size, keep = sys.argv[1:]
file = LineFile(Path(path), size=int(size), keep=int(keep))
def write(thread):
    for number in range(int(count)):
        line = json.dumps({"name": name, "thread": thread, "number": number, "filling": "x" * (number % 700)})
        file.append(line.encode() + b"\\n", 60)
threads = [threading.Thread(target=write, args=[thread]) for thread in range(2)]
for thread in threads:
    thread.start()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.jsonl"


def start_writer(path, name, count, size=0, keep=0):
    words = [sys.executable, "-c", WRITER, *map(str, (path, name, count, size, keep))]
    return subprocess.Popen(words, cwd=PROJECT)


def test_it_is_the_users_own(path):
    LineFile(path).append(b"one\n")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"one\n"


def test_processes_and_threads_write_each_line_once_and_whole_also_while_they_rotate(path):
    writers = [start_writer(path, name, 300, size=20_000, keep=1000) for name in "abc"]

    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    files = list(path.parent.iterdir())
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert len(files) > 5
    assert max(file.stat().st_size for file in files) <= 20_000
    found = sorted((line["name"], line["thread"], line["number"]) for line in lines)
    assert found == [(name, thread, number) for name in "abc" for thread in (0, 1) for number in range(300)]


def test_a_process_that_is_killed_leaves_no_part_of_a_line(path):
    writers = [start_writer(path, name, 1_000_000, size=200_000, keep=3) for name in "abc"]
    try:
        for writer in writers:
            size = path.stat().st_size if path.exists() else 0
            deadline = time.monotonic() + 60
            while not path.exists() or path.stat().st_size == size:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            writer.send_signal(signal.SIGKILL)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait(60)

    LineFile(path).append(b'{"name": "last"}\n')

    text = path.read_text()
    assert {json.loads(line)["name"] for line in text.splitlines()} <= {"a", "b", "c", "last"}
    assert text.endswith('{"name": "last"}\n')


@pytest.mark.parametrize("left", [b"", b"whole\n", b"whole\n" * 30_000])
@pytest.mark.parametrize("torn", [b"to", b"x" * 200_000])
def test_what_a_killed_process_has_left_in_part_is_cut_off(path, left, torn):
    path.write_bytes(left + torn)

    LineFile(path).append(b"new\n")

    assert path.read_bytes() == left + b"new\n"


def test_so_many_that_were_put_aside_are_kept_the_newest_first(path):
    file = LineFile(path, size=10, keep=2)
    for number in range(5):
        file.append(b"line %d\n" % number)

    names = {each.name: each.read_bytes() for each in path.parent.iterdir()}

    assert names == {"audit.jsonl": b"line 4\n", "audit.jsonl.1": b"line 3\n", "audit.jsonl.2": b"line 2\n"}
    assert stat.S_IMODE(path.with_name("audit.jsonl.2").stat().st_mode) == 0o600


def test_none_is_kept_if_none_is_to_be(path):
    file = LineFile(path, size=10, keep=0)
    for number in range(3):
        file.append(b"line %d\n" % number)

    assert [each.read_bytes() for each in path.parent.iterdir()] == [b"line 2\n"]


def test_one_line_that_is_longer_than_a_file_may_be_is_written_all_the_same(path):
    file = LineFile(path, size=10, keep=2)
    file.append(b"a line that is longer\n")

    assert path.read_bytes() == b"a line that is longer\n"


def test_a_file_that_somebody_else_puts_aside_is_begun_anew(path):
    """As logrotate does, with `create` or without."""
    file = LineFile(path)
    file.append(b"old\n")
    path.rename(path.with_name("old"))
    file.append(b"new\n")
    path.unlink()
    path.touch()
    file.append(b"newer\n")

    assert path.with_name("old").read_bytes() == b"old\n"
    assert path.read_bytes() == b"newer\n"


def test_what_finds_no_room_leaves_nothing_behind(path):
    file = LineFile(path)
    file.append(b"x" * 50 + b"\n")
    before = path.read_bytes()
    pid = os.fork()
    if pid == 0:  # a limit on sizes of files is like a disk that is full, and cannot be taken back
        resource.setrlimit(resource.RLIMIT_FSIZE, (80, 80))
        try:
            LineFile(path).append(b"y" * 50 + b"\n")
        except OSError:
            os._exit(7)
        os._exit(0)

    _, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 7
    assert path.read_bytes() == before


def test_nobody_is_waited_for_any_longer_than_one_has_patience(path):
    file = LineFile(path)
    file.append(b"one\n")
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            file.append(b"two\n", 0.01)
    file.append(b"three\n")

    assert path.read_bytes() == b"one\nthree\n"


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_will_not_do(path, make):
    make(path)

    with pytest.raises(OSError, match=r"directory|plain file"):
        LineFile(path).check()


def test_a_link_leads_nowhere(path, tmp_path):
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic link"):
        LineFile(path).append(b"one\n")
    assert not (tmp_path / "elsewhere").exists()


def test_it_grows_on_where_nothing_can_be_put_aside(path, caplog):
    path.with_name("audit.jsonl.1").mkdir()  # which no file can take the place of
    (path.with_name("audit.jsonl.1") / "occupied").touch()
    file = LineFile(path, size=10, keep=1)
    for number in range(4):
        file.append(b"line %d\n" % number)

    assert path.read_bytes() == b"line 0\nline 1\nline 2\nline 3\n"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
