"""The tree as a request sees it: a connection of the pool, a snapshot that can be let go of and renewed.

Requests only read; changes go through the writer. So there is no transaction to commit, and nothing to retry.
"""

from typing import Any

import transaction
from pyramid.interfaces import VH_ROOT_KEY
from pyramid.request import Request

from pyramid_uws.tree import Root, get_root


class Snapshot:
    """One connection for the length of a request."""

    def __init__(self, site: Any) -> None:
        self._site = site
        self._manager = transaction.TransactionManager(explicit=True)
        self._connection = site.database.open(transaction_manager=self._manager)
        self._inside = False

    def renew(self) -> Root:
        """Return the root as of now; what was read before must not be used any more."""
        self.leave()
        self._manager.begin()
        self._inside = True
        root = get_root(self._connection)
        if root is None:
            raise LookupError("the database has no tree yet")
        root.offer(self._site.attributes)
        return root

    def leave(self) -> None:
        """Let go of the snapshot, before waiting for something."""
        if self._inside:
            self._inside = False
            self._manager.abort()

    def close(self) -> None:
        """Give the connection back."""
        self.leave()
        self._connection.close()


def open_snapshot(request: Request) -> Snapshot:
    """Open the request's snapshot; it is closed when the response has been made."""
    snapshot = Snapshot(request.registry.uws)
    request.add_finished_callback(lambda _request: snapshot.close())
    return snapshot


def root_factory(request: Request) -> Root:
    """Return the root for traversal, from which it starts whatever the client says.

    Pyramid lets a header, which any client can send, name another place to start from.
    """
    request.environ.pop(VH_ROOT_KEY, None)
    root: Root = request.uws_snapshot.renew()
    return root
