"""A command as a whole: program, command line, what becomes a result, what exit statuses mean."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from pyramid_uws.parameters import Parameter
from pyramid_uws.uws.results import MEDIA_TYPE

from .line import CommandLine, Given, Takes
from .placeholders import FACTS
from .results import ResultRule, check_id

#: For trying whether a command line can be filled.
NO_FACTS: Mapping[str, str] = MappingProxyType(dict.fromkeys(FACTS, ""))

#: What an exit status may mean for the job.
KINDS = ("fatal", "transient", "ok")


@dataclass(frozen=True)
class Stdout:
    """What the program writes to stdout is a result; unless it is ``optional``, something has to be written."""

    id: str
    media_type: str
    optional: bool = False

    def __post_init__(self) -> None:
        """Refuse what no result could have."""
        check_id(self.id)
        if not MEDIA_TYPE.fullmatch(self.media_type):
            raise ValueError(f"{self.media_type!r} is not a media type such as text/plain")


@dataclass(frozen=True)
class ExitCode:
    """An exit status: a ``fatal`` or ``transient`` error, or ``ok``; and what the user is told."""

    status: int
    kind: str
    message: str = ""

    def __post_init__(self) -> None:
        """Refuse what a program cannot say."""
        if not 1 <= self.status <= 255:
            raise ValueError(f"{self.status}: an exit status that needs words is a number from 1 to 255")
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r}: expected one of {', '.join(KINDS)}")
        if not self.message and self.kind != "ok":
            raise ValueError(f"{self.status}: an error needs a sentence for the user")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A program as a core; ``program`` is the path of the file that is executed.

    With ``progress``, lines on stdout tell how far it is.
    """

    program: str
    line: CommandLine
    results: tuple[ResultRule, ...] = ()
    stdout: Stdout | None = None
    exit_codes: tuple[ExitCode, ...] = ()
    progress: bool = False

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.progress and self.stdout:
            raise ValueError("progress = true: stdout tells of the progress, and cannot be a result, too")
        named = [rule.id for rule in self.results if rule.id]
        _refuse_twice("result id", named + ([self.stdout.id] if self.stdout else []))
        _refuse_twice("exit status", [code.status for code in self.exit_codes])
        _refuse_twice("pattern", [rule.glob for rule in self.results])

    def check(self, takes: Takes) -> None:
        """Refuse, by ``ValueError``, what does not fit parameters and uploads of the service."""
        try:
            self.line.check(takes)
        except ValueError as problem:
            raise ValueError(f"command = {self.line.program} ...: {problem}") from problem

    def arguments(
        self,
        parameters: Sequence[Parameter],
        values: Mapping[str, Any],
        files: Mapping[str, str],
        facts: Mapping[str, str] = NO_FACTS,
    ) -> list[bytes]:
        """Return the words to be executed, for values and paths of files; ``BadValue`` tells what cannot be."""
        given = Given(
            declared={parameter.key: parameter for parameter in parameters},
            values={name.upper(): value for name, value in values.items()},
            files={name.upper(): path for name, path in files.items()},
            facts=facts,
        )
        return self.line.fill(given)

    def meaning(self, status: int) -> ExitCode:
        """Return what an exit status other than 0 means."""
        name = self.line.program.rpartition("/")[2]
        unknown = ExitCode(status, "fatal", f"The program {name} ended with exit status {status}.")
        return next((code for code in self.exit_codes if code.status == status), unknown)

    def to_plain(self) -> dict[str, Any]:
        """Return the command in values that JSON knows."""
        return dataclasses.asdict(self) | {"line": self.line.text}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_plain` has written."""
        return cls(
            program=plain["program"],
            line=CommandLine(plain["line"]),
            results=tuple(ResultRule(**rule) for rule in plain["results"]),
            stdout=None if plain["stdout"] is None else Stdout(**plain["stdout"]),
            exit_codes=tuple(ExitCode(**code) for code in plain["exit_codes"]),
            progress=plain["progress"],
        )


def _refuse_twice(what: str, things: list[Any]) -> None:
    for thing, times in Counter(things).items():
        if times > 1:
            raise ValueError(f"{what} {thing} is named {times} times")
