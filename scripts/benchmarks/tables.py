"""Writing tables of ten columns: rows per second beside astropy's writer, and the memory that more rows take.

python -m benchmarks.tables ours|astropy TABLEDATA|BINARY2 ROWS FILE     prints a Run as JSON

Each table is written by a process of its own, so that the peak of its memory is that of this table.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from astropy.io.votable import from_table
from astropy.table import Table

from pyramid_uws import tables
from pyramid_uws.tables import Field

from .bench import Bench
from .samples import Figure
from .servers import SCRIPTS

#: Serialization -> how many rows of it are written; astropy, which is slower, writes fewer.
ROWS = {"BINARY2": 2_000_000, "TABLEDATA": 1_000_000}
ASTROPY_ROWS = 20_000
_WARM_UP = 1_000
_BATCH = 20_000
_MEGABYTE = 1024

FIELDS = (
    Field(name="id", ucd="meta.id;meta.main"),
    *(Field(name=name, unit="deg", ucd=f"pos.eq.{name}") for name in ("ra", "dec")),
    *(Field(name=name, unit="mas/yr", ucd=f"pos.pm;pos.eq.{name[2:]}") for name in ("pmra", "pmdec")),
    *(Field(name=name, unit="mag") for name in ("g", "bp_rp")),
    Field(name="visits"),
    Field(name="variable"),
    Field(name="name", ascii=True),
)


class Run(NamedTuple):
    """One table written: time and processor time (s), size of the file, how far the peak of memory rose (MB)."""

    rows: int
    seconds: float
    cpu: float
    size: int
    extra_mb: float

    @property
    def rate(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds


def measure_tables(bench: Bench) -> None:
    """Our writer and astropy's in turns; then ours with a quarter of the rows, for the memory."""
    rounds = min(3, bench.options.rounds)
    for form, most in ROWS.items():
        rows = most if bench.options.rounds > rounds else most // 10
        ours, ratios = [], []
        for _ in range(rounds):
            ours.append(_written(bench.folder, "ours", form, rows))
            ratios.append(ours[-1].rate / _written(bench.folder, "astropy", form, ASTROPY_ROWS).rate)
        fewer = _written(bench.folder, "ours", form, rows // 4)
        bench.add(
            Figure(
                "tables",
                f"{form}, {rows:,} rows of ten columns",
                count=rows,
                rate=median(run.rate for run in ours),
                ratio=median(ratios),
                against="astropy",
                more={
                    "cpu_rate": rows / median(run.cpu for run in ours),
                    "file_mb": ours[0].size / 1e6,
                    "extra_mb": median(run.extra_mb for run in ours) - fewer.extra_mb,
                },
            )
        )


def _written(folder: Path, who: str, form: str, rows: int) -> Run:
    """Write a table in a process of its own."""
    file = folder / "table.vot"
    command = [sys.executable, "-m", "benchmarks.tables", who, form, str(rows), str(file)]
    done = subprocess.run(command, cwd=SCRIPTS, stdout=subprocess.PIPE, text=True, check=True)
    file.unlink()
    return Run(*json.loads(done.stdout))


# In the process


def batches(rows: int) -> Iterator[pa.RecordBatch]:
    """Yield rows as a core would, never all of them."""
    random = np.random.default_rng(1)
    for start in range(0, rows, _BATCH):
        yield _batch(random, start, min(_BATCH, rows - start))


def _batch(random: np.random.Generator, start: int, size: int) -> pa.RecordBatch:
    ids = np.arange(start, start + size)
    return pa.record_batch(
        {
            "id": ids,
            "ra": random.uniform(0, 360, size),
            "dec": random.uniform(-90, 90, size),
            "pmra": random.normal(0, 10, size),
            "pmdec": random.normal(0, 10, size),
            "g": random.uniform(3, 21, size).astype(np.float32),
            "bp_rp": random.normal(1, 0.5, size).astype(np.float32),
            "visits": random.integers(0, 99, size, np.int32),
            "variable": random.integers(0, 2, size).astype(bool),
            "name": pa.array([f"HIP {number}" for number in ids], pa.string()),
        }
    )


def write_ours(form: str, rows: int, file: Path) -> None:
    """Write with the package's writer."""
    media_type = f"application/x-votable+xml;serialization={form}"
    with file.open("wb") as stream:
        tables.write_table(tables.Table(rows=batches(rows), fields=FIELDS), stream, media_type)


def write_astropy(form: str, rows: int, file: Path) -> None:
    """Write the same rows with astropy's writer, which has them in memory."""
    table = Table({name: column.to_numpy(zero_copy_only=False) for name, column in _columns(rows)})
    table["name"] = table["name"].astype(str)
    from_table(table).to_xml(str(file), tabledata_format=form.lower())


def _columns(rows: int) -> Iterator[tuple[str, pa.ChunkedArray]]:
    whole = pa.Table.from_batches(batches(rows))
    return zip(whole.column_names, whole.columns, strict=True)


WRITERS: dict[str, Callable[[str, int, Path], None]] = {"ours": write_ours, "astropy": write_astropy}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE


def main() -> None:
    """Write one table and tell how that went."""
    who, form, rows, file = sys.argv[1:]
    WRITERS[who](form, _WARM_UP, Path(file))  # what is loaded at first use is loaded then
    before, start, busy = _peak(), time.perf_counter(), time.process_time()
    WRITERS[who](form, int(rows), Path(file))
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    print(json.dumps(Run(int(rows), seconds, cpu, Path(file).stat().st_size, _peak() - before)))


if __name__ == "__main__":
    main()
