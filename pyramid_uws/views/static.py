"""The files that belong to pages, at ``/static/VERSION/NAME``: browsers keep them for good, for each has its URL.

There is no way from a URL to the disk: what there is has been read, and is looked up by its name.
"""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from pyramid_uws import interfaces
from pyramid_uws.pages import statics
from pyramid_uws.pages.files import NAME, media_type_of

from .errors import not_found
from .resources import add_resource_views

FOR_GOOD = "public, max-age=31536000, immutable"


def show(context: Any, request: Request) -> Response:
    """GET: a file. Pages of before an upgrade name another version; they get it, but not for good."""
    files = statics()
    version, *names = request.subpath or ("",)
    content = files.contents.get("/".join(names))
    if content is None:
        return not_found(context, request)
    response = Response(content, headerlist=[("Content-Type", media_type_of(names[-1]))])
    if version == files.version:
        response.headers["Cache-Control"] = FOR_GOOD
    return response


def includeme(config: Any) -> None:
    """Read the files, and register the view."""
    statics()
    add_resource_views(
        config, interfaces.IRoot, {"GET": show}, name=NAME, permission=NO_PERMISSION_REQUIRED, below=True
    )
