"""A database on a disk that is full now and then: what was committed is there, the rest never was."""

import contextlib
import ctypes
import errno
import os
import random
import threading
from types import SimpleNamespace

import pytest
import transaction
from persistent.mapping import PersistentMapping
from pyramid.exceptions import ConfigurationError

from pyramid_uws.databases import open_database
from pyramid_uws.execution import linux
from pyramid_uws.execution.filestorage import take_room_first
from tests.support.disks import small_disk

SIZES = (1, 100, 3000, 9000)


class Book:
    """A database and what has to be in it."""

    def __init__(self, file, chance):
        self._file = file
        self._chance = chance
        self._database = open_database(f"file://{file}")
        self.expected = {}

    def change(self):
        """Change a few objects in one transaction; tell whether it could be committed."""
        size = self._chance.choice(SIZES)
        wanted = {self._chance.randrange(50): os.urandom(size) for _ in range(self._chance.randrange(1, 5))}
        manager = transaction.TransactionManager(explicit=True)
        with contextlib.closing(self._database.open(manager)) as connection:
            manager.begin()
            for key, value in wanted.items():
                connection.root()[key] = PersistentMapping(value=value)
                manager.savepoint()
            try:
                manager.commit()
            except OSError:
                manager.abort()
                return False
        self.expected |= wanted
        return True

    def read(self):
        manager = transaction.TransactionManager(explicit=True)
        with contextlib.closing(self._database.open(manager)) as connection:
            connection.cacheMinimize()
            with manager:
                return {key: dict(value)["value"] for key, value in connection.root().items()}

    def open_again(self):
        self._database.close()
        self._database = open_database(f"file://{self._file}")

    def close(self):
        self._database.close()


@pytest.mark.parametrize("seed", range(5))
def test_a_full_disk_does_no_harm_to_the_database(tmp_path, seed):
    chance = random.Random(seed)
    failed = 0
    with (
        small_disk(tmp_path / "disk", megabytes=3) as disk,
        contextlib.closing(Book(disk.folder / "x.fs", chance)) as book,
    ):
        for _ in range(15):
            disk.fill(pages=chance.randrange(8))
            failed += [book.change() for _ in range(6)].count(False)
            assert book.read() == book.expected
            disk.clear()
            assert book.change()
            assert book.change()
            assert book.read() == book.expected
        assert failed > 20

        book.open_again()

        assert book.read() == book.expected


class TestTakingRoom:
    @pytest.fixture
    def file(self, tmp_path):
        with (tmp_path / "file").open("wb") as file:
            yield file

    def test_it_is_there_but_the_file_is_no_longer_for_it(self, file):
        linux.take_room(file.fileno(), 0, 100_000)

        facts = os.fstat(file.fileno())
        assert (facts.st_size, facts.st_blocks * 512 >= 100_000) == (0, True)

    def test_there_is_none_beyond_the_limit_on_file_sizes(self, file, monkeypatch):
        monkeypatch.setattr(linux.resource, "getrlimit", lambda _which: (1000, 1000))

        linux.take_room(file.fileno(), 900, 100)
        with pytest.raises(OSError, match="File too large"):
            linux.take_room(file.fileno(), 900, 101)

    def test_a_file_system_that_cannot_do_it_is_written_to_without(self, file, monkeypatch):
        def refuse(*_arguments):
            ctypes.set_errno(errno.EOPNOTSUPP)
            return -1

        monkeypatch.setattr(linux, "_libc", lambda: SimpleNamespace(fallocate=refuse))

        linux.take_room(file.fileno(), 0, 100)

    def test_what_is_no_file_is_refused(self):
        reader, writer = os.pipe()
        try:
            with pytest.raises(OSError, match="Illegal seek"):
                linux.take_room(writer, 0, 100)
        finally:
            os.close(reader)
            os.close(writer)


def test_a_database_is_private(tmp_path):
    file = tmp_path / "uws.fs"
    open_database(f"file://{file}").close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_pack_that_was_cut_off_is_not_taken_for_a_new_site(tmp_path):
    file = tmp_path / "uws.fs"
    open_database(f"file://{file}").close()
    file.rename(tmp_path / "uws.fs.old")

    with pytest.raises(ConfigurationError, match=r"packing was cut off. Rename that to uws\.fs"):
        open_database(f"file://{file}")
    assert not file.exists()


def test_a_zodb_that_is_made_otherwise_is_left_alone_with_a_warning(caplog):
    storage = SimpleNamespace(tpc_vote=None)

    take_room_first(storage)

    assert "a full disk may damage the database" in caplog.text
    assert storage.tpc_vote is None


class Writing:
    """Commits, and can stand still after it was told what changes, before that is on disk."""

    def __init__(self, database):
        self._storage = database.storage
        self._manager = transaction.TransactionManager(explicit=True)
        self._connection = database.open(self._manager)
        self._is_under_way, self._may_end = threading.Event(), threading.Event()
        self._finish = self._storage._finish_finish
        with self._manager:
            self._connection.root().update(changed=PersistentMapping(value=1), other=PersistentMapping(value=1))

    @contextlib.contextmanager
    def under_way(self):
        self._storage._finish_finish = self._finish_slowly
        thread = threading.Thread(target=self._commit)
        thread.start()
        assert self._is_under_way.wait(30)
        try:
            yield
            assert thread.is_alive()
        finally:
            self._may_end.set()
            thread.join(30)

    def close(self):
        self._connection.close()

    def _finish_slowly(self, tid):
        self._is_under_way.set()
        self._may_end.wait(10)
        self._finish(tid)

    def _commit(self):
        with self._manager:
            self._connection.root()["changed"]["value"] = 2


class TestReadingDuringACommit:
    @pytest.fixture
    def database(self, tmp_path):
        with contextlib.closing(open_database(f"file://{tmp_path}/uws.fs")) as database:
            yield database

    @pytest.fixture
    def writing(self, database):
        with contextlib.closing(Writing(database)) as writing:
            yield writing

    @pytest.fixture
    def see(self, database):
        """Return a function that tells the value of an object, read with a connection of its own."""
        opened = []

        def see(name):
            if not opened:
                opened.append(database.open(transaction.TransactionManager(explicit=True)))
            with opened[0].transaction_manager:
                return opened[0].root()[name]["value"]

        yield see
        for connection in opened:
            connection.close()

    def test_a_connection_opened_meanwhile_does_not_keep_what_was_before(self, database, writing, see):
        taken = [database.open(transaction.TransactionManager()) for _ in range(2)]
        seen = []
        reader = threading.Thread(target=lambda: seen.extend(see("changed") for _ in range(2)))

        with writing.under_way():
            reader.start()
            reader.join(0.1)
        reader.join(30)

        assert seen[-1] == 2
        for connection in taken:
            connection.close()

    def test_one_that_was_open_reads_on_without_waiting(self, writing, see):
        see("other")

        with writing.under_way():  # until this thread has read
            assert see("other") == 1

    def test_one_that_was_open_has_what_was_changed(self, writing, see):
        assert see("changed") == 1

        with writing.under_way():
            pass

        assert see("changed") == 2
