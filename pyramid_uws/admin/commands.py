"""The commands: each looks or acts, says what it has found or done, and returns the exit status."""

import argparse
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyramid_uws.auth.keys import AuthSettings
from pyramid_uws.exceptions import UWSError
from pyramid_uws.settings import Settings
from pyramid_uws.tree import ARCHIVE, LIVE, Root, job_renderers
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.jobfilter import JobFilter
from pyramid_uws.uws.limits import SECOND
from pyramid_uws.uws.phases import ARCHIVED

from .accounts import Told, change_tokens, change_users
from .acting import Visit, act_on, performing, ping
from .client import NoAnswer
from .console import Console
from .finding import Choice, Unclear, find_one, job_at
from .jobs import describe, description_lines, export, job_lines, list_jobs, summary
from .looking import file_of, look, shown, sizes
from .quotas import list_quotas, show_standing
from .quotawords import check_key, read_assignments, shown_subject
from .record import Describe, record_of
from .status import status, status_lines
from .text import count, facts, size

DONE = 0
NOT_DONE = 1

_DAY = 86400 * SECOND


@dataclass(frozen=True)
class Call:
    """One run of the command: its options, the site's settings, the console, and how to open the site itself.

    ``describe`` tells what is configured without opening it.
    """

    options: argparse.Namespace
    settings: Settings
    auth: AuthSettings
    console: Console
    visit: Visit
    describe: Describe


# Looking


def run_status(call: Call) -> int:
    """Show what runs; a server that listens but does not answer is a failure."""
    server, problem = None, None
    try:
        server = ping(call.settings)
    except NoAnswer as no_answer:
        problem = no_answer.message
    found = status(call.settings, server, answers=problem is None)
    call.console.say(status_lines(found))
    call.console.give(found)
    if problem is not None:
        call.console.complain(problem)
        return NOT_DONE
    return DONE


def run_jobs(call: Call) -> int:
    """List jobs."""
    options = call.options
    choice = Choice(
        JobFilter(frozenset(options.phase or ()), options.after, options.last), options.service, options.owner
    )
    jobs = look(call.settings, lambda root: list_jobs(root, choice))
    call.console.say(job_lines(jobs) if jobs else ["no such jobs"])
    call.console.give(jobs)
    return DONE


def run_archive(call: Call) -> int:
    """List the archived jobs, or export them into a file that is there only when it is whole."""
    options = call.options
    archived = JobFilter(frozenset({ARCHIVED}), options.since)
    choice = Choice(archived, options.service, options.owner, options.until)
    if options.export is None:
        jobs = look(call.settings, lambda root: list_jobs(root, choice))
        call.console.say(job_lines(jobs) if jobs else ["no such jobs"])
        call.console.give(jobs)
        return DONE
    draft = options.export.with_name(f".{options.export.name}.{os.getpid()}")
    try:
        number = look(call.settings, lambda root: _export(root, choice, call.settings, draft))
        draft.replace(options.export)
    except OSError as problem:
        raise UWSError(f"{options.export} cannot be written: {problem.strerror or problem}.") from problem
    finally:
        draft.unlink(missing_ok=True)
    call.console.say([f"{count(number, 'job')} in {options.export}"])
    call.console.give({"jobs": number, "file": str(options.export)})
    return DONE


def _export(root: Root, choice: Choice, settings: Settings, file: Path) -> int:
    """Write the jobs into a private file, anew if it is there."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        return export(root, choice, settings, stream)


def run_show(call: Call) -> int:
    """Show one job."""
    job = look(call.settings, lambda root: describe(root, call.options.job, call.settings))
    call.console.say(description_lines(job))
    call.console.give(job)
    return DONE


def run_record(call: Call) -> int:
    """Print the registry record of a service."""
    text = record_of(call.settings, call.describe(), call.options.service)
    call.console.say([text.rstrip("\n")])
    call.console.give({"service": call.options.service, "record": text})
    return DONE


# Acting on jobs


def run_abort(call: Call) -> int:
    """Abort the jobs named."""
    jobs, unclear = _named(call)
    return _act(call, "abort", jobs, unclear)


def run_delete(call: Call) -> int:
    """Delete the jobs named, or chosen."""
    options = call.options
    if options.jobs:
        jobs, unclear = _named(call)
        return _act(call, "delete", jobs, unclear)
    before = None if options.older_than is None else int(now() - options.older_than * _DAY)
    choice = Choice(JobFilter(frozenset(options.phase or ())), options.service, before=before)
    jobs = look(call.settings, lambda root: list_jobs(root, choice))
    return _act(call, "delete", jobs, in_phase=True)


def run_reap(call: Call) -> int:
    """Destroy the jobs whose time is up."""
    return _act(call, "reap", look(call.settings, _expired))


def _named(call: Call) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the jobs that were named, and for each name that means none or several a sentence."""

    def find(root: Root) -> tuple[list[dict[str, Any]], list[str]]:
        jobs: dict[str, dict[str, Any]] = {}
        unclear = []
        for text in call.options.jobs:
            try:
                job = job_at(root, find_one(root, text))
            except Unclear as problem:
                unclear.append(problem.message)
            else:
                jobs[job.job_id] = summary(job.__parent__.__parent__, job)
        return list(jobs.values()), unclear

    return look(call.settings, find)


def _expired(root: Root) -> list[dict[str, Any]]:
    instant = now()
    return [
        summary(renderer, renderer.joblist[job_id])
        for renderer in job_renderers(root)
        for job_id in renderer.joblist.expired(instant)
    ]


