"""All that is wrong with a request at once, for people who fill in a form.

The functions by which a request is checked raise the first thing that is wrong. Here they are called with each
parameter and each upload by itself. What is wrong with all of them together is left to those who make the job.

May import what :mod:`.arriving` may.
"""

from collections.abc import Iterator

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import BadRequest, BadValue, TooLarge, UWSError
from pyramid_uws.parameters import wrong_ones
from pyramid_uws.parameters.hosts import Fetching
from pyramid_uws.parameters.uploads import UPLOAD, Sending

from .admission import check_priority
from .arriving import NOTHING, Kept, Sent, arrive, check_sources, given_as_files, missing


def upload_slot(name: str) -> str:
    """Return by what name, among problems and what a job has, an upload is known."""
    return f"{UPLOAD}/{name}".upper()


def problems(
    definition: ServiceDefinition,
    style: str,
    fetching: Fetching,
    before: Kept,
    sent: Sent,
    *,
    whole: bool,
) -> dict[str, UWSError]:
    """Return what is wrong with each parameter (by its name in capitals) and each upload (:func:`upload_slot`).

    ``before`` is what the job has already, and keeps. Only a ``whole`` request needs all that is required.
    """
    pairs = (*before.pairs, *sent.pairs)
    by_file = given_as_files(definition, Kept(pairs, (*before.references, *sent.references)))
    found: dict[str, UWSError] = {**wrong_ones(definition.parameters, pairs, by_file, style, whole=whole)}
    try:
        check_priority(definition, sent.pairs)
    except BadValue as problem:
        found.setdefault(problem.name.upper(), problem)
    if definition.uploads:
        if whole:
            found |= {upload_slot(each.name): _required() for each in missing(definition, pairs)}
        found |= dict(_wrong_uploads(definition, fetching, sent))
    return found


def _required() -> BadValue:
    return BadValue(UPLOAD, "", "this file is required")


def _wrong_uploads(
    definition: ServiceDefinition, fetching: Fetching, sent: Sent
) -> Iterator[tuple[str, UWSError]]:
    """Yield what is wrong with each upload of its own; files that belong to none are no part of that."""
    for name, text in sent.pairs:
        if name.upper() != UPLOAD:
            continue
        upload = Sending.kept(text)
        files = tuple(file for file in sent.references if file[0] == upload.part)
        try:
            arrived = arrive(definition, None, NOTHING, Sent(((UPLOAD, text),), files))
            check_sources(definition, arrived.pairs, fetching)
        except (BadRequest, BadValue, TooLarge) as problem:
            yield upload_slot(upload.name), problem
