"""What the server gets of this package; nothing of this is imported by the processes of jobs."""

import logging
from typing import Any

from pyramid.request import Request
from pyramid.response import Response
from zope.interface import implementer

from pyramid_uws.exceptions import Rejected
from pyramid_uws.execution.worker_system import Sent, WorkerSystem
from pyramid_uws.interfaces import INode, IPhaseChanged, IService
from pyramid_uws.tree import AsyncRenderer, Attribute, Job, Renderer, Service, SyncRenderer
from pyramid_uws.uws.control import Control
from pyramid_uws.uws.phases import EXECUTING, QUEUED
from pyramid_uws.views.exchange import Exchange

from .galactic import PARAMETERS

log = logging.getLogger(__name__)

#: Right ascension and declination, degrees.
LANDMARKS = {"centre": (266.405, -28.936), "pole": (192.859, 27.128)}

CREDITS = ("Galactic coordinates as of the Hipparcos and Tycho catalogues, ESA SP-1200, volume 1, section 1.5.3.",)


def plain(text: str) -> Response:
    """Answer with a text."""
    return Response(text=text, content_type="text/plain", charset="UTF-8")


# A renderer: a second job list of the same service, and something to ask of it


class Nightly(AsyncRenderer):
    """Jobs of the nightly pipeline, apart from those of people."""

    aliases = ("pipeline",)


def show_queue(context: Nightly, _request: Request) -> Response:
    """GET /SERVICE/nightly/queue: how busy the pipeline is."""
    joblist = context.joblist
    return plain(f"{joblist.count_in(QUEUED)} queued, {joblist.count_in(EXECUTING)} executing")


# A synchronous renderer, which tells errors in its own way


class TerseRenderer(SyncRenderer):
    """``terse``: as ``sync``, for programs that want no VOTable."""


class Terse(Exchange):
    """Tells errors in plain text."""

    def tell(self, message: str, status: int) -> Response:
        """Write an error."""
        return Response(text=f"Error: {message}", status=status, content_type="text/plain", charset="UTF-8")


# A renderer without jobs, with children of its own making


@implementer(INode)
class Landmark:
    """A place in the Galaxy that is known by name."""

    def __init__(self, landmarks: "Landmarks", name: str) -> None:
        self.__parent__ = landmarks
        self.__name__ = name
        self.position = LANDMARKS[name]


class Landmarks(Renderer):
    """``landmarks``; its children are the places."""

    def __getitem__(self, name: str) -> Landmark:
        """Return the place of that name."""
        return Landmark(self, name)


def show_landmark(context: Landmark, _request: Request) -> Response:
    """GET /SERVICE/landmarks/NAME: right ascension and declination."""
    return plain("{:.3f} {:.3f}".format(*context.position))


# An attribute: a child of every job


class Progress(Attribute):
    """``progress``; it is there once the job has told some."""

    def __init__(self, job: Job, name: str) -> None:
        if job.progress is None:
            raise KeyError(name)
        super().__init__(job, name)


def show_progress(context: Progress, _request: Request) -> Response:
    """GET …/JOB/progress: how far the job is, as a bare number from 0 to 1."""
    fraction, _ = context.job.progress or (0.0, "")
    return plain(f"{fraction:.4g}")


# A named view: an endpoint of every service that needs no jobs


def show_credits(context: Service, request: Request) -> Response:
    """GET /SERVICE/credits: whom to thank, a line each."""
    definition = request.registry.uws.definitions.get(context.__name__)
    return plain("".join(f"{line}\n" for line in (definition.credits if definition else ())))


# A worker system: a policy of one's own


class Named(WorkerSystem):
    """Takes only jobs that have a name."""

    def create(
        self, job_id: str, created: int, owner: str | None, control: Control, sent: Sent, **more: Any
    ) -> None:
        """Make a job, if it has a RUNID."""
        if control.runid is None:
            raise Rejected("Please give the job a name with RUNID; this service keeps a log of names.")
        super().create(job_id, created, owner, control, sent, **more)


# A listener


def note_phase(event: Any) -> None:
    """Log every change of a phase, once it is committed."""
    log.info("%s of %s: %s -> %s", event.job_id, event.service, event.before, event.after)


def includeme(config: Any) -> None:
    """Add everything to a site."""
    config.add_uws_renderer("nightly", Nightly)
    config.add_uws_resource_views(Nightly, {"GET": show_queue}, name="queue")
    config.add_uws_renderer("terse", TerseRenderer)
    config.add_uws_exchange(TerseRenderer, Terse)
    config.add_uws_renderer("landmarks", Landmarks)
    config.add_uws_resource_views(Landmark, {"GET": show_landmark})
    config.add_uws_attribute("progress", Progress, {"GET": show_progress})
    config.add_uws_resource_views(IService, {"GET": show_credits}, name="credits")
    config.add_uws_parameter_type("sky:ra", "skyplugin.galactic:read_ra")
    config.add_uws_service(
        "galactic",
        core="skyplugin.galactic:core",
        parameters=PARAMETERS,
        renderers=("async", "nightly", "terse", "landmarks"),
        title="Galactic coordinates",
        description="Turns a position into galactic longitude and latitude.",
        credits=CREDITS,
        worker_system=Named,
        execution_duration=60,
    )
    config.add_subscriber(note_phase, IPhaseChanged)
