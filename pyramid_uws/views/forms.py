"""Reading what clients send: query, urlencoded and multipart bodies, in all the shapes of real clients.

Parameters of a POST are the union of query and body (U-26). Texts are bounded in number and size; files are
handed, chunk by chunk, to whoever keeps them.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Protocol
from urllib.parse import parse_qsl

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser
from pyramid.request import Request

from pyramid_uws.exceptions import BadRequest, TooLarge

Pairs = list[tuple[str, str]]


class Writable(Protocol):
    """What the content of a file is written to."""

    def write(self, chunk: bytes | bytearray, /) -> object:
        """Take a piece; an error is the end of the request."""


#: Called with name and media type of a file part; gives what it is written to.
FileSink = Callable[[str, str], AbstractContextManager[Writable]]

#: The most text a form may hold, in bytes, and the most parts.
MAX_TEXT = 1024 * 1024
MAX_FIELDS = 1000
CHUNK = 64 * 1024

# Clients leave the quotes away where they are needed: astroquery says ``boundary====123===``.
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*("[^"]*"|[^;]*)', re.IGNORECASE)

URLENCODED = "application/x-www-form-urlencoded"


def read_query(request: Request) -> Pairs:
    """Return the pairs of the query string."""
    return _parse(request.environ.get("QUERY_STRING", ""))


def read_form(request: Request, sink: FileSink, most: int = MAX_FIELDS) -> Pairs:
    """Return the pairs of query and body, so many at most; files among the parts of the body go to the sink."""
    check_size(request)
    pairs = read_query(request)
    header = request.environ.get("CONTENT_TYPE") or ""
    media_type = header.partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        boundary = _BOUNDARY.search(header)
        pairs += _read_multipart(request, boundary[1].strip(' "') if boundary else "", sink, most)
    elif media_type in {URLENCODED, ""}:
        pairs += _parse(_read_text(request), most)
    elif request.content_length or _is_chunked(request):
        raise BadRequest(
            f"A body of type {media_type!r} cannot be read here; send {URLENCODED} or multipart/form-data."
        )
    return pairs


def read_text_body(request: Request) -> str:
    """Return the whole body, which is text in UTF-8."""
    check_size(request)
    return _read_text(request)


def body_chunks(request: Request) -> Iterator[bytes]:
    """Yield the whole body piece by piece."""
    check_size(request)
    stream: Any = request.environ["wsgi.input"]
    if _is_chunked(request):
        yield from _until_its_end(request, stream)
        return
    remaining = request.content_length or 0
    while remaining > 0:
        chunk = stream.read(min(CHUNK, remaining))
        if not chunk:
            raise BadRequest("The body ended early.")
        remaining -= len(chunk)
        yield chunk


def _is_chunked(request: Request) -> bool:
    """Tell whether a body comes without a length; our server puts it together first, others may hand it on."""
    if request.content_length is not None or not request.environ.get("HTTP_TRANSFER_ENCODING"):
        return False
    if not request.environ.get("wsgi.input_terminated"):
        raise BadRequest("A body is taken here with a Content-Length only, not in chunks.")
    return True


def _until_its_end(request: Request, stream: Any) -> Iterator[bytes]:
    limit = left = request.registry.uws.settings.max_body
    for chunk in iter(partial(stream.read, CHUNK), b""):
        left -= len(chunk)
        if left < 0:
            raise TooLarge(f"The body has more than {limit} bytes; this site takes at most {limit}.")
        yield chunk


def check_size(request: Request) -> None:
    """Refuse a body larger than the site takes."""
    limit = request.registry.uws.settings.max_body
    if (request.content_length or 0) > limit:
        raise TooLarge(f"The body has {request.content_length} bytes; this site takes at most {limit}.")


def _read_text(request: Request) -> str:
    raw = bytearray()
    for chunk in body_chunks(request):
        raw += chunk
        if len(raw) > MAX_TEXT:
            raise TooLarge(f"The body has more than {MAX_TEXT} bytes; as text at most {MAX_TEXT} are taken.")
    return _decode(raw)


def _decode(raw: bytes | bytearray) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as problem:
        raise BadRequest("The body is not UTF-8 text.") from problem


def _parse(text: str, most: int = MAX_FIELDS) -> Pairs:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=most, errors="strict")
    except UnicodeDecodeError as problem:
        raise BadRequest("The parameters are not UTF-8 text.") from problem
    except ValueError as problem:
        raise BadRequest(f"There are more than {most} parameters.") from problem


def _read_multipart(request: Request, boundary: str, sink: FileSink, most: int) -> Pairs:
    pairs: Pairs = []
    try:
        with PushMultipartParser(boundary, max_segment_count=most) as parser:
            events = (event for chunk in body_chunks(request) for event in parser.parse(chunk))
            for segment in events:
                _read_part(segment, events, pairs, sink)
    except ParserLimitReached as problem:
        raise TooLarge(f"The multipart body is too large: {problem.args[0]}.") from problem
    except MultipartError as problem:
        raise BadRequest(f"The multipart body cannot be read: {problem.args[0]}.") from problem
    return pairs


def _read_part(segment: MultipartSegment, events: Iterator[bytes | None], pairs: Pairs, sink: FileSink) -> None:
    """Read one part, up to the None that ends it."""
    if segment.filename is not None:
        chunk = next(events, None)
        if chunk is None and not segment.filename:  # what browsers send of an input in which no file was chosen
            return
        with sink(segment.name, media_type_of(segment.header("Content-Type"))) as file:
            while chunk is not None:
                file.write(chunk)
                chunk = next(events, None)
        return
    size = sum(len(name) + len(text) for name, text in pairs)
    chunks = []
    for chunk in iter(lambda: next(events), None):
        size += len(chunk)
        if size > MAX_TEXT:
            raise TooLarge(f"The form has more than {MAX_TEXT} bytes of text.")
        chunks.append(chunk)
    pairs.append((segment.name, _decode(b"".join(chunks))))


def media_type_of(header: str | None) -> str:
    """Return a media type that may be given back in a header; clients send ``None`` and worse."""
    kind = (header or "").partition(";")[0].strip().lower()
    main, slash, sub = kind.partition("/")
    is_sound = slash and all(part and part.isascii() and _TOKEN.issuperset(part) for part in (main, sub))
    return kind if is_sound else "application/octet-stream"


_TOKEN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+")
