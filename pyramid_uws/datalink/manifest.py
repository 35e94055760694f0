"""The manifest of a job: which result is which combination, as a VOTable."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyramid_uws.documents.tabledata import VOTABLE_ATTRIBUTES, Column, info, table
from pyramid_uws.documents.xml import document, parent
from pyramid_uws.parameters.geometry import write_shape
from pyramid_uws.parameters.numbers import write_numbers

from .combinations import Combination

_COLUMNS = (
    Column(name="result", ucd="meta.id;meta.main", description="The id of the result in the job"),
    Column(name="ID", ucd="meta.ref.url;meta.curation", description="The id of the observation"),
    Column(name="POS", ucd="pos.outline;obs", description="The region, whichever parameter it came with"),
    Column(name="BAND", unit="m", ucd="em.wl;stat.interval", description="Wavelengths"),
    Column(name="TIME", unit="d", ucd="time.interval;obs.exposure", description="Times (MJD)"),
    Column(name="POL", ucd="meta.code;phys.polarization", description="States of polarization"),
    Column(name="content_type", ucd="meta.code.mime", description="The media type of the result"),
    Column(
        name="content_length",
        datatype="long",
        unit="byte",
        ucd="phys.size;meta.file",
        description="The size of the result",
    ),
    Column(name="error_message", ucd="meta.code.error", description="Why there is no product"),
)


@dataclass(frozen=True)
class Entry:
    """What has become of a combination; with an ``error`` there is no product, and the result says so."""

    combination: Combination
    media_type: str
    size: int
    error: str = ""


def manifest(entries: Iterable[Entry], url: str) -> str:
    """Write the manifest of the job at a URL."""
    told = [info("QUERY_STATUS", "OK"), info("job", url)] if url else [info("QUERY_STATUS", "OK")]
    content = [*told, table("manifest", _COLUMNS, map(_row, entries))]
    return document("VOTABLE", [parent("RESOURCE", content, {"type": "results"})], VOTABLE_ATTRIBUTES)


def _row(entry: Entry) -> tuple[str | int | None, ...]:
    combination, cut = entry.combination, entry.combination.cut
    return (
        combination.result,
        combination.id,
        write_shape(cut.shape) if cut.shape else None,
        write_numbers(cut.band) if cut.band else None,
        write_numbers(cut.time) if cut.time else None,
        " ".join(cut.pol) or None,
        entry.media_type,
        entry.size,
        entry.error or None,
    )
