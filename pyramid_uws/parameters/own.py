"""Types of parameters that a site adds to those of DALI.

They are known by dotted names, so that the process of a job, which sees neither configuration nor registry, finds
them as well.
"""

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from .types import Type

#: A prefix, a colon and a name, as DALI 1.2, section 3, has it for xtypes that are none of its own.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*:[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)


def is_own(name: str) -> bool:
    """Tell whether this may be the name of a type that a site adds."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, kw_only=True)
class OwnType:
    """A type of a site's own.

    ``read`` and ``write`` are dotted names (``package.module:function``): the one takes a literal and returns the
    value, or raises ``ValueError`` with what was expected; the other is its inverse, ``str`` if it is not given.
    """

    name: str
    read: str
    write: str = ""
    xtype: str | None = None
    ordered: bool = False

    def __post_init__(self) -> None:
        """Refuse a name that could be one of DALI's, now or later."""
        if not is_own(self.name):
            raise ValueError(f"{self.name!r} cannot be the name of a type: own ones are written PREFIX:NAME")

    @property
    def type(self) -> Type:
        """What reads and writes the literals, imported when it is first asked for."""
        return _loaded(self)


@cache
def _loaded(own: OwnType) -> Type:
    write = find_callable(own.write) if own.write else str
    return Type(find_callable(own.read), write, own.xtype or own.name, own.ordered)


def find_callable(dotted_name: str) -> Callable[..., Any]:
    """Return what ``package.module:name`` stands for."""
    module, _, name = dotted_name.partition(":")
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{dotted_name} cannot be called")
    return found
