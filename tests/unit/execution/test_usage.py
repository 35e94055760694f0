"""What jobs and folders take of a host, as far as one may look."""

import math
import os
import time

from pyramid_uws.execution.processes import Identity
from pyramid_uws.execution.usage import _BREATH, memory_of, room_of, usage_of

NEVER = math.inf


def test_files_are_counted_with_those_in_folders_below(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"x" * 10_000)
    (tmp_path / "a" / "b" / "two").write_bytes(b"x" * 10_000)

    room = room_of([tmp_path], NEVER)

    assert (room.files, room.is_all) == (2, True)
    assert 20_000 <= room.bytes < 100_000


def test_a_folder_that_is_gone_takes_nothing(tmp_path):
    assert room_of([tmp_path / "gone"], NEVER).bytes == 0


def test_who_has_no_more_time_says_that_there_is_more(tmp_path):
    for number in range(_BREATH + 1):
        (tmp_path / str(number)).touch()

    room = room_of([tmp_path], time.monotonic())

    assert (room.files, room.is_all) == (_BREATH, False)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "large").write_bytes(b"x" * 1_000_000)
    (inside / "link").symlink_to(outside)

    assert room_of([inside], NEVER).bytes < 100_000


def test_memory_is_that_of_the_process():
    before = memory_of(os.getpid())

    block = b"x" * 64_000_000

    assert memory_of(os.getpid()) - before > 0.9 * len(block)


def test_a_process_that_has_ended_takes_none():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)

    assert memory_of(child) == 0


def test_a_job_takes_what_its_keeper_and_those_below_take(tmp_path):
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(out, 1)
        os._exit(0)
    try:
        usage = usage_of(Identity.of(os.getpid()), tmp_path, NEVER)
    finally:
        os.write(into, b"!")
        os.waitpid(child, 0)
        os.close(out)
        os.close(into)

    assert usage.processes >= 2
    assert usage.cpu_seconds > 0
    assert usage.memory > memory_of(os.getpid()) / 2
