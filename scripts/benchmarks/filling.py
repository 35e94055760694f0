"""Databases with many jobs, made through the tree's own code in a process of its own, without a server.

python -m benchmarks.filling STORAGE COUNT [--pending] [--owned N]     makes a database
python -m benchmarks.filling STORAGE --execute N                       lets N of its jobs be EXECUTING
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import transaction

from pyramid_uws.databases import open_database
from pyramid_uws.tree import AsyncRenderer, Job, Joblist, Root, find_joblist, get_root, match_tree
from pyramid_uws.tree.shelf import ROOT_KEY
from pyramid_uws.uws.ids import new_id

from .servers import SCRIPTS

#: Where the jobs are, and who has some of them.
SERVICE = "archive"
OWNER = "astronomer"

#: So many of the jobs are in a rare phase, and so many wait to be run.
RARE = 10
WAITING = 40

BATCH = 10_000
SECOND = 1_000_000
YEAR = 365 * 86400 * SECOND


def fill(storage: Path, count: int, *, pending: bool = False, owned: int = 0) -> float:
    """Make a database in another process; return how many seconds that took."""
    options = [str(count), *(["--pending"] if pending else []), "--owned", str(owned)]
    return _call(storage, *options)


def let_execute(storage: Path, count: int) -> None:
    """Let so many jobs of a database be EXECUTING; no server may have it open."""
    _call(storage, "--execute", str(count))


def _call(storage: Path, *arguments: str) -> float:
    command = [sys.executable, "-m", "benchmarks.filling", str(storage), *arguments]
    output = subprocess.run(command, cwd=SCRIPTS, check=True, capture_output=True, text=True).stdout
    return float(json.loads(output)["seconds"])


@contextmanager
def _opened(storage: Path) -> Iterator[tuple[Any, Any]]:
    """Yield a connection and its transaction manager."""
    database = open_database(f"file://{storage}")
    manager = transaction.TransactionManager(explicit=True)
    connection = database.open(transaction_manager=manager)
    try:
        yield connection, manager
    finally:
        connection.close()
        database.close()


def _make(storage: Path, count: int, pending: bool, owned: int) -> None:
    instant = time.time_ns() // 1000
    with _opened(storage) as (connection, manager):
        with manager:
            connection.root()[ROOT_KEY] = Root()
            match_tree(get_root(connection), {SERVICE: {"async": AsyncRenderer}})
        for begin in range(0, count, BATCH):
            with manager:
                joblist = find_joblist(get_root(connection), SERVICE, "async")
                for number in range(begin, min(begin + BATCH, count)):
                    facts = _facts(number, count, pending, owned)
                    joblist.add(_job(instant - (count - number) * SECOND, instant + YEAR, facts))
            connection.cacheGC()


def _facts(number: int, count: int, pending: bool, owned: int) -> dict[str, Any]:
    """Say what the job of that number is like: mostly COMPLETED, some ERROR, few ABORTED or PENDING."""
    owner = OWNER if owned and number % (count // owned) == 0 else None
    if pending or (number < WAITING and owner is None):
        return {"phase": "PENDING", "owner": owner}
    ended: dict[str, Any] = {"owner": owner, "attempt": 1}
    if owner is None and number % (count // RARE) == count // RARE // 2 + 1:
        return {"phase": "ABORTED", **ended}
    if number % 100 == 99:
        return {"phase": "ERROR", "failure": ("fatal", "ValueError: it was bound to fail", ""), **ended}
    return {"phase": "COMPLETED", "results": (("result", "text/plain", 17, f"{number:064x}"),), **ended}


def _job(created: int, destruction: int, facts: dict[str, Any]) -> Job:
    if facts["phase"] != "PENDING":
        facts |= {"queued": created, "started": created + 1000, "ended": created + 60 * SECOND}
    return Job(
        new_id(created),
        created=created,
        execution_duration=3600,
        destruction=destruction,
        parameters=(("RA", "10.6847"), ("DEC", "41.2687"), ("SIZE", "0.25")),
        runid=None,
        **facts,
    )


def _execute(storage: Path, count: int) -> None:
    with _opened(storage) as (connection, manager), manager:
        joblist: Joblist = find_joblist(get_root(connection), SERVICE, "async")
        lacking = max(count - joblist.count_in("EXECUTING"), 0)
        for job in list(joblist.in_phase("PENDING"))[:lacking]:
            joblist.move(job, "PENDING", "QUEUED", queued=job.created)
            joblist.move(job, "QUEUED", "EXECUTING", started=job.created, attempt=1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("storage", type=Path)
    parser.add_argument("count", type=int, nargs="?", default=0)
    parser.add_argument("--pending", action="store_true")
    parser.add_argument("--owned", type=int, default=0)
    parser.add_argument("--execute", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()
    if given.execute:
        _execute(given.storage, given.execute)
    else:
        _make(given.storage, given.count, given.pending, given.owned)
    print(json.dumps({"seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main()
