"""The tree as a request sees it: a snapshot that can be let go of and renewed.

Requests only read; changes go through the writer. So there is no transaction to commit, and nothing to retry: a
connection is told where a transaction would begin and end, which is all that reading needs of one.
"""

import itertools
from typing import Any

import transaction
from pyramid.interfaces import VH_ROOT_KEY
from pyramid.request import Request

from pyramid_uws.tree import Root, get_root

#: One request in so many uses the snapshot that was idle for longest.
ROTATION = 50


class Snapshot:
    """One connection (to each of the site's databases), for one request at a time."""

    def __init__(self, site: Any) -> None:
        self._site = site
        manager = transaction.TransactionManager(explicit=True)
        manager.begin()  # and never ended: nothing is written, and a database that is closed asks for one
        self._connection = site.database.open(manager)
        for name in site.database.databases:
            self._connection.get_connection(name)
        # Ours comes first: what moves from it to another is seen twice at worst, never nowhere.
        self._connections = tuple(self._connection.connections.values())

    def renew(self) -> Root:
        """Return the root as of now; what was read before must not be used any more."""
        for connection in self._connections:
            connection.newTransaction(None)
        root = get_root(self._connection)
        if root is None:
            raise LookupError("the database has no tree yet")
        root.offer(self._site.attributes, self._site.rights)
        return root

    def leave(self) -> None:
        """Let go of the snapshot: before waiting for something, and when the request is done."""
        for connection in self._connections:
            connection.afterCompletion(None)

    def forget(self) -> None:
        """Drop what was read, but for what was read last; for a long walk through the tree."""
        self._connection.cacheGC()


class Snapshots:
    """The snapshots of a site: as many as there are requests at once, used again and again."""

    def __init__(self, site: Any) -> None:
        self._site = site
        self._idle: list[Snapshot] = []
        self._taken = itertools.count(1)

    def take(self) -> Snapshot:
        """Return one that nobody uses, the one used last if there are several.

        Now and then it is the one that was idle for longest: ZODB notes for each what has changed meanwhile.
        """
        try:
            return self._idle.pop(0 if next(self._taken) % ROTATION == 0 else -1)
        except IndexError:
            return Snapshot(self._site)

    def give_back(self, snapshot: Snapshot) -> None:
        """Take one back."""
        snapshot.leave()
        self._idle.append(snapshot)


def root_factory(request: Request) -> Root:
    """Open the request's snapshot; return the root for traversal, from which it starts whatever the client says.

    Pyramid lets a header, which any client can send, name another place to start from.
    """
    request.environ.pop(VH_ROOT_KEY, None)
    request.uws_snapshot = request.registry.uws.snapshots.take()
    request.add_finished_callback(_give_back)
    root: Root = request.uws_snapshot.renew()
    return root


def take_over(request: Request) -> Snapshot:
    """Return the request's snapshot, which the caller will give back: an answer may go on after its request."""
    snapshot: Snapshot = request.uws_snapshot
    request.uws_snapshot = None
    return snapshot


def _give_back(request: Request) -> None:
    if request.uws_snapshot is not None:
        request.registry.uws.snapshots.give_back(request.uws_snapshot)
