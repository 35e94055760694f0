"""Where one logs in and out, sees as whom, and makes tokens of one's own; there if ``uws.auth`` is set."""

import json
from typing import NoReturn

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from pyramid_uws.auth.identity import Identity
from pyramid_uws.auth.keeper import Keeper
from pyramid_uws.auth.schemes import COOKIE
from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.auth.tokens import Token
from pyramid_uws.exceptions import BadRequest, BadValue
from pyramid_uws.interfaces import IRoot
from pyramid_uws.uws.control import single
from pyramid_uws.uws.instants import format_instant
from pyramid_uws.uws.limits import SECOND

from .forms import Pairs, read_form, read_query
from .resources import add_resource_views
from .respond import plain, wants_json

#: Tokens that users make themselves are valid for so many days, and for so many at most.
DAYS = 90
MOST_DAYS = 366

#: What a browser lets the form do.
FORM_ONLY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

FORM = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="UTF-8"><title>Log in</title></head><body>
<h1>Log in</h1>
<form method="post">
<p><label>User name <input name="username" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>
<p><button>Log in</button></p>
</form></body></html>
"""


def show_form(_context: object, request: Request) -> Response:
    """GET /login: a form for browsers."""
    _policy(request)
    response = Response(text=FORM, content_type="text/html", charset="UTF-8")
    response.headers["Content-Security-Policy"] = FORM_ONLY
    return response


def log_in(_context: object, request: Request) -> Response:
    """POST /login: name and password in a form; the answer has a cookie, a token, or both."""
    policy = _policy(request)
    pairs = _form(request)
    name, password = (_field(pairs, field) for field in ("username", "password"))
    address = request.environ.get("REMOTE_ADDR", "")
    user = policy.keeper.passwords.check(name, password, address)
    tickets = policy.keeper.tickets
    ticket = tickets.issue(user)
    response = plain(f"You are logged in as {user.name}.\n")
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


def log_out(_context: object, request: Request) -> Response:
    """POST /logout: have the browser forget the cookie."""
    _policy(request)
    response = plain("You are logged out.\n")
    response.delete_cookie(COOKIE, path=request.script_name or "/")
    return response


def show_self(_context: object, request: Request) -> Response:
    """GET /whoami: who one is here."""
    identity = _policy(request).identity(request)
    if not wants_json(request):
        return plain("" if identity is None else identity.userid)
    told: dict[str, object] = {"user": None, "groups": [], "scheme": None}
    if identity is not None:
        told = {"user": identity.userid, "groups": sorted(identity.groups), "scheme": identity.scheme}
    return Response(text=json.dumps(told), content_type="application/json", charset="UTF-8")


def show_tokens(_context: object, request: Request) -> Response:
    """GET /tokens: one's own, of which the secret part is not known any more."""
    keeper, identity = _keeper(request)
    told = [_described(token) for token in keeper.tokens.of(identity.userid)]
    return Response(text=json.dumps(told, indent=1), content_type="application/json", charset="UTF-8")


def change_tokens(_context: object, request: Request) -> Response:
    """POST /tokens: a new one, valid for DAYS, or with REVOKE=ID the end of one."""
    keeper, identity = _keeper(request)
    pairs = _form(request)
    revoked = single(pairs, "REVOKE")
    if revoked is not None:
        keeper.tokens.revoke(revoked, identity.userid)
        return plain(f"The token {revoked} is revoked.\n")
    if identity.scheme == "token":
        raise BadRequest("A token cannot make others; log in another way.")
    days = single(pairs, "DAYS") or str(DAYS)
    if not (days.isascii() and days.isdigit() and 0 < int(days[:9]) <= MOST_DAYS):
        raise BadValue("DAYS", days, f"expected a whole number from 1 to {MOST_DAYS}")
    _, token = keeper.tokens.create(identity.userid, single(pairs, "NOTE") or "", int(days))
    return plain(token)


def _described(token: Token) -> dict[str, object]:
    expires = None if token.expires is None else format_instant(token.expires * SECOND)
    created = format_instant(token.created * SECOND)
    return {"id": token.token_id, "note": token.note, "created": created, "expires": expires}


def _policy(request: Request) -> StackedPolicy:
    policy = request.registry.queryUtility(ISecurityPolicy)
    if not isinstance(policy, StackedPolicy):
        raise HTTPNotFound
    return policy


def _keeper(request: Request) -> tuple[Keeper, Identity]:
    policy = _policy(request)
    identity = policy.identity(request)
    if identity is None:
        raise HTTPForbidden
    return policy.keeper, identity


def _form(request: Request) -> Pairs:
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
    views = {
        "login": {"GET": show_form, "POST": log_in},
        "logout": {"POST": log_out},
        "whoami": {"GET": show_self},
        "tokens": {"GET": show_tokens, "POST": change_tokens},
    }
    for name, methods in views.items():
        add_resource_views(config, IRoot, methods, name=name, permission=NO_PERMISSION_REQUIRED)
