"""The examples of a service: XHTML with RDFa, for people and programs (DALI 1.2, section 2.3)."""

import shlex
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from .xml import document, element, empty, parent

VOCABULARY: Final = "http://www.ivoa.net/rdf/examples#"
#: Commands are long, and screens narrow.
STYLE: Final = ":root { color-scheme: light dark } pre { white-space: pre-wrap; overflow-wrap: anywhere }"

_XHTML = {"xmlns": "http://www.w3.org/1999/xhtml", "xml:lang": "en", "lang": "en"}


class ExampleEntry(NamedTuple):
    """An example: what it is called, what to send where, and the standard that the endpoint follows."""

    example_id: str
    name: str
    description: str
    parameters: tuple[tuple[str, str], ...]
    url: str
    standard_id: str | None


def examples_document(title: str, examples: Iterable[ExampleEntry], more: Iterable[tuple[str, str]] = ()) -> str:
    """Write examples, and links to more of them: titles and URLs."""
    items = [*map(_example, examples), *(_continuation(*link) for link in more)]
    viewport = empty("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    head = parent(
        "head", [empty("meta", {"charset": "UTF-8"}), viewport, element("title", title), element("style", STYLE)]
    )
    body = parent("body", [element("h1", title), parent("div", items, {"vocab": VOCABULARY})])
    return document("html", [head, body], _XHTML)


def _example(example: ExampleEntry) -> str:
    about = {"typeof": "example", "id": example.example_id, "resource": f"#{example.example_id}"}
    return parent("div", _parts(example), about)


def _parts(example: ExampleEntry) -> Iterator[str]:
    yield element("h2", example.name, {"property": "name"})
    if example.description:
        yield element("p", example.description)
    for name, text in example.parameters:
        pair = [element("code", name, {"property": "key"}), "=", element("code", text, {"property": "value"})]
        yield parent("p", pair, {"property": "generic-parameter", "typeof": "keyval"})
    if example.standard_id is not None:
        yield parent("p", ["Endpoint:", element("code", example.standard_id, {"property": "capability"})])
    yield element("pre", _command(example))


def _command(example: ExampleEntry) -> str:
    """Return what sends the request from a command line."""
    words = [word for name, text in example.parameters for word in ("--data-urlencode", f"{name}={text}")]
    return shlex.join(["curl", "-i", example.url, *words])


def _continuation(title: str, url: str) -> str:
    link = element("a", title, {"property": "continuation", "resource": "", "href": url})
    return parent("p", [link])
