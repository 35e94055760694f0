"""What a catalogue is, whichever file it came from."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pyramid_uws.tables import Field

from .matching import Floats, coordinates, moved, unit_vectors
from .sources import Source


@dataclass(frozen=True)
class Column:
    """A field and its values; NaN and empty texts are missing values."""

    field: Field
    values: NDArray[Any]

    def take(self, rows: NDArray[np.intp]) -> "Column":
        """Return the column of these rows."""
        return replace(self, values=self.values[rows])

    def array(self) -> pa.Array:
        """Return the values as tables are made of them."""
        missing = self.values == "" if self.values.dtype.kind == "U" else None
        return pa.array(self.values, mask=missing, from_pandas=True)


@dataclass(frozen=True)
class Placed:
    """Positions at one epoch, as unit vectors and in degrees."""

    epoch: float
    points: Floats
    ra: Floats
    dec: Floats


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Positions in degrees at the epoch of the source, and what else to show.

    ``motion`` is in mas/yr and ``magnitude`` in mag, None if they are not known; ``columns`` starts with the
    identifier.
    """

    source: Source
    ra: Floats
    dec: Floats
    motion: tuple[Floats, Floats] | None = None
    magnitude: Floats | None = None
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.ra)

    def placed(self, epoch: float | None) -> Placed:
        """Return the positions at that epoch; as published, if none is asked for or no motion is known."""
        if self.motion is None or epoch is None or epoch == self.source.epoch:
            return Placed(self.source.epoch, unit_vectors(self.ra, self.dec), self.ra, self.dec)
        points = moved(self.ra, self.dec, self.motion, epoch - self.source.epoch)
        return Placed(epoch, points, *coordinates(points))
