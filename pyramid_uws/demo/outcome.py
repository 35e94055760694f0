"""What a crossmatch found, as a table and as a summary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa

from pyramid_uws.parameters import Condition
from pyramid_uws.tables import Field, Frame, Info, Table, Written

from .catalogue import Catalogue, Column, Placed
from .catalogues import load
from .matching import Band, Indices, Pairs, joined

#: Rows made at a time.
BLOCK = 10_000

SEPARATION = Field(
    name="separation",
    decimals=6,
    unit="arcsec",
    ucd="pos.angDistance",
    description="Angular separation of the two positions",
)


@dataclass(frozen=True)
class Side:
    """One of the two catalogues, placed on the sky."""

    catalogue: Catalogue
    placed: Placed

    @classmethod
    def of(cls, name: str, epoch: float | None) -> Self:
        """Return the catalogue of that name, at the epoch if one is asked for and motions are known."""
        catalogue = load(name)
        return cls(catalogue, catalogue.placed(epoch))

    @property
    def name(self) -> str:
        """The catalogue's name."""
        return self.catalogue.source.name

    def columns(self, rows: Indices, main: str = "") -> Iterator[Column]:
        """Yield identifier, position and the rest of these rows, named after the catalogue.

        ``main`` is added to the UCDs of identifier and position.
        """
        identifier, *others = self.catalogue.columns
        yield self._named(identifier.take(rows), main)
        yield self._named(Column(self._angle("ra", "Right ascension"), self.placed.ra[rows]), main)
        yield self._named(Column(self._angle("dec", "Declination"), self.placed.dec[rows]), main)
        for column in others:
            yield self._named(column.take(rows))

    def _angle(self, name: str, title: str) -> Field:
        return Field(
            name=name,
            decimals=10,
            unit="deg",
            ucd=f"pos.eq.{name}",
            description=f"{title} (ICRS) at J{self.placed.epoch!r}",
        )

    def _named(self, column: Column, main: str = "") -> Column:
        field = column.field
        ref = self.name if field.unit in {"deg", "mas/yr"} else None
        field = replace(field, name=f"{self.name}_{field.name}", ucd=f"{field.ucd}{main}", ref=ref)
        return Column(field, column.values)


@dataclass(frozen=True)
class Outcome:
    """The pairs of two catalogues, with the parameters that led to them."""

    asked: Mapping[str, Any]
    left: Side
    right: Side
    bands: tuple[Band, ...]
    pairs: Pairs

    @classmethod
    def of(cls, asked: Mapping[str, Any], left: Side, right: Side, bands: list[Band]) -> Self:
        """Join what the bands found."""
        return cls(asked, left, right, tuple(bands), joined([band.pairs for band in bands]))

    @property
    def stars(self) -> int:
        """How many objects of the left catalogue have a partner."""
        return len(np.unique(self.pairs.left))

    @property
    def notes(self) -> list[str]:
        """What a reader must know to use the result rightly."""
        epoch = self.asked["EPOCH"]
        if epoch is None:
            places = " and ".join(f"{side.name} at J{side.placed.epoch!r}" for side in (self.left, self.right))
            return [f"Positions are compared as published, {places}; EPOCH moves those with proper motions."]
        return [
            f"{side.name} has no proper motions here: its positions are those of J{side.placed.epoch!r}, "
            f"not of J{epoch!r}."
            for side in (self.left, self.right)
            if side.placed.epoch != epoch
        ]

    def table(self) -> Table:
        """Return the pairs as a results table."""
        return Table(
            rows=self._rows(),
            fields=[column.field for column in self._columns(0, 0)],
            name="matches",
            description=f"Pairs of {self.left.name} and {self.right.name} within {self.asked['RADIUS']:g} arcsec",
            infos=tuple(self._infos()),
            frames=[Frame(id=side.name, epoch=f"J{side.placed.epoch!r}") for side in (self.left, self.right)],
        )

    def _rows(self) -> Iterator[pa.RecordBatch]:
        for start in range(0, len(self.pairs) or 1, BLOCK):
            columns = self._columns(start, start + BLOCK)
            yield pa.record_batch({column.field.name: column.array() for column in columns})

    def _columns(self, start: int, stop: int) -> list[Column]:
        """Return the columns of a range of pairs."""
        pairs = self.pairs.part(start, stop)
        return [
            *self.left.columns(pairs.left, main=";meta.main"),
            *self.right.columns(pairs.right),
            Column(SEPARATION, pairs.separation),
        ]

    def _infos(self) -> Iterator[Info]:
        for name, value in self.asked.items():
            if value not in {None, Condition()}:
                yield Info(name=name, value=_text(value))
        for note in self.notes:
            yield Info(name="warning", value=note, ucd="meta.note")
        for side in (self.left, self.right):
            source = side.catalogue.source
            yield Info(name="credit", value=source.credit)
            yield Info(name="citation", value=source.citation_uri, ucd="meta.bib")
            yield Info(name="rights", value=f"{source.title}: {source.rights}")

    def summary(self, written: Written) -> dict[str, Any]:
        """Return counts, separations, parameters and credits, ready for JSON."""
        separation = self.pairs.separation
        return {
            "parameters": {name: _plain(value) for name, value in self.asked.items()},
            "pairs": len(self.pairs),
            "rows": written.rows,
            "overflow": written.overflow,
            "left": self._side(self.left, self.pairs.left),
            "right": self._side(self.right, self.pairs.right),
            "median_separation_arcsec": float(np.median(separation)) if len(separation) else None,
            "chunks": [
                {
                    "dec_min": band.low,
                    "dec_max": band.high,
                    "left": band.lefts,
                    "right": band.rights,
                    "pairs": len(band.pairs),
                }
                for band in self.bands
            ],
            "notes": self.notes,
            "credits": [side.catalogue.source.credit for side in (self.left, self.right)],
        }

    @staticmethod
    def _side(side: Side, matched: Indices) -> dict[str, Any]:
        return {
            "catalogue": side.name,
            "title": side.catalogue.source.title,
            "objects": len(side.catalogue),
            "matched": len(np.unique(matched)),
            "epoch_of_positions": side.placed.epoch,
            "rights": side.catalogue.source.rights,
        }


def _plain(value: Any) -> Any:
    """Return the value of a parameter as JSON has it: a condition as it is written, none if it lets all pass."""
    return (str(value) or None) if isinstance(value, Condition) else value


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
