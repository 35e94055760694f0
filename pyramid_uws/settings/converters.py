"""How values are read that may stand behind several keys; a ``ValueError`` says what was expected."""

import re
from collections.abc import Callable
from pathlib import Path

from pyramid.settings import falsey, truthy

_SIZE = re.compile(r"(\d{1,18}) ?([kMGT]?)B?", re.ASCII | re.IGNORECASE)


def read_flag(text: str) -> bool:
    """Read true or false, in Pyramid's spellings."""
    folded = text.strip().lower()
    if folded in truthy:
        return True
    if folded in falsey:
        return False
    raise ValueError("expected true or false")


def read_count(text: str) -> int:
    """Read a whole number that is not negative."""
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise ValueError("expected a whole number that is not negative")
    return int(text)


def read_integer(text: str) -> int:
    """Read a whole number."""
    if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        raise ValueError("expected a whole number")
    return int(text)


def read_size(text: str) -> int:
    """Read a number of bytes, such as 4096, 64k, 512 MB or 2G; the units are powers of 1024."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError("expected a number of bytes, such as 4096, 64k, 512M or 2G")
    return int(found[1]) * int(1024 ** " KMGT".index(found[2].upper() or " "))


def read_seconds(text: str) -> float:
    """Read a number of seconds that is not negative."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise ValueError("expected a number of seconds that is not negative")
    return number


def read_names(text: str) -> tuple[str, ...]:
    """Read names separated by blanks or line ends."""
    return tuple(text.split())


def read_path(text: str) -> Path:
    """Read a path, made absolute."""
    return Path(text).expanduser().absolute()


def choice(*options: str) -> Callable[[str], str]:
    """Return a converter that takes one of the options."""

    def convert(text: str) -> str:
        if text not in options:
            raise ValueError(f"expected one of {', '.join(filter(None, options))}")
        return text

    return convert
