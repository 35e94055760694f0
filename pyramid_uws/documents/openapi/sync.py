"""The path of an endpoint that answers with the result itself (DALI 1.2, section 2.2)."""

from typing import Any

from pyramid_uws.parameters import Parameter

from .parameters import schema_of
from .pieces import FAILURE, form


def sync_path(name: str, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Return the path of the sync endpoint of this name, which takes these parameters."""
    taken = {parameter.name: schema_of(parameter) for parameter in parameters}
    query = [
        {"name": parameter, "in": "query", "schema": schema}
        for parameter, schema in taken.items()
        if "contentMediaType" not in schema
    ]
    return {
        f"/{name}": {
            "get": {"operationId": f"get_{name}", "tags": [name], "parameters": query, "responses": _responses()},
            "post": {
                "operationId": f"post_{name}",
                "tags": [name],
                "requestBody": form(taken),
                "responses": _responses(),
            },
        }
    }


def _responses() -> dict[str, Any]:
    redirect = {
        "description": "The result is there, or will be.",
        "headers": {"Location": {"required": True, "schema": {"type": "string"}}},
    }
    error = {
        "description": "An error document, which tells what was wrong.",
        "content": {"application/x-votable+xml": {"schema": {"type": "string"}}},
    }
    result = {"description": "The result.", "content": {"*/*": {}}}
    return {"200": result, "303": redirect, "400": error, **FAILURE}