def _act(
    call: Call, name: str, jobs: list[dict[str, Any]], unclear: Sequence[str] = (), *, in_phase: bool = False
) -> int:
    """Do it to the jobs, with consent; ``in_phase``: only to those that are then in the phase listed."""
    for sentence in unclear:
        call.console.complain(sentence)
    if not jobs and not unclear:
        call.console.say([f"There is nothing to {name}."])
    done = not jobs or _carry_out(call, name, jobs, in_phase=in_phase)
    call.console.give({"dryRun": call.options.dry_run, "jobs": jobs, "unclear": list(unclear)})
    return DONE if done and not unclear else NOT_DONE


def _carry_out(call: Call, name: str, jobs: list[dict[str, Any]], *, in_phase: bool) -> bool:
    """List the jobs, ask, and do it; tell whether everything was done that was wanted."""
    deed = f"{name} {'this job' if len(jobs) == 1 else f'these {len(jobs)} jobs'}"
    if not _agreed(call, list(job_lines(jobs)), deed):
        return bool(call.options.dry_run)
    requests = [_request(job, in_phase=in_phase) for job in jobs]
    with performing(call.settings, call.visit) as perform:
        outcomes = [_told(call, outcome) for outcome in act_on(perform, name, requests)]
    for job, outcome in zip(jobs, outcomes, strict=True):
        job |= {"done": outcome["done"], "note": outcome["note"]}
    return all(outcome["done"] for outcome in outcomes)


def _request(job: Mapping[str, Any], *, in_phase: bool) -> dict[str, Any]:
    named = {"service": job["service"], "renderer": job["renderer"], "job_id": job["jobId"]}
    return {**named, "phase": job["phase"]} if in_phase else named


def _told(call: Call, outcome: dict[str, Any]) -> dict[str, Any]:
    if outcome["done"]:
        call.console.say([f"{outcome['job_id']}  {outcome['note']}"])
    else:
        call.console.complain(outcome["note"])
    return outcome


def _agreed(call: Call, lines: Iterable[str], deed: str) -> bool:
    """List what is to be done; tell whether it is to be done now."""
    lines = list(lines)
    call.console.say([*lines, ""])
    if call.options.dry_run:
        call.console.say([f"With --dry-run nothing is done. It would {deed}."])
        return False
    if call.options.yes or call.console.confirm(lines, f"{deed[0].upper()}{deed[1:]}?"):
        return True
    call.console.complain("nothing was done")
    return False


# Acting on the database


def run_pack(call: Call) -> int:
    """Pack the database."""
    days = call.options.days
    lines = list(_before_packing(call.settings, days))
    if not _agreed(call, lines, "pack the database"):
        call.console.give({"dryRun": call.options.dry_run})
        return DONE if call.options.dry_run else NOT_DONE
    with performing(call.settings, call.visit) as perform:
        packed = perform({"do": "pack", "days": days})
    call.console.say([f"packed from {size(packed['before'])} to {size(packed['after'])}"])
    call.console.give({"dryRun": False, "bytesBefore": packed["before"], "bytesAfter": packed["after"]})
    return DONE


def _before_packing(settings: Settings, days: float) -> Iterable[str]:
    octets = look(settings, sizes)
    storages = {LIVE: settings.storage, ARCHIVE: settings.archive_uri}
    names = {LIVE: "database", ARCHIVE: "archive"}
    files = [file.name for storage in storages.values() if (file := file_of(storage)) is not None]
    yield from facts(
        [
            *((names[name], f"{size(octets[name])} in {shown(storages[name])}") for name in octets),
            ("drops", f"what was replaced or deleted more than {count(days, 'day')} ago"),
            ("keeps", _kept(files) if files else None),
        ]
    )


def _kept(files: Sequence[str]) -> str:
    if len(files) == 1:
        return f"its file as it is now, as {files[0]}.old, until it is packed again"
    copies = " and ".join(f"{file}.old" for file in files)
    return f"their files as they are now, as {copies}, until they are packed again"


# Accounts


def run_user(call: Call) -> int:
    """Add, change, list or remove users."""
    return _tell(call, change_users(call.options, call.settings, call.auth))


def run_token(call: Call) -> int:
    """Create, list or revoke tokens."""
    return _tell(call, change_tokens(call.options, call.settings, call.auth))


def run_quota(call: Call) -> int:
    """Set, forget, list or show quotas."""
    options, settings = call.options, call.settings
    if options.verb == "list":
        return _tell(call, look(settings, lambda root: list_quotas(root, settings)))
    if options.verb == "show":
        return _tell(call, look(settings, lambda root: show_standing(root, settings, options)))
    name = shown_subject(options.subject)
    if options.verb == "set":
        request: dict[str, Any] = {"do": "set quota", "values": read_assignments(options.values)}
    else:
        request = {"do": "unset quota", "keys": list(map(check_key, options.values))}
    with performing(settings, call.visit) as perform:
        value = perform({**request, "name": name})
    if options.verb == "set":
        said = " ".join(f"{key}={number}" for key, number in value.items())
        return _tell(call, Told([f"{name}: {said}"], {"name": name, "set": value}))
    if not value:
        call.console.complain(
            f"Nothing of the kind was set for {name} by this command; the ini file is not changed."
        )
        return NOT_DONE
    return _tell(call, Told([f"{name}: forgotten"], {"name": name, "unset": options.values}))


def _tell(call: Call, told: Told) -> int:
    call.console.say(told.lines)
    call.console.give(told.value)
    return DONE


COMMANDS: Mapping[str, Callable[[Call], int]] = {
    "status": run_status,
    "jobs": run_jobs,
    "show": run_show,
    "abort": run_abort,
    "delete": run_delete,
    "reap": run_reap,
    "archive": run_archive,
    "pack": run_pack,
    "user": run_user,
    "token": run_token,
    "quota": run_quota,
    "record": run_record,
}
