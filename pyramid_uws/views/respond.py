"""What all views answer with: texts, documents by Accept, redirects; and the caching of documents."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, islice
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from webob.acceptparse import create_accept_header

from pyramid_uws.snapshot import Snapshot, Snapshots, take_over
from pyramid_uws.version import __version__

XML = "text/xml"
JSON = "application/json"

#: What the URLs in a document depend on, and which document of its node it is.
_WHERE = ("wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO")

#: A document of so many pieces is a long one.
SHORT = 8

#: Headers shorter than this are kept, with what they prefer.
KEPT = 500

#: What is offered, the default first; browsers and Java ask for */* in many ways and get XML.
_OFFERS = ("text/xml", "application/xml", "application/json")


def plain(text: str, status: int = 200) -> Response:
    """Answer with a bare value (UWS 1.1, section 2.2.2)."""
    return Response(text.encode(), status, [("Content-Type", "text/plain; charset=UTF-8")])


def see_other(url: str) -> Response:
    """Answer 303 with an absolute URL (UWS 1.1, section 2.2.3)."""
    return Response(b"", 303, [("Content-Type", "text/plain; charset=UTF-8"), ("Location", url)])


def wants_json(request: Request) -> bool:
    """Tell whether JSON is what Accept prefers; unreadable and unmatched ones get XML, never 406.

    Who names JSON and lets in all else (``application/json, */*``) prefers it, who names both alike gets XML.
    """
    named = (request.environ.get("HTTP_ACCEPT") or "").lower()
    if "json" not in named or request.accept.parsed is None:
        return False
    ranked = request.accept.acceptable_offers(_OFFERS if "xml" in named else _OFFERS[::-1])
    return bool(ranked) and ranked[0][0] == JSON


def wants_page(request: Request) -> bool:
    """Tell whether this is a browser that prefers HTML to documents (U-12 … U-16).

    Browsers name XHTML beside it. Java, which names HTML by itself, does not, and is a program; nor does who takes
    anything. Who takes HTML and nothing else gets what it takes.
    """
    named = (request.environ.get("HTTP_ACCEPT") or "").lower()
    if "text/html" not in named:
        return False
    return _prefers_page(named) if len(named) < KEPT else _prefers_page.__wrapped__(named)


@lru_cache(maxsize=64)
def _prefers_page(named: str) -> bool:
    """Tell whether a header prefers HTML; browsers send few different ones, and reading one takes its time."""
    accept = create_accept_header(named)
    if accept.parsed is None:
        return False
    ranked = dict(accept.acceptable_offers(("text/html", *_OFFERS)))
    best = max(ranked.get(kind, 0) for kind in _OFFERS)
    return ranked.get("text/html", 0) > best and (best == 0 or "application/xhtml+xml" in named)


def document(request: Request, render: Callable[[bool], str], serial: object = None) -> Response:
    """Answer with the document that ``render`` writes as JSON (True) or XML (False).

    ``serial`` stands for everything in the document but the base URL: with it, neither an unchanged document
    that the client knows (304) nor one written before is written again. Without it, the text is compared.
    """
    as_json = wants_json(request)
    kind = JSON if as_json else XML
    body = None
    if serial is None:
        body = render(as_json).encode()
        etag = blake2b(body, digest_size=12).hexdigest()
    else:
        said = (*map(request.environ.get, _WHERE), kind, serial, __version__)
        etag = blake2b(repr(said).encode(), digest_size=12).hexdigest()
    headers = [("ETag", f'"{etag}"'), ("Vary", "Accept")]
    if "HTTP_IF_NONE_MATCH" in request.environ and etag in request.if_none_match:
        return Response(status=304, headerlist=headers)
    if body is None:
        body = _cached(request.registry, etag, lambda: render(as_json))
    return Response(body, headerlist=[("Content-Type", f"{kind}; charset=UTF-8"), *headers])


def long_document(request: Request, render: Callable[[bool], Iterator[str]]) -> Response:
    """Answer with the document that ``render`` writes, piece by piece, as JSON (True) or XML (False).

    A short one is answered as a whole. A long one is sent as it is written, from the snapshot of the request,
    so it needs no more memory than a short one; it has neither length nor ETag.
    """
    as_json = wants_json(request)
    pieces = render(as_json)
    begun = list(islice(pieces, SHORT))
    if len(begun) < SHORT:
        return document(request, lambda _: "".join(begun))
    kind = JSON if as_json else XML
    headers = [("Content-Type", f"{kind}; charset=UTF-8"), ("Vary", "Accept")]
    return Response(app_iter=_Pieces(request, chain(begun, pieces)), headerlist=headers)


class _Pieces:
    """A body that is read from the database while it is sent."""

    def __init__(self, request: Request, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._snapshots: Snapshots = request.registry.uws.snapshots
        self._snapshot: Snapshot | None = take_over(request)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            yield piece.encode()
            if self._snapshot is not None:
                self._snapshot.forget()

    def close(self) -> None:
        """Give the snapshot back; a WSGI server calls this at the end, whatever that is."""
        if self._snapshot is not None:
            self._snapshots.give_back(self._snapshot)
            self._snapshot = None


def _cached(registry: Any, etag: str, render: Callable[[], str]) -> bytes:
    cache: DocumentCache = registry.uws.documents
    body = cache.get(etag)
    if body is None:
        body = render().encode()
        cache.put(etag, body)
    return body


class DocumentCache:
    """The documents written last, by ETag; dropped oldest first beyond a size in bytes."""

    def __init__(self, limit: int = 1024 * 1024, largest: int = 64 * 1024) -> None:
        self._limit = limit
        self._largest = largest
        self._size = 0
        self._lock = threading.Lock()
        self._bodies: OrderedDict[str, bytes] = OrderedDict()

    def get(self, etag: str) -> bytes | None:
        """Return the document, if it is there."""
        return self._bodies.get(etag)

    def put(self, etag: str, body: bytes) -> None:
        """Keep the document, unless it is so large that it would push out many others."""
        if len(body) > self._largest:
            return
        with self._lock:
            self._size += len(body) - len(self._bodies.pop(etag, b""))
            self._bodies[etag] = body
            while self._size > self._limit:
                _, oldest = self._bodies.popitem(last=False)
                self._size -= len(oldest)
