"""Writing a table: its rows, cut where they are to be, go to the writer of the format."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from types import MappingProxyType
from typing import Any, BinaryIO

import pyarrow as pa

from pyramid_uws.exceptions import CoreFault, UWSError
from pyramid_uws.parameters.formats import CSV, FITS, JSON, PARQUET, TSV, VOTABLE, split_format

from .declarations import Table, Written
from .sources import Source

# Here, so that a process from which others are forked has them.
from .votable import VOTableWriter
from .writer import Writer

#: Format -> where its writer is; only VOTable's is always needed.
_WRITERS: Mapping[str, str] = MappingProxyType(
    {
        CSV: "delimited:DelimitedWriter",
        TSV: "delimited:DelimitedWriter",
        JSON: "as_json:JsonWriter",
        FITS: "as_fits:FitsWriter",
        PARQUET: "as_parquet:ParquetWriter",
    }
)


def write(table: Any, file: BinaryIO, media_type: str, limit: int | None) -> Written:
    """Do what :func:`pyramid_uws.tables.write_table` says."""
    declared = table if isinstance(table, Table) else Table(rows=table)
    kind, _ = split_format(media_type)
    source = Source.of(declared)
    cut = _Cut(source.batches, limit)
    with closing(_writer(kind)(declared, source, file, media_type)) as writer:
        problem = _write_all(writer, cut)
    return Written(cut.rows, cut.overflow, problem)


def _write_all(writer: Writer, cut: "_Cut") -> Exception | None:
    """Write rows and end; return the error that the rows have ended in, if the format could tell of it."""
    try:
        for batch in cut:
            writer.write(batch)
    except Exception as problem:
        if not writer.tells_errors:
            raise
        text = problem.message if isinstance(problem, UWSError) else f"{type(problem).__name__}: {problem}"
        writer.end("ERROR", text)
        return problem
    writer.end("OVERFLOW" if cut.overflow else "OK")
    return None


def _writer(kind: str) -> Callable[..., Writer]:
    if kind == VOTABLE:
        return VOTableWriter
    module, _, name = _WRITERS[kind].partition(":")
    try:
        found: type[Writer] = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    except ModuleNotFoundError as problem:
        raise CoreFault(
            f"Writing {kind} needs the package {problem.name}, which is not installed here."
        ) from problem
    return found


class _Cut:
    """The first rows of many; counts them, and tells whether there were more.

    If none is wanted that counts as an overflow (DALI 1.2, section 4.3.4).
    """

    def __init__(self, batches: Iterator[pa.RecordBatch], limit: int | None) -> None:
        self.rows = 0
        self.overflow = limit == 0
        self._batches = batches
        self._limit = limit

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        if self._limit == 0:
            return
        for batch in self._batches:
            if self._limit is not None and self.rows + batch.num_rows > self._limit:
                self.overflow = True
                rest = batch.slice(0, self._limit - self.rows)
                if rest.num_rows:
                    self.rows += rest.num_rows
                    yield rest
                return
            self.rows += batch.num_rows
            yield batch
