"""Where wake-ups come from, on real storages: nothing that is committed goes unnoticed."""

import threading

import pytest
import transaction
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from ZODB.tests.MVCCMappingStorage import MVCCMappingStorage

from pyramid_uws.execution import invalidations
from pyramid_uws.execution.invalidations import Polled, Pushed, Unknown, open_source
from pyramid_uws.execution.watcher import Watcher

OID = b"\0" * 8  # of the root


@pytest.fixture
def database(tmp_path):
    database = DB(FileStorage(str(tmp_path / "test.fs")))
    yield database
    database.close()


@pytest.fixture
def own_mvcc():
    """A database whose storage tells nobody of changes, as RelStorage's."""
    database = DB(MVCCMappingStorage())
    yield database
    database.close()


@pytest.fixture
def told():
    return []


@pytest.fixture
def quick_polls(monkeypatch):
    monkeypatch.setattr(invalidations.Pushed, "period", 0.01)
    monkeypatch.setattr(invalidations.Polled, "period", 0.01)
    monkeypatch.setattr(invalidations.Unknown, "period", 0.01)


def change(database):
    with database.transaction() as connection:
        root = connection.root()
        root["number"] = root.get("number", 0) + 1


class TestPushed:
    @pytest.fixture
    def source(self, database, told):
        source = open_source(database, told.append)
        assert isinstance(source, Pushed)
        yield source
        source.close()

    def test_every_commit_is_told(self, database, source, told):
        change(database)
        change(database)

        assert [set(oids) for oids in told] == [{OID}, {OID}]

    def test_a_storage_that_has_lost_its_connection_says_that_anything_may_have_changed(self, source, told):
        source._adapter.invalidateCache()

        assert told == [None]

    def test_to_settle_is_to_wait_until_all_connections_have_been_told(self, source):
        settled = threading.Event()
        thread = threading.Thread(target=lambda: (source.settle(), settled.set()))

        with source._adapter._lock:  # as while a commit is being told
            thread.start()
            assert not settled.wait(0.05)
        thread.join(10)

        assert settled.is_set()

    def test_a_snapshot_taken_after_settling_shows_what_was_told(self, database, source, told):
        """A commit is told to the connections one by one, perhaps to us first."""
        manager = transaction.TransactionManager(explicit=True)
        connection = database.open(manager)
        instance = connection._storage
        slow, released = instance._invalidate, threading.Event()
        instance._invalidate = lambda tid, oids: (released.wait(10), slow(tid, oids))
        source._adapter._instances = [source._instance, instance]
        writer = threading.Thread(target=source._adapter.invalidate, args=(b"\xff" * 8, [OID]))
        writer.start()
        while not told:
            pass
        assert instance._ltid < b"\xff" * 8

        threading.Timer(0.05, released.set).start()
        source.settle()

        assert instance._ltid == b"\xff" * 8
        writer.join()
        source._adapter._instances = {source._instance, instance}
        connection.close()

    def test_a_commit_that_was_not_told_is_found(self, database, source, told, caplog):
        source._adapter._instances.discard(source._instance)
        change(database)
        source._adapter._instances.add(source._instance)

        source.check()
        assert told == []  # it may be about to be told
        source.check()
        source.check()

        assert told == [None]
        assert "without telling" in caplog.text

    def test_nothing_is_found_when_all_was_told(self, database, source, told):
        change(database)

        for _ in range(3):
            source.check()

        assert told == [told[0]]

    def test_it_listens_no_more_when_closed(self, database, told):
        source = open_source(database, told.append)

        source.close()
        change(database)

        assert told == []

    def test_an_adapter_without_the_hooks_is_left_alone(self, database, monkeypatch, told):
        adapter = database._mvcc_storage
        monkeypatch.delattr(type(adapter.new_instance()), "_invalidateCache")

        with pytest.raises(AttributeError, match="_invalidate"):
            Pushed(database, told.append)


class TestPolled:
    @pytest.fixture
    def source(self, own_mvcc, told):
        source = open_source(own_mvcc, told.append)
        assert isinstance(source, Polled)
        yield source
        source.close()

    def test_what_has_changed_is_told_when_asked(self, own_mvcc, source, told):
        change(own_mvcc)
        assert told == []

        source.settle()
        source.check()
        source.check()

        assert [set(oids) for oids in told] == [{OID}]

    def test_it_says_so(self, source, caplog):
        assert ["polls the database" in record.getMessage() for record in caplog.get_records("setup")] == [True]


class TestUnknown:
    def test_anything_may_have_changed(self, told):
        source = open_source(object(), told.append)
        assert isinstance(source, Unknown)

        source.settle()
        source.check()
        source.close()

        assert told == [None]


class TestWatcher:
    @pytest.mark.parametrize("kind", ["database", "own_mvcc"])
    def test_a_bell_rings_whatever_the_storage(self, kind, request, quick_polls):
        database = request.getfixturevalue(kind)
        watcher = Watcher(database)

        with watcher.listen(OID) as bell:
            change(database)

            assert bell.wait(10)
        watcher.close()

    def test_one_may_subscribe_from_within_a_ring(self, database):
        watcher = Watcher(database)
        rung = []
        watcher.subscribe(OID, lambda: (rung.append(1), watcher.subscribe(b"another.", print)))

        change(database)

        assert rung == [1]
        watcher.close()

    def test_several_may_wait_for_one_object(self, database):
        watcher = Watcher(database)
        with watcher.listen(OID) as one, watcher.listen(OID) as two:
            change(database)

            assert one.wait(10)
            assert two.wait(10)
        watcher.close()

    def test_all_bells_ring_when_it_is_closed(self, database):
        watcher = Watcher(database)
        with watcher.listen(OID) as bell:
            watcher.close()

            assert bell.is_set()

    def test_a_database_that_fails_is_asked_again(self, database, quick_polls, monkeypatch, caplog):
        watcher = Watcher(database)
        answers = iter([OSError("no route"), OSError("no route")])
        asked = threading.Event()

        def last():
            failure = next(answers, None)
            if failure is not None:
                raise failure
            asked.set()
            return b"\0" * 8

        monkeypatch.setattr(watcher._source._adapter, "lastTransaction", last)
        with watcher.listen(OID):
            assert asked.wait(10)

        watcher.close()
        assert "no route" in caplog.text
