"""The site and its services as a whole: what is there, capabilities and availability (VOSI 1.1)."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from pyramid_uws import interfaces
from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.documents import Capability, availability_document, capabilities_document
from pyramid_uws.documents.vosi import UWS, VOSI_AVAILABILITY, VOSI_CAPABILITIES
from pyramid_uws.parameters import Parameter
from pyramid_uws.tree import AsyncRenderer, Root, Service
from pyramid_uws.tree.rights import READ

from .credentials import ways_in
from .resources import add_resource_views
from .respond import XML, plain, wants_json

#: A dispatcher that has not moved for this many seconds is stuck.
STUCK = 90


def show_site(context: Root, request: Request) -> Response:
    """GET /: the services."""
    services = [_summary(service, request) for service in context if request.has_permission(READ, service)]
    title = request.registry.uws.settings.title
    if wants_json(request):
        return _by_accept(_json({"title": title, "services": services}))
    lines = [title, ""]
    lines += [f"{service['url']}\n    {service['title'] or service['name']}" for service in services]
    return _by_accept(plain("\n".join(lines) + "\n"))


def show_service(context: Service, request: Request) -> Response:
    """GET /SERVICE: what it does, its parameters, limits, credits and endpoints."""
    definition = _definition(context, request)
    summary = _summary(context, request)
    if definition is not None:
        summary |= {
            "description": definition.description,
            "credits": list(definition.credits),
            "limits": vars(definition.limits),
            "parameters": [_described(parameter) for parameter in definition.parameters],
            "uploads": [asdict(upload) for upload in definition.uploads],
        }
    return _by_accept(_json(summary) if wants_json(request) else plain(_as_text(summary)))


def _definition(service: Service, request: Request) -> ServiceDefinition | None:
    definition: ServiceDefinition | None = request.registry.uws.definitions.get(service.__name__)
    return definition


def _summary(service: Service, request: Request) -> dict[str, Any]:
    definition = _definition(service, request)
    return {
        "name": service.__name__,
        "title": definition.title if definition else "",
        "url": request.resource_url(service),
        "offered": definition is not None,
        "renderers": {renderer.__name__: request.resource_url(renderer) for renderer in service},
        "capabilities": request.resource_url(service) + "/capabilities",
    }


def _described(parameter: Parameter) -> dict[str, Any]:
    told = ("name", "type", "unit", "ucd", "multiple", "required", "default", "minimum", "maximum", "options")
    return {name: getattr(parameter, name) for name in (*told, "description")}


def _as_text(summary: dict[str, Any]) -> str:
    lines = [summary["title"] or summary["name"], ""]
    if not summary["offered"]:
        lines += ["This service is no longer offered; its jobs can be read and deleted.", ""]
    lines += [summary["description"], ""] if summary.get("description") else []
    if summary.get("parameters"):
        lines.append("Parameters:")
        lines += [_parameter_line(parameter) for parameter in summary["parameters"]]
        lines.append("")
    if summary.get("uploads"):
        lines += ["Uploads:", *map(_upload_line, summary["uploads"]), ""]
    lines += ["Endpoints:", *(f"    {name}: {url}" for name, url in summary["renderers"].items())]
    lines += [f"    capabilities: {summary['capabilities']}", ""]
    lines += ["Credits:", *(f"    {line}" for line in summary["credits"]), ""] if summary.get("credits") else []
    return "\n".join(lines)


def _parameter_line(parameter: dict[str, Any]) -> str:
    facts = [parameter["type"], parameter["unit"], "multiple" if parameter["multiple"] else None]
    facts += ["required" if parameter["required"] else None]
    facts += [
        f"{name} {parameter[name]}" for name in ("default", "minimum", "maximum") if parameter[name] is not None
    ]
    facts += ["one of " + ", ".join(map(str, parameter["options"]))] if parameter["options"] else []
    return f"    {parameter['name']} ({', '.join(filter(None, facts))}): {parameter['description']}"


def _upload_line(upload: dict[str, Any]) -> str:
    facts = ", ".join([*upload["media_types"], *(["required"] if upload["required"] else [])])
    return f"    {upload['name']}{f' ({facts})' if facts else ''}: {upload['description']}"


def _by_accept(response: Response) -> Response:
    response.vary = ("Accept",)
    return response


def _json(value: Any) -> Response:
    return Response(text=json.dumps(value, indent=1), content_type="application/json", charset="UTF-8")


def capabilities(context: Service, request: Request) -> Response:
    """GET /SERVICE/capabilities (VOSI 1.1, section 3.1)."""
    url = request.resource_url(context)
    found = [
        Capability(standard_id=VOSI_CAPABILITIES, access_url=f"{url}/capabilities"),
        Capability(standard_id=VOSI_AVAILABILITY, access_url=f"{url}/availability"),
    ]
    if _definition(context, request) is not None:
        found += [
            Capability(standard_id=UWS, access_url=request.resource_url(renderer), use="base", version="1.1")
            for renderer in context
            if isinstance(renderer, AsyncRenderer)
        ]
    response = Response(
        text=capabilities_document(found, ways_in(request, context)), content_type=XML, charset="UTF-8"
    )
    response.last_modified = datetime.fromtimestamp(request.registry.uws.started // 1_000_000, UTC)
    return response


def availability(_context: Any, request: Request) -> Response:
    """GET availability (VOSI 1.1): true as long as the database can be written and jobs are started."""
    site = request.registry.uws
    notes = []
    if not site.writer.healthy:
        notes.append("The database cannot be written at present.")
    if site.dispatcher is not None and time.monotonic() - site.dispatcher.beat > STUCK:
        notes.append("No jobs are being started at present.")
    text = availability_document(not notes, site.started, notes)
    return Response(text=text, content_type=XML, charset="UTF-8")


def includeme(config: Any) -> None:
    """Register the views of the site and of services."""
    add_resource_views(config, interfaces.IRoot, {"GET": show_site})
    add_resource_views(config, interfaces.IRoot, {"GET": availability}, name="availability")
    add_resource_views(config, interfaces.IService, {"GET": show_service})
    # Open to everybody (VOSI 1.1, section 2); whether one must log in for the rest is said beside them.
    for name, view in (("capabilities", capabilities), ("availability", availability)):
        add_resource_views(
            config, interfaces.IService, {"GET": view}, name=name, permission=NO_PERMISSION_REQUIRED
        )
