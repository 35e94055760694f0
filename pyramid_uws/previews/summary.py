"""A preview of a table: its columns, its first rows, how many there are, and a plot."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain, islice
from typing import Any

from .cells import shown
from .limits import GATHERING, PLOTTED_ROWS, SHOWN_COLUMNS, SHOWN_ROWS
from .plotting import choose, numbered, plot
from .values import NoPreview, Source, Wish


class _Counting:
    """Rows that are counted while they are read; ends where they cannot be read any further, and notes why."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.count = 0
        self.ended = False

    def __iter__(self) -> Iterator[Sequence[Any]]:
        try:
            for row in self._source.rows:
                self.count += 1
                yield row
        except NoPreview as reason:
            self._source.notes.append(str(reason))
            return
        self.ended = True


def table(source: Source, wish: Wish) -> dict[str, Any]:
    """Return what is shown of a table: ``table``, ``plot`` (None if there is none) and ``notes``."""
    counting = _Counting(source)
    rows = iter(counting)
    first = list(islice(rows, SHOWN_ROWS))
    columns = numbered(source.columns, first)
    choice = choose(columns, wish)
    ahead = [] if choice is None else list(_within(rows))
    total = counting.count if _has_all(counting, rows) else source.total()
    spread = None if counting.ended or choice is None else source.spread()
    sample = [] if spread is None else list(_within(spread))
    is_spread = len(sample) > len(ahead) // 2
    picture = None
    if choice is not None and first:
        picture = plot(columns, choice, sample if is_spread else chain(first, ahead), is_spread=is_spread)
    shown_columns = columns[:SHOWN_COLUMNS]
    said = {
        "columns": [asdict(column) | {"is_number": bool(column.is_number)} for column in shown_columns],
        "more_columns": len(columns) - len(shown_columns),
        "rows": [_cells(row, len(shown_columns)) for row in first],
        "total": total,
        "is_exact": source.is_exact,
    }
    return {"table": said, "plot": picture, "notes": source.notes}


def _has_all(counting: _Counting, rows: Iterator[Sequence[Any]]) -> bool:
    """Tell whether all rows have been read; it takes another one to know."""
    if not counting.ended:
        next(rows, None)
    return counting.ended


def _within(rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Yield rows for a plot, as long as there is time."""
    deadline = time.monotonic() + GATHERING
    for row in islice(rows, PLOTTED_ROWS):
        yield row
        if time.monotonic() > deadline:
            return


def _cells(row: Sequence[Any], length: int) -> list[str]:
    cells = [shown(value) for value in row[:length]]
    return [*cells, *[""] * (length - len(cells))]
