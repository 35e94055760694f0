"""Tokens of one's own; there if ``uws.auth`` is set."""

import json

from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from pyramid_uws.auth.identity import Identity
from pyramid_uws.auth.keeper import Keeper
from pyramid_uws.auth.tokens import MadeBefore, Token, new_id
from pyramid_uws.exceptions import BadRequest
from pyramid_uws.interfaces import IRoot
from pyramid_uws.pages import page
from pyramid_uws.uws.control import read_whole, single
from pyramid_uws.uws.instants import format_instant
from pyramid_uws.uws.limits import SECOND

from .login import policy_of, secret_form
from .resources import add_resource_views
from .respond import plain, see_other, wants_page

#: Tokens that users make themselves are valid for so many days, and for so many at most.
DAYS = 90
MOST_DAYS = 366


def show_tokens(_context: object, request: Request) -> Response:
    """GET /tokens: one's own, of which the secret part is not known any more."""
    keeper, identity = _keeper(request)
    if wants_page(request):
        return _tokens_page(request, keeper, identity)
    told = [_described(token) for token in keeper.tokens.of(identity.userid)]
    return _by_accept(Response(text=json.dumps(told, indent=1), content_type="application/json", charset="UTF-8"))


def change_tokens(_context: object, request: Request) -> Response:
    """POST /tokens: a new one, valid for DAYS, or with REVOKE=ID the end of one."""
    keeper, identity = _keeper(request)
    pairs = secret_form(request)
    revoked = single(pairs, "REVOKE")
    if revoked is not None:
        keeper.tokens.revoke(revoked, identity.userid)
        request.registry.uws.audit.note("token_revoked", id=revoked)
        is_page = wants_page(request)
        return see_other(request.path_url) if is_page else plain(f"The token {revoked} is revoked.\n")
    if identity.scheme == "token":
        raise BadRequest("A token cannot make others; log in another way.")
    days = read_whole("DAYS", single(pairs, "DAYS") or str(DAYS), MOST_DAYS)
    proposed = single(pairs, "ONCE")
    try:
        token_id, token = keeper.tokens.create(identity.userid, single(pairs, "NOTE") or "", days, proposed)
    except MadeBefore:
        if not wants_page(request):
            raise
        return _tokens_page(request, keeper, identity, again=proposed)
    request.registry.uws.audit.note("token_made", id=token_id, days=days)
    return _tokens_page(request, keeper, identity, token) if wants_page(request) else plain(token)


def _tokens_page(
    request: Request, keeper: Keeper, identity: Identity, made: str | None = None, again: str | None = None
) -> Response:
    """Show the tokens of a user, and one that was just made, which is never shown again.

    The form has the id of the token that will be made of it: to send it ``again`` makes no other.
    """
    return page(
        request,
        "tokens.html",
        private=True,
        tokens=sorted(keeper.tokens.of(identity.userid), key=lambda token: token.created, reverse=True),
        made=made,
        again=again,
        once=new_id(),
        may_make=identity.scheme != "token",
        days=DAYS,
        most_days=MOST_DAYS,
        second=SECOND,
    )


def _described(token: Token) -> dict[str, object]:
    expires = None if token.expires is None else format_instant(token.expires * SECOND)
    created = format_instant(token.created * SECOND)
    return {"id": token.token_id, "note": token.note, "created": created, "expires": expires}


def _keeper(request: Request) -> tuple[Keeper, Identity]:
    policy = policy_of(request)
    identity = policy.identity(request)
    if identity is None:
        raise HTTPForbidden
    return policy.keeper, identity


def _by_accept(response: Response) -> Response:
    response.vary = ("Accept",)
    return response


def includeme(config: object) -> None:
    """Register the views."""
    methods = {"GET": show_tokens, "POST": change_tokens}
    add_resource_views(config, IRoot, methods, name="tokens", permission=NO_PERMISSION_REQUIRED)
