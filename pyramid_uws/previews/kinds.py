"""What a result is: by its first bytes where these tell, by its media type where they do not."""

import re
from typing import Final

#: So many bytes are looked at.
HEAD: Final = 8192

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"SIMPLE  =", "fits"),
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gzip"),
)
_SAID: Final = (
    ("votable", "votable"),
    ("json", "json"),
    ("text/csv", "csv"),
    ("tab-separated", "tsv"),
    ("xml", "xml"),
    ("text/", "text"),
)
_VOTABLE: Final = re.compile(rb"<(?:[\w.-]+:)?VOTABLE[\s/>]")
_SVG: Final = re.compile(rb"<(?:[\w.-]+:)?svg[\s>]")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def kind_of(media_type: str, head: bytes) -> str:
    """Return the kind of a result from its media type and its first bytes; ``other`` if there is no preview."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    said = media_type.lower()
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        return _kind_of_markup(said, text)
    named = next((kind for name, kind in _SAID if name in said), "")
    if _CONTROL.search(head):
        return named if named == "votable" else "other"  # which may be in UTF-16
    if named in {"", "xml"}:
        return "json" if text[:1] in {b"{", b"["} else "text"
    return "json" if named == "text" and text[:1] == b"{" else named


def _kind_of_markup(said: str, text: bytes) -> str:
    if _VOTABLE.search(text):
        return "votable"
    if said.startswith("image/svg") and _SVG.search(text):
        return "svg"
    return "xml"
