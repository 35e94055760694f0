"""Lines and the gate in a real database that several processes change: what meets is merged, or done again."""

import pytest
import transaction
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError

from pyramid_uws.tree import Root
from pyramid_uws.tree.lines import Lines, Mark


@pytest.fixture
def database(tmp_path):
    database = DB(FileStorage(str(tmp_path / "test.fs")))
    yield database
    database.close()


@pytest.fixture
def open_two(database):
    """Return a function that stores an object and returns it as two connections see it, with their managers."""
    connections = []

    def open_two(thing):
        with database.transaction() as connection:
            connection.root()["thing"] = thing
        found = []
        for _ in range(2):
            manager = transaction.TransactionManager()
            connections.append(database.open(manager))
            found += [connections[-1].root()["thing"], manager]
        return found

    yield open_two
    for connection in connections:
        connection.transaction_manager.abort()
        connection.close()


def place(number, owner="alice"):
    return Mark(0, owner, number, f"job {number}")


def lines_of(*marks):
    lines = Lines()
    for mark in marks:
        lines.add(mark)
    return lines


@pytest.mark.parametrize("taker_first", [True, False])
def test_a_job_that_comes_as_its_line_is_emptied_is_not_lost(open_two, taker_first):
    web, webs, worker, workers = open_two(lines_of(place(1)))
    web.add(place(2))
    worker.remove(place(1))

    first, second = (workers, webs) if taker_first else (webs, workers)
    first.commit()

    with pytest.raises(ConflictError):
        second.commit()


def test_who_takes_from_a_line_does_not_hinder_who_adds_to_it(open_two):
    web, webs, worker, workers = open_two(lines_of(*map(place, range(95))))
    web.add(place(200))
    worker.remove(place(0))
    worker.pass_turn("alice", 0, 500)

    webs.commit()
    workers.commit()

    workers.begin()
    assert [job_id for turn in worker.in_turn() for job_id in turn.job_ids] == [
        f"job {number}" for number in [*range(1, 95), 200]
    ]
    assert worker.size() == worker.size_of("alice") == 95


def test_of_two_who_pass_the_gate_at_once_one_has_to_come_again(open_two):
    one, ones, other, others = open_two(Root())
    one.pass_gate()
    ones.commit()
    others.begin()
    one.pass_gate()
    other.pass_gate()
    ones.commit()

    with pytest.raises(ConflictError):
        others.commit()
