"""Around every request: its id, what is counted of it, and what of it goes into the audit log.

What changes jobs is written down by the worker systems, in the transaction that changes them; here is what
changes nothing: refusals, and ways that were given away being used.
"""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.location import lineage
from pyramid.request import Request
from pyramid.response import Response
from ZODB.POSException import POSError

from pyramid_uws.auth.policy import AnonymousPolicy
from pyramid_uws.auth.stacked import BY_LINK, StackedPolicy
from pyramid_uws.interfaces import IJob, IService
from pyramid_uws.observing.activity import NOTHING, Actor, Subject, current, new_request_id
from pyramid_uws.tree.shares import MARK, SharedJob

from .parked import PARK
from .resources import VIEW

Handle = Callable[[Request], Response]

HEADER = "X-Request-ID"
_VARIABLE = "HTTP_X_REQUEST_ID"

#: Where our server says that a request has come through a proxy that it was told to trust.
BY_PROXY = "pyramid_uws.by_proxy"

#: What a request id may be that a proxy has given.
_SOUND = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+=@-]{0,127}", re.ASCII)

#: Where it stands that a refusal was written down already, with more than is known here.
TOLD = "pyramid_uws.audited"

#: What stands for views where none was found.
NO_VIEW = "none"

#: Answers that refuse, but for 401s without which nobody would know that one has to log in.
REFUSALS = frozenset({401, 403, 429})

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class RequestActivity:
    """A request, as those see it who write down what is done."""

    __slots__ = ("_request", "request_id")

    def __init__(self, request: Request, request_id: str) -> None:
        self._request = request
        self.request_id: str | None = request_id

    def actor(self) -> Actor:
        """Return who asks, as far as that is known by now."""
        address = self._request.environ.get("REMOTE_ADDR")
        policy = self._request.registry.queryUtility(ISecurityPolicy)
        if isinstance(policy, StackedPolicy):
            identity = policy.known(self._request)
            if identity is None:
                return Actor(None, None, address, self.request_id)
            return Actor(identity.userid, identity.scheme, address, self.request_id, identity.key)
        who = None if isinstance(policy, AnonymousPolicy) else self._request.authenticated_userid
        return Actor(who, None, address, self.request_id)

    def subject(self) -> Subject:
        """Return the job to which the request is, or at least the service."""
        context: Any = getattr(self._request, "context", None)
        try:
            return NOTHING if context is None else subject_at(context)
        except POSError:  # the database is out of reach, which is no reason to say nothing
            return NOTHING


def subject_at(context: Any) -> Subject:
    """Return what a place in the tree belongs to."""
    job: Any = None
    for node in lineage(context):
        if job is None and IJob.providedBy(node):
            job = node
        if IService.providedBy(node):
            return Subject(node.__name__, *_facts(job))
    return NOTHING


def _facts(job: Any) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if job is None else (job.job_id, job.owner, job.runid)


def request_id(environ: Mapping[str, Any]) -> str:
    """Return a request's id, the same in all its runs: a sound one from a trusted proxy, or one of our own."""
    place = environ.get(PARK)
    noted: str | None = None if place is None else place.request_id
    if noted is not None:
        return noted
    given: Any = environ.get(_VARIABLE)
    is_sound = given is not None and environ.get(BY_PROXY) and _SOUND.fullmatch(given)
    found: str = given if is_sound else new_request_id()
    if place is not None:
        place.request_id = found
    return found


def observed_tween(handle: Handle, registry: Any) -> Handle:
    """Say what this thread is doing while it does it; then count the answer, and write down what it was."""

    def observed(request: Request) -> Response:
        environ, site = request.environ, registry.uws
        doing = RequestActivity(request, request_id(environ))
        token = current.set(doing)
        began = time.perf_counter()
        try:
            response = handle(request)
            if site.counts_requests:
                took = time.perf_counter() - began
                site.numbers.answered(_method(environ), response.status_int, environ.get(VIEW, NO_VIEW), took)
            if site.audit.is_on:
                _write_down(site.audit, request, response)
        finally:
            current.reset(token)
        response.headerlist.append((HEADER, doing.request_id))
        return response

    return observed


def _method(environ: Mapping[str, Any]) -> str:
    method: str = environ["REQUEST_METHOD"]
    return method if method in _METHODS else "other"


def note_read(request: Request, context: Any, **facts: Any) -> None:
    """Write down that results of the job to which the context belongs are sent, or parts of them."""
    audit = request.registry.uws.audit
    if not audit.is_on or request.method == "HEAD":
        return
    part = request.environ.get("HTTP_RANGE")
    audit.note("result_read", subject_at(context), **facts, **({} if part is None else {"range": part}))


def _write_down(audit: Any, request: Request, response: Response) -> None:
    status = response.status_int
    if status in REFUSALS:
        # Capabilities are given to everybody, with the status that the service would have.
        if request.environ.get(VIEW) != "capabilities" and not request.environ.get(TOLD):
            audit.note("refused", method=request.method, status=status)
        return
    if request.environ.get(BY_LINK) and status < 400:
        audit.note("link_used", result=getattr(request.context, "__name__", None), status=status)
    if MARK in request.environ.get("PATH_INFO", "") and status < 400:
        share = _share_of(getattr(request, "context", None))
        if share is not None:
            audit.note("share_used", method=request.method, share=share, status=status)


def _share_of(context: Any) -> str | None:
    """Return the id of the share by which a place was reached."""
    for node in () if context is None else lineage(context):
        if isinstance(node, SharedJob):
            return node.share_id
    return None
