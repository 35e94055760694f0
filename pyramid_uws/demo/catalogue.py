"""What a catalogue is, whichever file it came from."""

from dataclasses import dataclass

from .matching import Floats, coordinates, moved, unit_vectors
from .sources import Source
from .votable import Column


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

    ``motion`` is in mas/yr, None if it is not known; ``columns`` starts with the identifier.
    """

    source: Source
    ra: Floats
    dec: Floats
    motion: tuple[Floats, Floats] | None = None
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.ra)

    def placed(self, epoch: float | None) -> Placed:
        """Return the positions at that epoch; as published, if none is asked for or no motion is known."""
        if self.motion is None or epoch is None or epoch == self.source.epoch:
            return Placed(self.source.epoch, unit_vectors(self.ra, self.dec), self.ra, self.dec)
        points = moved(self.ra, self.dec, self.motion, epoch - self.source.epoch)
        return Placed(epoch, points, *coordinates(points))
