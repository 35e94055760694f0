"""The terminal, or what stands for it: text or one JSON document on stdout, complaints and questions on stderr."""

import json
import sys
from collections.abc import Iterable
from typing import Any

from pyramid_uws.exceptions import UWSError

from .text import printable

NAME = "uws-admin"


class NobodyToAsk(UWSError):
    """A confirmation is needed, and there is no terminal to ask at."""


class Console:
    """Speaks with the operator; with ``as_json`` what is said in lines is left out, but for what is asked."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def say(self, lines: Iterable[str]) -> None:
        """Write lines, if text is wanted."""
        if not self.as_json:
            _write(sys.stdout, lines)

    def give(self, value: Any) -> None:
        """Write the value, if JSON is wanted."""
        if self.as_json:
            _write(sys.stdout, [json.dumps(value, indent=2)])

    def complain(self, sentence: str) -> None:
        """Say what could not be done."""
        sys.stdout.flush()
        lines = sentence.splitlines() or [""]
        _write(sys.stderr, [f"{NAME}: {printable(lines[0])}", *map(printable, lines[1:])])

    def confirm(self, lines: Iterable[str], question: str) -> bool:
        """Ask whether what the lines list is to be done; :class:`NobodyToAsk` without a terminal."""
        if not sys.stdin.isatty():
            raise NobodyToAsk("stdin is no terminal at which to ask for confirmation; --yes goes on without.")
        if self.as_json:
            _write(sys.stderr, lines)
        sys.stdout.flush()
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _write(stream: Any, lines: Iterable[str]) -> None:
    stream.writelines(f"{line}\n" for line in lines)
    stream.flush()
