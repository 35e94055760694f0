"""The pixels of a cut, piece by piece, so that the memory used follows the cut and not the file."""

from collections.abc import Iterator
from itertools import product

from .blanks import Blanks, Piece
from .layout import Extension
from .planning import Plan
from .reading import Reader, reader

#: Bytes of a piece, about.
PIECE = 8 * 1024 * 1024


def pieces(plan: Plan, extension: Extension) -> Iterator[Piece]:
    """Yield the pixels of a cut as they are stored, with blanks where it is to have them."""
    blank = Blanks(plan, extension)
    with reader(plan.layout, extension) as read:
        for piece in _split(plan, read, extension):
            yield blank(piece)


def _split(plan: Plan, read: Reader, extension: Extension) -> Iterator[Piece]:
    """Yield pieces that are small enough: several planes, or else some rows of one."""
    columns, rows, planes, *outer = _parts(plan)
    few = max(1, PIECE // (extension.lengths[0] * extension.dtype.itemsize))  # whole rows are read
    many = max(1, PIECE // (len(rows) * len(columns) * extension.dtype.itemsize)) if few >= len(rows) else 1
    for place in product(*reversed(outer)):
        for start in range(0, len(planes), many):
            some = planes[start : start + many]
            for low in range(0, len(rows), few):
                band = rows[low : low + few]
                where = tuple(reversed(place))
                yield Piece(where, some[0], band[0], read(where, some, band, columns))


def _parts(plan: Plan) -> list[range]:
    """Return the pixels of each axis of the cut, of three axes at least."""
    found = [range(part.start, part.stop, part.step or 1) for part in plan.parts]
    return [*found, *[range(1)] * (3 - len(found))]
