"""The one writer on a real file storage: what is acknowledged is there, what fails harms nobody."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import transaction
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError

from pyramid_uws.exceptions import NotAllowedNow, Overloaded
from pyramid_uws.execution import writer as writer_module
from pyramid_uws.execution.watcher import Watcher
from pyramid_uws.execution.writer import PhaseChanged, Writer
from pyramid_uws.tree import get_root


@pytest.fixture
def database(tmp_path):
    database = DB(FileStorage(str(tmp_path / "test.fs")))
    yield database
    database.close()


@pytest.fixture
def published():
    return []


@pytest.fixture
def writer(database, published):
    writer = Writer(database, published.extend)
    writer.start()
    yield writer
    if not writer._closed:
        writer.stop()


def read(database, name):
    with database.transaction() as connection:
        return name in get_root(connection).services


def test_a_change_is_committed_when_its_value_is_returned(database, writer):
    assert writer.do(lambda root, _journal: root.add("one").__name__) == "one"
    assert read(database, "one")


def test_many_threads_write_without_a_conflict_and_share_commits(database, writer):
    before = database.lastTransaction()
    gate = threading.Event()
    writer.submit(lambda _root, _journal: gate.wait(10))
    with ThreadPoolExecutor(32) as pool:
        futures = [pool.submit(writer.do, lambda root, _j, n=n: root.add(f"s{n}").__name__) for n in range(200)]
        gate.set()
        names = {future.result() for future in futures}

    assert names == {f"s{n}" for n in range(200)}
    assert all(read(database, name) for name in names)
    assert _commits_since(database, before) < 100


def _commits_since(database, tid):
    return sum(1 for entry in database.storage.iterator() if entry.tid > tid)


def test_a_change_that_fails_changes_nothing_and_spares_the_others(database, writer, published):
    gate = threading.Event()
    writer.submit(lambda _root, _journal: gate.wait(10))

    def bad(root, journal):
        root.add("bad")
        journal.append(PhaseChanged("bad", "async", "x", None, "PENDING"))
        raise ValueError("no")

    first = writer.submit(lambda root, _journal: root.add("first"))
    failing = writer.submit(bad)
    last = writer.submit(lambda root, _journal: root.add("last"))
    gate.set()

    with pytest.raises(ValueError, match="no"):
        failing.result(10)
    first.result(10)
    last.result(10)
    assert read(database, "first")
    assert read(database, "last")
    assert not read(database, "bad")
    assert not published


def test_one_that_fails_is_undone_though_the_others_are_made_again(database, writer):
    made = []

    def good(root, _journal):
        made.append(root.add("good"))
        return len(made)

    def bad(root, _journal):
        assert not list(root.services.keys("bad", "bad"))
        root.add("bad")
        raise NotAllowedNow("not now")

    gate = threading.Event()
    writer.submit(lambda _root, _journal: gate.wait(10))
    futures = [writer.submit(change) for change in (good, bad, good, bad)]
    gate.set()

    assert futures[2].result(10) == len(made)
    for future in (futures[1], futures[3]):
        with pytest.raises(NotAllowedNow, match="not now"):
            future.result(10)
    assert read(database, "good")
    assert not read(database, "bad")


def test_a_conflict_with_another_process_repeats_the_batch(database, writer):
    attempts = []

    def change(root, journal):
        attempts.append(1)
        journal.append(PhaseChanged("s", "async", "x", None, "PENDING"))
        if len(attempts) < 3:
            raise ConflictError
        root.add("late")

    writer.do(change)

    assert len(attempts) == 3
    assert read(database, "late")


def test_the_journal_is_published_once_and_after_the_commit(database, writer, published):
    attempts = []

    def change(_root, journal):
        attempts.append(1)
        journal.append(PhaseChanged("s", "async", "x", None, "PENDING"))
        if len(attempts) == 1:
            raise ConflictError

    writer.do(change)
    writer.stop()

    assert published == [PhaseChanged("s", "async", "x", None, "PENDING")]


def test_a_database_that_cannot_be_written_is_told_to_whoever_waits_and_recovers(
    database, writer, monkeypatch, caplog
):
    writer.do(lambda root, _journal: root.add("before"))
    with monkeypatch.context() as broken:
        broken.setattr(sys.modules["ZODB.FileStorage.FileStorage"], "cp", _no_space)
        for _ in range(3):
            with pytest.raises(Overloaded, match="cannot be written"):
                writer.do(lambda root, _journal: root.add("lost"))
        assert not writer.healthy
        assert caplog.text.count("could not be committed") == 1

    writer.do(lambda root, _journal: root.add("after"))

    assert writer.healthy
    assert "can be written again" in caplog.text
    assert read(database, "after")
    assert not read(database, "lost")


def _no_space(*_args):
    raise OSError(28, "No space left on device")


def test_after_stop_what_was_handed_over_is_there_and_nothing_more_is_taken(database, writer):
    gate = threading.Event()
    writer.submit(lambda _root, _journal: gate.wait(10))
    futures = [writer.submit(lambda root, _j, n=n: root.add(f"s{n}")) for n in range(10)]
    stopper = threading.Thread(target=writer.stop)
    stopper.start()
    gate.set()
    stopper.join(10)

    assert all(future.done() for future in futures)
    assert all(read(database, f"s{n}") for n in range(10))
    with pytest.raises(Overloaded, match="stopped"):
        writer.submit(lambda root, _journal: root.add("too late"))


def test_a_change_that_meets_the_stop_is_made_or_refused(database, writer, monkeypatch):
    stopper = threading.Thread(target=writer.stop)
    waiting = writer._waiting

    def put_while_the_writer_is_stopped(item):
        stopper.start()
        stopper.join(0.2)
        waiting.put(item)

    with monkeypatch.context() as slowed:
        slow = SimpleNamespace(put=put_while_the_writer_is_stopped, qsize=waiting.qsize)
        slowed.setattr(writer, "_waiting", slow)
        future = writer.submit(lambda root, _journal: root.add("just in time"))
    stopper.join(10)

    assert future.done()
    assert read(database, "just in time")


def test_those_who_handed_something_over_together_are_committed_together_again(database, published, monkeypatch):
    writer = Writer(database, published.extend)
    later = ["second", "third", "fourth"]

    def one_more(_seconds):
        if later:
            name = later.pop()
            writer.submit(lambda root, _journal: root.add(name))

    monkeypatch.setattr(writer_module.time, "sleep", one_more)

    def sizes():
        writer.submit(lambda root, _journal: root.add("first"))
        return len(writer._next_batch())

    assert sizes() == 1, "nobody is waited for who was not there the last time"
    writer._expected = 3
    assert sizes() == 3, "no more are waited for than came the last time"
    assert sizes() == 2, "and not when no more come"


def test_a_backlog_beyond_its_bound_is_refused(database, published, monkeypatch):
    monkeypatch.setattr(writer_module, "BACKLOG", 2)
    writer = Writer(database, published.extend)
    for name in ("one", "two"):
        writer.submit(lambda root, _journal, name=name: root.add(name))
    with pytest.raises(Overloaded, match="Too many changes are waiting"):
        writer.submit(lambda root, _journal: root.add("three"))


def test_a_change_that_was_not_begun_in_time_is_never_made(database, writer):
    gate, begun = threading.Event(), threading.Event()
    writer.submit(lambda _root, _journal: begun.set() or gate.wait(10))
    begun.wait(10)

    with pytest.raises(Overloaded, match="nothing was changed"):
        writer.do(lambda root, _journal: root.add("late"), timeout=0.05)
    gate.set()
    writer.do(lambda root, _journal: root.add("last"))

    assert read(database, "last")
    assert not read(database, "late")


class TestWatcher:
    def test_a_bell_rings_when_its_object_is_changed_and_not_for_others(self, database, writer):
        writer.do(lambda root, _journal: (root.add("one"), root.add("two")))
        watcher = Watcher(database)
        with database.transaction() as connection:
            one = get_root(connection)["one"]._p_oid
            two = get_root(connection)["two"]._p_oid
        with watcher.listen(one) as bell, watcher.listen(two) as other:
            writer.do(lambda root, _journal: setattr(root["one"], "note", "x"))

            assert bell.wait(10)
            assert not other.is_set()
        assert not watcher._bells
        watcher.close()

    def test_a_change_of_another_connection_rings_too(self, database, writer):
        writer.do(lambda root, _journal: root.add("one"))
        watcher = Watcher(database)
        manager = transaction.TransactionManager()
        connection = database.open(manager)
        one = get_root(connection)["one"]
        with watcher.listen(one._p_oid) as bell:
            one.note = "y"
            manager.commit()

            assert bell.wait(10)
        connection.close()
        watcher.close()

    def test_without_the_hook_it_says_so_and_polls(self, caplog):
        watcher = Watcher(object())

        assert watcher.poll < 1
        assert "polls the database" in caplog.text
