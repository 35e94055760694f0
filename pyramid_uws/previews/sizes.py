"""How large pictures say they are, which the first bytes of PNG, GIF and JPEG tell."""

import struct
from typing import BinaryIO

from .values import NoPreview

#: Of a JPEG's segments, those that tell how large it is, and how many come before at most.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEGMENTS = 500


def size_of(file: BinaryIO) -> tuple[int, int]:
    """Return width and height in pixels; the file is at its beginning again."""
    try:
        width, height = _said(file)
    except struct.error:
        width = height = 0
    file.seek(0)
    if not width or not height:
        raise NoPreview("The picture cannot be read: it does not say how large it is.")
    return width, height


def _said(file: BinaryIO) -> tuple[int, int]:
    head = file.read(24)
    if head.startswith(b"\x89PNG"):
        return struct.unpack(">II", head[16:])
    if head.startswith(b"GIF"):
        return struct.unpack("<HH", head[6:10])
    return _said_by_jpeg(file)


def _said_by_jpeg(file: BinaryIO) -> tuple[int, int]:
    file.seek(2)
    for _ in range(_SEGMENTS):
        mark, kind, length = struct.unpack(">BBH", file.read(4))
        if mark != 0xFF or length < 2:
            break
        if kind in _FRAMES:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return width, height
        file.seek(length - 2, 1)
    return 0, 0
