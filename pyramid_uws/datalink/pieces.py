"""The pieces that a datalink service is made of: named in its definition, each replaceable, found here.

Light, since the web process imports it to check definitions; the pieces themselves come in with :func:`assemble`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Self

from pyramid_uws.uws.users import User

from .problems import Unreadable

log = logging.getLogger(__name__)

_HERE = "pyramid_uws.datalink"


@dataclass(frozen=True, kw_only=True)
class Datalink:
    """The pieces, by dotted name (``package.module:name``), and what they are held to.

    ``descriptor`` is called once, with ``folder`` (a path) if there is one, and gives a *descriptor generator*: a
    callable that turns an id into an observation, or raises :class:`~pyramid_uws.datalink.NotFound`; if it can be
    iterated over, that gives the ids that there are.
    ``access(observation, user)`` tells whether a :class:`~pyramid_uws.datalink.User` (None: nobody is logged in),
    which is a name that has ``groups``, may have an observation.
    ``links`` name *link makers*: ``maker(observation, offer)`` yields
    :class:`~pyramid_uws.documents.datalink.Link` and :class:`~pyramid_uws.documents.datalink.Descriptor`.
    ``parameters(observation)`` gives the parameters by which this very observation can be cut.
    ``format(observation, cut, wish)`` gives the media type of a product, ``estimate(observation, cut)`` about how
    many bytes it will have, and ``function(observation, cut, file, media_type, history, progress)`` makes it.

    ``max_sync`` is in bytes.
    """

    folder: str = ""
    descriptor: str = f"{_HERE}.folder:Folder"
    access: str = f"{_HERE}.formats:anybody"
    links: tuple[str, ...] = (f"{_HERE}.links:this", f"{_HERE}.links:preview", f"{_HERE}.links:cutouts")
    parameters: str = f"{_HERE}.limits:parameters"
    format: str = f"{_HERE}.formats:media_type"
    estimate: str = f"{_HERE}.estimating:estimate"
    function: str = f"{_HERE}.cutting:cut"
    max_sync: int = 100 * 1024**2
    max_ids: int = 100
    max_results: int = 1000

    def __post_init__(self) -> None:
        """Refuse what cannot be made into a service; names are looked up by whoever registers it."""
        if not self.links:
            raise ValueError("datalink_links: there is no link maker")
        for name in ("max_ids", "max_results"):
            if getattr(self, name) < 1:
                raise ValueError(f"datalink_{name} = {getattr(self, name)}: expected at least 1")

    @classmethod
    def from_mapping(cls, facts: Mapping[str, Any]) -> Self:
        """Return what :func:`dataclasses.asdict` was made of, lists of JSON included."""
        return cls(**{**facts, "links": tuple(facts["links"])})

    @property
    def own_names(self) -> tuple[tuple[str, str], ...]:
        """The dotted names of pieces that are not ours, each with the key it has in an ini file."""
        ours = {name for field in fields(self) for name in _each(field.default)}
        single = ("descriptor", "access", "parameters", "format", "estimate", "function")
        named = [(f"datalink_{key}", getattr(self, key)) for key in single]
        named += [("datalink_links", maker) for maker in self.links]
        return tuple((key, name) for key, name in named if name not in ours)


@dataclass(frozen=True)
class Pieces:
    """The pieces themselves, as :class:`Datalink` describes them."""

    datalink: Datalink
    generator: Callable[[str], Any]
    access: Callable[[Any, User | None], bool]
    links: tuple[Callable[[Any, Any], Any], ...]
    parameters: Callable[[Any], Any]
    format: Callable[[Any, Any, str | None], str]
    estimate: Callable[[Any, Any], int]

    def find(self, name: str) -> Any:
        """Return the observation of an id.

        Raise :exc:`~.problems.NotFound`, or :exc:`~.problems.Unreadable`. Who may have it cannot be asked then, so
        nobody is told the name of a file that is not in the id.
        """
        try:
            return _calmly(self.generator, name)
        except Unreadable as problem:
            file = name.rpartition("/")[2]
            if file and f" {file} " in f" {problem} ":
                raise
            log.warning("what ID=%r stands for cannot be read: %s", name, problem)
            told = f"What ID={name!r} stands for cannot be read; the log of the server says why."
            raise Unreadable(told) from None

    def permits(self, observation: Any, user: User | None) -> bool:
        """Tell whether a user may have an observation."""
        return bool(_calmly(self.access, observation, user))

    @property
    def function(self) -> Callable[..., None]:
        """What makes products; that alone takes much memory, and only processes of jobs have use for it."""
        found: Callable[..., None] = resolve_name(self.datalink.function)
        return found


@cache
def assemble(datalink: Datalink) -> Pieces:
    """Return the pieces; made once in a process."""
    return Pieces(
        datalink=datalink,
        generator=resolve_name(datalink.descriptor)(*([Path(datalink.folder)] if datalink.folder else [])),
        access=resolve_name(datalink.access),
        links=tuple(map(resolve_name, datalink.links)),
        parameters=resolve_name(datalink.parameters),
        format=resolve_name(datalink.format),
        estimate=resolve_name(datalink.estimate),
    )


def _calmly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call what a site has written; to end the process, which would leave callers waiting, is to fail."""
    try:
        return function(*arguments)
    except SystemExit as problem:
        raise RuntimeError(f"{function!r} wanted to end the process, with {problem.code!r}") from problem


def _each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
