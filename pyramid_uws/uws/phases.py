"""The phases of a job and the one table of moves between them (UWS 1.1, section 2.1.3)."""

from typing import Final

PENDING: Final = "PENDING"
QUEUED: Final = "QUEUED"
EXECUTING: Final = "EXECUTING"
COMPLETED: Final = "COMPLETED"
ERROR: Final = "ERROR"
ABORTED: Final = "ABORTED"
HELD: Final = "HELD"
SUSPENDED: Final = "SUSPENDED"
UNKNOWN: Final = "UNKNOWN"
ARCHIVED: Final = "ARCHIVED"

#: Every phase name of the standard, in its order.
PHASES: Final = (PENDING, QUEUED, EXECUTING, COMPLETED, ERROR, ABORTED, HELD, SUSPENDED, UNKNOWN, ARCHIVED)

#: Where something may still happen to the job; kept in an index of their own.
ACTIVE: Final = frozenset({PENDING, QUEUED, EXECUTING, HELD, SUSPENDED, UNKNOWN})

#: In the hands of an attempt, which has to be ended before the job can be.
AT_WORK: Final = frozenset({EXECUTING, SUSPENDED, UNKNOWN})

#: Left only for ARCHIVED.
FINAL: Final = frozenset({COMPLETED, ERROR, ABORTED})

#: The phases in which a GET with WAIT blocks (UWS 1.1, section 2.2.1.2).
BLOCKING: Final = frozenset({PENDING, QUEUED, EXECUTING})

#: The phases in which PHASE=RUN is a legal request.
RUNNABLE: Final = frozenset({PENDING, HELD})

#: The phases in which PHASE=ABORT ends the job.
ABORTABLE: Final = frozenset({PENDING, QUEUED, EXECUTING, HELD, SUSPENDED, UNKNOWN})

#: The only truth about what may follow what. EXECUTING goes back to QUEUED when its attempt is void and
#: it is to be run again (a graceful stop, a child that never came to life).
MOVES: Final[dict[str, frozenset[str]]] = {
    PENDING: frozenset({QUEUED, HELD, ABORTED, ERROR}),
    HELD: frozenset({QUEUED, ABORTED, ERROR}),
    QUEUED: frozenset({EXECUTING, HELD, ABORTED, ERROR}),
    EXECUTING: frozenset({COMPLETED, ERROR, ABORTED, SUSPENDED, UNKNOWN, HELD, QUEUED}),
    SUSPENDED: frozenset({EXECUTING, ABORTED, ERROR}),
    UNKNOWN: frozenset({EXECUTING, COMPLETED, ERROR, ABORTED, QUEUED}),
    COMPLETED: frozenset({ARCHIVED}),
    ERROR: frozenset({ARCHIVED}),
    ABORTED: frozenset({ARCHIVED}),
    ARCHIVED: frozenset(),
}
