"""Accounts in a real database: counted with the jobs, whoever writes, and for trees that had none."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from pyramid_uws.exceptions import Rejected
from pyramid_uws.execution.quotas import QuotaKeeper
from pyramid_uws.execution.reading import Reader
from pyramid_uws.execution.writer import Writer
from pyramid_uws.tree import AsyncRenderer, Job, book_of, count_all, find_joblist, match_tree
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.quotas import ADDRESS, USERS, Payer

SERVICES = {"s": {"async": AsyncRenderer}}
FILE = ("f", "text/plain", 10, "1")


@pytest.fixture
def database(tmp_path):
    database = DB(FileStorage(str(tmp_path / "uws.fs")))
    yield database
    database.close()


@pytest.fixture
def writers(database):
    """Three writers of one database, which are to it what three processes are."""
    writers = [Writer(database, lambda _journal: None) for _ in range(3)]
    for writer in writers:
        writer.start()
    writers[0].do(lambda root, _journal: match_tree(root, SERVICES))
    yield writers
    for writer in writers:
        writer.stop()


def add(owner, quotas=None, **facts):
    """Return the change that makes a job, if there may be one."""

    def change(root, _journal):
        if quotas is not None:
            quotas.admit(root, Payer(owner or ""), 0)
        job = Job(new_id(now()), created=now(), execution_duration=1, owner=owner, **facts)
        find_joblist(root, "s", "async").add(job)
        return job.job_id

    return change


def bring(job_id):
    """Return the change by which a job brings a result."""

    def change(root, _journal):
        joblist = find_joblist(root, "s", "async")
        joblist.update(joblist[job_id], results=(FILE,))

    return change


def look(database, find):
    reader = Reader(database)
    try:
        with reader.reading() as root:
            return find(root)
    finally:
        reader.close()


def counted(database):
    return look(database, lambda root: {name: account.weight for name, account in root.accounts.items()})


class TestSeveralWriters:
    def test_together_they_make_no_more_jobs_than_there_may_be(self, database, writers):
        quotas = QuotaKeeper({USERS: {"jobs": 7}})

        def attempt(number):
            with suppress(Rejected):
                return writers[number % 3].do(add("alice", quotas))

        with ThreadPoolExecutor(24) as clients:
            made = [job_id for job_id in clients.map(attempt, range(60)) if job_id]

        assert len(made) == 7
        assert counted(database) == {"alice": (7, 0)} == look(database, count_all)

    def test_what_they_bring_and_remove_is_all_counted(self, database, writers):
        def life(number):
            one, two, three = (writers[(number + step) % 3] for step in range(3))
            job_id = one.do(add(("alice", "bob")[number % 2], references=(FILE,)))
            two.do(bring(job_id))
            if number % 4 < 2:
                three.do(lambda root, _journal: find_joblist(root, "s", "async").remove(job_id))

        with ThreadPoolExecutor(12) as clients:
            list(clients.map(life, range(60)))

        assert counted(database) == look(database, count_all)
        assert counted(database)["alice"] == (15, 300)

    def test_an_account_that_was_emptied_begins_anew(self, database, writers):
        def turn(number):
            job_id = writers[number % 3].do(add("alice"))
            writers[(number + 1) % 3].do(lambda root, _journal: find_joblist(root, "s", "async").remove(job_id))

        with ThreadPoolExecutor(6) as clients:
            list(clients.map(turn, range(60)))

        assert counted(database) == {} == look(database, count_all)


class TestEarlierVersions:
    def test_their_trees_are_counted_when_they_are_matched(self, database, writers):
        writer = writers[0]
        for facts in ({"owner": "alice", "references": (FILE,)}, {"owner": "alice"}, {"owner": None}):
            writer.do(add(**facts))

        def forget(root, _journal):
            del root.accounts, root.quotas

        writer.do(forget)
        assert look(database, lambda root: (root.accounts, root.quotas, root.weight("alice"))) == (
            None,
            None,
            (0, 0),
        )

        writer.do(lambda root, _journal: match_tree(root, SERVICES))
        assert counted(database) == {"alice": (2, 10)}
        assert look(database, lambda root: root.quotas.entries) == {}

    def test_jobs_without_owner_count_for_their_address_if_it_is_known(self, database, writers):
        writers[0].do(add(None, origin=f"{ADDRESS}192.0.2.1"))
        writers[0].do(add(None))

        assert counted(database) == {f"{ADDRESS}192.0.2.1": (1, 0)}


def test_what_operators_say_is_seen_in_each_copy_of_the_tree(database, writers):
    quotas = QuotaKeeper({USERS: {"jobs": 7}})
    reader = Reader(database)
    with reader.reading() as before:
        assert quotas.of(before, Payer("alice")).jobs == 7
        writers[0].do(lambda root, _journal: book_of(root).set("alice", {"jobs": 1}))
        assert quotas.of(before, Payer("alice")).jobs == 7
    with reader.reading() as after:
        assert quotas.of(after, Payer("alice")).jobs == 1
    reader.close()
