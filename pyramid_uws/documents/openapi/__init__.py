"""The OpenAPI 3.1 document of a service, made from its declarations.

It is never narrower than what the service takes: names of parameters are case-insensitive, which OpenAPI cannot
say, so none is ``required`` and none is forbidden; and numbers may be written in ways that JSON does not have.
"""

import json
from dataclasses import dataclass
from typing import Any

from pyramid_uws.parameters import Parameter

from .jobs import job_paths
from .pieces import COMPONENTS, FAILURE, answer, text_answer
from .sync import links_path, list_path, sync_path

_NAMES = (
    "Names of parameters are case-insensitive, values are not. Parameters that are not declared here are kept "
    "with a job and otherwise ignored. In a POST, the query of the URL and the body count together."
)


@dataclass(frozen=True, kw_only=True)
class Api:
    """What there is to be described.

    ``lists``, ``syncs`` and ``links`` are the names of its job lists, sync endpoints and tables of links; the last
    take ``link_parameters``, and no others, and the tables of all observations take ``list_parameters``.
    """

    title: str
    description: str
    version: str
    parameters: tuple[Parameter, ...]
    lists: tuple[str, ...]
    syncs: tuple[str, ...]
    links: tuple[str, ...] = ()
    link_parameters: tuple[Parameter, ...] = ()
    list_parameters: tuple[Parameter, ...] = ()
    examples: bool


def openapi_document(api: Api, url: str) -> str:
    """Write the document of the service at ``url`` (absolute, no trailing slash)."""
    paths: dict[str, Any] = {}
    for name in api.lists:
        paths |= job_paths(name, api.parameters)
    for name in api.syncs:
        paths |= sync_path(name, api.parameters)
    for name in api.links:
        paths |= links_path(name, api.link_parameters) | list_path(name, api.list_parameters)
    paths |= _self_description(examples=api.examples)
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": api.title,
                "version": api.version,
                "description": "\n\n".join(filter(None, (api.description, _NAMES))),
            },
            "servers": [{"url": url}],
            "paths": paths,
            "components": COMPONENTS,
        },
        ensure_ascii=False,
        indent=1,
    )


def _self_description(*, examples: bool) -> dict[str, Any]:
    told = (
        ("capabilities", "text/xml", "Capabilities (VOSI 1.1)"),
        ("availability", "text/xml", "Availability (VOSI 1.1)"),
        *((("examples", "application/xhtml+xml", "Examples (DALI 1.2)"),) if examples else ()),
    )
    paths = {
        f"/{name}": {"get": {"operationId": name, "responses": {"200": text_answer(about, kind), **FAILURE}}}
        for name, kind, about in told
    }
    responses = {"200": answer("This document", {"application/json": {"type": "object"}}), **FAILURE}
    return {**paths, "/openapi.json": {"get": {"operationId": "openapi", "responses": responses}}}
