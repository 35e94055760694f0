"""The paths of endpoints that answer with what was asked for itself (DALI 1.2, section 2.2)."""

from typing import Any

from pyramid_uws.parameters import Parameter

from .parameters import schema_of
from .pieces import answer, form

_TEXT = {"type": "string"}
_VOTABLES = ("application/x-votable+xml", "text/xml", "application/xml")

#: Renderers differ in how they tell errors: by error documents, or by sentences. 405 is a sentence with all.
_FAILURE = {"default": answer("It was not done.", {"application/x-votable+xml": _TEXT, "text/plain": _TEXT})}


def sync_path(name: str, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Return the path of the sync endpoint of this name, which takes these parameters."""
    redirect = {
        "description": "The result is there, or will be.",
        "headers": {"Location": {"required": True, "schema": _TEXT}},
    }
    return _path(
        name, parameters, {"200": {"description": "The result.", "content": {"*/*": {}}}, "303": redirect}
    )


def links_path(name: str, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Return the path of a table of links (DataLink 1.1), which takes these parameters."""
    return _path(name, parameters, {"200": answer("The links, as a VOTable.", dict.fromkeys(_VOTABLES, _TEXT))})


def list_path(name: str, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Return the path of the table of all observations that there are links of, which takes these parameters."""
    responses = {"200": answer("The observations, as a VOTable.", dict.fromkeys(_VOTABLES, _TEXT))}
    return _path(f"{name}/list", parameters, responses)


def _path(name: str, parameters: tuple[Parameter, ...], responses: dict[str, Any]) -> dict[str, Any]:
    """Return a path that takes the same by GET and POST."""
    taken = {parameter.name: schema_of(parameter) for parameter in parameters}
    query = [
        {"name": parameter, "in": "query", "schema": schema}
        for parameter, schema in taken.items()
        if "contentMediaType" not in schema
    ]
    operation = name.replace("/", "_")
    common = {"tags": [name.partition("/")[0]], "responses": responses | _FAILURE}
    return {
        f"/{name}": {
            "get": {"operationId": f"get_{operation}", "parameters": query, **common},
            "post": {"operationId": f"post_{operation}", "requestBody": form(taken), **common},
        }
    }
