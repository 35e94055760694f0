"""Limits on how many jobs run and how many wait, of the site, of services and of owners, as the tree has it.

All who have not logged in count as one owner, in whatever is counted by owner; their addresses have quotas.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from pyramid_uws.definition import Definitions
from pyramid_uws.exceptions import Overloaded, Rejected, UWSError
from pyramid_uws.settings import Settings
from pyramid_uws.tree import Job, Root, job_renderers
from pyramid_uws.uws import phases
from pyramid_uws.uws.limits import SECOND, Limits
from pyramid_uws.uws.quotas import ADDRESS, Payer

from .queue import Room, Scope, scopes
from .quotas import QuotaKeeper

#: The longest that a client is told to wait, in seconds, before it tries a full queue again.
LONGEST_WAIT = 60


class Limiter:
    """The limits of a site, and the quotas of its owners; a service that is gone has none."""

    def __init__(self, settings: Settings, definitions: Definitions) -> None:
        self._settings = settings
        self._definitions = definitions
        self.quotas = QuotaKeeper(settings.quotas)
        self._counts_owners = bool(settings.max_running_per_owner) or any(
            definition.limits.max_running_per_owner for definition in definitions.values()
        )

    def counts_owners(self, root: Root) -> bool:
        """Tell whether anything limits how many jobs of an owner run."""
        return self._counts_owners or "running" in self.quotas.table(root).keys

    # How many more

    def room_to_run(self, root: Root, slots: int, here: Mapping[str, int]) -> Room:
        """Return the room on a host of so many slots; ``here`` counts what runs there, by service."""
        of_owners = self._running_of(root)

        def count(scope: Scope) -> int:
            service, owner = scope
            if owner is not None:
                return of_owners(scope)
            return sum(here.values()) if service is None else here.get(service, 0)

        limit = self.running_limit(root)
        return Room(lambda scope: slots if scope == (None, None) else limit(scope), count)

    def room_for_owners(self, root: Root) -> Room:
        """Return the room as far as owners are limited, which all hosts share."""
        limit = self.running_limit(root)
        return Room(lambda scope: None if scope[1] is None else limit(scope), self._running_of(root))

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

        return Room(self._limit(root, "queued"), count)

    def execution_duration(self, service: str) -> int:
        """Return the execution duration (s) of a job of the service that asked for none; 0: unlimited."""
        definition = self._definitions.get(service)
        return 0 if definition is None else definition.limits.execution_duration

    def limits(self, root: Root, service: str, job: Job) -> Limits:
        """Return the limits of an attempt to run a job of the service."""
        definition = self._definitions.get(service)
        limits = Limits() if definition is None else definition.limits
        return self.quotas.narrowed(root, job, limits)

    def running_limit(self, root: Root) -> Callable[[Scope], int | None]:
        """Return the function that tells how many jobs of a scope may run, on a host if no owner is named.

        None is any number.
        """
        return self._limit(root, "running")

    def _limit(self, root: Root, what: str) -> Callable[[Scope], int | None]:
        has_quotas = what in self.quotas.table(root).keys

        def limit(scope: Scope) -> int | None:
            service, owner = scope
            limits = [self._setting(what, scope)]
            if has_quotas and owner and service is None:
                limits.append(getattr(self.quotas.of_name(root, owner), what))
            return min(filter(None, limits), default=None)

        return limit

    def _setting(self, what: str, scope: Scope) -> int | None:
        """Return what the settings of the site, or of a service, say; those of owners are none of an address."""
        service, owner = scope
        definition = None if service is None else self._definitions.get(service)
        if (service is not None and definition is None) or (owner or "").startswith(ADDRESS):
            return None
        found: int = getattr(
            definition.limits if definition else self._settings,
            f"max_{what}{'' if owner is None else '_per_owner'}",
        )
        return found

    def _running_of(self, root: Root) -> Callable[[Scope], int]:
        """Return the function that counts the running jobs of an owner, having counted all when first asked."""
        counted: Counter[Scope] = Counter()

        def count(scope: Scope) -> int:
            if not counted:
                for service, job in running(root):
                    counted.update(scopes(service, job.payer))
            return counted[scope]

        return count

    # Saying so

    def refusal(self, root: Root, service: str, owner: str) -> UWSError | None:
        """Return why a job of that owner, or from that address, may not enter the queue of the service."""
        scope = self.room_in_queue(root).full(service, owner)
        if scope is None:
            return None
        limit = self._limit(root, "queued")(scope)
        once = max(1, min(root.mean_duration(service) / SECOND, LONGEST_WAIT))
        place = "this site" if scope[0] is None else repr(service)
        if scope[1] is None:
            return Overloaded(
                f"The queue of {place} is full (at most {limit} may wait); run it later.", round(once)
            )
        who = Payer(scope[1]).shown
        return Rejected(
            f"The queue of {place} takes no more of {who} (at most {limit} may wait); run it when one has started."
        )


def running(root: Root) -> Iterator[tuple[str, Job]]:
    """Yield the jobs that run, each with the name of its service."""
    for renderer in job_renderers(root):
        for job in renderer.joblist.in_phase(phases.EXECUTING):
            yield renderer.__parent__.__name__, job
