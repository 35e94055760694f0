"""Looking into the database, whether a server runs or not.

A server holds the lock of its file storage, so that is opened read-only; other storages are opened like any
client of theirs opens them. Whatever a look finds is values, for the database is closed behind it.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import zc.lockfile
import zodburi
from ZODB.DB import DB
from ZODB.POSException import ReadOnlyError

from pyramid_uws.exceptions import UWSError
from pyramid_uws.execution.reading import Reader
from pyramid_uws.settings import Settings
from pyramid_uws.tree import ARCHIVE, LIVE, Root

T = TypeVar("T")

_FILE = "file://"

#: How often a look is repeated when the file was replaced meanwhile, which is what packing does.
ATTEMPTS = 5


class NoDatabase(UWSError):
    """There is nothing to look into."""


class Locked(UWSError):
    """Another process has the database for itself."""


def look(settings: Settings, find: Callable[[Root], T]) -> T:
    """Return what ``find`` finds in the tree of the site's database, the archive beside it."""
    for _ in range(ATTEMPTS - 1):
        before = _identities(settings)
        try:
            return _look_once(settings, find)
        except Exception:
            # Index and file are read one after the other; if they were replaced in between, anything may happen.
            if _identities(settings) == before:
                raise
    return _look_once(settings, find)


def _look_once(settings: Settings, find: Callable[[Root], T]) -> T:
    with ExitStack() as stack:
        database = stack.enter_context(_database(settings.storage, LIVE, {}))
        if settings.archive_uri:
            with suppress(NoDatabase):  # the server makes it at its next start
                stack.enter_context(_database(settings.archive_uri, ARCHIVE, database.databases))
        reader = Reader(database)
        try:
            with reader.reading() as root:
                return find(root)
        except LookupError as problem:
            if type(problem) is not LookupError:
                raise
            raise _empty(settings.storage) from problem
        finally:
            reader.close()


@contextmanager
def _database(storage: str, name: str, databases: dict[str, DB]) -> Iterator[DB]:
    make_storage, _ = zodburi.resolve_uri(_read_only(storage))
    with locked_is_said(storage):
        try:
            opened = make_storage()
        except FileNotFoundError as problem:
            raise NoDatabase(
                f"There is no database at {shown(storage)} yet. The server makes it at its first start; if it has "
                "been started, were its variables (name=value) given here, too?"
            ) from problem
    try:
        database = DB(opened, databases=databases, database_name=name)
    except BaseException as problem:
        opened.close()
        if isinstance(problem, ReadOnlyError):  # it wanted to make the root of a database that has nothing in it
            raise _empty(storage) from problem
        raise
    try:
        yield database
    finally:
        database.close()


def sizes(root: Root) -> dict[str, int]:
    """Return the sizes of the databases in bytes, by their names among themselves."""
    databases = root._p_jar.db().databases  # noqa: SLF001 - persistent's public way to the database
    return {name: int(database.getSize()) for name, database in databases.items()}


@contextmanager
def locked_is_said(storage: str) -> Iterator[None]:
    """Say what it means when a file storage is locked."""
    try:
        yield
    except zc.lockfile.LockError as problem:
        raise Locked(
            f"The database {shown(storage)} is locked by another process that does not answer at the control "
            "socket: a server that is just starting or stopping, or another command. Try again in a moment."
        ) from problem


def file_of(storage: str) -> Path | None:
    """Return the file of a file storage, None for any other kind."""
    if not storage.startswith(_FILE):
        return None
    return Path(storage.removeprefix(_FILE).partition("?")[0])


def shown(storage: str) -> str:
    """Return the zodburi without the passwords that may be in it."""
    file = file_of(storage)
    if file is not None:
        return str(file)
    parts = urlsplit(storage)
    return (
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else f"{parts.scheme}:…"
    )


def _read_only(storage: str) -> str:
    """Return the zodburi with which a file storage is only read; that of others as it is."""
    if file_of(storage) is None:
        return storage
    path, _, query = storage.partition("?")
    options = [(name, value) for name, value in parse_qsl(query) if name not in {"create", "read_only"}]
    return f"{path}?{urlencode([*options, ('read_only', '1')])}"


def _identity(storage: str) -> tuple[int, ...] | None:
    """Return what tells one file from another in its place; the number of an inode is soon used again."""
    file = file_of(storage)
    try:
        found = None if file is None else file.stat()
    except FileNotFoundError:
        found = None
    return None if found is None else (found.st_dev, found.st_ino, found.st_ctime_ns)


def _identities(settings: Settings) -> tuple[tuple[int, ...] | None, ...]:
    return _identity(settings.storage), _identity(settings.archive_uri)


def _empty(storage: str) -> NoDatabase:
    return NoDatabase(f"The database {shown(storage)} is empty: no server has worked on it yet.")
