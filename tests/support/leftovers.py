"""Coverage data of processes that were killed while they wrote them: nothing can be made of these."""

import contextlib
import sqlite3
from pathlib import Path

TABLES = {"arc", "context", "file", "line_bits", "meta", "tracer"}


def remove_unfinished(folder: Path) -> None:
    """Remove what cannot be combined with the others, lest it fail the run."""
    for path in folder.glob(".coverage.*"):
        if not is_whole(path):
            path.unlink()


def is_whole(path: Path) -> bool:
    """Tell whether a file of coverage data is complete."""
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        try:
            names = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            return names >= TABLES and list(database.execute("PRAGMA quick_check")) == [("ok",)]
        except sqlite3.DatabaseError:
            return False
