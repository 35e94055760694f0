"""What the page of a job list shows: the filters as they stand in the URL, and the jobs they let through."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from markupsafe import Markup

from pyramid_uws.uws import phases
from pyramid_uws.uws.control import given, single

from .jobrows import JobLine, job_row

Pairs = Iterable[tuple[str, str]]

#: So many jobs are shown at once, if LAST does not say how many; and at most.
USUAL = 50
MOST = 500

#: So many can be selected, as older ones are added to those that are shown.
MOST_SELECTED = 5000

#: What a page of the list is asked for; other names in a URL mean nothing to it.
_FILTERS = ("AFTER", "LAST", "RUNID")


@dataclass(frozen=True)
class Filters:
    """The filters as they were sent."""

    phases: tuple[str, ...]
    after: str
    last: str
    runid: str

    @property
    def is_set(self) -> bool:
        """Whether there is a filter that may leave jobs out."""
        return bool(self.phases or self.after or self.runid)

    def query(self, **more: str) -> str:
        """Return the query of a URL with these filters, and more."""
        pairs = [("PHASE", phase) for phase in self.phases]
        pairs += [("AFTER", self.after), ("LAST", self.last), ("RUNID", self.runid), *more.items()]
        return urlencode([(name, value) for name, value in pairs if value])


def filters_of(pairs: Pairs) -> Filters:
    """Return the filters among the pairs of a query, which have been read without complaint."""
    pairs = list(pairs)
    after, last, runid = (single(pairs, name) or "" for name in _FILTERS)
    return Filters(tuple(given(pairs, "PHASE")), after, last, runid)


def wanted_at_once(last: int | None) -> int:
    """Return how many jobs are shown at once."""
    return USUAL if last is None else min(last, MOST)


@dataclass(frozen=True)
class Done:
    """What was done with so many jobs; ``ending`` of them were at work, which is being ended."""

    action: str
    count: int
    ending: int = 0

    @property
    def sentence(self) -> str:
        """Say it."""
        jobs, their = ("1 job was", "its") if self.count == 1 else (f"{self.count} jobs were", "their")
        if self.action == "DELETE":
            return f"{jobs} deleted, with all {their} files."
        which = "It is" if self.count == 1 else f"{self.ending} of them {'is' if self.ending == 1 else 'are'}"
        return f"{jobs} aborted." + (f" {which} still being ended." if self.ending else "")


@dataclass(frozen=True)
class JobListPage:
    """All that the templates of a list are given. ``older`` is the URL of the next page, if there is one.

    ``looked_back_to`` is when the last job that was looked at was made, if it was the last for now, with too few
    found. ``is_hidden`` tells that jobs of nobody are not listed, and nobody is asking. ``done`` is what was done
    before, if it is to be told.
    """

    url: str
    title: str
    service_url: str
    form: str | None
    filters: Filters
    lines: list[JobLine]
    older: str | None
    looked_back_to: int | None
    is_first: bool
    shows_owners: bool
    is_hidden: bool
    now: int
    done: Done | None = None

    @property
    def rows(self) -> Markup:
        """The jobs as rows of the table."""
        selects, owners = self.can_act, self.shows_owners
        rows = [job_row(line, self.now, selects=selects, shows_owner=owners) for line in self.lines]
        return Markup("".join(rows))  # nosec B704  # noqa: S704 - each is markup

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases there are to choose from."""
        return phases.PHASES

    @property
    def can_act(self) -> bool:
        """Whether there is something that can be selected."""
        return any(line.can_act for line in self.lines)

    @property
    def has_active(self) -> bool:
        """Whether something may still happen to what is shown."""
        return any(line.phase in phases.ACTIVE and line.phase != phases.PENDING for line in self.lines)


@dataclass(frozen=True)
class Chosen:
    """A job that was selected; ``problem`` says why nothing can be, or could be, done with it.

    Of a job that is not for who is looking, or is not there, nothing else is known.
    """

    job_id: str
    href: str | None
    phase: str | None
    runid: str | None
    problem: str | None = None
