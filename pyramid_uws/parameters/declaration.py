"""The declaration of one parameter, which parses, checks and documents its values."""

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pyramid_uws.exceptions import BadValue
from pyramid_uws.uws.control import CONTROL_NAMES

from .conditions import CONDITIONED, read_condition
from .own import OwnType, is_own
from .types import TYPES, Type, is_null

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*", re.ASCII)

#: What of a declaration is made of values of the type.
_VALUES = ("default", "minimum", "maximum", "options")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a service.

    ``default``, ``minimum``, ``maximum`` and ``options`` are parsed values of the type. Wrong declarations
    raise ``ValueError`` when they are made, that is at start. The value of a ``condition`` is a set of values of
    the type (:class:`~pyramid_uws.parameters.conditions.Condition`), to which minimum and maximum do not apply.
    ``own`` is put in at start where ``type`` is one that the site has added (``PREFIX:NAME``).
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
    own: OwnType | None = None

    def __post_init__(self) -> None:
        """Refuse declarations that no value could ever satisfy."""
        if not _NAME.fullmatch(self.name) or self.name.upper() in CONTROL_NAMES:
            raise ValueError(f"{self.name!r} cannot be the name of a parameter")
        if self.type not in TYPES and not is_own(self.type):
            raise ValueError(f"parameter {self.name}: unknown type {self.type!r}, known are {sorted(TYPES)}")
        if self.condition and (
            self.type not in CONDITIONED or self.options or self.multiple or self.default is not None
        ):
            raise ValueError(
                f"parameter {self.name}: a condition is of type {', '.join(sorted(CONDITIONED))},"
                " without options or default, and single: it is a set by itself"
            )
        if self.required and self.default is not None:
            raise ValueError(f"parameter {self.name}: a required parameter has no default")
        if self.type in TYPES or self.own is not None:
            self._check_values()

    def _check_values(self) -> None:
        """Refuse values in the declaration that are none of the type."""
        if (self.condition or not self.kind.ordered) and (self.minimum is not None or self.maximum is not None):
            raise ValueError(f"parameter {self.name}: values of type {self.type!r} have no minimum or maximum")
        for name in _VALUES:
            value = getattr(self, name)
            try:
                self._read_back(name, self._written(name, value))
            except (ValueError, TypeError, AttributeError) as problem:
                raise ValueError(
                    f"parameter {self.name}: {name} = {value!r} is no value of type {self.type!r}"
                ) from problem
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"parameter {self.name}: the minimum is greater than the maximum")
        for default in (self.default or ()) if self.multiple else (self.default,):
            self._check_default(default)

    @property
    def kind(self) -> Type:
        """What reads and writes the literals."""
        if self.own is not None:
            return self.own.type
        try:
            return TYPES[self.type]
        except KeyError:
            raise ValueError(
                f"parameter {self.name}: there is no type {self.type!r}; add_uws_parameter_type makes one known"
            ) from None

    @property
    def key(self) -> str:
        """The name folded for comparison: names are case-insensitive (DALI 1.1, section 4.1)."""
        return self.name.upper()

    def is_absent(self, text: str) -> bool:
        """Tell whether this text counts as "not given"."""
        return not text.strip() if self.condition else is_null(self.type, text)

    def read(self, text: str, style: str = "dali") -> Any:
        """Return the value of the literal; :class:`BadValue` names the parameter and what was expected.

        ``style`` is how a condition is written: ``pql`` or ``dali``.
        """
        kind = self.kind
        try:
            if self.condition:
                return read_condition(self.type, text, style)
            value = kind.read(text)
            self._check(value)
        except ValueError as problem:
            raise BadValue(self.name, text, str(problem), getattr(problem, "label", "")) from problem
        return value

    def write(self, value: Any) -> str:
        """Return the literal of a value."""
        return self.kind.write(value)

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

    # To the process of a job, as JSON

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can carry; :meth:`from_plain` makes the declaration of it again."""
        facts = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        facts |= {name: self._written(name, facts[name]) for name in _VALUES}
        return facts | {"own": None if self.own is None else dataclasses.asdict(self.own)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_plain` has made."""
        own = plain["own"] and OwnType(**plain["own"])
        bare = cls(**{**plain, **dict.fromkeys(_VALUES), "options": (), "own": own})
        return dataclasses.replace(bare, **{name: bare._read_back(name, plain[name]) for name in _VALUES})

    def _written(self, name: str, value: Any) -> Any:
        return self._each(name, self.write, value)

    def _read_back(self, name: str, literal: Any) -> Any:
        return self._each(name, self.kind.read, literal)

    def _each(self, name: str, convert: Callable[[Any], Any], values: Any) -> Any:
        """Convert a value of the declaration, or each of several."""
        if values is None:
            return None
        several = name == "options" or (name == "default" and self.multiple)
        return tuple(map(convert, values)) if several else convert(values)
