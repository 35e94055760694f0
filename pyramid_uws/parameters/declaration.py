"""The declaration of one parameter, which parses, checks and documents its values."""

import math
import re
from dataclasses import dataclass
from typing import Any

from pyramid_uws.exceptions import BadValue
from pyramid_uws.uws.control import CONTROL_NAMES

from .conditions import CONDITIONED, read_condition
from .types import EMPTY_IS_ABSENT, TYPES

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a service.

    ``default``, ``minimum``, ``maximum`` and ``options`` are parsed values of the type. Wrong declarations
    raise ``ValueError`` when they are made, that is at start. The value of a ``condition`` is a set of values of
    the type (:class:`~pyramid_uws.parameters.conditions.Condition`), to which minimum and maximum do not apply.
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
    condition: bool = False

    def __post_init__(self) -> None:
        """Refuse declarations that no value could ever satisfy."""
        if not _NAME.fullmatch(self.name) or self.name.upper() in CONTROL_NAMES:
            raise ValueError(f"{self.name!r} cannot be the name of a parameter")
        if self.type not in TYPES:
            raise ValueError(f"parameter {self.name}: unknown type {self.type!r}, known are {sorted(TYPES)}")
        if self.condition and (
            self.type not in CONDITIONED or self.options or self.multiple or self.default is not None
        ):
            raise ValueError(
                f"parameter {self.name}: a condition is of type {', '.join(sorted(CONDITIONED))},"
                " without options or default, and single: it is a set by itself"
            )
        if (self.condition or not TYPES[self.type].ordered) and (
            self.minimum is not None or self.maximum is not None
        ):
            raise ValueError(f"parameter {self.name}: values of type {self.type!r} have no minimum or maximum")
        if self.required and self.default is not None:
            raise ValueError(f"parameter {self.name}: a required parameter has no default")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"parameter {self.name}: the minimum is greater than the maximum")
        for default in (self.default or ()) if self.multiple else (self.default,):
            self._check_default(default)

    @property
    def key(self) -> str:
        """The name folded for comparison: names are case-insensitive (DALI 1.1, section 4.1)."""
        return self.name.upper()

    def is_absent(self, text: str) -> bool:
        """Tell whether this text counts as "not given"."""
        return not text.strip() and (self.condition or self.type in EMPTY_IS_ABSENT)

    def read(self, text: str, style: str = "dali") -> Any:
        """Return the value of the literal; :class:`BadValue` names the parameter and what was expected.

        ``style`` is how a condition is written: ``pql`` or ``dali``.
        """
        try:
            if self.condition:
                return read_condition(self.type, text, style)
            value = TYPES[self.type].read(text)
            self._check(value)
        except ValueError as problem:
            raise BadValue(self.name, text, str(problem)) from problem
        return value

    def _check_default(self, default: Any) -> None:
        try:
            if default is not None:
                self._check(default)
        except (TypeError, ValueError) as problem:
            raise ValueError(f"parameter {self.name}: default {default!r}: {problem}") from None

    def _check(self, value: Any) -> None:
        if self.options and value not in self.options:
            raise ValueError("expected one of " + ", ".join(map(str, self.options)))
        if self.type == "double" and math.isnan(value) and (self.minimum, self.maximum) != (None, None):
            raise ValueError("expected a number")
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f"the smallest value allowed is {self.minimum}")
        if self.maximum is not None and value > self.maximum:
            raise ValueError(f"the largest value allowed is {self.maximum}")
