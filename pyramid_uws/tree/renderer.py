"""Renderers: endpoints of a service, in the sense of GAVO DaCHS."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from persistent import Persistent
from zope.interface import implementer

from pyramid_uws.interfaces import IAsyncRenderer, IRenderer, ISyncRenderer
from pyramid_uws.uws.standards import UWS

from .job import Job
from .joblist import Joblist
from .shares import MARK, SharedJob


@implementer(IRenderer)
class Renderer(Persistent):
    """An endpoint of a service with a place in the tree. Derive from it and name it by ``add_uws_renderer``.

    ``aliases`` are further names under which the endpoint answers; they are never shown. ``parameter_style``
    says how the values of conditions are written there (``pql`` or ``dali``). ``access`` tells how capabilities
    have its URL: ``full``, as it is, or ``base`` of what is asked for; None if it is not among them.
    ``standard_id`` and ``standard_version`` name the standard that it follows, if there is one. ``takes`` are the
    names of the service's parameters that it takes; None: all of them.

    ``value_labels`` are for standards in which a job is to tell what is wrong with its parameters: with them,
    values are not checked before it runs, and its message begins with the label, found by the name of the error
    (``BadValue``, ``TooManyValues``).
    """

    aliases: ClassVar[tuple[str, ...]] = ()
    parameter_style: ClassVar[str] = "dali"
    access: ClassVar[Literal["full", "base"] | None] = None
    standard_id: ClassVar[str | None] = None
    standard_version: ClassVar[str | None] = None
    takes: ClassVar[tuple[str, ...] | None] = None
    value_labels: ClassVar[Mapping[str, str]] = MappingProxyType({})

    __name__: str
    __parent__: Any

    def __getitem__(self, name: str) -> Any:
        """Return the child of that name, as DaCHS' ``getChild`` did; ``KeyError`` when there is none."""
        raise KeyError(name)


class JobRenderer(Renderer):
    """An endpoint with jobs of its own, which are its children."""

    def __init__(self) -> None:
        self.joblist = Joblist(self)

    def __getitem__(self, name: str) -> Job | SharedJob:
        """Return the job of that id, or a job as a share shows it."""
        job_id, is_shared, secret = name.partition(MARK)
        job = self.joblist[job_id]
        return SharedJob(job, secret) if is_shared else job


@implementer(IAsyncRenderer)
class AsyncRenderer(JobRenderer):
    """DaCHS' ``async``: shows its job list at its own URL."""

    aliases: ClassVar[tuple[str, ...]] = ("uws.xml",)
    parameter_style = "pql"
    access: ClassVar[Literal["full", "base"] | None] = "base"
    standard_id = UWS
    standard_version: ClassVar[str | None] = "1.1"


@implementer(ISyncRenderer)
class SyncRenderer(JobRenderer):
    """DaCHS' ``sync``: a request makes a job, waits for its end, and is answered with its result.

    The job list is shown to nobody; whoever is sent to a job finds it here, as one of UWS.
    """

    parameter_style = "dali"
    access = "full"
