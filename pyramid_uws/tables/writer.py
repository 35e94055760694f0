"""What all writers of formats are."""

from abc import ABC, abstractmethod

import pyarrow as pa


class Writer(ABC):
    """Writes a table in a format; made with the table, its rows, a binary file, and the media type.

    ``tells_errors`` if the format has a place to tell that the rows have ended in one.
    """

    tells_errors = False

    @abstractmethod
    def write(self, batch: pa.RecordBatch) -> None:
        """Write the rows of a batch."""

    @abstractmethod
    def end(self, status: str, message: str = "") -> None:
        """Write what comes after the rows, given their status: OK, OVERFLOW or ERROR (DALI 1.2, section 5.4)."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Give back what is held beside the file, whatever has happened."""
