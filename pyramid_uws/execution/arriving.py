"""What becomes of the parameters and files that a client sends: what the job has of them afterwards.

A job keeps texts, ``(name, text)``, and references to files in the store, ``(name, media type, size, file)``.
Each upload is a text of the name UPLOAD. If its content came along, there is a reference ``UPLOAD/NAME`` as well,
which can be the name of no other parameter.

May import ``definition``, ``exceptions``, ``parameters`` and ``uws`` of the package.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import BadRequest, BadValue, TooLarge
from pyramid_uws.parameters import Upload, merge
from pyramid_uws.parameters.hosts import Fetching
from pyramid_uws.parameters.types import SENT_AS_FILES
from pyramid_uws.parameters.uploads import ANY, UPLOAD, Sending, hidden, read_uploads
from pyramid_uws.parameters.values import Pairs
from pyramid_uws.uws.control import is_parameter

Reference = tuple[str, str, int, str]

_PREFIX = f"{UPLOAD}/"

#: The most that a job keeps, however many requests have brought it: characters of names and texts, and how many of
#: these and of files. It is one object of the database, which is written anew with each change.
MOST_TEXT = 2 * 1024 * 1024
MOST_PARAMETERS = 10_000


@dataclass(frozen=True)
class Sent:
    """What a client sent as parameters: pairs of texts, and files already in the result store."""

    pairs: Pairs = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What a job has of them."""

    pairs: Pairs = ()
    references: tuple[Reference, ...] = ()


#: What a new job has.
NOTHING = Kept()


def arrive(
    definition: ServiceDefinition, style: str | None, kept: Kept, sent: Sent, *, replace: bool = False
) -> Kept:
    """Return what a job has after more was sent to it; whatever is wrong with that is raised.

    Parameters are set or added as :func:`merge` does, uploads by name. With ``replace``, all values of a parameter
    that is sent are replaced. Without a style their values are not checked.
    """
    if replace:
        kept = Kept(_without(kept.pairs, {name.upper() for name, _ in sent.pairs}), kept.references)
    if definition.uploads:
        kept, sent = _take_uploads(definition, kept, sent)
    return _bounded(_take_parameters(definition, style, kept, sent))


def _bounded(kept: Kept) -> Kept:
    """Return what is kept; refuse too much of it."""
    size = sum(len(name) + len(text) for name, text in kept.pairs)
    if size > MOST_TEXT:
        raise TooLarge(f"These are {size} characters of parameters; a job takes at most {MOST_TEXT}.")
    number = len(kept.pairs) + len(kept.references)
    if number > MOST_PARAMETERS:
        raise TooLarge(f"These are {number} parameters; a job takes at most {MOST_PARAMETERS}.")
    return kept


def _keys(items: Iterable[tuple[Any, ...]]) -> list[str]:
    """Return the names of texts or references, folded for comparison."""
    return [item[0].upper() for item in items]


def _without(pairs: Pairs, names: set[str]) -> Pairs:
    return tuple(pair for pair in pairs if pair[0].upper() not in names)


# Uploads


def _take_uploads(definition: ServiceDefinition, kept: Kept, sent: Sent) -> tuple[Kept, Sent]:
    """Take the uploads out of what was sent and into what is kept; return both."""
    uploads = [_declared(definition, each) for each in read_uploads(_texts(sent.pairs))]
    files = [_file(each, sent) for each in uploads if each.part is not None]
    parts = {(each.part or "").upper() for each in uploads}
    rest = Sent(
        _without(sent.pairs, {UPLOAD}),
        tuple(file for file in sent.references if file[0].upper() not in parts),
    )
    kept = less(kept, _replaced(definition, uploads, rest))
    kept = Kept((*kept.pairs, *((UPLOAD, str(each)) for each in uploads)), (*kept.references, *files))
    _check_number(definition, kept)
    return _without_orphans(kept), rest


def _texts(pairs: Pairs) -> list[str]:
    return [text for name, text in pairs if name.upper() == UPLOAD]


def _declared(definition: ServiceDefinition, upload: Sending) -> Sending:
    """Return the upload under the name that the service gives it."""
    names = {each.key: each.name for each in definition.uploads}
    if upload.key not in names and ANY not in names:
        raise BadValue(
            UPLOAD, upload.name, f"the uploads that {definition.name} takes are {', '.join(names.values())}"
        )
    return Sending(names.get(upload.key, upload.name), upload.uri)


def _file(upload: Sending, sent: Sent) -> Reference:
    """Return the reference to the file that came along for an upload."""
    part = upload.part or ""
    for name, media_type, size, file in sent.references:
        if name.upper() == part.upper():
            return f"{_PREFIX}{upload.name}", media_type, size, file
    if part.upper() in {name.upper() for name, _ in sent.pairs}:
        raise BadValue(UPLOAD, str(upload), f"the part {part!r} of the form is no file; those have a file name")
    raise BadValue(UPLOAD, str(upload), f"the form has no part {part!r}; it comes in the same request")


def _replaced(definition: ServiceDefinition, uploads: list[Sending], rest: Sent) -> set[str]:
    """Return the slots that are taken anew.

    An upload and the parameter in whose place it is take each other's.
    """
    arrived = {each.key for each in uploads}
    as_parameters = definition.stand_ins & {*_keys(rest.pairs), *_keys(rest.references)}
    for name in arrived & as_parameters:
        raise BadRequest(
            f"{name} was sent twice, as a parameter and as an upload; one takes the place of the other."
        )
    return {_PREFIX + key for key in arrived | as_parameters} | (arrived & definition.stand_ins)


