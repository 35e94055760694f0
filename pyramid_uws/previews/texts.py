"""Texts: their beginning, as it is."""

import re
from typing import BinaryIO

from .limits import TEXT

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def beginning(file: BinaryIO) -> tuple[str, bool]:
    """Return the beginning of a text, and whether that is all of it."""
    data = file.read(4 * TEXT + 1)
    text = _decoded(data[: 4 * TEXT])
    return cleaned(text[:TEXT]), len(data) <= 4 * TEXT and len(text) <= TEXT


def cleaned(text: str) -> str:
    """Return a text without characters that would change how others are read."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def _decoded(data: bytes) -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        if problem.start > len(data) - 4:  # a character that was cut
            return data[: problem.start].decode("utf-8-sig")
        return data.decode("latin-1")
