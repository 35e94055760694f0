"""Which jobs a dispatcher is to take in hand now, as its snapshot of the tree has them."""

from collections.abc import Callable, Iterator, Mapping

from pyramid_uws.definition import Definitions, ServiceDefinition
from pyramid_uws.tree import Joblist, JobRenderer, Lines, Root, job_renderers

from .limiting import Limiter
from .queue import Line, Room, let_in
from .runs import Address

#: A job that waits, and its owner.
Waiting = tuple[Address, str]


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
            for renderer in job_renderers(root)
            if renderer.__parent__.__name__ in ready
        )
        room = self._limiter.room_to_run(root, self.slots, running)
        return [address for address, _ in let_in(lines, room)]

    def order(self, root: Root) -> Iterator[tuple[Address, str]]:
        """Yield all jobs that wait for a slot, with their owners, in order, as if nothing were limited."""
        return let_in(
            self._of_offered(root, lambda joblist: joblist.queue), Room(lambda _scope: None, lambda _scope: 0)
        )

    def to_release(self, root: Root) -> list[Address]:
        """Return the held jobs for which there are places in the queue."""
        lines = self._of_offered(root, lambda joblist: joblist.held)
        return [address for address, _ in let_in(lines, self._limiter.room_in_queue(root))]

    def homeless(self, root: Root) -> list[Address]:
        """Return the queued and held jobs whose service is gone."""
        return [
            Address.of(renderer, job_id)
            for renderer in job_renderers(root)
            if renderer.__parent__.__name__ not in self._definitions
            for lines in (renderer.joblist.queue, renderer.joblist.held)
            for _, job_id in lines
        ]

    def _of_offered(self, root: Root, which: Callable[[Joblist], Lines]) -> Iterator[Iterator[Line[Waiting]]]:
        """Yield the lines of each list whose service is there."""
        for renderer in job_renderers(root):
            if renderer.__parent__.__name__ in self._definitions:
                yield self._lines(renderer, which(renderer.joblist))

    def _lines(self, renderer: JobRenderer, lines: Lines) -> Iterator[Line[Waiting]]:
        service, name = renderer.__parent__.__name__, renderer.__name__
        priority = self._definitions[service].priority
        for lowered, since, owner, job_ids in lines.in_turn():
            jobs = _waiting(service, name, owner, job_ids)
            yield Line(lowered - priority, since, service, owner, jobs)


def _waiting(service: str, renderer: str, owner: str, job_ids: Iterator[str]) -> Iterator[Waiting]:
    for job_id in job_ids:
        yield Address(service, renderer, job_id), owner


def anybody_held(root: Root) -> bool:
    """Tell whether jobs wait for a place in the queue."""
    return any(renderer.joblist.held.size() for renderer in job_renderers(root))
