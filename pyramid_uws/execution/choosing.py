"""Which jobs a dispatcher is to take in hand now, as its snapshot of the tree has them."""

from collections.abc import Callable, Iterator, Mapping

from pyramid_uws.definition import Definitions, ServiceDefinition
from pyramid_uws.tree import AsyncRenderer, Lines, Root, async_renderers

from .limiting import Limiter
from .queue import Line, let_in
from .runs import Address


class Chooser:
    """Chooses by the definitions and limits of a site, on a host that has so many slots for jobs."""

    def __init__(self, definitions: Definitions, limiter: Limiter, slots: int) -> None:
        self.slots = slots
        self._definitions = definitions
        self._limiter = limiter

    def to_start(
        self, root: Root, running: Mapping[str, int], is_ready: Callable[[ServiceDefinition], bool]
    ) -> list[Address]:
        """Return the jobs for which there are slots; ``running`` counts what runs here, by service."""
        ready = {name for name, definition in self._definitions.items() if is_ready(definition)}
        lines = (
            self._lines(renderer, renderer.joblist.queue)
            for renderer in async_renderers(root)
            if renderer.__parent__.__name__ in ready
        )
        return list(let_in(lines, self._limiter.room_to_run(root, self.slots, running)))

    def to_release(self, root: Root) -> list[Address]:
        """Return the held jobs for which there are places in the queue."""
        lines = (
            self._lines(renderer, renderer.joblist.held)
            for renderer in async_renderers(root)
            if renderer.__parent__.__name__ in self._definitions
        )
        return list(let_in(lines, self._limiter.room_in_queue(root)))

    def homeless(self, root: Root) -> list[Address]:
        """Return the queued and held jobs whose service is gone."""
        return [
            Address(renderer.__parent__.__name__, renderer.__name__, job_id)
            for renderer in async_renderers(root)
            if renderer.__parent__.__name__ not in self._definitions
            for lines in (renderer.joblist.queue, renderer.joblist.held)
            for _, job_id in lines
        ]

    def _lines(self, renderer: AsyncRenderer, lines: Lines) -> Iterator[Line[Address]]:
        service, name = renderer.__parent__.__name__, renderer.__name__
        priority = self._definitions[service].priority
        for lowered, since, owner, job_ids in lines.in_turn():
            jobs = (Address(service, name, job_id) for job_id in job_ids)
            yield Line(lowered - priority, since, service, owner, jobs)


def anybody_held(root: Root) -> bool:
    """Tell whether jobs wait for a place in the queue."""
    return any(renderer.joblist.held.size() for renderer in async_renderers(root))
