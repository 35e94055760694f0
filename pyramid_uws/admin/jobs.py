"""Jobs as an operator sees them: a table of many, everything about one. Names are those of the JSON documents."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from pyramid_uws.exceptions import NoSuchThing
from pyramid_uws.execution.home import attempt_folder
from pyramid_uws.execution.jobdir import JobDirectory
from pyramid_uws.execution.processes import alive
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.settings import Settings
from pyramid_uws.tree import Job, JobRenderer, Root
from pyramid_uws.uws.instants import format_instant

from .finding import Choice, choose, find_one, job_at
from .text import block, facts, instant, printable, seconds, size, table

_HEAD = ("JOB", "SERVICE", "PHASE", "OWNER", "RUN ID", "CREATED", "RESULTS")

#: After how many jobs the database's cache is looked through, so that a long list needs little memory.
_BREATH = 1000


# Many


def list_jobs(root: Root, choice: Choice) -> list[dict[str, Any]]:
    """Return the chosen jobs, newest first."""
    found = []
    for number, (renderer, row) in enumerate(choose(root, choice), 1):
        found.append(summary(renderer, renderer.joblist[row.job_id]))
        if not number % _BREATH:
            root._p_jar.cacheGC()  # noqa: SLF001 - persistent's public way to its cache
    return found


def summary(renderer: JobRenderer, job: Job) -> dict[str, Any]:
    """Return what a table shows of a job."""
    return {
        "jobId": job.job_id,
        "service": renderer.__parent__.__name__,
        "renderer": renderer.__name__,
        "phase": job.phase,
        "ownerId": job.owner,
        "runId": job.runid,
        "creationTime": format_instant(job.created),
        "destruction": instant(job.destruction),
        "resultBytes": sum(result[2] for result in job.results),
    }


def job_lines(jobs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Write a table of jobs."""
    rows = [
        (
            job["jobId"],
            job["service"],
            job["phase"],
            job["ownerId"] or "-",
            job["runId"] or "-",
            seconds(job["creationTime"]),
            size(job["resultBytes"]),
        )
        for job in jobs
    ]
    yield from table(_HEAD, rows, right={"RESULTS"})


# One


def describe(root: Root, text: str, settings: Settings) -> dict[str, Any]:
    """Return everything about the one job that is meant."""
    return _description(job_at(root, find_one(root, text)), settings)


def export(root: Root, choice: Choice, settings: Settings, stream: IO[str]) -> int:
    """Write everything about the chosen jobs, a line of JSON for each; return how many they are."""
    number = 0
    for number, (renderer, row) in enumerate(choose(root, choice), 1):
        stream.write(json.dumps(_description(renderer.joblist[row.job_id], settings)) + "\n")
        if not number % _BREATH:
            root._p_jar.cacheGC()  # noqa: SLF001 - persistent's public way to its cache
    return number


def _description(job: Job, settings: Settings) -> dict[str, Any]:
    store = ResultStore(settings.results)
    log = store.log(job.job_id)
    return {
        **summary(job.__parent__.__parent__, job),
        **_life(job),
        "attempt": job.attempt,
        "progress": job.progress and {"fraction": job.progress[0], "text": job.progress[1]},
        "reason": job.reason,
        "error": job.failure and dict(zip(("type", "message", "detail"), job.failure, strict=True)),
        "parameters": [{"id": name, "value": value} for name, value in job.parameters],
        "files": [_file(store, job.job_id, reference) for reference in job.references],
        "results": [_result(store, job.job_id, result) for result in job.results],
        "formerResults": [
            dict(zip(("id", "mime-type", "size", "sha256"), result, strict=True)) for result in job.former
        ],
        "log": None if log is None else str(log),
        "worker": job.worker,
        "work": _work(settings, job),
    }


