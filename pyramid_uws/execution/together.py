"""Many changes of one kind, such as one person asks for: many share a commit, and the others get their turn.

May import :mod:`.changes` and :mod:`.writer` of this folder.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import wait
from typing import TypeVar

from pyramid_uws.exceptions import UWSError

from .changes import hand_over
from .writer import BATCH, Change, Writer, value_of

T = TypeVar("T")

#: For so long (s) such a portion is waited for; what has not been begun by then is taken back.
PATIENCE = 60


def do_each(writer: Writer, changes: Sequence[Change[T]]) -> list[T | UWSError]:
    """Return the value of each change, or why it was refused.

    As many are handed over at once as one transaction holds, so what comes from others is not kept waiting.
    """
    outcomes: list[T | UWSError] = []
    for begin in range(0, len(changes), BATCH):
        futures = [hand_over(writer, change) for change in changes[begin : begin + BATCH]]
        wait(futures, PATIENCE)
        for future in futures:
            try:
                value = value_of(future, 0)
            except UWSError as problem:
                outcomes.append(problem)
            else:
                outcomes.append(value)
    return outcomes


def one_by_one(job_ids: Iterable[str], verb: Callable[[str], None]) -> dict[str, UWSError]:
    """Call the verb with each job; return the jobs with which that was refused, and why."""
    problems = {}
    for job_id in job_ids:
        try:
            verb(job_id)
        except UWSError as problem:
            problems[job_id] = problem
    return problems
