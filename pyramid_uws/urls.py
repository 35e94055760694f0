"""One adapter writes the URLs of all nodes: no trailing slash, no alias, no segment for job lists."""

from typing import Any
from urllib.parse import quote

from pyramid.interfaces import IResourceURL
from pyramid.location import lineage
from pyramid.request import Request
from pyramid.traversal import PATH_SEGMENT_SAFE, ResourceURL
from zope.interface import implementer

from pyramid_uws.interfaces import INode


@implementer(IResourceURL)
class NodeURL(ResourceURL):
    """The path of a node: the names of its lineage, from below the root to itself."""

    def __init__(self, node: Any, _request: Request) -> None:
        names = [place.__name__ for place in lineage(node) if place.__name__]
        path = "".join("/" + _quoted(name) for name in reversed(names))
        self.physical_path = self.virtual_path = path
        self.physical_path_tuple = self.virtual_path_tuple = ("", *reversed(names))


def _quoted(name: str) -> str:
    """Write a name as a segment of a path. Pyramid's own function remembers every name for ever."""
    return name if name.isascii() and name.isalnum() else quote(name, safe=PATH_SEGMENT_SAFE, errors="replace")


def includeme(config: Any) -> None:
    """Let ``request.resource_url`` write our URLs."""
    config.add_resource_url_adapter(NodeURL, resource_iface=INode)
