"""What stands in a form: read from what a browser sends, a link says or a job has, and written as a client would.

A form has the names of the API for parameters. Of an upload ``LEFT`` there are ``LEFT:file``, ``LEFT:url`` and
``LEFT:keep``, a tick that the file which is there already is wanted; of one whose name is free ``*1:name``,
``*1:file`` and so on. No parameter can have such a name.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import BadRequest
from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters.types import FILE
from pyramid_uws.parameters.uploads import ANY, UPLOAD, Sending, read_uploads
from pyramid_uws.parameters.values import Pairs

from .fields import takes_lines

#: The control parameters that a form asks for.
NAME = "RUNID"
LIMITS = ("EXECUTIONDURATION", "DESTRUCTION")

#: A field of this name says of which job this is another run.
FROM = "from"
#: Who was logged in when the form was filled in.
BY = "by:"

#: So many uploads of free names are offered beside those that are there.
FREE = 2

_FREE = re.compile(r"\*([1-9]\d?)", re.ASCII)


@dataclass(frozen=True)
class Filled:
    """Texts by the names of their fields in capitals.

    ``as_typed``: what is not there was left empty by somebody; otherwise nobody has been asked yet, and defaults
    are to be shown.
    """

    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    as_typed: bool = False

    def get(self, name: str) -> tuple[str, ...]:
        """Return what stands in the fields of this name, but for those that are empty."""
        return tuple(text for text in self.texts.get(name.upper(), ()) if text)

    def first(self, name: str) -> str:
        """Return what stands in the field of this name."""
        return next(iter(self.get(name)), "")


class Upload(NamedTuple):
    """An upload in a form: the ``prefix`` of its fields, and the name under which it is sent."""

    prefix: str
    name: str
    is_free: bool = False

    @property
    def file(self) -> str:
        """The field of the file."""
        return f"{self.prefix}:file"

    @property
    def url(self) -> str:
        """The field of the URL."""
        return f"{self.prefix}:url"

    @property
    def keep(self) -> str:
        """The field that says that the file which is there is wanted."""
        return keep_of(self.prefix)

    @property
    def called(self) -> str:
        """The field of the name, if that is free."""
        return f"{self.prefix}:name"


def keep_of(name: str) -> str:
    """Return the field that says that the file which is there is wanted."""
    return f"{name}:keep"


def typed(pairs: Iterable[tuple[str, str]]) -> Filled:
    """Read what a browser sends; it writes line ends in the way of networks."""
    return Filled(_grouped((name, text.replace("\r\n", "\n")) for name, text in pairs), as_typed=True)


def linked(definition: ServiceDefinition, pairs: Iterable[tuple[str, str]]) -> Filled:
    """Read what a link, or a job, says in the words of the API."""
    pairs = list(pairs)
    return Filled(_grouped([*_spread(definition, pairs), *_with_lines(definition, pairs)]))


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    texts: dict[str, tuple[str, ...]] = {}
    for name, text in pairs:
        texts[name.upper()] = (*texts.get(name.upper(), ()), text)
    return texts


def _with_lines(definition: ServiceDefinition, pairs: Pairs | list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield each of the pairs; several values that are typed into one field come as one text."""
    lines = {parameter.key for parameter in definition.parameters if takes_lines(parameter)}
    for key in lines:
        if texts := [text for name, text in pairs if name.upper() == key]:
            yield key, "\n".join(texts)
    yield from ((name, text) for name, text in pairs if name.upper() not in lines)


def _spread(definition: ServiceDefinition, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield UPLOAD by the fields that a form has for it; what cannot be read is left away."""
    try:
        sendings = read_uploads(text for name, text in pairs if name.upper() == UPLOAD and definition.uploads)
    except BadRequest:
        return
    declared = {upload.key for upload in definition.uploads}
    free = 0
    for sending in sendings:
        prefix = sending.name
        if sending.key not in declared:
            free += 1
            prefix = f"*{free}"
            yield f"{prefix}:name", sending.name
        if sending.part is None:
            yield f"{prefix}:url", sending.uri


def uploads_of(definition: ServiceDefinition, filled: Filled) -> list[Upload]:
    """Return the uploads that the form has: those declared, and as many of free names as it has fields for."""
    uploads = [Upload(each.name, each.name) for each in definition.uploads if each.name != ANY]
    if any(each.name == ANY for each in definition.uploads):
        used = [int(found[1]) for name in filled.texts if (found := _FREE.match(name))]
        most = max(used, default=0) + (0 if filled.as_typed else FREE)
        prefixes = [f"*{number}" for number in range(1, max(most, FREE) + 1)]
        uploads += [Upload(prefix, filled.first(f"{prefix}:name"), is_free=True) for prefix in prefixes]
    return uploads


def texts_sent(parameter: Parameter, filled: Filled) -> tuple[str, ...]:
    """Return the texts of a parameter as a client would send them; an empty field sends nothing."""
    texts = filled.get(parameter.name)
    if not takes_lines(parameter):
        return texts
    return tuple(line for text in texts for line in text.split("\n") if line.strip())


def pairs_sent(definition: ServiceDefinition, filled: Filled, files: Collection[str]) -> Pairs:
    """Return what a client would send; ``files`` are the names of the file fields that came along."""
    pairs = [
        (parameter.name, text)
        for parameter in definition.parameters
        if parameter.type != FILE
        for text in texts_sent(parameter, filled)
    ]
    for upload in uploads_of(definition, filled):
        if upload.file in files:
            pairs.append((UPLOAD, str(Sending(upload.name, f"param:{upload.file}"))))
        elif url := filled.first(upload.url).strip():
            pairs.append((UPLOAD, str(Sending(upload.name, url))))
    return tuple(pairs)


def contradictions(definition: ServiceDefinition, filled: Filled, files: Collection[str]) -> dict[str, str]:
    """Return what only a form can get wrong, by the prefixes of uploads."""
    found = {}
    for upload in uploads_of(definition, filled):
        ways = [upload.file in files, bool(filled.first(upload.url)), bool(filled.first(upload.keep))]
        if not any(ways):
            continue
        if ways[0] and ways[1]:
            found[upload.prefix] = "Give a file or a URL, not both."
        elif not upload.name:
            found[upload.prefix] = "Give this file a name."
        elif upload.name.upper() in definition.stand_ins and filled.get(upload.name):
            found[upload.prefix] = f"Choose a value of {upload.name} or give a file, not both."
    return found
