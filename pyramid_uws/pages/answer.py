"""A page as an answer: HTML that a browser may run only what comes with it."""

from hashlib import blake2b
from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response

from .environment import render
from .frame import frame_of

#: Scripts and styles are files of the site; nothing is fetched from elsewhere, sent elsewhere, or framed.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

#: Where no referrer may be sent at all, browsers hide the Origin by which our forms are told from those of others.
REFERRER: Final = "same-origin"


def page(request: Request, name: str, *, status: int = 200, private: bool = False, **model: Any) -> Response:
    """Answer with the page that a template makes of the model.

    A browser that has it already is told so (304). No browser keeps a ``private`` one.
    """
    body = render(name, frame_of(request), **model).encode()
    headers = [("Vary", "Accept"), ("Content-Security-Policy", POLICY), ("Referrer-Policy", REFERRER)]
    if private:
        headers.append(("Cache-Control", "no-store"))
    elif status == 200:
        etag = blake2b(body, digest_size=12).hexdigest()
        headers.append(("ETag", f'"{etag}"'))
        if "HTTP_IF_NONE_MATCH" in request.environ and etag in request.if_none_match:
            return Response(status=304, headerlist=headers)
    return Response(body, status, [("Content-Type", "text/html; charset=UTF-8"), *headers])
