"""The table of links, and service descriptors beside it (DataLink 1.1, chapters 3 and 4; SODA 1.0, chapter 4)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .tabledata import VOTABLE_ATTRIBUTES, Column, described, info, table
from .xml import document, empty, parent

DATALINK: Final = "ivo://ivoa.net/std/DataLink#links-1.1"
SODA_SYNC: Final = "ivo://ivoa.net/std/SODA#sync-1.0"
SODA_ASYNC: Final = "ivo://ivoa.net/std/SODA#async-1.0"

#: The media type of a table of links (DataLink 1.1, section 3.3).
LINKS_TYPE: Final = "application/x-votable+xml;content=datalink"

#: Of a service that concerns the links, and of the one that has written them.
SERVICE: Final = "adhoc:service"
THIS: Final = "adhoc:this"


@dataclass(frozen=True, kw_only=True)
class Link:
    """One row: exactly one of ``access_url``, ``service_def`` (the XML id of a descriptor) and ``error_message``.

    Terms of the core vocabulary of ``semantics`` are written relative, such as ``#this``.
    """

    id: str
    access_url: str | None = None
    service_def: str | None = None
    error_message: str | None = None
    description: str
    semantics: str
    content_type: str | None = None
    content_length: int | None = None
    content_qualifier: str | None = None
    local_semantics: str | None = None
    link_auth: str | None = None
    link_authorized: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what DataLink 1.1, section 3.2, does not allow."""
        if [self.access_url, self.service_def, self.error_message].count(None) != 2:
            raise ValueError(
                f"the link {self.semantics} of {self.id!r} has to have exactly one of access_url, service_def "
                "and error_message"
            )


@dataclass(frozen=True, kw_only=True)
class Input:
    """A parameter of a service: with a ``value`` it is fixed, with a ``ref`` it comes from that column.

    ``minimum``, ``maximum`` and ``options`` are texts as a client would write them.
    """

    name: str
    datatype: str = "char"
    arraysize: str | None = "*"
    unit: str | None = None
    ucd: str | None = None
    xtype: str | None = None
    value: str = ""
    ref: str | None = None
    description: str = ""
    minimum: str | None = None
    maximum: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """A service descriptor; ``id`` is its XML id, to which links refer."""

    id: str
    name: str
    description: str
    access_url: str
    inputs: tuple[Input, ...]
    standard_id: str | None = None
    content_type: str | None = None
    example_urls: tuple[str, ...] = ()
    utype: str = SERVICE


def _column(name: str, ucd: str, description: str, datatype: str = "char", unit: str = "") -> Column:
    return Column(name=name, id=f"links_{name}", ucd=ucd, description=description, datatype=datatype, unit=unit)


#: DataLink 1.1, section 3.2; each is an attribute of :class:`Link`.
COLUMNS: Final = (
    Column(name="ID", id="links_ID", ucd="meta.id;meta.main", description="The id that was asked for"),
    _column("access_url", "meta.ref.url", "Where the data can be fetched"),
    _column("service_def", "meta.ref", "The XML id of the descriptor of a service that gives the data"),
    _column("error_message", "meta.code.error", "Why there is no link"),
    _column("description", "meta.note", "What the link leads to"),
    _column("semantics", "meta.code", "What the link means: a term of http://www.ivoa.net/rdf/datalink/core"),
    _column("content_type", "meta.code.mime", "The media type of what the link leads to"),
    _column("content_length", "phys.size;meta.file", "The size of what the link leads to", "long", "byte"),
    _column("content_qualifier", "meta.code", "What kind of thing the link leads to"),
    _column("local_semantics", "meta.id.assoc", "Alike for links that are alike in several rows"),
    _column("link_auth", "meta.code", "Whether one has to log in to use the link: false, optional or true"),
    _column("link_authorized", "meta.code", "Whether the caller may use the link", "boolean"),
)


def links_document(links: Iterable[Link], descriptors: Iterable[Descriptor], overflow: str = "") -> str:
    """Write the answer of a links endpoint; ``overflow`` says which ids it does not have, if there are such."""
    status = info("QUERY_STATUS", "OVERFLOW", overflow) if overflow else info("QUERY_STATUS", "OK")
    rows = [_row(link) for link in links]
    results = [status, info("standardID", DATALINK), table("links", COLUMNS, rows)]
    resources = [parent("RESOURCE", results, {"type": "results"}), *map(resource, descriptors)]
    return document("VOTABLE", resources, VOTABLE_ATTRIBUTES)


def _row(link: Link) -> Sequence[object]:
    return [getattr(link, column.name.lower()) for column in COLUMNS]


def resource(descriptor: Descriptor) -> str:
    """Write a service descriptor."""
    attributes = {"type": "meta", "utype": descriptor.utype, "ID": descriptor.id, "name": descriptor.name}
    inputs = parent("GROUP", map(_input, descriptor.inputs), {"name": "inputParams"})
    return described("RESOURCE", attributes, descriptor.description, [*_about(descriptor), inputs])


def _about(descriptor: Descriptor) -> Iterator[str]:
    """Yield the PARAMs of a descriptor (DataLink 1.1, section 4.2)."""
    if descriptor.standard_id:
        yield _param("standardID", descriptor.standard_id, "")
    yield _param("accessURL", descriptor.access_url, "meta.ref.url")
    if descriptor.content_type:
        yield _param("contentType", descriptor.content_type, "meta.code.mime")
    for url in descriptor.example_urls:
        yield _param("exampleURL", url, "meta.ref.url")


def _param(name: str, value: str, ucd: str) -> str:
    attributes = {"name": name, "datatype": "char", "arraysize": "*", "value": value}
    return empty("PARAM", attributes | ({"ucd": ucd} if ucd else {}))


def _input(each: Input) -> str:
    said = {
        "name": each.name,
        "datatype": each.datatype,
        "arraysize": each.arraysize,
        "unit": each.unit,
        "ucd": each.ucd,
        "xtype": each.xtype,
        "ref": each.ref,
    }
    attributes = {name: value for name, value in said.items() if value} | {"value": each.value}
    return described("PARAM", attributes, each.description, _values(each))


def _values(each: Input) -> Iterator[str]:
    limits = [empty(name, {"value": value}) for name, value in _limits(each)]
    if limits:
        yield parent("VALUES", limits)


def _limits(each: Input) -> Iterator[tuple[str, str]]:
    if each.minimum is not None:
        yield "MIN", each.minimum
    if each.maximum is not None:
        yield "MAX", each.maximum
    for option in each.options:
        yield "OPTION", option
