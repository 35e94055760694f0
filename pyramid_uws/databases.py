"""Opening the site's databases: the one of jobs, and beside it that of the archive if there is one."""

from pathlib import Path

import zodburi
from pyramid.exceptions import ConfigurationError
from zc.lockfile import LockError
from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from pyramid_uws.admin.looking import file_of
from pyramid_uws.execution.filestorage import check_whole, look_during_commits, take_room_first
from pyramid_uws.tree import ARCHIVE, LIVE

#: Connections kept open; more are made, with a warning, when more threads ask.
POOL = 64

#: Objects that each connection keeps in memory, unless the URI says otherwise; a kB each, or two.
CACHE = 3000


def open_databases(storage: str, archive: str) -> DB:
    """Open the database behind a zodburi, and beside it that of the archive unless its uri is empty."""
    if archive and _same_file(storage, archive):
        raise ConfigurationError(
            f"setting uws.archive.uri = {archive}: this is the database of the jobs, uws.storage; "
            "give the archive another one, or leave the setting away"
        )
    database = open_database(storage)
    if archive:
        try:
            open_database(archive, ARCHIVE, "archive.uri", database.databases)
        except BaseException:
            database.close()
            raise
    return database


def _same_file(one: str, other: str) -> bool:
    files = [file_of(uri) for uri in (one, other)]
    return None not in files and len({Path(file).resolve() for file in files if file}) == 1


def close_databases(database: DB) -> None:
    """Close a database and those beside it."""
    for each in list(database.databases.values()):
        each.close()


def open_database(
    uri: str, name: str = LIVE, setting: str = "storage", databases: dict[str, DB] | None = None
) -> DB:
    """Open the database behind a zodburi, under a name and among others."""
    try:
        make_storage, options = zodburi.resolve_uri(uri)
    except (KeyError, ValueError) as problem:
        raise ConfigurationError(
            f"setting uws.{setting} = {uri}: no such kind of storage ({problem})"
        ) from problem
    options = {key: value for key, value in options.items() if key in {"cache_size", "cache_size_bytes"}}
    if "connection_cache_size" not in uri:
        options["cache_size"] = CACHE
    file = file_of(uri)
    if file is not None:
        check_whole(file)
    try:
        storage = make_storage()
    except LockError as problem:
        raise LockError(f"{uri} is locked: another server, or uws-admin, is using it.") from problem
    if isinstance(storage, FileStorage) and not storage.isReadOnly():
        Path(storage.getName()).chmod(0o600)
        take_room_first(storage)
    database = DB(
        storage, pool_size=POOL, databases={} if databases is None else databases, database_name=name, **options
    )
    if isinstance(storage, FileStorage):
        look_during_commits(database, storage)
    return database
