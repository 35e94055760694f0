"""What a core of this room needs of the job that the framework hands it."""

import pathlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Protocol

from pyramid_uws.tables import Written


class Job(Protocol):
    """A running job as its core sees it; only what the demo services use."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Declared names and their parsed values."""

    @property
    def uploads(self) -> Mapping[str, pathlib.Path]:
        """Names and files of what was sent."""

    def add_result(self, id: str, media_type: str, content: bytes | str | pathlib.Path) -> None:  # noqa: A002 - the framework's name
        """Keep a result."""

    def open_result(self, id: str, media_type: str) -> AbstractContextManager[BinaryIO]:  # noqa: A002 - the framework's name
        """Open a result for writing; it is kept when the block ends without an error."""

    def add_table(self, id: str, table: Any) -> Written:  # noqa: A002 - the framework's name
        """Keep a table, as RESPONSEFORMAT and MAXREC want it."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Tell how much is done, from 0 to 1."""

    def log(self, message: str) -> None:
        """Write a line to the job's log."""
