"""The table of all observations of a service, in the words of ObsCore 1.1, with the service of their links."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from .datalink import DATALINK, LINKS_TYPE, Descriptor, Input, resource
from .tabledata import VOTABLE_ATTRIBUTES, Column, info, table
from .xml import document, parent

#: The XML id of the column with the ids that links are asked for by. It is the same as in tables of links: when
#: pyvo's records are asked for a piece, it looks here for the column that a descriptor beside the links refers to.
_ID: Final = "links_ID"


def _text(name: str, utype: str, ucd: str, description: str, xml_id: str = "") -> Column:
    return Column(name=name, id=xml_id, utype=f"obscore:{utype}", ucd=ucd, description=description)


def _number(name: str, utype: str, unit: str, ucd: str, description: str) -> Column:
    utype = f"obscore:{utype}"
    return Column(name=name, datatype="double", utype=utype, unit=unit, ucd=ucd, description=description)


_SKY: Final = "Char.SpatialAxis.Coverage"
_TIME: Final = "Char.TimeAxis.Coverage"
_BAND: Final = "Char.SpectralAxis.Coverage.Bounds.Limits"

COLUMNS: Final = (
    _text("obs_publisher_did", "Curation.publisherDID", "meta.ref.ivoid", "The id of the observation", _ID),
    _text("obs_id", "DataID.observationID", "meta.id", "The same id"),
    _text("obs_collection", "DataID.Collection", "meta.id", "The service that has it"),
    _text("obs_title", "DataID.Title", "meta.title;obs", "The title"),
    _text("dataproduct_type", "ObsDataset.dataProductType", "meta.code.class", "image, cube or spectrum"),
    _text("access_url", "Access.reference", "meta.ref.url", "Where the links of the observation are"),
    _text("access_format", "Access.format", "meta.code.mime", "The media type of the links"),
    Column(
        name="access_estsize",
        datatype="long",
        utype="obscore:Access.size",
        unit="kbyte",
        ucd="phys.size;meta.file",
        description="The size of the file",
    ),
    _text("target_name", "Target.name", "meta.id;src", "What was observed"),
    _number(
        "s_ra", f"{_SKY}.Location.Coord.Position2D.Value2.C1", "deg", "pos.eq.ra", "Middle, right ascension (ICRS)"
    ),
    _number(
        "s_dec", f"{_SKY}.Location.Coord.Position2D.Value2.C2", "deg", "pos.eq.dec", "Middle, declination (ICRS)"
    ),
    _number(
        "s_fov",
        f"{_SKY}.Bounds.Extent.diameter",
        "deg",
        "phys.angSize;instr.fov",
        "The diameter of the covered sky",
    ),
    _text("s_region", f"{_SKY}.Support.Area", "pos.outline;obs.field", "What is covered of the sky"),
    _number("t_min", f"{_TIME}.Bounds.Limits.StartTime", "d", "time.start;obs.exposure", "When it began (MJD)"),
    _number("t_max", f"{_TIME}.Bounds.Limits.StopTime", "d", "time.end;obs.exposure", "When it ended (MJD)"),
    _number("t_exptime", f"{_TIME}.Support.Extent", "s", "time.duration;obs.exposure", "The exposure time"),
    _number("em_min", f"{_BAND}.LoLimit", "m", "em.wl;stat.min", "The shortest wavelength"),
    _number("em_max", f"{_BAND}.HiLimit", "m", "em.wl;stat.max", "The longest wavelength"),
    _text(
        "pol_states", "Char.PolarizationAxis.stateList", "meta.code;phys.polarization", "States of polarization"
    ),
    _text("facility_name", "Provenance.ObsConfig.Facility.name", "meta.id;instr.tel", "The telescope"),
    _text("instrument_name", "Provenance.ObsConfig.Instrument.name", "meta.id;instr", "The instrument"),
)


def observations_document(rows: Iterable[Sequence[Any]], links: str, overflow: str = "") -> str:
    """Write the table, given values of ``COLUMNS`` and the URL of the links; ``overflow`` says what is missing."""
    status = info("QUERY_STATUS", "OVERFLOW", overflow) if overflow else info("QUERY_STATUS", "OK")
    results = [status, table("observations", COLUMNS, rows)]
    resources = [parent("RESOURCE", results, {"type": "results"}), resource(_links_service(links))]
    return document("VOTABLE", resources, VOTABLE_ATTRIBUTES)


def _links_service(url: str) -> Descriptor:
    return Descriptor(
        id="links",
        name="links",
        description="Gives what there is of an observation, by its id.",
        access_url=url,
        standard_id=DATALINK,
        content_type=LINKS_TYPE,
        inputs=(Input(name="ID", ucd="meta.id;meta.main", ref=_ID, description="The id. Required."),),
    )
