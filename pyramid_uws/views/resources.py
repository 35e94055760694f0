"""One view per kind of node and method; what a node does not have is a 405 with Allow."""

from collections.abc import Callable, Mapping
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from zope.interface.interfaces import IInterface

from pyramid_uws.tree.rights import CHANGE, DELETE, READ

from .respond import plain

View = Callable[[Any, Request], Response]

#: Where it stands which view has answered: one of a number that is bounded, whatever clients ask for.
VIEW = "pyramid_uws.view"

#: What a request needs of the node's ACL.
_PERMISSIONS = {"GET": READ, "POST": CHANGE, "PUT": CHANGE, "DELETE": DELETE}


def add_resource_views(
    config: Any,
    context: Any,
    views: Mapping[str, View],
    *,
    name: str = "",
    permission: str | Mapping[str, str] | None = None,
    below: bool = False,
) -> None:
    """Register a view per method for a kind of node (a class or an interface), and 405 for the others.

    A GET view answers HEAD, too. ``name`` makes them named views; ``permission`` is for all of them, or
    for each method, if it is not the usual one of each method. ``below`` has them answer at paths below their
    own, too, which is ``request.subpath``.
    """
    place = (lambda view: view) if below else exact
    needed = dict.fromkeys(_PERMISSIONS, permission) if isinstance(permission, str) else permission or {}
    needed = {**_PERMISSIONS, **needed}
    label = name or _label(context)
    for method, view in views.items():
        config.add_view(
            labelled(place(view), label),
            context=context,
            name=name,
            request_method=method,
            permission=needed[method],
        )
    allowed = sorted({*views, *({"HEAD"} if "GET" in views else ())})
    refusing = labelled(place(_not_allowed(allowed)), label)
    config.add_view(refusing, context=context, name=name, permission=needed["GET"])


def _label(context: Any) -> str:
    """Return what a kind of node is called where requests are counted: ``phase`` for ``IPhase``."""
    name: str = context.__name__
    return (name[1:] if IInterface.providedBy(context) and name[:1] == "I" else name).lower()


def labelled(view: View, label: str) -> View:
    """Return a view that says, to those who count, that it was this one that has answered."""

    def saying_so(context: Any, request: Request) -> Response:
        request.environ[VIEW] = label
        return view(context, request)

    return saying_so


def exact(view: View) -> View:
    """Return a view that answers at its own path only, not at what is below."""

    def at_path(context: Any, request: Request) -> Response:
        if request.subpath:
            return plain(f"There is nothing at {request.path}.", 404)
        return view(context, request)

    return at_path


def _not_allowed(allowed: list[str]) -> View:
    def not_allowed(_context: Any, request: Request) -> Response:
        response = plain(
            f"{request.method} is not possible at {request.path}; what is: {', '.join(allowed)}.", 405
        )
        response.allow = allowed
        return response

    return not_allowed
