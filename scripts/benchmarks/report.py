"""Printing: rows as they come, the tables at the end, lines of JSON, Markdown for the documentation."""

import json
import os
import platform
import sys
import textwrap
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from .reach import Row, rows
from .samples import Figure

_HEADINGS = ("scenario", "case", "count", "p50 ms", "p99 ms", "rate /s", "ratio", "to", "errors")

#: How long a line of text becomes in a Markdown file; rows of tables cannot be broken.
WIDTH = 115

#: Below this line of a Markdown file, everything is written by :func:`put_into`.
MARKER = "<!-- written by scripts/bench -->"

_VERDICTS = {True: "yes", False: "no", None: "not told by this run"}
_PACKAGES = ("pyramid_uws", "pyramid", "waitress", "ZODB", "BTrees")


def machine() -> dict[str, Any]:
    """Describe where this runs, without its name."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "load_average": round(os.getloadavg()[0], 1),
    }


class Report:
    """Shows each figure at once, and writes it to the file of JSON lines if there is one."""

    def __init__(self, lines: TextIO | None, *, quiet: bool) -> None:
        self._lines = lines
        self._quiet = quiet

    def begin(self, facts: dict[str, Any]) -> None:
        """Say where and how it is measured."""
        self._write({"machine": facts})
        self._say(", ".join(f"{name} {value}" for name, value in facts.items() if name != "packages"))

    def show(self, figure: Figure) -> None:
        """Say one figure."""
        self._write({"figure": figure.to_dict()})
        cells = _cells(figure)
        told = [f"{name} {cell}" for name, cell in zip(_HEADINGS[2:], cells[2:], strict=True) if cell]
        self._say(f"{cells[0]}: {cells[1]}: {', '.join([*told, *_more(figure)])}")

    def _write(self, value: dict[str, Any]) -> None:
        if self._lines is not None:
            self._lines.write(json.dumps(value) + "\n")
            self._lines.flush()

    def _say(self, text: str) -> None:
        if not self._quiet:
            print(text, file=sys.stderr, flush=True)


def read(path: Path) -> tuple[dict[str, Any], list[Figure]]:
    """Read the JSON lines of an earlier run; of figures measured twice the later counts."""
    facts: dict[str, Any] = {}
    figures: dict[tuple[str, str], Figure] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        value = json.loads(line)
        if "machine" in value:
            facts = value["machine"]
        else:
            figure = Figure(**value["figure"])
            figures[figure.scenario, figure.case] = figure
    return facts, list(figures.values())


def tables(facts: dict[str, Any], figures: list[Figure], *, markdown: bool) -> Iterator[str]:
    """Yield the lines of all tables."""
    show = _markdown_table if markdown else _plain_table
    yield from _described(facts)
    yield ""
    yield from show(Row._fields, [(*row[:3], _VERDICTS[row.met]) for row in rows(figures)])
    for title, scenarios in _PARTS.items():
        chosen = [figure for figure in figures if figure.scenario in scenarios]
        if chosen:
            yield from ("", f"### {title}" if markdown else title, "")
            yield from show(*_without_empty(_headings(chosen), [_row(figure, chosen) for figure in chosen]))


_PARTS = {
    "Yardsticks": {"yardstick"},
    "Requests": {"create", "get-job", "get-phase", "delete"},
    "Jobs": {"run", "queue"},
    "Filling a database": {"fill"},
    "Starting": {"start", "idle"},
    "Lists": {"lists"},
    "Pages": {"pages"},
    "Waiting": {"wait-one", "wait-job", "wait-jobs"},
    "Soak": {"soak"},
    "Cutting": {"cutouts"},
    "Writing tables": {"tables"},
}


def put_into(path: Path, lines: Iterable[str]) -> None:
    """Replace what is below the marker of a Markdown file."""
    text, marker, _ = path.read_text(encoding="utf-8").partition(MARKER)
    if not marker:
        raise SystemExit(f"{path} has no line {MARKER}")
    path.write_text("\n".join([text + marker, "", *lines, ""]), encoding="utf-8")


def _described(facts: dict[str, Any]) -> Iterator[str]:
    packages = ", ".join(f"{name} {number}" for name, number in facts.get("packages", {}).items())
    described = (
        f"{facts.get('cores')} cores, {facts.get('memory_gib')} GiB, Linux {facts.get('kernel')}, "
        f"Python {facts.get('python')}; {packages}. Load average at the start: {facts.get('load_average')}."
    )
    yield from textwrap.wrap(described, WIDTH, break_long_words=False, break_on_hyphens=False)


def _headings(figures: list[Figure]) -> tuple[str, ...]:
    return (*_HEADINGS, *dict.fromkeys(name for figure in figures for name in figure.more))


def _row(figure: Figure, figures: list[Figure]) -> tuple[str, ...]:
    names = _headings(figures)[len(_HEADINGS) :]
    return (*_cells(figure), *(_number(figure.more.get(name)) for name in names))


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.scenario,
        figure.case,
        f"{figure.count:,}",
        _number(figure.p50_ms),
        _number(figure.p99_ms),
        _number(figure.rate or None),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        figure.against,
        str(figure.errors) if figure.errors else "",
    )


def _more(figure: Figure) -> list[str]:
    return [f"{name} {_number(value)}" for name, value in figure.more.items()]


def _number(value: float | None) -> str:
    """Write about three digits."""
    if value is None:
        return ""
    if isinstance(value, int) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 or value <= 0 else f"{value:.2f}"


def _without_empty(
    headings: tuple[str, ...], table: list[tuple[str, ...]]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Leave out the columns that have nothing to say."""
    wanted = [column for column in range(len(headings)) if any(row[column] for row in table)]
    return tuple(headings[column] for column in wanted), [tuple(row[column] for column in wanted) for row in table]


def _markdown_table(headings: Iterable[str], table: Iterable[tuple[str, ...]]) -> Iterator[str]:
    headings = tuple(heading.replace("_", " ") for heading in headings)
    yield f"| {' | '.join(headings)} |"
    yield f"|{' --- |' * len(headings)}"
    for row in table:
        yield f"| {' | '.join(row)} |"


def _plain_table(headings: Iterable[str], table: Iterable[tuple[str, ...]]) -> Iterator[str]:
    lines = [tuple(headings), *table]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
