"""Snapshots: what a request sees, and what it leaves to the next one."""

from types import SimpleNamespace

import pytest
from pyramid.request import Request
from ZODB.DB import DB
from ZODB.MappingStorage import MappingStorage

from pyramid_uws.snapshot import Snapshots, root_factory, take_over
from pyramid_uws.tree import Root
from pyramid_uws.tree.shelf import ROOT_KEY


@pytest.fixture
def databases():
    """The site's database and another beside it, each with a tree."""
    several = {}
    DB(MappingStorage(), databases=several, database_name="live")
    DB(MappingStorage(), databases=several, database_name="other")
    for database in several.values():
        with database.transaction() as connection:
            connection.root()[ROOT_KEY] = Root()
    yield several
    for database in several.values():
        database.close()


@pytest.fixture
def site(databases):
    site = SimpleNamespace(database=databases["live"], attributes={}, rights={})
    site.snapshots = Snapshots(site)
    return site


@pytest.fixture
def ask(site):
    def ask():
        request = Request.blank("/")
        request.registry = SimpleNamespace(uws=site)
        return request, root_factory(request)

    return ask


def add(database, name):
    with database.transaction() as connection:
        connection.root()[ROOT_KEY].add(name)


def names(root):
    return [service.__name__ for service in root]


def test_a_request_sees_what_was_there_when_it_came(databases, ask):
    _, root = ask()

    add(databases["live"], "late")

    assert names(root) == []
    assert names(ask()[1]) == ["late"]


def test_a_snapshot_can_be_renewed(databases, ask):
    request, _ = ask()
    add(databases["live"], "late")

    request.uws_snapshot.leave()

    assert names(request.uws_snapshot.renew()) == ["late"]


def test_the_next_request_uses_the_same_connections_and_sees_what_is_new(databases, ask):
    request, first = ask()
    request._process_finished_callbacks()
    for database in databases.values():
        add(database, "late")

    _, root = ask()

    assert root is first
    assert names(root) == ["late"]
    assert names(root._p_jar.get_connection("other").root()[ROOT_KEY]) == ["late"]


def test_requests_at_the_same_time_have_snapshots_of_their_own(databases, ask):
    _, first = ask()
    add(databases["live"], "late")
    _, second = ask()

    assert (names(first), names(second)) == ([], ["late"])


def test_a_snapshot_that_was_taken_over_is_not_given_to_another_request(databases, ask, site):
    request, root = ask()
    snapshot = take_over(request)
    request._process_finished_callbacks()
    add(databases["live"], "late")

    assert ask()[1] is not root
    assert names(root) == []
    site.snapshots.give_back(snapshot)
    assert ask()[1] is root


def test_a_database_without_a_tree_says_so(databases, ask):
    with databases["live"].transaction() as connection:
        del connection.root()[ROOT_KEY]

    with pytest.raises(LookupError, match="no tree"):
        ask()
