"""What becomes of jobs at their destruction time: they are removed, or archived if their service says so.

Where the archive is a database of its own, that takes two transactions: the first puts a copy on the shelf, the
second takes the job out of its list. No commit to two databases is a stroke that a crash could not cut in two.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from pyramid_uws.definition import Definitions, ServiceDefinition
from pyramid_uws.observing.activity import actor
from pyramid_uws.tree import Job, Root, has_archive
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import now

from .changes import hand_over
from .moving import move, note, note_act
from .runs import Address
from .writer import Journal, Writer


def reap_all(
    writer: Writer, addresses: Iterable[Address], definitions: Definitions
) -> list[tuple[Address, Future[bool]]]:
    """Destroy or archive the jobs whose time is up; the futures tell of which it was.

    The files go afterwards: by then the jobs are not named any more, or name none of them.
    """
    instant = now()
    named = [(address, definitions.get(address.service)) for address in addresses]
    steps = [
        (address, definition, hand_over(writer, shelve(address, definition, instant)))
        for address, definition in named
    ]
    return [
        (address, done if done.exception() else hand_over(writer, reap(address, definition, instant)))
        for address, definition, done in steps
    ]


def shelve(
    address: Address, definition: ServiceDefinition | None, instant: int
) -> Callable[[Root, Journal], bool]:
    """Put a copy of a job that is to be archived into the archive's database, if there is one."""

    def change(root: Root, _journal: Journal) -> bool:
        joblist = address.joblist(root)
        job = joblist.get(address.job_id)
        wanted = _is_due(job, instant) and _archives(definition) and has_archive(joblist)
        if wanted:
            joblist.shelve(job, ended=job.ended or instant, **_kept(job))
        return wanted

    return change


def reap(address: Address, definition: ServiceDefinition | None, instant: int) -> Callable[[Root, Journal], bool]:
    """Destroy a job whose time is up, or archive it if its service says so; tells whether it did.

    One that is on the shelf leaves its list, another is archived there.
    """
    by = actor()

    def change(root: Root, journal: Journal) -> bool:
        joblist = address.joblist(root)
        job = joblist.get(address.job_id)
        if job.phase == phases.ARCHIVED:
            return False
        if not _is_due(job, instant):  # somebody has put it off meanwhile
            joblist.unshelve(job)
            return False
        if not _archives(definition):
            joblist.remove(job.job_id)
            note(journal, joblist, job, job.phase, None)
            note_act(journal, joblist, job, "destroyed", by, phase=job.phase)
            return True
        if job.phase not in phases.FINAL:
            move(journal, joblist, job, phases.ABORTED, ended=instant, quote=None)
        if joblist.is_shelved(job.job_id):
            joblist.let_go(job.job_id)
            note(journal, joblist, job, job.phase, phases.ARCHIVED)
        else:
            move(journal, joblist, job, phases.ARCHIVED, **_kept(job))
        note_act(journal, joblist, job, "archived", by)
        return True

    return change


def _archives(definition: ServiceDefinition | None) -> bool:
    return definition is not None and definition.on_destruction == "archive"


def _is_due(job: Job, instant: int) -> bool:
    return job.phase != phases.ARCHIVED and job.destruction is not None and job.destruction <= instant


def _kept(job: Job) -> dict[str, Any]:
    """Return what changes when only the memory of a job is kept."""
    return {"quote": None, "former": job.results, "results": (), "references": ()}
