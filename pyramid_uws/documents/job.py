"""The XML documents of one job (UWS 1.1, sections 2.2.2.2 to 2.2.2.5): the job, its parameters, its results.

``url`` is always the absolute URL of the job, without a trailing slash.
"""

from collections.abc import Iterator

from pyramid_uws.uws.instants import format_instant

from .state import JobState, error_entry, optional_instant, parameter_entries, result_entries
from .xml import UWS_NAMESPACES, document, element, empty, local_name, nillable, parent

_JOB_ATTRIBUTES = {**UWS_NAMESPACES, "version": "1.1"}
_INFO_NAMESPACE = {"xmlns:info": "urn:pyramid-uws:jobinfo"}


def job_document(job: JobState, url: str) -> str:
    """Write the ``uws:job`` document (UWS 1.1, section 2.2.2.2), its elements in the order of the schema."""
    return document("uws:job", _job(job, url), _JOB_ATTRIBUTES)


def parameters_document(job: JobState, url: str) -> str:
    """Write the ``uws:parameters`` document (UWS 1.1, section 2.2.2.4), which has no version."""
    return document("uws:parameters", _parameters(job, url), UWS_NAMESPACES)


def results_document(job: JobState, url: str) -> str:
    """Write the ``uws:results`` document (UWS 1.1, section 2.2.2.3), which has no version."""
    return document("uws:results", _results(job, url), UWS_NAMESPACES)


def _job(job: JobState, url: str) -> Iterator[str]:
    yield element("uws:jobId", job.job_id)
    if job.runid is not None:
        yield element("uws:runId", job.runid)
    yield nillable("uws:ownerId", job.owner)
    yield element("uws:phase", job.phase)
    yield nillable("uws:quote", optional_instant(job.quote))
    yield element("uws:creationTime", format_instant(job.created))
    yield nillable("uws:startTime", optional_instant(job.started))
    yield nillable("uws:endTime", optional_instant(job.ended))
    yield element("uws:executionDuration", str(job.execution_duration))
    yield nillable("uws:destruction", optional_instant(job.destruction))
    yield parent("uws:parameters", _parameters(job, url))
    yield parent("uws:results", _results(job, url))
    yield from _error_summary(job)
    if job.info:
        yield parent("uws:jobInfo", _info(job), _INFO_NAMESPACE)


def _parameters(job: JobState, url: str) -> Iterator[str]:
    for entry in parameter_entries(job, url):
        if entry.text is None:
            yield element("uws:parameter", entry.href, {"id": entry.name, "byReference": "true"})
        else:
            yield element("uws:parameter", entry.text, {"id": entry.name})


def _results(job: JobState, url: str) -> Iterator[str]:
    for entry in result_entries(job, url):
        attributes = {
            "id": entry.result_id,
            "xlink:type": "simple",
            "xlink:href": entry.href,
            "size": str(entry.size),
        }
        if entry.media_type:
            attributes["mime-type"] = entry.media_type
        yield empty("uws:result", attributes)


def _error_summary(job: JobState) -> Iterator[str]:
    error = error_entry(job)
    if error is not None:
        attributes = {"type": error.kind, "hasDetail": "true" if error.has_detail else "false"}
        yield parent("uws:errorSummary", [element("uws:message", error.message)], attributes)


def _info(job: JobState) -> Iterator[str]:
    for name, text in job.info:
        yield element(f"info:{local_name(name)}", text)
