"""Where one logs in and out; there if ``uws.auth`` is set. Programs are told in a text, browsers led on."""

import contextlib
from typing import NoReturn
from urllib.parse import urlsplit

from pyramid.httpexceptions import HTTPNotFound
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from pyramid_uws.auth.addresses import client_of
from pyramid_uws.auth.schemes import COOKIE
from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.auth.users import User
from pyramid_uws.exceptions import BadCredentials, BadRequest
from pyramid_uws.interfaces import IRoot
from pyramid_uws.pages import page
from pyramid_uws.uws.control import single

from .credentials import foreign, is_foreign, known_user, note_failure
from .errors import challenges, without_dialog
from .forms import Pairs, read_form, read_query
from .resources import add_resource_views
from .respond import plain, see_other, wants_page

#: The field, and the parameter, that says where to go on; in any case of letters, as all are.
NEXT = "NEXT"


def show_form(_context: object, request: Request) -> Response:
    """GET /login: a form for browsers."""
    policy_of(request)
    return page(request, "login.html", next=_place(request, single(read_query(request), NEXT)), message="")


def log_in(_context: object, request: Request) -> Response:
    """POST /login: name and password in a form; the answer has a cookie, a token, or both.

    A page of another site logs nobody in, or out: here, and not by the path, of which there are many spellings.
    """
    policy = policy_of(request)
    if is_foreign(request):
        return foreign()
    pairs = secret_form(request)
    name, password = (_field(pairs, field) for field in ("username", "password"))
    after = _place(request, single(pairs, NEXT))
    try:
        user = policy.keeper.passwords.check(name, password, client_of(request.environ, policy.proxies))
    except BadCredentials as problem:
        note_failure(request, "form", user=known_user(policy, name))
        if wants_page(request):
            return _once_more(request, problem.message, after)
        raise
    request.registry.uws.audit.note("login", who=user.name, scheme="form")
    leads_on = wants_page(request) and policy.has("cookie")
    response = see_other(request.host_url + after) if leads_on else plain(f"You are logged in as {user.name}.\n")
    return _with_ticket(request, policy, user, response)


def _with_ticket(request: Request, policy: StackedPolicy, user: User, response: Response) -> Response:
    """Give out a ticket, in all the ways that the site takes."""
    tickets = policy.keeper.tickets
    ticket = tickets.issue(user)
    response.headers["X-VO-Authenticated"] = user.name
    if policy.has("token"):
        response.headers["X-VO-Bearer"] = ticket
    if policy.has("cookie"):
        response.set_cookie(
            COOKIE,
            ticket,
            max_age=tickets.seconds,
            path=request.script_name or "/",
            secure=request.scheme == "https",
            httponly=True,
            samesite="Lax",
        )
    return response


def _once_more(request: Request, message: str, after: str) -> Response:
    """Show the form again, with what was wrong."""
    response = page(request, "login.html", status=401, next=after, message=message)
    response.headerlist.extend(without_dialog(challenges(request)))
    return response


def log_out(_context: object, request: Request) -> Response:
    """POST /logout: have the browser forget the cookie."""
    policy = policy_of(request)
    if is_foreign(request):
        return foreign()
    _note_logout(policy, request)
    leads_on = wants_page(request)
    response = see_other(f"{request.application_url}/") if leads_on else plain("You are logged out.\n")
    response.delete_cookie(COOKIE, path=request.script_name or "/")
    return response


def _note_logout(policy: StackedPolicy, request: Request) -> None:
    """Write down whose ticket it is that the browser is to forget, if it is still good for anything."""
    ticket = request.cookies.get(COOKIE, "")
    with contextlib.suppress(BadCredentials):
        identity = policy.keeper.tickets.identity(ticket, "cookie", is_ambient=True)
        request.registry.uws.audit.note("logout", who=identity.userid, scheme="cookie")


def _place(request: Request, wanted: str | None) -> str:
    """Return where to go on: a path of this site, and its root for whatever is none."""
    text = wanted or ""
    root = request.script_name
    is_path = text.startswith("/") and not text.startswith("//") and text.isascii() and text.isprintable()
    if not is_path or "\\" in text or " " in text or urlsplit(text).path == f"{root}/login":
        return f"{root}/"
    return text


def policy_of(request: Request) -> StackedPolicy:
    """Return the policy by which people log in here; there is nothing here if there is none."""
    policy = request.registry.queryUtility(ISecurityPolicy)
    if not isinstance(policy, StackedPolicy):
        raise HTTPNotFound
    return policy


def secret_form(request: Request) -> Pairs:
    """Return the form in the body; secrets do not belong into URLs, which are logged everywhere."""
    if read_query(request):
        raise BadRequest("This takes its form in the body of the request, not in the URL.")
    return read_form(request, _no_files)


def _no_files(name: str, _media_type: str) -> NoReturn:
    raise BadRequest(f"{name!r} is no file here.")


def _field(pairs: Pairs, name: str) -> str:
    found = [text for key, text in pairs if key == name]
    if len(found) != 1:
        raise BadRequest(f"The form has username and password, each once; {name} is there {len(found)} times.")
    return found[0]


def includeme(config: object) -> None:
    """Register the views."""
    for name, methods in {"login": {"GET": show_form, "POST": log_in}, "logout": {"POST": log_out}}.items():
        add_resource_views(config, IRoot, methods, name=name, permission=NO_PERMISSION_REQUIRED)
