"""The filter of a job list (UWS 1.1, section 2.2.2.1)."""

from dataclasses import dataclass

from .phases import ARCHIVED, PHASES


@dataclass(frozen=True)
class JobFilter:
    """Which jobs a list shows: all conditions hold; ``last`` cuts after the others have selected.

    ``phases`` empty means every phase but ARCHIVED, ``after`` is an instant in µs. Two are our own: ``runid`` is
    part of the run id, in any case; ``older`` is the id of a job behind which the list begins, whether it is still
    there or not.
    """

    phases: frozenset[str] = frozenset()
    after: int | None = None
    last: int | None = None
    runid: str | None = None
    older: str | None = None

    @property
    def shown(self) -> frozenset[str]:
        """The phases that are listed; archived jobs only if asked for by name."""
        return self.phases or frozenset(PHASES) - {ARCHIVED}

    @property
    def sought(self) -> str:
        """What run ids have in them, their case aside; empty if it is all the same."""
        return "" if self.runid is None else self.runid.casefold()
