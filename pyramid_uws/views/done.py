"""What was done with jobs, told by the list to which the browser is led: in a cookie that is forgotten then.

So it is told once, and not again by a URL that somebody keeps, nor by one that somebody else has made up.
"""

import re
from urllib.parse import urlsplit

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.pages.joblists import Done

from .respond import see_other

COOKIE = "uws_done"
SECONDS = 60

_WRITTEN = re.compile(r"(ABORT|DELETE)\.([0-9]{1,6})\.([0-9]{1,6})")


def tell_there(request: Request, url: str, done: Done, query: str = "") -> Response:
    """Lead the browser to the list at a URL, which says what was done."""
    response = see_other(f"{url}{query and '?'}{query}")
    response.set_cookie(
        COOKIE,
        f"{done.action}.{done.count}.{done.ending}",
        max_age=SECONDS,
        path=urlsplit(url).path,
        secure=request.scheme == "https",
        httponly=True,
        samesite="Strict",
    )
    return response


def done_before(request: Request) -> Done | None:
    """Return what was done, if that is still to be told."""
    written = _WRITTEN.fullmatch(request.cookies.get(COOKIE, ""))
    return written and Done(written[1], int(written[2]), int(written[3]))


def forget(response: Response, url: str) -> Response:
    """Have the browser forget what it has been told by the list."""
    response.delete_cookie(COOKIE, path=urlsplit(url).path)
    return response
