"""Accounts: what one owner, or one address from which somebody asks without logging in, has here; and quotas.

An account is changed in the same stroke as the jobs it counts, by their job list, so no crash comes in between.
"""

from typing import TYPE_CHECKING, NamedTuple

from BTrees.Length import Length
from persistent import Persistent

from pyramid_uws.uws.phases import ARCHIVED

if TYPE_CHECKING:
    from .job import Job


class Weight(NamedTuple):
    """What is counted: jobs, and the bytes of their results and of the files that were sent."""

    jobs: int = 0
    octets: int = 0


WEIGHTLESS = Weight()


def weight_of(job: "Job") -> Weight:
    """Return what a job counts; nothing, once only its memory is kept."""
    if job.phase == ARCHIVED:
        return WEIGHTLESS
    return Weight(1, sum(result[2] for result in job.results) + sum(file[2] for file in job.references))


class Account(Persistent):
    """What somebody has.

    Two transactions that make or remove jobs of an account at once conflict, whichever process makes them: so one
    that looks at the number can rely on it. Those that only change the bytes, which workers do when jobs end, do
    not: the database adds up what they have counted. ``groups`` are those of the last who made a job.
    """

    groups: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.jobs = 0
        self.octets = Length()

    @property
    def weight(self) -> Weight:
        """What is counted."""
        return Weight(self.jobs, int(self.octets()))

    def change(self, jobs: int, octets: int) -> None:
        """Count more, or less."""
        if jobs:
            self.jobs += jobs
        if octets:
            self.octets.change(octets)


class QuotaBook(Persistent):
    """What operators have said of quotas while the site was there: whose -> key -> value.

    ``version`` is another one after each change.
    """

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, int]] = {}
        self.version = 0

    def set(self, name: str, values: dict[str, int]) -> None:
        """Say something of somebody; what was said of other keys stays."""
        self._replace(name, {**self.entries.get(name, {}), **values})

    def unset(self, name: str, keys: tuple[str, ...]) -> bool:
        """Forget some of what was said, or all without keys; tell whether there was any of it."""
        said = self.entries.get(name, {})
        left = {key: value for key, value in said.items() if keys and key not in keys}
        if left != said:
            self._replace(name, left)
        return left != said

    def _replace(self, name: str, values: dict[str, int]) -> None:
        others = {other: said for other, said in self.entries.items() if other != name}
        self.entries = {**others, **({name: values} if values else {})}
        self.version += 1
