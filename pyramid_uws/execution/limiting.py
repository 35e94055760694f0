"""Limits on how many jobs run and how many wait, of the site, of services and of owners, as the tree has it.

All who have not logged in count as one owner, in whatever is counted by owner.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from pyramid_uws.definition import Definitions
from pyramid_uws.exceptions import Overloaded, Rejected, UWSError
from pyramid_uws.settings import Settings
from pyramid_uws.tree import Job, Root, job_renderers
from pyramid_uws.uws import phases
from pyramid_uws.uws.limits import SECOND

from .queue import Room, Scope

#: The longest that a client is told to wait, in seconds, before it tries a full queue again.
LONGEST_WAIT = 60


class Limiter:
    """The limits of a site; a service that is gone has none."""

    def __init__(self, settings: Settings, definitions: Definitions) -> None:
        self._settings = settings
        self._definitions = definitions
        #: Whether anything limits how many jobs of an owner run.
        self.counts_owners = bool(settings.max_running_per_owner) or any(
            definition.limits.max_running_per_owner for definition in definitions.values()
        )

    # How many more

    def room_to_run(self, root: Root, slots: int, here: Mapping[str, int]) -> Room:
        """Return the room on a host of so many slots; ``here`` counts what runs there, by service."""
        of_owners = self._running_of(root)

        def count(scope: Scope) -> int:
            service, owner = scope
            if owner is not None:
                return of_owners(scope)
            return sum(here.values()) if service is None else here.get(service, 0)

        return Room(lambda scope: slots if scope == (None, None) else self.running_limit(scope), count)

    def room_for_owners(self, root: Root) -> Room:
        """Return the room as far as owners are limited, which all hosts share."""
        return Room(lambda scope: None if scope[1] is None else self.running_limit(scope), self._running_of(root))

    def room_in_queue(self, root: Root) -> Room:
        """Return how many more may wait for a slot."""

        def count(scope: Scope) -> int:
            service, owner = scope
            lists = [
                renderer.joblist.queue
                for renderer in job_renderers(root)
                if service in {None, renderer.__parent__.__name__}
            ]
            return sum(lines.size() if owner is None else lines.size_of(owner) for lines in lists)

        return Room(self._limit("max_queued"), count)

    def execution_duration(self, service: str) -> int:
        """Return the execution duration (s) of a job of the service that asked for none; 0: unlimited."""
        definition = self._definitions.get(service)
        return 0 if definition is None else definition.limits.execution_duration

    def running_limit(self, scope: Scope) -> int | None:
        """Return how many jobs of a scope may run, on a host if no owner is named; None: any number."""
        return self._limit("max_running")(scope)

    def _limit(self, name: str) -> Callable[[Scope], int | None]:
        def limit(scope: Scope) -> int | None:
            service, owner = scope
            definition = None if service is None else self._definitions.get(service)
            limits = definition.limits if definition else self._settings
            if service is not None and definition is None:
                return None
            return getattr(limits, name if owner is None else f"{name}_per_owner") or None

        return limit

    def _running_of(self, root: Root) -> Callable[[Scope], int]:
        """Return the function that counts the running jobs of an owner, having counted all when first asked."""
        counted: Counter[Scope] = Counter()

        def count(scope: Scope) -> int:
            if not counted:
                for service, job in running(root):
                    counted[None, job.owner or ""] += 1
                    counted[service, job.owner or ""] += 1
            return counted[scope]

        return count

    # Saying so

    def refusal(self, root: Root, service: str, owner: str) -> UWSError | None:
        """Return why a job of that owner may not enter the queue of the service; None if it may."""
        scope = self.room_in_queue(root).full(service, owner)
        if scope is None:
            return None
        limit = self._limit("max_queued")(scope)
        once = max(1, min(root.mean_duration(service) / SECOND, LONGEST_WAIT))
        place = "this site" if scope[0] is None else repr(service)
        if scope[1] is None:
            return Overloaded(
                f"The queue of {place} is full (at most {limit} may wait); run it later.", round(once)
            )
        who = repr(owner) if owner else "callers who have not logged in"
        return Rejected(
            f"The queue of {place} takes no more of {who} (at most {limit} may wait); run it when one has started."
        )


def running(root: Root) -> Iterator[tuple[str, Job]]:
    """Yield the jobs that run, each with the name of its service."""
    for renderer in job_renderers(root):
        for job in renderer.joblist.in_phase(phases.EXECUTING):
            yield renderer.__parent__.__name__, job
