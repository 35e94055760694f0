"""Examples of requests: what a service says about itself by showing it (DALI 1.2, section 2.3)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyramid_uws.exceptions import BadValue

from .declaration import Parameter
from .types import FILE
from .values import Pairs, complete, merge

_NO_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Example:
    """A request that shows what a service is for.

    ``parameters`` are names and texts as clients send them, several texts for a parameter that takes several.
    ``renderer`` names the endpoint that it is for, if it is not for all of them; the values of conditions are
    written differently.
    """

    name: str
    parameters: Mapping[str, str | Sequence[str]]
    description: str = ""
    renderer: str | None = None

    @property
    def id(self) -> str:
        """What the example is called in a URL fragment."""
        return "example-" + (_NO_ID.sub("-", self.name.lower()).strip("-") or "x")

    @property
    def pairs(self) -> Pairs:
        """Names and texts, as they are sent."""
        return tuple(
            (name, text)
            for name, texts in self.parameters.items()
            for text in ((texts,) if isinstance(texts, str) else texts)
        )

    def check(self, declared: Sequence[Parameter], style: str) -> None:
        """Refuse an example that could not be run where conditions are written in this style (``ValueError``)."""
        known = {parameter.key for parameter in declared}
        for name in self.parameters:
            if name.upper() not in known:
                raise ValueError(f"example {self.name!r}: there is no parameter {name}")
        files = [parameter.name for parameter in declared if parameter.type == FILE]
        try:
            complete(declared, merge(declared, (), self.pairs, style), files, style)
        except BadValue as problem:
            raise ValueError(f"example {self.name!r}: {problem.message}") from problem
