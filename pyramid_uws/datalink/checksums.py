"""The checksum of FITS (standard 4.0, appendix J), of data that come in pieces."""

import numpy as np

_WORD = 1 << 32


class Sum:
    """The sum of 32-bit words, carries going around, of bytes as they come."""

    def __init__(self) -> None:
        self.value = 0
        self._left = b""

    def add(self, content: bytes | memoryview) -> None:
        """Take in more bytes; those that make no whole word wait for the next."""
        content = self._left + bytes(content) if self._left else content
        whole = len(content) - len(content) % 4
        self._left = bytes(content[whole:])
        words = np.frombuffer(content, ">u4", whole // 4)
        self.value = _carried(self.value + int(words.sum(dtype=np.uint64)))


def _carried(value: int) -> int:
    while value >= _WORD:
        value = value % _WORD + value // _WORD
    return value


def sum_of(*contents: bytes, start: int = 0) -> int:
    """Return the sum of some bytes and of one that is known already."""
    total = Sum()
    total.value = start
    for content in contents:
        total.add(content)
    return total.value


def encoded(total: int) -> str:
    """Return the 16 characters that CHECKSUM has, so that the sum over all becomes -0."""
    rest = _WORD - 1 - total
    columns = [_characters(rest >> shift & 0xFF) for shift in (24, 16, 8, 0)]
    text = "".join(column[row] for row in range(4) for column in columns)
    return text[-1] + text[:-1]


def _characters(byte: int) -> str:
    """Return four characters that add up to a byte, letters and digits only."""
    values = [byte // 4 + ord("0") + (byte % 4 if place == 0 else 0) for place in range(4)]
    while any(not chr(value).isalnum() for value in values):
        for first in (0, 2):
            if not (chr(values[first]).isalnum() and chr(values[first + 1]).isalnum()):
                values[first] += 1
                values[first + 1] -= 1
    return "".join(map(chr, values))
