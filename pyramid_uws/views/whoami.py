"""Who one is here, and what one may have and has."""

import json
from dataclasses import replace
from typing import NamedTuple

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.execution.quotas import Standing
from pyramid_uws.interfaces import IRoot
from pyramid_uws.pages import page
from pyramid_uws.tree import Root

from .payers import groups_of, payer_of
from .resources import add_resource_views
from .respond import plain, wants_json, wants_page


class Self(NamedTuple):
    """Somebody who has logged in, as far as the security policy tells."""

    userid: str
    groups: tuple[str, ...]
    scheme: str | None


def show_self(context: Root, request: Request) -> Response:
    """GET /whoami: the name; as JSON and as a page, with groups and quotas."""
    found = _self(request)
    if wants_page(request):
        policy = request.registry.queryUtility(ISecurityPolicy)
        takes_tokens = isinstance(policy, StackedPolicy) and policy.has("token")
        standing = standing_of(context, request)
        return page(request, "whoami.html", identity=found, takes_tokens=takes_tokens, standing=standing)
    if wants_json(request):
        response = _json(found, standing_of(context, request))
    else:
        response = plain("" if found is None else found.userid)
    response.vary = ("Accept",)
    return response


def _self(request: Request) -> Self | None:
    name = request.authenticated_userid
    if name is None:
        return None
    return Self(name, groups_of(request), getattr(request.identity, "scheme", None))


def _json(found: Self | None, standing: Standing) -> Response:
    told = {
        "user": None if found is None else found.userid,
        "groups": [] if found is None else found.groups,
        "scheme": None if found is None else found.scheme,
        "quotas": {key: {"limit": limit, "used": used} for key, limit, used in standing.rows},
    }
    return Response(text=json.dumps(told), content_type="application/json", charset="UTF-8")


def standing_of(root: Root, request: Request) -> Standing:
    """Return what whoever asks may have here, and has; of requests, those that the last minute has cost."""
    site, payer = request.registry.uws, payer_of(request)
    standing: Standing = site.limiter.quotas.standing(root, payer)
    most = standing.quota.requests
    if not most:
        return standing
    spent = most - site.buckets.left(payer.name, most)
    return replace(standing, used={**standing.used, "requests": spent})


def includeme(config: object) -> None:
    """Register the view."""
    add_resource_views(config, IRoot, {"GET": show_self}, name="whoami", permission=NO_PERMISSION_REQUIRED)
