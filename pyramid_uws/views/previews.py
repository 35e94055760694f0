"""A look into a result: as a page, or the part of one; as JSON; and the picture of it as PNG.

Whoever may have the result may have these; by a link to the result, too, if they have it with them.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pyramid.request import Request
from pyramid.response import Response

from pyramid_uws.auth.links import FIELD
from pyramid_uws.exceptions import NoSuchThing
from pyramid_uws.interfaces import IResult
from pyramid_uws.pages import page
from pyramid_uws.previews import Wish
from pyramid_uws.previews.process import key_of
from pyramid_uws.tree.attributes import Result
from pyramid_uws.uws.control import single
from pyramid_uws.version import __version__

from .forms import read_query
from .resources import add_resource_views
from .respond import JSON, plain

#: What pictures of a plot are made of, which programs make themselves.
_DRAWN = ("path", "dot", "grid", "meridians", "parallels", "size", "box", "pairs", "numbers")

#: When those who have come in a rush may come again, in seconds.
_SOON = 5


@dataclass(frozen=True)
class _Asked:
    """A request for a preview of a result."""

    result: Result
    request: Request
    wish: Wish
    link: str | None

    @classmethod
    def of(cls, result: Result, request: Request) -> "_Asked":
        pairs = read_query(request)
        wish = Wish(single(pairs, "X") or "", single(pairs, "Y") or "")
        return cls(result, request, wish, dict(pairs).get(FIELD))

    def look(self) -> dict[str, Any]:
        """Return the preview."""
        result, site = self.result, self.request.registry.uws
        path = site.store.path(result.job.job_id, result.__name__)
        try:
            told: dict[str, Any] = site.previews.of(path, result.sha256, result.media_type, self.wish)
        except FileNotFoundError:
            raise NoSuchThing(f"The file behind {self.request.path} is gone.") from None
        return told

    def url(self, name: str = "", **query: str) -> str:
        """Return the URL of the result or of a view of it, with the link by which the request has come, if any."""
        fields = query if self.link is None else {**query, FIELD: self.link}
        written = f"?{urlencode(fields)}" if fields else ""
        return f"{self.request.resource_url(self.result)}{name}{written}"


def show_preview(context: Result, request: Request) -> Response:
    """GET ``results/ID/preview``: a page, or for script that asks for it, what is to be put into one."""
    asked = _Asked.of(context, request)
    told = asked.look()
    is_part = request.headers.get("HX-Request") == "true"
    response = page(
        request,
        "preview_part.html" if is_part else "preview.html",
        result=context,
        job=None if asked.link else request.resource_url(context.job),
        is_part=is_part,
        url=asked.url,
        link={} if asked.link is None else {FIELD: asked.link},
        wish=_plotted(told),
        preview=told,
    )
    response.vary = ("Accept", "HX-Request")
    if told["is_busy"]:
        response.headers["Retry-After"] = str(_SOON)
    return response


def _plotted(told: dict[str, Any]) -> dict[str, str]:
    """Return which columns are plotted, as a query."""
    return {axis: told["plot"][axis]["name"] for axis in ("x", "y")} if told["plot"] else {}


def show_json(context: Result, request: Request) -> Response:
    """GET ``results/ID/preview.json``: the same for programs; pictures are elsewhere."""
    asked = _Asked.of(context, request)
    headers = [("Content-Type", JSON), ("ETag", f'"{_tag(asked)}"')]
    if _tag(asked) in request.if_none_match:
        return Response(status=304, headerlist=headers)
    told = asked.look()
    if told.pop("is_busy"):
        return _come_again(told["notes"][0])
    if told["image"]:
        told["image"] = {name: value for name, value in told["image"].items() if name != "png"}
    if told["plot"]:
        told["plot"] = {name: value for name, value in told["plot"].items() if name not in _DRAWN}
    return Response(json.dumps(told).encode(), headerlist=headers)


def show_picture(context: Result, request: Request) -> Response:
    """GET ``results/ID/preview.png``: a small picture of an image."""
    asked = _Asked.of(context, request)
    headers = [("Content-Type", "image/png"), ("ETag", f'"{_tag(asked)}"')]
    if _tag(asked) in request.if_none_match:
        return Response(status=304, headerlist=headers)
    told = asked.look()
    if told["is_busy"]:
        return _come_again(told["notes"][0])
    if not told["image"] or "png" not in told["image"]:
        raise NoSuchThing(f"There is no small picture of the result {context.__name__}.")
    return Response(base64.b64decode(told["image"]["png"]), headerlist=headers)


def _tag(asked: _Asked) -> str:
    return f"{key_of(asked.result.sha256, asked.result.media_type, asked.wish)}-{__version__}"


def _come_again(sentence: str) -> Response:
    response = plain(sentence, 503)
    response.headers["Retry-After"] = str(_SOON)
    return response


def includeme(config: Any) -> None:
    """Register the views."""
    for name, view in (("preview", show_preview), ("preview.json", show_json), ("preview.png", show_picture)):
        add_resource_views(config, IResult, {"GET": view}, name=name)
