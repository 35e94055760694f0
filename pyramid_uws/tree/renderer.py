"""Renderers: endpoints of a service, in the sense of GAVO DaCHS."""

from typing import Any, ClassVar

from persistent import Persistent
from zope.interface import implementer

from pyramid_uws.interfaces import IAsyncRenderer, IRenderer

from .job import Job
from .joblist import Joblist


@implementer(IRenderer)
class Renderer(Persistent):
    """An endpoint of a service with a place in the tree. Derive from it and name it by ``add_uws_renderer``.

    ``aliases`` are further names under which the endpoint answers; they are never shown. ``parameter_style``
    says how the values of conditions are written there (``pql`` or ``dali``).
    """

    aliases: ClassVar[tuple[str, ...]] = ()
    parameter_style: ClassVar[str] = "dali"

    __name__: str
    __parent__: Any

    def __getitem__(self, name: str) -> Any:
        """Return the child of that name, as DaCHS' ``getChild`` did; ``KeyError`` when there is none."""
        raise KeyError(name)


@implementer(IAsyncRenderer)
class AsyncRenderer(Renderer):
    """DaCHS' ``async``: shows its job list at its own URL and has the jobs as children."""

    aliases = ("uws.xml",)
    parameter_style = "pql"

    def __init__(self) -> None:
        self.joblist = Joblist(self)

    def __getitem__(self, name: str) -> Job:
        return self.joblist[name]
