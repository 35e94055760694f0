"""The quotas of a site, and what there is of them: who may have another job, and how many bytes more.

What is decided in a change of the writer's holds whoever else is making jobs at the same time: see
:class:`~pyramid_uws.tree.accounts.Account`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pyramid_uws.exceptions import Rejected
from pyramid_uws.tree import Job, Joblist, Root, job_renderers
from pyramid_uws.uws.limits import LEAST, Limits
from pyramid_uws.uws.phases import EXECUTING
from pyramid_uws.uws.quotas import NOTHING_SAID, Payer, Quota, Quotas, Said, combined

#: So much room on disk a job is given that has begun to run, whatever its owner has left (bytes).
LEAST_ROOM = LEAST["max_disk"]


@dataclass(frozen=True)
class Standing:
    """What somebody may have here, and has; nothing in it belongs to a database that could be closed.

    ``used`` tells by key what they have of it, as far as that is a thing to have.
    """

    payer: Payer
    quota: Quota
    used: Mapping[str, int]

    @property
    def rows(self) -> tuple[tuple[str, int | None, int | None], ...]:
        """Key, limit (None: there is none) and present use (None: it is not of that kind)."""
        return tuple((key, limit or None, self.used.get(key)) for key, limit in self.quota._asdict().items())


@dataclass(frozen=True)
class Allowance:
    """What files may have that are sent along (bytes): each of them, and all together with what is said of more.

    None is any number.
    """

    each: int | None = None
    together: tuple[int, Rejected] | None = None


class QuotaKeeper:
    """Knows the quotas of a site: those of its settings, and those that operators have set since, which win."""

    def __init__(self, said: Said) -> None:
        self._said = said
        self._known: tuple[int | None, Quotas] = (None, Quotas(said))

    def table(self, root: Root) -> Quotas:
        """Return the quotas as they are in this copy of the tree."""
        book = root.quotas
        version = None if book is None else book.version
        known = self._known
        if known[0] != version:
            over = NOTHING_SAID if book is None else book.entries
            known = self._known = (version, Quotas(combined(self._said, over)))
        return known[1]

    @property
    def latest(self) -> Quotas:
        """The quotas as they were in the copy of the tree that was looked at last."""
        return self._known[1]

    def of(self, root: Root, payer: Payer) -> Quota:
        """Return the quota of somebody."""
        return self.table(root).of(payer)

    def of_name(self, root: Root, name: str) -> Quota:
        """Return the quota of somebody who has jobs here, by name."""
        return self.of(root, known_payer(root, name))

    # Who may have more

    def admit(self, root: Root, payer: Payer, octets: int) -> None:
        """Refuse a new job, with files of so many bytes, of somebody who has as many, or as much, as allowed."""
        quota = self.of(root, payer)
        if quota.jobs and (has := root.weight(payer.name).jobs) >= quota.jobs:
            raise Rejected(
                f"There are {_counted(has)} of {payer.shown} here, and there may be {quota.jobs} (quota jobs); "
                "delete some first."
            )
        self.admit_bytes(root, payer, octets)

    def admit_bytes(self, root: Root, payer: Payer, octets: int) -> None:
        """Refuse files of so many bytes of somebody who may not have as much; 0: if there is no room at all."""
        left = self.storage_left(root, payer)
        if left is not None and (left <= 0 or octets > left):
            raise self.too_much(root, payer)

    def storage_left(self, root: Root, payer: Payer) -> int | None:
        """Return how many bytes more somebody may have; None: any number."""
        limit = self.of(root, payer).storage
        return limit - root.weight(payer.name).octets if limit else None

    def too_much(self, root: Root, payer: Payer) -> Rejected:
        """Return what is said to who has, or would have, more bytes than allowed."""
        limit, has = self.of(root, payer).storage, root.weight(payer.name).octets
        return Rejected(
            f"Jobs of {payer.shown} have {has} bytes here, and there may be {limit} (quota storage); "
            "delete some jobs first."
        )

    def allowance(self, root: Root, payer: Payer) -> Allowance:
        """Return what files may have that somebody sends now."""
        quota, left = self.of(root, payer), self.storage_left(root, payer)
        return Allowance(quota.upload or None, None if left is None else (left, self.too_much(root, payer)))

    # What a job may use

    def narrowed(self, root: Root, job: Job, limits: Limits) -> Limits:
        """Return the limits of an attempt to run a job: it brings no more than whoever pays for it may have."""
        payer = known_payer(root, job.payer)
        upload = [limit for limit in (limits.max_upload, self.of(root, payer).upload) if limit]
        left = self.storage_left(root, payer)
        room = [limits.max_disk] if limits.max_disk else []
        room += [] if left is None else [max(left, LEAST_ROOM)]
        return replace(limits, max_upload=min(upload, default=0), max_disk=min(room, default=0))

    # Showing it

    def standing(self, root: Root, payer: Payer) -> Standing:
        """Return what somebody may have here, and has."""
        weight = root.weight(payer.name)
        lists = [renderer.joblist for renderer in job_renderers(root)]
        running = sum(job.payer == payer.name for joblist in lists for job in joblist.in_phase(EXECUTING))
        queued = sum(joblist.queue.size_of(payer.name) for joblist in lists) if payer.name else 0
        used = {"jobs": weight.jobs, "running": running, "queued": queued, "storage": weight.octets}
        return Standing(payer, self.of(root, payer), used)


def known_payer(root: Root, name: str) -> Payer:
    """Return who has this name, with the groups under which the last job was made."""
    account = root.account(name)
    return Payer(name, () if account is None else account.groups)


def root_of(joblist: Joblist) -> Root:
    """Return the root of the tree in which a job list is."""
    root: Root = joblist.__parent__.__parent__.__parent__
    return root


def octets_of(files: Iterable[tuple[str, str, int, str]]) -> int:
    """Return how many bytes files have that were sent."""
    return sum(file[2] for file in files)


def _counted(number: int) -> str:
    return f"{number} job" if number == 1 else f"{number} jobs"
