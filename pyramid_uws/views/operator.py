"""The operator's page: what goes on at the site, for those who look after it, as a page or as JSON."""

import json
from dataclasses import asdict
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from pyramid.authorization import ALL_PERMISSIONS, DENY_ALL, Allow
from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from pyramid_uws.auth.policy import AnonymousPolicy
from pyramid_uws.execution.survey import Survey
from pyramid_uws.interfaces import IRoot
from pyramid_uws.pages import page
from pyramid_uws.tree import Root
from pyramid_uws.tree.rights import ACL, ADMINS, OVERSEE
from pyramid_uws.uws.instants import format_instant

from .health import complaints
from .resources import add_resource_views
from .respond import JSON, wants_page

#: What proxies tell of themselves: what came through one did not come from this machine.
OF_PROXIES: Final = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
)

#: Names of this machine for itself, besides its addresses.
OWN_NAMES: Final = frozenset({"localhost"})

#: What is told of a survey in µs, and so written as an instant.
INSTANTS: Final = frozenset({"at", "started", "since", "oldest", "expected", "ends", "seen", "when"})

#: The query by which the page asks for its part that changes.
PART: Final = "part=state"

#: What JSON documents call some things otherwise.
NAMES: Final = {"owner": "owner_id", "runid": "run_id"}


class Office:
    """What only those who look after the site may see."""

    __acl__: ACL = ((Allow, ADMINS, ALL_PERMISSIONS), DENY_ALL)


def show(context: Root, request: Request) -> Response:
    """GET /operator: what goes on, to admins; the page's script asks for the part that changes."""
    _admit(request)
    site = request.registry.uws
    state = site.surveyor.survey(context)
    wrong = complaints(site, context)
    if wants_page(request):
        template = "operator_state.html" if request.query_string == PART else "operator.html"
        return page(request, template, private=True, state=state, complaints=wrong)
    body = json.dumps({**_told(state), "problems": wrong}, indent=1)
    headers = [("Vary", "Accept"), ("Cache-Control", "no-store")]
    return Response(body.encode(), 200, [("Content-Type", f"{JSON}; charset=UTF-8"), *headers])


def _admit(request: Request) -> None:
    """Turn away who is no admin, and, if the site lets it look, does not sit at this machine."""
    if request.has_permission(OVERSEE, Office()):
        return
    if request.registry.uws.settings.operator_page == "loopback" and _is_local(request):
        return
    if isinstance(request.registry.queryUtility(ISecurityPolicy), AnonymousPolicy):
        raise HTTPNotFound  # there are no admins, so there is no page for them
    raise HTTPForbidden


def _is_local(request: Request) -> bool:
    """Tell whether the request has come from this machine, for this machine, and through nobody."""
    if any(name in request.environ for name in OF_PROXIES):
        return False
    host = urlsplit(f"//{request.host}").hostname or ""
    return _is_loopback(request.environ.get("REMOTE_ADDR", "")) and (host in OWN_NAMES or _is_loopback(host))


def _is_loopback(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False


def _told(state: Survey) -> dict[str, Any]:
    """Return a survey as JSON has it: names as in the JSON documents, instants as texts."""
    told: dict[str, Any] = _plain("", asdict(state))
    return told


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {_name(key): _plain(key, each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain("", each) for each in value]
    return format_instant(value) if name in INSTANTS and value is not None else value


def _name(key: str) -> str:
    """Return the name of a field as JSON documents have it."""
    first, *others = NAMES.get(key, key).split("_")
    return first + "".join(map(str.capitalize, others))


def includeme(config: Any) -> None:
    """Register the view; it looks itself who is asking."""
    add_resource_views(config, IRoot, {"GET": show}, name="operator", permission=NO_PERMISSION_REQUIRED)
