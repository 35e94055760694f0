"""Before any view: who is asking; and what answers tell about that (IVOA AuthVO, RFC 9110)."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.auth.identity import Identity
from pyramid_uws.auth.schemes import COOKIE, claimed_name
from pyramid_uws.auth.stacked import StackedPolicy
from pyramid_uws.exceptions import BadCredentials, UWSError
from pyramid_uws.tree.rights import READ

from .errors import challenged, uws_error
from .observed import TOLD
from .rates import count_stranger
from .respond import plain
from .scraping import PATH, is_by_token

Handle = Callable[[Request], Response]

#: A personal token, of which only the id may be told.
_TOKEN = re.compile(r"Bearer +uws_([0-9a-f]{12})_", re.ASCII | re.IGNORECASE)

#: Where one logs in and out, whatever one has said so far.
OPEN = ("/login", "/logout")

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def credentials_tween(handle: Handle, registry: Any) -> Handle:
    """Refuse what cannot be believed, wherever it is said, and tell who was recognized."""
    policy = registry.queryUtility(ISecurityPolicy)
    if not isinstance(policy, StackedPolicy):
        return handle

    def handled(request: Request) -> Response:
        if request.environ.get("PATH_INFO") in OPEN:
            policy.let_be_nobody(request)
            return handle(request)
        if request.environ.get("PATH_INFO") == PATH and is_by_token(request):
            policy.let_be_nobody(request)  # whose token it is, is nobody that logs in
        try:
            identity = policy.identity(request)
        except UWSError as problem:
            if isinstance(problem, BadCredentials):
                note_failure(request, **_claimed(policy, request))
            return _without_cookie(request, uws_error(count_stranger(request) or problem, request))
        if identity is not None and identity.is_ambient and is_foreign(request):
            return foreign()
        return _told(request, identity, handle(request))

    return handled


def note_failure(request: Request, scheme: str, **claimed: str | None) -> None:
    """Write down that somebody cannot be believed, and who they say they are if that is no secret."""
    request.environ[TOLD] = True
    request.registry.uws.audit.note("login_failed", scheme=scheme, **claimed)


def known_user(policy: StackedPolicy, name: str) -> str | None:
    """Return the name if it is a user's; what else is typed there may be a password."""
    return name if name in policy.keeper.users.all() else None


def _claimed(policy: StackedPolicy, request: Request) -> dict[str, Any]:
    """Return by which scheme somebody has said who they are, and what may be told of that."""
    said = (request.environ.get("HTTP_AUTHORIZATION") or "").strip()
    if not said:
        return {"scheme": "cookie" if COOKIE in request.environ.get("HTTP_COOKIE", "") else "other"}
    word = said.partition(" ")[0].lower()
    found = {"scheme": word if word in {"basic", "bearer"} else "other"}
    if word == "basic" and (name := claimed_name(request)) is not None:
        return {**found, "user": known_user(policy, name)}
    token = _TOKEN.match(said)
    return found if token is None else {**found, "id": token[1]}


def ways_in(request: Request, context: Any) -> list[str | None]:
    """Return how one is let in to a service: None for everybody, and the names of what can be proven."""
    policy = request.registry.queryUtility(ISecurityPolicy)
    return policy.ways_in(context) if isinstance(policy, StackedPolicy) else [None]


def is_foreign(request: Request) -> bool:
    """Tell whether a page of another site has a browser change something here, with the user's credentials.

    Browsers say where a request comes from; programs that say nothing are nobody's browser.
    """
    if request.method in SAFE:
        return False
    site = request.environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.environ.get("HTTP_ORIGIN")
    return origin is not None and urlsplit(origin).netloc != request.host


def foreign() -> Response:
    """Answer that this is not for such a page."""
    return plain("A page of another site may not do this in your name.", 403)


def _without_cookie(request: Request, response: Response) -> Response:
    """Have the browser forget a cookie that is worth nothing."""
    if COOKIE in request.environ.get("HTTP_COOKIE", ""):
        response.delete_cookie(COOKIE, path=request.script_name or "/")
    return response


def _told(request: Request, identity: Identity | None, response: Response) -> Response:
    """Add to an answer who was recognized, or how to log in where that would make a difference."""
    if identity is not None:
        response.headers["X-VO-Authenticated"] = identity.userid.encode().decode("latin-1")
    context: Any = getattr(request, "context", None)
    if response.status_code != 200 or context is None:
        return response
    if request.view_name == "capabilities":
        return _capabilities(request, identity, response, context)
    return response


def _capabilities(request: Request, identity: Identity | None, response: Response, context: Any) -> Response:
    """Have the capabilities say whether one may, or must, log in; they are readable all the same."""
    if not request.has_permission(READ, context):
        response.status = 401 if identity is None else 403
        return challenged(request, response)
    return challenged(request, response) if identity is None else response
