"""The site and its services as a whole: what is there, as text, JSON and pages."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws import interfaces
from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.pages import page
from pyramid_uws.pages.services import entry, service_model
from pyramid_uws.parameters import Parameter
from pyramid_uws.tree import Root, Service
from pyramid_uws.tree.rights import CREATE, READ

from .health import complaints
from .resources import add_resource_views
from .respond import plain, wants_json, wants_page

#: What a service tells about itself, besides this.
DESCRIPTIONS = ("capabilities", "availability", "examples", "openapi.json")


def show_site(context: Root, request: Request) -> Response:
    """GET /: the services."""
    shown = [service for service in context if request.has_permission(READ, service)]
    title = request.registry.uws.settings.title
    has_examples = any(each.examples for each in request.registry.uws.definitions.values())
    own = _descriptions(f"{request.application_url}/", has_examples, ("capabilities", "availability", "examples"))
    if wants_page(request):
        entries = [entry(service, _definition(service, request), request.resource_path) for service in shown]
        notes = complaints(request.registry.uws, context)
        return page(request, "site.html", services=entries, complaints=notes, descriptions=own)
    services = [_summary(service, request) for service in shown]
    if wants_json(request):
        return _by_accept(_json({"title": title, "services": services, **own}))
    lines = [title, ""]
    lines += [f"{service['url']}\n    {service['title'] or service['name']}" for service in services]
    lines += ["", *(f"{name}: {url}" for name, url in own.items()), ""]
    return _by_accept(plain("\n".join(lines)))


def show_service(context: Service, request: Request) -> Response:
    """GET /SERVICE: what it does, its parameters, limits, credits and endpoints."""
    definition = _definition(context, request)
    summary = _summary(context, request)
    if wants_page(request):
        own = {name: summary[name] for name in DESCRIPTIONS if name in summary}
        model = service_model(context, definition, request.resource_url, request.resource_path)
        may = request.has_permission(CREATE, context)
        return page(request, "service.html", **model, may=bool(may), descriptions=own, tokens=_tokens_url(request))
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


def _tokens_url(request: Request) -> str | None:
    """Return where users make tokens; None if they cannot."""
    policy = request.registry.queryUtility(ISecurityPolicy)
    takes_tokens = isinstance(policy, StackedPolicy) and policy.has("token")
    return f"{request.application_url}/tokens" if takes_tokens else None


def _summary(service: Service, request: Request) -> dict[str, Any]:
    definition = _definition(service, request)
    told = DESCRIPTIONS if definition else ("capabilities", "availability")
    return {
        "name": service.__name__,
        "title": definition.title if definition else "",
        "url": request.resource_url(service),
        "offered": definition is not None,
        "renderers": {renderer.__name__: request.resource_url(renderer) for renderer in service},
        **_descriptions(f"{request.resource_url(service)}/", bool(definition and definition.examples), told),
    }


def _descriptions(base: str, has_examples: bool, names: Iterable[str]) -> dict[str, str]:
    """Return the URLs of what describes a site or a service, by name."""
    return {name: base + name for name in names if name != "examples" or has_examples}


def _described(parameter: Parameter) -> dict[str, Any]:
    told = ("name", "type", "unit", "ucd", "multiple", "required", "condition", "description")
    values = ("default", "minimum", "maximum", "options")
    return {name: getattr(parameter, name) for name in told} | {
        name: _shown(parameter, getattr(parameter, name)) for name in values
    }


def _shown(parameter: Parameter, value: Any) -> Any:
    """Return what JSON has for a value: a number or a truth value, or else its literal."""
    if isinstance(value, tuple) and (parameter.multiple or value == parameter.options):
        return [_shown(parameter, each) for each in value]
    is_plain = value is None or isinstance(value, bool | str)
    if is_plain or (parameter.type in {"int", "double"} and math.isfinite(value)):
        return value
    return parameter.write(value)


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
    lines += [*(f"    {name}: {summary[name]}" for name in DESCRIPTIONS if name in summary), ""]
    lines += ["Credits:", *(f"    {line}" for line in summary["credits"]), ""] if summary.get("credits") else []
    return "\n".join(lines)


def _parameter_line(parameter: dict[str, Any]) -> str:
    kind = f"set of {parameter['type']}" if parameter["condition"] else parameter["type"]
    facts = [kind, parameter["unit"], "multiple" if parameter["multiple"] else None]
    facts += ["required" if parameter["required"] else None]
    facts += [
        f"{name} {_as_word(parameter[name])}"
        for name in ("default", "minimum", "maximum")
        if parameter[name] is not None
    ]
    facts += ["one of " + ", ".join(map(str, parameter["options"]))] if parameter["options"] else []
    return f"    {parameter['name']} ({', '.join(filter(None, facts))}): {parameter['description']}"


def _as_word(value: Any) -> str:
    """Return a value as clients write it."""
    if isinstance(value, list):
        return ", ".join(map(_as_word, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _upload_line(upload: dict[str, Any]) -> str:
    facts = ", ".join([*upload["media_types"], *(["required"] if upload["required"] else [])])
    return f"    {upload['name']}{f' ({facts})' if facts else ''}: {upload['description']}"


def _by_accept(response: Response) -> Response:
    response.vary = ("Accept",)
    return response


def _json(value: Any) -> Response:
    return Response(text=json.dumps(value, indent=1), content_type="application/json", charset="UTF-8")


def includeme(config: Any) -> None:
    """Register the views of the site and of services."""
    add_resource_views(config, interfaces.IRoot, {"GET": show_site})
    add_resource_views(config, interfaces.IService, {"GET": show_service})
