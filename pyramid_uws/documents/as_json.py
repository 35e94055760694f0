"""The same documents as JSON, for ``Accept: application/json``.

No standard says how, so the names are those of the XML documents, and so are the values: what XML cannot
carry is replaced or given by reference here, too. A job always has all its keys, ``null`` where nothing is
known.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from pyramid_uws.uws.instants import format_instant

from .joblist import ROWS_A_PIECE, JobRow, quick_instant
from .state import JobState, error_entry, optional_instant, parameter_entries, result_entries, segment
from .xml import local_name, replace_illegal


def job_json(job: JobState, url: str) -> str:
    """Write the job at ``url`` (absolute, no trailing slash)."""
    return _dump(
        {
            "version": "1.1",
            "jobId": replace_illegal(job.job_id),
            "runId": _optional(job.runid),
            "ownerId": _optional(job.owner),
            "phase": job.phase,
            "quote": optional_instant(job.quote),
            "creationTime": format_instant(job.created),
            "startTime": optional_instant(job.started),
            "endTime": optional_instant(job.ended),
            "executionDuration": job.execution_duration,
            "destruction": optional_instant(job.destruction),
            "parameters": list(_parameters(job, url)),
            "results": list(_results(job, url)),
            "errorSummary": _error_summary(job),
            "jobInfo": {local_name(name): replace_illegal(text) for name, text in job.info},
        }
    )


def parameters_json(job: JobState, url: str) -> str:
    """Write the parameters of the job at ``url``."""
    return _dump({"parameters": list(_parameters(job, url))})


def results_json(job: JobState, url: str) -> str:
    """Write the results of the job at ``url``."""
    return _dump({"results": list(_results(job, url))})


def joblist_json(rows: Iterable[JobRow], url: str) -> Iterator[str]:
    """Write the list at ``url`` (absolute, no trailing slash) piece by piece."""
    yield '{"version": "1.1", "jobs": ['
    remaining = iter(rows)
    comma = ""
    while piece := [_jobref(row, url) for row in islice(remaining, ROWS_A_PIECE)]:
        yield comma + _dump(piece)[1:-1]
        comma = ",\n"
    yield "]}"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _optional(text: str | None) -> str | None:
    return None if text is None else replace_illegal(text)


def _parameters(job: JobState, url: str) -> Iterator[dict[str, Any]]:
    for entry in parameter_entries(job, url):
        if entry.text is not None:
            yield {"id": replace_illegal(entry.name), "value": entry.text}
            continue
        reference = {"id": replace_illegal(entry.name), "byReference": True, "href": entry.href}
        if entry.media_type is not None:
            reference["mimeType"] = replace_illegal(entry.media_type)
        yield reference


def _results(job: JobState, url: str) -> Iterator[dict[str, Any]]:
    for entry in result_entries(job, url):
        result = {
            "id": replace_illegal(entry.result_id),
            "href": entry.href,
            "mimeType": replace_illegal(entry.media_type),
            "size": entry.size,
        }
        if entry.sha256:
            result["sha256"] = entry.sha256
        yield result


def _error_summary(job: JobState) -> dict[str, Any] | None:
    error = error_entry(job)
    if error is None:
        return None
    return {"type": error.kind, "hasDetail": error.has_detail, "message": replace_illegal(error.message)}


def _jobref(row: JobRow, url: str) -> dict[str, Any]:
    job_id, phase, runid, owner, created = row
    return {
        "id": replace_illegal(job_id),
        "href": f"{url}/{segment(job_id)}",
        "phase": phase,
        "runId": _optional(runid),
        "ownerId": _optional(owner),
        "creationTime": quick_instant(created),
    }
