"""The one place where errors get a status and a body: text/plain, one sentence.

At synchronous renderers it is an error document, as their :class:`~.exchange.Exchange` writes it.
"""

import logging
import re
from collections.abc import Iterable
from typing import Any

from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import forget
from pyramid.traversal import find_interface

from pyramid_uws import exceptions
from pyramid_uws.interfaces import IAsyncRenderer, IJob, IJoblist
from pyramid_uws.tree.rights import READ
from pyramid_uws.tree.shares import MARK

from .exchange import exchange_of
from .respond import plain

log = logging.getLogger(__name__)

#: The secret of a share, in a path.
_SECRET = re.compile(rf"{MARK}[^/]+")

#: Error -> status; the first class that fits counts.
STATUSES: tuple[tuple[type[exceptions.UWSError], int], ...] = (
    (exceptions.BadValue, 400),
    (exceptions.BadRequest, 400),
    (exceptions.BadCredentials, 401),
    (exceptions.NotAllowedNow, 403),
    (exceptions.Rejected, 403),
    (exceptions.NoSuchJob, 404),
    (exceptions.NoSuchThing, 404),
    (exceptions.TooLarge, 413),
    (exceptions.TooMany, 429),
    (exceptions.Overloaded, 503),
    (exceptions.UWSError, 500),
)


#: What somebody wants to do by a method; others send something.
_WANTS = {"GET": "see", "HEAD": "see", "DELETE": "delete"}

#: Says in the environ that it is who is asking that is turned away, and not what is asked for.
FORBIDDEN = "pyramid_uws.forbidden"

#: What asks a job list to ask for credentials; the second is DaCHS' word.
ASKING = frozenset({"authenticate", "dachs_authenticate"})


def tell(request: Request, message: str, status: int) -> Response:
    """Answer with the sentence of an error, in the form that clients expect there."""
    exchange = exchange_of(getattr(request, "context", None), request)
    response: Response = plain(message, status) if exchange is None else exchange.tell(message, status)
    return response


def status_of(error: exceptions.UWSError) -> int:
    """Return the status of an answer that tells the error."""
    return next(status for kind, status in STATUSES if isinstance(error, kind))


def uws_error(error: exceptions.UWSError, request: Request) -> Response:
    """Answer with the sentence of the error."""
    status = status_of(error)
    response = tell(request, error.message, status)
    if isinstance(error, exceptions.Overloaded | exceptions.TooMany):
        response.retry_after = error.retry_after
    return challenged(request, response) if status == 401 else response


def challenges(request: Request) -> list[tuple[str, str]]:
    """Return the ways to log in that the security policy proposes, as headers."""
    return [(name, value) for name, value in forget(request) if name.lower() == "www-authenticate"]


def without_dialog(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers that go with a page which asks for name and password itself.

    That is where a cookie is proposed, too: what has a browser ask by a dialog of its own is left out then.
    """
    kept = list(headers)
    proposed = [value for name, value in kept if name.lower() == "www-authenticate"]
    if not any(value.startswith("ivoa_cookie") for value in proposed):
        return kept
    return [(name, value) for name, value in kept if not value.startswith("Basic ")]


def challenged(request: Request, response: Response) -> Response:
    """Add them to an answer."""
    response.headerlist.extend(challenges(request))
    return response


def _hint(context: Any, request: Request) -> str:
    """Return what helps somebody who came to where nothing is, and no job above."""
    if IJoblist.providedBy(context) or IAsyncRenderer.providedBy(context):
        return "a job may have been deleted, or its time was up"
    return f"see {request.application_url}/ for the services that are here"


def not_found(error: Any, request: Request) -> Response:
    """Answer that nothing is there: a job that is gone, something it does not have, or a path that never was.

    What a job has not is for those who may see it: others are told what they would be told of the job.
    """
    context: Any = getattr(request, "context", None)
    job: Any = find_interface(context, IJob)
    if job is None:
        return plain(f"There is nothing at {request.path}; {_hint(context, request)}.", 404)
    if not request.has_permission(READ, context):
        return forbidden(error, request)
    why = f" Why it has failed is told at {request.resource_url(job)}/error." if job.error else ""
    return plain(f"There is nothing at {request.path}: the job, which is {job.phase}, has no such part.{why}", 404)


def not_readable(_error: Any, _request: Request) -> Response:
    """Answer that the URL is not UTF-8."""
    return plain("The URL is not UTF-8 text.", 400)


def forbidden(_error: Any, request: Request) -> Response:
    """Answer that the caller may not; 401 if the security policy has a challenge and nobody is logged in."""
    user = request.authenticated_userid
    what = f"{_WANTS.get(request.method, 'send anything to')} {request.path}"
    if user is None and challenges(request):
        return challenged(request, tell(request, f"Please log in to {what}.", 401))
    request.environ[FORBIDDEN] = True
    who = "You may not" if user is None else f"You are logged in as {user}, who may not"
    return tell(request, f"{who} {what}.", 403)


def ask_if_wanted(request: Request, pairs: Iterable[tuple[str, str]]) -> None:
    """Ask who it is, where people can log in, if the pairs say that this is wanted."""
    asks = any(name.lower() in ASKING for name, _ in pairs)
    if asks and request.authenticated_userid is None and challenges(request):
        raise HTTPForbidden


def failure(error: Exception, request: Request) -> Response:
    """Answer that the server failed; the log has the story."""
    log.error("%s %s failed", request.method, _SECRET.sub(f"{MARK}…", request.path), exc_info=error)
    return tell(request, "The server failed over this request; its operator finds the reason in the log.", 500)


def includeme(config: Any) -> None:
    """Register the exception views."""
    config.add_exception_view(uws_error, context=exceptions.UWSError)
    config.add_exception_view(failure, context=Exception)
    config.add_exception_view(not_readable, context=URLDecodeError)
    config.add_notfound_view(not_found)
    config.add_forbidden_view(forbidden)
