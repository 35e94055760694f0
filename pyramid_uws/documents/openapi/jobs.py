"""The paths of a job list and its jobs (UWS 1.1, section 2.2)."""

from typing import Any

from pyramid_uws.parameters import Parameter
from pyramid_uws.uws.phases import PHASES

from .parameters import schema_of
from .pieces import (
    FAILURE,
    SEE_OTHER,
    answer,
    document_answer,
    form,
    path_parameter,
    query,
    text_answer,
)

_PHASE = {"type": "string", "enum": list(PHASES)}
_WHOLE = {"type": ["integer", "string"]}
_TEXT = {"type": "string"}
_PHASES = {"type": "array", "items": _PHASE}

_CONTROL = {
    "RUNID": {"type": "string", "maxLength": 64, "description": "What you call the job."},
    "EXECUTIONDURATION": {**_WHOLE, "description": "How long it may run, in seconds; 0: as long as possible."},
    "DESTRUCTION": {**_TEXT, "description": "When it is to be destroyed: an instant in the future, UTC."},
}
_RUN = {"PHASE": {"type": "string", "enum": ["RUN"], "description": "Run the job at once."}}
_ACT = {"PHASE": {"type": "string", "enum": ["RUN", "ABORT"]}}


def job_paths(name: str, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Return the paths of the job list of this name, whose jobs take these parameters."""
    taken = {parameter.name: schema_of(parameter) for parameter in parameters}
    job = f"/{name}/{{job_id}}"
    common = [path_parameter("job_id", "The id of the job, the last segment of its URL.")]
    paths = {f"/{name}": _list(taken), job: _job(), **{f"{job}/{path}": each for path, each in _parts(taken)}}
    for path, methods in paths.items():
        for method, operation in methods.items():
            part = path.removeprefix(f"/{name}").replace("/{job_id}", "_job").replace("/", "_")
            operation["operationId"] = f"{method}_{name}{part.translate(_NO_BRACES)}"
            operation["tags"] = [name]
        if path.startswith(job):
            methods["parameters"] = [*common, *_segments(path)]
    return paths


_NO_BRACES = str.maketrans("", "", "{}")


def _segments(path: str) -> list[dict[str, Any]]:
    names = {"parameter": "The name of a parameter, in any case.", "result": "The id of a result."}
    return [path_parameter(name, about) for name, about in names.items() if f"{{{name}}}" in path]


def _list(taken: dict[str, Any]) -> dict[str, Any]:
    filters = [
        query("PHASE", _PHASES, "Only jobs in one of these phases."),
        query("AFTER", _TEXT, "Only jobs created after this instant, UTC."),
        query("LAST", _WHOLE, "Only so many, the newest."),
    ]
    return {
        "get": {
            "summary": "List the jobs that you may see, newest first.",
            "parameters": filters,
            "responses": {"200": document_answer("The jobs", "JobList"), **FAILURE},
        },
        "post": {
            "summary": "Create a job. Parameters may also follow later, as long as it is PENDING.",
            "requestBody": form({**taken, **_RUN, **_CONTROL}),
            "responses": dict(SEE_OTHER),
        },
    }


def _job() -> dict[str, Any]:
    waiting = [
        query("WAIT", _WHOLE, "Answer when the phase has changed, after so many seconds at most; -1: at length."),
        query("PHASE", _PHASES, "With WAIT: only if the job is in one of these phases."),
    ]
    deletion = {"ACTION": {"type": "string", "enum": ["DELETE"]}}
    return {
        "get": {
            "summary": "Show the job.",
            "parameters": waiting,
            "responses": {"200": document_answer("The job", "Job"), **FAILURE},
        },
        "post": {
            "summary": "Run, abort or delete the job.",
            "requestBody": form({**_ACT, **deletion}),
            "responses": dict(SEE_OTHER),
        },
        "delete": {"summary": "Delete the job and all its files.", "responses": dict(SEE_OTHER)},
    }


def _parts(taken: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the children of a job: path and operations."""
    return [
        ("phase", _value("The phase", _ACT)),
        ("executionduration", _value("Seconds that it may run; 0: unlimited", _only("EXECUTIONDURATION"))),
        ("destruction", _value("When it will be destroyed, UTC", _only("DESTRUCTION"))),
        ("quote", _value("When it is likely to end, UTC; empty if nobody can tell")),
        ("owner", _value("Who made it; empty if nobody had logged in")),
        ("log", {"get": _get("What it has written to stdout and stderr", text_answer("The log"), _LAST)}),
        ("error", {"get": _get("Why it failed", text_answer("A VOTable", "application/x-votable+xml"))}),
        ("parameters", _parameters(taken)),
        ("parameters/{parameter}", _parameter()),
        ("results", {"get": _get("The results, or all in one file", _results(), _BUNDLE)}),
        ("results/{result}", {"get": _get("One result", answer("The file", {"*/*": {}}))}),
    ]


_LAST = query("LAST", _WHOLE, "Only so many lines, the last ones.")
_BUNDLE = query("RESPONSEFORMAT", _TEXT, "zip or tar: all results together.")


def _get(summary: str, found: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": f"{summary}.", "responses": {"200": found, **FAILURE}}
    return operation | ({"parameters": list(parameters)} if parameters else {})


def _only(name: str) -> dict[str, Any]:
    return {name: _CONTROL[name]}


def _value(about: str, settable: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the operations of a single value, which is plain text."""
    operations: dict[str, Any] = {"get": _get(about, text_answer(about))}
    if settable is not None:
        (name,) = settable
        operations["post"] = {
            "summary": f"Set it, by {name}.",
            "requestBody": form(settable),
            "responses": dict(SEE_OTHER),
        }
    return operations


def _results() -> dict[str, Any]:
    listed = document_answer("The results", "Results")
    listed["content"] |= {"application/zip": {}, "application/x-tar": {}}
    return listed


def _parameters(taken: dict[str, Any]) -> dict[str, Any]:
    return {
        "get": _get("The parameters", document_answer("The parameters", "Parameters")),
        "post": {
            "summary": "Set parameters, while the job is PENDING.",
            "requestBody": form({**taken, "RUNID": _CONTROL["RUNID"]}),
            "responses": dict(SEE_OTHER),
        },
    }


def _parameter() -> dict[str, Any]:
    body = {"required": True, "content": {"text/plain": {"schema": _TEXT}, "application/octet-stream": {}}}
    return {
        "get": _get("Its value, or the file that was sent", answer("The value", {"text/plain": _TEXT, "*/*": {}})),
        "put": {"summary": "Replace it.", "requestBody": body, "responses": dict(SEE_OTHER)},
    }
