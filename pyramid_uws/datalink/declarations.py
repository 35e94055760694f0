"""The parameters of SODA, as every datalink service declares them (SODA 1.0, section 3).

Intervals may be open (``-Inf``, ``+Inf``). All but POL may have several values: each combination makes a product.
"""

from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from pyramid_uws.documents.datalink import Input
from pyramid_uws.parameters import Parameter
from pyramid_uws.tables import MAXREC

#: DataLink 1.1, section 2.1.
ID: Final = Parameter(
    name="ID",
    ucd="meta.ref.url;meta.curation",
    required=True,
    multiple=True,
    description="The id of the observation, as the table of links has it.",
)

POS: Final = Parameter(
    name="POS",
    type="shape",
    ucd="pos.outline;obs",
    multiple=True,
    description="A region to be cut out (ICRS, degrees): CIRCLE lon lat radius, RANGE lon1 lon2 lat1 lat2, or "
    "POLYGON lon1 lat1 lon2 lat2 lon3 lat3 ...",
)

CIRCLE: Final = Parameter(
    name="CIRCLE",
    type="circle",
    unit="deg",
    ucd="pos.outline;obs",
    xtype="circle",
    multiple=True,
    description="A circle to be cut out (ICRS): longitude, latitude, radius.",
)

POLYGON: Final = Parameter(
    name="POLYGON",
    type="polygon",
    unit="deg",
    ucd="pos.outline;obs",
    xtype="polygon",
    multiple=True,
    description="A polygon to be cut out (ICRS): longitude and latitude of each corner.",
)

BAND: Final = Parameter(
    name="BAND",
    type="interval",
    unit="m",
    ucd="em.wl;stat.interval",
    xtype="interval",
    multiple=True,
    description="Wavelengths to be cut out (barycentric, in vacuum): shortest and longest.",
)

TIME: Final = Parameter(
    name="TIME",
    type="interval",
    unit="d",
    ucd="time.interval;obs.exposure",
    xtype="interval",
    multiple=True,
    description="Times to be cut out (MJD, UTC): first and last.",
)

POL: Final = Parameter(
    name="POL",
    ucd="meta.code;phys.polarization",
    multiple=True,
    options=("I", "Q", "U", "V", "RR", "LL", "RL", "LR", "XX", "YY", "XY", "YX"),
    description="Polarization states to be kept; several values are one filter.",
)

RESPONSEFORMAT: Final = Parameter(
    name="RESPONSEFORMAT",
    ucd="meta.code.mime",
    description="The format of the products: fits, png or votable, or a media type; FITS unless said otherwise.",
)

#: The spatial parameters are values of one axis.
SPATIAL: Final = (POS, CIRCLE, POLYGON)

#: In the order in which products are numbered.
FILTERS: Final = (*SPATIAL, BAND, TIME)

SODA_PARAMETERS: Final = (ID, *FILTERS, POL, RESPONSEFORMAT)

#: DataLink 1.1, section 2.1: what a table of links takes.
LINKS_PARAMETERS: Final = (
    replace(ID, required=False, description="The id of an observation; may be repeated."),
    replace(RESPONSEFORMAT, description="votable, or a media type of a VOTable."),
)

#: What the table of all observations takes.
LIST_PARAMETERS: Final = (MAXREC, LINKS_PARAMETERS[1])

#: Type of a parameter -> datatype and arraysize in VOTable; others are texts.
_DATATYPES = MappingProxyType(
    {"circle": ("double", "3"), "polygon": ("double", "*"), "interval": ("double", "2"), "int": ("long", None)}
)


def as_input(parameter: Parameter, **facts: Any) -> Input:
    """Return a declared parameter in the words of a service descriptor."""
    datatype, arraysize = _DATATYPES.get(parameter.type, ("char", "*"))
    said = {
        "unit": parameter.unit,
        "ucd": parameter.ucd,
        "xtype": parameter.xtype,
        "description": parameter.description,
    }
    return Input(name=parameter.name, datatype=datatype, arraysize=arraysize, **(said | facts))
