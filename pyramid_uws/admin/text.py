"""Facts as text for a terminal: aligned tables, sizes, instants; nothing in them can command the terminal."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from pyramid_uws.uws.instants import format_instant

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def printable(value: Any) -> str:
    """Return the value as text in which only characters that print are left as they are."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], right: Collection[str] = ()) -> Iterator[str]:
    """Yield the lines of a table; the columns named in ``right`` are aligned there."""
    texts = [[printable(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *texts, strict=True)]
    for line in (list(head), *texts):
        cells = zip(head, line, widths, strict=True)
        yield "  ".join(
            f"{text:>{width}}" if name in right else f"{text:<{width}}" for name, text, width in cells
        ).rstrip()


def facts(pairs: Sequence[tuple[str, Any]], indent: str = "") -> Iterator[str]:
    """Yield a line for each name with its value; what is None is left out."""
    known = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        yield f"{indent}{name:<{width}}  {printable(value)}".rstrip()


def block(text: str, indent: str = "  ") -> Iterator[str]:
    """Yield the lines of a longer text, indented."""
    for line in text.splitlines():
        yield f"{indent}{printable(line.expandtabs())}".rstrip()


def size(octets: int) -> str:
    """Write a number of bytes with three digits, in powers of 1000."""
    number = float(octets)
    power = 0
    while number >= 999.5 and power < len(_UNITS) - 1:
        number /= 1000
        power += 1
    return f"{number:.3g} {_UNITS[power]}"


def count(number: float, thing: str) -> str:
    """Write how many things there are."""
    return f"{number:g} {thing}" if number == 1 else f"{number:g} {thing}s"


def instant(microseconds: int | None) -> str | None:
    """Write an instant as documents have it, if there is one."""
    return None if microseconds is None else format_instant(microseconds)


def seconds(written: str | None) -> str | None:
    """Shorten an instant as documents have it to whole seconds."""
    return None if written is None else f"{written[:19]}Z"
