"""What the paths of an OpenAPI document are put together from: answers, bodies, and the JSON of jobs."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from pyramid_uws.uws.phases import PHASES

URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"

_TEXT = {"type": "string"}
_INSTANT = {"type": ["string", "null"], "description": "UTC, ISO 8601"}


def answer(description: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response that has these schemas by media type."""
    return {"description": description, "content": {kind: {"schema": schema} for kind, schema in content.items()}}


def text_answer(description: str, kind: str = "text/plain") -> dict[str, Any]:
    """Return a response that is a text, or XML."""
    return answer(description, {kind: _TEXT})


def document_answer(description: str, schema: str) -> dict[str, Any]:
    """Return a response that is XML or JSON, by Accept; ``schema`` is the name of that of the JSON."""
    return answer(description, {"text/xml": _TEXT, "application/json": {"$ref": f"#/components/schemas/{schema}"}})


#: Any other answer is a sentence, and tells by its status what kind of problem it is.
FAILURE: Mapping[str, Any] = MappingProxyType({"default": {"$ref": "#/components/responses/Failure"}})
SEE_OTHER: Mapping[str, Any] = MappingProxyType({"303": {"$ref": "#/components/responses/SeeOther"}, **FAILURE})


def form(properties: Mapping[str, Any], kinds: Iterable[str] = (URLENCODED, MULTIPART)) -> dict[str, Any]:
    """Return a request body: a form with these fields, none of which is required."""
    schema = {"type": "object", "properties": dict(properties)}
    return {"required": False, "content": {kind: {"schema": schema} for kind in kinds}}


def query(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    """Return a parameter of the query."""
    return {"name": name, "in": "query", "description": description, "schema": dict(schema)}


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """Return a parameter of the path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": _TEXT}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


_PHASE = {"type": "string", "enum": list(PHASES)}
_OPTIONAL_TEXT = {"type": ["string", "null"]}
_PARAMETER = {
    **_object(
        id=_TEXT,
        value=_TEXT,
        byReference={"type": "boolean"},
        href={"type": "string", "description": "Where the value is, if it is given by reference"},
        mimeType=_TEXT,
    ),
    "required": ["id"],
}
_RESULT = {
    **_object(id=_TEXT, href=_TEXT, mimeType=_TEXT, size={"type": "integer"}, sha256=_TEXT),
    "required": ["id", "href"],
}
_PARAMETERS = {"type": "array", "items": {"$ref": "#/components/schemas/Parameter"}}
_RESULTS = {"type": "array", "items": {"$ref": "#/components/schemas/Result"}}
_ERROR = _object(
    type={"type": "string", "enum": ["transient", "fatal"]}, hasDetail={"type": "boolean"}, message=_TEXT
)
_JOB = _object(
    version=_TEXT,
    jobId=_TEXT,
    runId=_OPTIONAL_TEXT,
    ownerId=_OPTIONAL_TEXT,
    phase=_PHASE,
    quote=_INSTANT,
    creationTime=_INSTANT,
    startTime=_INSTANT,
    endTime=_INSTANT,
    executionDuration={"type": "integer", "minimum": 0, "description": "Seconds; 0 is unlimited"},
    destruction=_INSTANT,
    parameters=_PARAMETERS,
    results=_RESULTS,
    errorSummary={"anyOf": [_ERROR, {"type": "null"}]},
    jobInfo={"type": "object", "additionalProperties": _TEXT},
)
_REFERENCE = _object(
    id=_TEXT, href=_TEXT, phase=_PHASE, runId=_OPTIONAL_TEXT, ownerId=_OPTIONAL_TEXT, creationTime=_INSTANT
)

COMPONENTS: Mapping[str, Any] = {
    "schemas": {
        "Parameter": _PARAMETER,
        "Result": _RESULT,
        "Job": {**_JOB, "required": list(_JOB["properties"])},
        "JobList": _object(version=_TEXT, jobs={"type": "array", "items": _REFERENCE}),
        "Parameters": _object(parameters=_PARAMETERS),
        "Results": _object(results=_RESULTS),
    },
    "responses": {
        "SeeOther": {
            "description": "Done; Location has the job, or the job list after a deletion",
            "headers": {
                "Location": {"required": True, "schema": {"type": "string"}, "description": "An absolute URL"}
            },
        },
        "Failure": {
            "description": "It was not done, and nothing has changed: 400 a value or the request cannot be read, "
            "401 and 403 it is not allowed (now), 404 nothing is there, 405 not with this method, 413 too large, "
            "503 not at present. The body is one sentence.",
            "content": {"text/plain": {"schema": _TEXT}},
        },
    },
}
