"""Formats of tables: what RESPONSEFORMAT may ask for (DALI 1.2, section 4.3.3)."""

from collections.abc import Mapping
from types import MappingProxyType

VOTABLE = "application/x-votable+xml"
CSV = "text/csv"
TSV = "text/tab-separated-values"
JSON = "application/json"
FITS = "application/fits"
PARQUET = "application/vnd.apache.parquet"

#: Short form -> media type.
SHORT_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "votable": VOTABLE,
        "votable/td": f"{VOTABLE};serialization=TABLEDATA",
        "votable/b2": f"{VOTABLE};serialization=BINARY2",
        "csv": CSV,
        "tsv": TSV,
        "json": JSON,
        "fits": FITS,
        "parquet": PARQUET,
    }
)

#: Media type that may be asked for, and comes back as it was asked for -> what it stands for.
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        **{media_type: media_type for media_type in (VOTABLE, CSV, TSV, JSON, FITS, PARQUET)},
        "text/xml": VOTABLE,
        "application/xml": VOTABLE,
        "image/fits": FITS,
        "application/x-parquet": PARQUET,
    }
)

_CHARSET = MappingProxyType({"charset": ("utf-8",)})

#: What a media type stands for -> parameters it may have, and their values.
_PARAMETERS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        VOTABLE: {**_CHARSET, "serialization": ("TABLEDATA", "BINARY2")},
        CSV: {**_CHARSET, "header": ("present", "absent")},
        TSV: {**_CHARSET, "header": ("present", "absent")},
        JSON: _CHARSET,
    }
)

_KNOWN = ", ".join(dict.fromkeys(name for name in SHORT_FORMS if "/" not in name))


def read_format(text: str) -> str:
    """Return the media type that a short form or a media type asks for; case and blanks do not matter.

    A plus sign that form decoding has made a blank is mended. ``ValueError`` tells what there is.
    """
    kind, *parameters = (part.strip() for part in text.split(";"))
    kind = kind.lower().replace(" ", "+")
    if kind in SHORT_FORMS and not parameters:
        return SHORT_FORMS[kind]
    if kind not in MEDIA_TYPES:
        raise ValueError(f"expected one of {_KNOWN}, or a media type such as {VOTABLE}, text/xml or {CSV}")
    allowed = _PARAMETERS.get(MEDIA_TYPES[kind], {})
    return ";".join([kind, *(_read_parameter(kind, allowed, parameter) for parameter in parameters)])


def _read_parameter(kind: str, allowed: Mapping[str, tuple[str, ...]], text: str) -> str:
    name, _, value = text.partition("=")
    name = name.strip().lower()
    for known in allowed.get(name, ()):
        if value.strip(' "').lower() == known.lower():
            return f"{name}={known}"
    choices = "; ".join(f"{name}={value}" for name, values in allowed.items() for value in values)
    raise ValueError(f"{kind} does not come with {text!r}" + (f", but with {choices}" if choices else ""))


def split_format(media_type: str) -> tuple[str, dict[str, str]]:
    """Return what a media type of :func:`read_format` stands for, and its parameters."""
    kind, *parameters = media_type.split(";")
    return MEDIA_TYPES[kind], dict(parameter.split("=", 1) for parameter in parameters)
