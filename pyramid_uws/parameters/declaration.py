"""The declaration of one parameter, which parses, checks and documents its values."""

import math
import re
from dataclasses import dataclass
from typing import Any

from pyramid_uws.exceptions import BadValue
from pyramid_uws.uws.control import CONTROL_NAMES

from .types import EMPTY_IS_ABSENT, ORDERED, READERS

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a service.

    ``default``, ``minimum``, ``maximum`` and ``options`` are parsed values of the type. Wrong declarations
    raise ``ValueError`` when they are made, that is at start.
    """

    name: str
    type: str = "string"
    unit: str | None = None
    ucd: str | None = None
    xtype: str | None = None
    multiple: bool = False
    required: bool = False
    default: Any = None
    minimum: Any = None
    maximum: Any = None
    options: tuple[Any, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse declarations that no value could ever satisfy."""
        if not _NAME.fullmatch(self.name) or self.name.upper() in CONTROL_NAMES:
            raise ValueError(f"{self.name!r} cannot be the name of a parameter")
        if self.type not in READERS:
            raise ValueError(f"parameter {self.name}: unknown type {self.type!r}, known are {sorted(READERS)}")
        if self.type not in ORDERED and (self.minimum is not None or self.maximum is not None):
            raise ValueError(f"parameter {self.name}: values of type {self.type!r} have no minimum or maximum")
        if self.required and self.default is not None:
            raise ValueError(f"parameter {self.name}: a required parameter has no default")

    @property
    def key(self) -> str:
        """The name folded for comparison: names are case-insensitive (DALI 1.1, section 4.1)."""
        return self.name.upper()

    def is_absent(self, text: str) -> bool:
        """Tell whether this text counts as "not given"."""
        return not text.strip() and self.type in EMPTY_IS_ABSENT

    def read(self, text: str) -> Any:
        """Return the value of the literal; :class:`BadValue` names the parameter and what was expected."""
        try:
            value = READERS[self.type](text)
            self._check(value)
        except ValueError as problem:
            raise BadValue(self.name, text, str(problem)) from problem
        return value

    def _check(self, value: Any) -> None:
        if self.options and value not in self.options:
            raise ValueError("expected one of " + ", ".join(map(str, self.options)))
        if self.type == "double" and math.isnan(value) and (self.minimum, self.maximum) != (None, None):
            raise ValueError("expected a number")
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f"the smallest value allowed is {self.minimum}")
        if self.maximum is not None and value > self.maximum:
            raise ValueError(f"the largest value allowed is {self.maximum}")
