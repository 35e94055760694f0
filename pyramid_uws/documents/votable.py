"""The error document of DALI services (DALI 1.2, sections 5.2 and 5.4): a VOTable without a table."""

from collections.abc import Iterable

from .xml import document, element, empty, parent

_ATTRIBUTES = {"version": "1.4", "xmlns": "http://www.ivoa.net/xml/VOTable/v1.3"}
_NO_MESSAGE = "The request failed; there is no message."


def error_votable(message: str, *, infos: Iterable[tuple[str, str]] = ()) -> str:
    """Write a VOTable that says ERROR and why; ``infos`` are names and values of further INFO elements."""
    status = element(
        "INFO",
        message if message.strip() else _NO_MESSAGE,
        {"name": "QUERY_STATUS", "value": "ERROR"},
    )
    others = [empty("INFO", {"name": name, "value": value}) for name, value in infos]
    return document("VOTABLE", [parent("RESOURCE", [status, *others], {"type": "results"})], _ATTRIBUTES)