def _life(job: Job) -> dict[str, Any]:
    """Return the job's instants and how long it may run, in seconds."""
    return {
        "queuedTime": instant(job.queued),
        "startTime": instant(job.started),
        "endTime": instant(job.ended),
        "quote": instant(job.quote),
        "abortRequested": instant(job.abort_requested),
        "executionDuration": job.execution_duration,
    }


def _file(store: ResultStore, job_id: str, reference: tuple[str, str, int, str]) -> dict[str, Any]:
    name, media_type, count, file = reference
    try:
        path = str(store.reference(job_id, file))
    except NoSuchThing:
        path = None
    return {"id": name, "mimeType": media_type, "size": count, "file": path}


def _result(store: ResultStore, job_id: str, result: tuple[str, str, int, str]) -> dict[str, Any]:
    result_id, media_type, count, sha256 = result
    try:
        path = str(store.path(job_id, result_id))
    except NoSuchThing:
        path = None
    return {"id": result_id, "mimeType": media_type, "size": count, "sha256": sha256, "file": path}


def _work(settings: Settings, job: Job) -> dict[str, Any] | None:
    """Return where on this host the job runs, and the process that keeps it, if it runs."""
    folder = attempt_folder(settings, job.worker, f"{job.job_id}.{job.attempt}")
    if folder is None:
        return None
    keeper = JobDirectory(folder).keeper()
    return {"folder": str(folder), "pid": keeper.pid if keeper is not None and alive(keeper) else None}


def description_lines(job: Mapping[str, Any]) -> Iterator[str]:
    """Write everything about one job."""
    progress, work = job["progress"], job["work"] or {}
    yield from facts(
        [
            ("job", job["jobId"]),
            ("service", f"{job['service']}/{job['renderer']}"),
            ("phase", job["phase"]),
            ("owner", job["ownerId"] or "-"),
            ("run id", job["runId"] or "-"),
            ("created", seconds(job["creationTime"])),
            ("queued", seconds(job["queuedTime"])),
            ("started", seconds(job["startTime"])),
            ("ended", seconds(job["endTime"])),
            ("quote", seconds(job["quote"])),
            ("abort requested", seconds(job["abortRequested"])),
            ("destruction", seconds(job["destruction"]) or "never"),
            ("execution duration", f"{job['executionDuration']} s" if job["executionDuration"] else "unlimited"),
            ("attempt", job["attempt"]),
            ("progress", progress and f"{progress['fraction']:.0%} {progress['text']}"),
            ("reason", job["reason"]),
            ("works in", work.get("folder")),
            ("process", work.get("pid")),
            ("log", job["log"]),
        ]
    )
    yield from _parameter_lines(job)
    yield from _result_lines(job)
    yield from _error_lines(job["error"])


def _parameter_lines(job: Mapping[str, Any]) -> Iterator[str]:
    if not job["parameters"] and not job["files"]:
        return
    yield ""
    yield "parameters"
    yield from facts([(printable(item["id"]), item["value"]) for item in job["parameters"]], indent="  ")
    for item in job["files"]:
        where = item["file"] or "missing"
        yield f"  {printable(item['id'])}: {size(item['size'])} {printable(item['mimeType'])}, {where}"


def _result_lines(job: Mapping[str, Any]) -> Iterator[str]:
    if job["results"]:
        yield ""
        rows = [
            (item["id"], item["mimeType"], size(item["size"]), item["file"] or "missing")
            for item in job["results"]
        ]
        yield from table(("RESULT", "TYPE", "SIZE", "FILE"), rows, right={"SIZE"})
    if job["formerResults"]:
        yield ""
        rows = [
            (item["id"], item["mime-type"], size(item["size"]), item["sha256"]) for item in job["formerResults"]
        ]
        yield from table(("FORMER RESULT", "TYPE", "SIZE", "SHA-256"), rows, right={"SIZE"})


def _error_lines(error: Mapping[str, str] | None) -> Iterator[str]:
    if error is not None:
        yield ""
        yield f"error ({error['type']})"
        yield from block(error["message"])
        if error["detail"]:
            yield ""
            yield from block(error["detail"])
