"""Reading the tree from a thread that is no request: a connection of one's own, a snapshot each time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import transaction

from pyramid_uws.tree import Root, get_root


class Reader:
    """A connection for one thread; opened at the first use."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._manager = transaction.TransactionManager(explicit=True)
        self._connection: Any = None

    @contextmanager
    def reading(self) -> Iterator[Root]:
        """Yield the root as of now; what is reached from it must not be used after the block."""
        if self._connection is None:
            self._connection = self._database.open(transaction_manager=self._manager)
        self._manager.begin()
        try:
            root = get_root(self._connection)
            if root is None:
                raise LookupError("the database has no tree yet")
            yield root
        finally:
            self._manager.abort()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
