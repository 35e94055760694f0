"""The one writer of XML text: whatever comes from outside enters a document through these functions.

Strings, because a tree costs ten to twenty times as much. What the functions take as *text*, or as the value
of an attribute, is escaped; what they take as *children* is markup already; names are our own literals.
The outcome is always well-formed XML 1.0, and a parser reads back every text that is :func:`representable`.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

#: Stands where a character was that XML cannot carry.
REPLACEMENT: Final = "\ufffd"

#: The namespaces of the UWS documents. Clients match these prefixes literally, or look into the root element.
UWS_NAMESPACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "xmlns:uws": "http://www.ivoa.net/xml/UWS/v1.0",
        "xmlns:xlink": "http://www.w3.org/1999/xlink",
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    }
)

_NO_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType({})

# XML 1.0, production [2] Char: of the controls TAB, LF and CR only; no surrogates; neither U+FFFE nor U+FFFF.
_BEYOND_ASCII = r"\x7f-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
_ILLEGAL = re.compile(rf"[^\t\n\r -~{_BEYOND_ASCII}]")

# What cannot stand as it is. Parsers turn CR into LF, and in attributes each of TAB, LF and CR into a blank.
_SPECIAL_IN_TEXT = re.compile(rf"[^\t\n -%'-;=?-~{_BEYOND_ASCII}]")  # & < > CR
_SPECIAL_IN_ATTRIBUTE = re.compile(rf"[^ !#-%'-;=?-~{_BEYOND_ASCII}]")  # & < > " TAB LF CR
_REFERENCES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}

_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_NAME_START = re.compile(r"[A-Za-z_]")


# ``isalnum`` is the quick way out for most texts: letters and digits of all scripts are legal, never special.


def representable(text: str) -> bool:
    """Tell whether XML 1.0 can carry the text at all."""
    return text.isalnum() or _ILLEGAL.search(text) is None


def replace_illegal(text: str) -> str:
    """Put U+FFFD where a character is that XML 1.0 cannot carry."""
    return text if text.isalnum() else _ILLEGAL.sub(REPLACEMENT, text)


def _reference(match: re.Match[str]) -> str:
    return _REFERENCES.get(match[0], REPLACEMENT)


def escape_text(text: str) -> str:
    """Write the text so that it can stand between tags; illegal characters become U+FFFD."""
    return text if text.isalnum() else _SPECIAL_IN_TEXT.sub(_reference, text)


def escape_attribute(text: str) -> str:
    """Write the text so that it can stand between double quotes; illegal characters become U+FFFD."""
    return text if text.isalnum() else _SPECIAL_IN_ATTRIBUTE.sub(_reference, text)


def local_name(text: str) -> str:
    """Make the text fit for the name of an element: all but ASCII letters, digits, ``_.-`` become ``_``."""
    name = _NOT_IN_NAME.sub("_", text)
    return name if _NAME_START.match(name) else "_" + name


def _tag(name: str, attributes: Mapping[str, str]) -> str:
    if not attributes:
        return name
    return name + "".join([f' {key}="{escape_attribute(value)}"' for key, value in attributes.items()])


def start(name: str, attributes: Mapping[str, str] = _NO_ATTRIBUTES) -> str:
    """Write a start tag."""
    return f"<{_tag(name, attributes)}>"


def empty(name: str, attributes: Mapping[str, str] = _NO_ATTRIBUTES) -> str:
    """Write an element without content."""
    return f"<{_tag(name, attributes)}/>"


def element(name: str, text: str, attributes: Mapping[str, str] = _NO_ATTRIBUTES) -> str:
    """Write an element that holds text."""
    return f"<{_tag(name, attributes)}>{escape_text(text)}</{name}>"


def nillable(name: str, text: str | None) -> str:
    """Write an element that holds text, or says ``xsi:nil`` when there is none."""
    return f'<{name} xsi:nil="true"/>' if text is None else element(name, text)


def parent(name: str, children: Iterable[str], attributes: Mapping[str, str] = _NO_ATTRIBUTES) -> str:
    """Write an element around its children, which are markup, each on a line of its own."""
    lines = "\n".join(children)
    return f"<{_tag(name, attributes)}>\n{lines}\n</{name}>" if lines else empty(name, attributes)


def document(name: str, children: Iterable[str], attributes: Mapping[str, str] = _NO_ATTRIBUTES) -> str:
    """Write a whole document, to be encoded as UTF-8, with its declaration."""
    return f"{DECLARATION}{parent(name, children, attributes)}\n"