def less(kept: Kept, slots: Collection[str]) -> Kept:
    """Return what is kept without what was in these slots: names in capitals, ``UPLOAD/NAME`` of uploads."""
    return Kept(
        tuple(pair for pair in kept.pairs if _slot(*pair) not in slots),
        tuple(file for file in kept.references if file[0].upper() not in slots),
    )


def _slot(name: str, text: str) -> str:
    return (_PREFIX + text.partition(",")[0] if name == UPLOAD else name).upper()


def _without_orphans(kept: Kept) -> Kept:
    """Return what is kept without the files of uploads that are gone, or are fetched now."""
    slots = {_slot(name, text) for name, text in kept.pairs if name == UPLOAD and Sending.kept(text).part}
    files = (file for file in kept.references if not file[0].startswith(_PREFIX) or file[0].upper() in slots)
    return Kept(kept.pairs, tuple(files))


def _check_number(definition: ServiceDefinition, kept: Kept) -> None:
    limit, number = definition.limits.max_uploads, len(_uploads(definition, kept.pairs))
    if limit and number > limit:
        raise TooLarge(f"These are {number} uploads; a job of {definition.name} takes at most {limit}.")


def check_sources(definition: ServiceDefinition, pairs: Pairs, fetching: Fetching) -> None:
    """Refuse uploads by URL where none are fetched, or from where; hosts that have names are looked up later."""
    for name, url in to_fetch(definition, pairs).items():
        shown = f"{name},{hidden(url)}"
        if not fetching.enabled:
            raise BadValue(UPLOAD, shown, "this site fetches nothing; send a file, name,param:part")
        if fetching.refuses(urlsplit(url).hostname or ""):
            raise BadValue(UPLOAD, shown, "nothing is fetched from an address that is not public")


# Parameters


def _take_parameters(definition: ServiceDefinition, style: str | None, kept: Kept, sent: Sent) -> Kept:
    """Return what is kept after texts and files were sent; a name is one or the other."""
    pairs = merge(definition.parameters, kept.pairs, sent.pairs, style)
    if not (sent.references or kept.references):
        return Kept(pairs, ())
    shown = {parameter.key: parameter.name for parameter in definition.parameters}
    arrived: list[Reference] = [(shown.get(file[0].upper(), file[0]), *file[1:]) for file in sent.references]
    _check_files(definition, kept, arrived, sent.pairs)
    by_file = set(_keys(arrived))
    anew = {*by_file, *_keys(sent.pairs)}
    files = [old for old in kept.references if old[0].upper() not in anew]
    return Kept(_without(pairs, by_file), (*files, *arrived))


def _check_files(definition: ServiceDefinition, kept: Kept, arrived: list[Reference], pairs: Pairs) -> None:
    """Refuse files for names that cannot have one, or that have something else in the same request."""
    types = {parameter.key: parameter.type for parameter in definition.parameters}
    uploaded = {key for key in _keys(kept.references) if key.startswith(_PREFIX)}
    times = Counter([*_keys(arrived), *_keys(pairs)])
    for name, *_ in arrived:
        if not is_parameter(name) and name.upper() not in uploaded:
            raise BadRequest(f"A file cannot be sent as {name!r}.")
        if name.upper() == UPLOAD and definition.uploads:
            raise BadValue(UPLOAD, "", "this is text, name,URI; the file is a part of another name")
        if times[name.upper()] > 1:
            raise BadRequest(f"{name} was sent {times[name.upper()]} times; what is sent as a file is sent once.")
        kind = types.get(name.upper(), "string")
        if kind not in SENT_AS_FILES:
            raise BadValue(name, "", f"a value of type {kind} is sent as text, not as a file")


# What a job that is run has


def files_of(references: Iterable[Reference]) -> dict[str, str]:
    """Return the files that a core gets: name -> file."""
    return {name.removeprefix(_PREFIX): file for name, _, _, file in references}


def to_fetch(definition: ServiceDefinition, pairs: Pairs) -> dict[str, str]:
    """Return what is to be fetched for a core: name -> URL."""
    return {each.name: each.uri for each in _uploads(definition, pairs) if each.part is None}


def given_as_files(definition: ServiceDefinition, kept: Kept) -> tuple[str, ...]:
    """Return the names of the parameters that have come as files, or in whose place there is an upload."""
    files = [name for name, *_ in kept.references if not name.startswith(_PREFIX)]
    uploads = [each.name for each in _uploads(definition, kept.pairs) if each.key in definition.stand_ins]
    return (*files, *uploads)


def uploads_of(definition: ServiceDefinition, pairs: Pairs) -> tuple[str, ...]:
    """Return the names of the uploads that a job has."""
    return tuple(each.name for each in _uploads(definition, pairs))


def check_required(definition: ServiceDefinition, pairs: Pairs) -> None:
    """Refuse to run a job without an upload that is required."""
    for upload in missing(definition, pairs):
        raise BadValue(UPLOAD, "", f"the upload {upload.name!r} is required")


def missing(definition: ServiceDefinition, pairs: Pairs) -> list[Upload]:
    """Return the uploads that are required, and are not there."""
    given = {each.key for each in _uploads(definition, pairs)}
    return [upload for upload in definition.uploads if upload.required and upload.key not in given]


def _uploads(definition: ServiceDefinition, pairs: Pairs) -> list[Sending]:
    """Return the uploads that a job has, if its service takes any."""
    return [Sending.kept(text) for name, text in pairs if name == UPLOAD and definition.uploads]
