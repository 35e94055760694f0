"""UPLOAD: tables and other files that a client sends along, or names by URL (DALI 1.1, section 4.3.5).

A value is ``name,URI``, or several of them with semicolons between (TAP 1.0, and what pyvo and STILTS send). A URI
is ``param:part``, which stands for a part of the same multipart form, or an http(s) URL.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self
from urllib.parse import SplitResult, urlsplit

from pyramid_uws.exceptions import BadValue

#: The name of the parameter.
UPLOAD = "UPLOAD"

#: Declared as a name, it stands for any name.
ANY = "*"

#: The longest URL.
LONGEST_URL = 4000

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+*-]+", re.ASCII)

# A semicolon may be part of a URL; one before the next name and scheme parts two pairs.
_PART = re.compile(r";(?=\s*[A-Za-z][A-Za-z0-9_]*,\s*[A-Za-z][A-Za-z0-9+.-]*:)", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9._~:-]+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An upload that a service takes, by name; the name ``*`` stands for any.

    ``media_types`` tell people and forms what is expected; clients say too little about that to be held to it.
    One that has the name of a parameter may be sent in its place.
    """

    name: str
    description: str = ""
    media_types: tuple[str, ...] = ()
    required: bool = False

    def __post_init__(self) -> None:
        """Refuse what no client could send."""
        if self.name != ANY and not is_upload_name(self.name):
            raise ValueError(f"{self.name!r} is no name of an upload: letters, digits and _, a letter first")
        if self.name == ANY and self.required:
            raise ValueError("the upload '*' stands for any name, so it cannot be required")
        for media_type in self.media_types:
            if not _MEDIA_TYPE.fullmatch(media_type):
                raise ValueError(f"upload {self.name}: {media_type!r} is no media type such as text/csv")

    @property
    def key(self) -> str:
        """The name folded for comparison."""
        return self.name.upper()


#: What a service declares that takes uploads of any name.
ANY_UPLOADS = (Upload(name=ANY, description="Any name is taken."),)


def described(uploads: Iterable[Upload]) -> str:
    """Say in a sentence or two what may be sent as UPLOAD."""
    told = (
        f"{upload.name}{f' ({about})' if (about := ', '.join(upload.media_types)) else ''}: {upload.description}"
        for upload in uploads
    )
    return "Files: name,param:part for a part of the form, or name,URL. " + " ".join(told)


class Sending(NamedTuple):
    """One pair of an UPLOAD: the name, and where the content is."""

    name: str
    uri: str

    @classmethod
    def kept(cls, text: str) -> Self:
        """Return what a job has kept as the text of an upload."""
        name, _, uri = text.partition(",")
        return cls(name, uri)

    @property
    def key(self) -> str:
        """The name folded for comparison."""
        return self.name.upper()

    @property
    def part(self) -> str | None:
        """The part of the form that has the content; None if it is to be fetched."""
        scheme, _, rest = self.uri.partition(":")
        return rest if scheme.lower() == "param" else None

    def __str__(self) -> str:
        return f"{self.name},{self.uri}"


def is_upload_name(text: str) -> bool:
    """Tell whether an upload may have this name."""
    return _NAME.fullmatch(text) is not None


def read_uploads(texts: Iterable[str]) -> tuple[Sending, ...]:
    """Read the values of UPLOAD; :class:`BadValue` says what is wrong. Empty ones count as not given."""
    found: dict[str, Sending] = {}
    for pair in (pair for text in texts for pair in _pairs(text)):
        sending = _read_pair(pair)
        if found.setdefault(sending.key, sending) != sending:
            raise BadValue(UPLOAD, sending.name, "two uploads of one request cannot have the same name")
    return tuple(found.values())


def _pairs(text: str) -> list[str]:
    """Part the pairs of a value."""
    pairs: list[str] = []
    for pair in _PART.split(text):
        _, _, uri = pair.partition(",")
        # Parts of a form have no semicolon in their names here, but there may be one too many at the end.
        pairs += pair.split(";") if uri.strip().lower().startswith("param:") else [pair]
    return [pair.strip() for pair in pairs if pair.strip("; \t\r\n")]


def _read_pair(pair: str) -> Sending:
    name, comma, uri = (text.strip() for text in pair.partition(","))
    if not comma:
        reason = "expected name,URI, such as mine,param:part or mine,https://example.org/table"
        raise BadValue(UPLOAD, hidden(pair), reason)
    if not is_upload_name(name):
        raise BadValue(UPLOAD, hidden(name), "the name of an upload is letters, digits and _, a letter first")
    scheme = uri.partition(":")[0].lower()
    if scheme == "param":
        if not uri.partition(":")[2]:
            raise BadValue(UPLOAD, pair, "after param: the name of a part of the form is needed")
    elif scheme in {"http", "https"} and ":" in uri:
        _check(name, uri)
    else:
        raise BadValue(UPLOAD, f"{name},{hidden(uri)}", "content is taken from param:, http: and https: only")
    return Sending(name, uri)


def _check(name: str, url: str) -> None:
    try:
        check_url(url)
    except ValueError as problem:
        raise BadValue(UPLOAD, f"{name},{hidden(url)}", f"the URL {problem}") from problem


def check_url(url: str) -> SplitResult:
    """Return the parts of an http(s) URL that can be fetched; ``ValueError`` says why it cannot be."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("cannot be read as a URL") from None
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("has characters that have to be percent-encoded")
    if len(url) > LONGEST_URL:
        raise ValueError(f"has more than {LONGEST_URL} characters")
    if parts.scheme not in {"http", "https"} or not host or not _HOST.fullmatch(host):
        raise ValueError("does not begin with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise ValueError("has a user or a password, which would be kept with the job")
    return parts


def hidden(url: str) -> str:
    """Return a URL, or what was meant to be one, as it may be shown and logged.

    It has no user or password, and no query, which often is a secret as well.
    """
    try:
        parts = urlsplit(url)
        is_sound = bool(parts.netloc and parts.hostname) and parts.port != 0
    except ValueError:
        is_sound = False
    if is_sound:
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        return f"{shown}?…" if parts.query or parts.fragment else shown
    _, at, rest = url.rpartition("@")
    return ("…" if at else "") + re.split(r"[?#]", rest, maxsplit=1)[0]
