"""A core that only takes time: for trying clients, limits and aborts."""

import heapq
import time
from collections.abc import Iterator
from operator import itemgetter

from pyramid_uws.exceptions import CoreFault
from pyramid_uws.parameters import Example, Parameter

from .job import Job

TITLE = "Countdown"
DESCRIPTION = (
    "Waits as long as it is told, reporting its progress each second, and writes results on the way. "
    "Good for trying a client's waiting, aborting and error handling."
)
CREDITS: tuple[str, ...] = ()

PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="SECONDS",
        type="double",
        unit="s",
        ucd="time.duration",
        default=10.0,
        minimum=0.0,
        maximum=86400.0,
        description="How long the job takes.",
    ),
    Parameter(
        name="FAIL",
        description="If given and not empty, the job ends in an error with this message when the time is up.",
    ),
    Parameter(
        name="RESULTS",
        type="int",
        ucd="meta.number",
        default=1,
        minimum=0,
        maximum=1000,
        description="How many results are written, spread evenly over the time, the last one at its end.",
    ),
)

EXAMPLES: tuple[Example, ...] = (
    Example(
        name="Three results in two seconds",
        parameters={"SECONDS": "2", "RESULTS": "3"},
        description="Long enough to see a client wait, short enough for nobody to wait for it.",
    ),
)

#: When something is due, in seconds since the start, and the number of the result due then (0: a tick).
Moment = tuple[float, int]


def core(job: Job) -> None:
    """Count down, writing results on the way; then end, or fail as asked."""
    seconds, results = job.parameters["SECONDS"], job.parameters["RESULTS"]
    start = time.monotonic()
    job.log(f"counting down {seconds:g} s with {results} results")
    for due, number in moments(seconds, results):
        time.sleep(max(0.0, start + due - time.monotonic()))
        if number:
            job.add_result(f"result{number}", "text/plain", f"Result {number} of {results}, after {due:g} s.\n")
        else:
            _tick(job, due, seconds)
    if job.parameters["FAIL"]:
        raise CoreFault(job.parameters["FAIL"])


def _tick(job: Job, passed: float, seconds: float) -> None:
    left = f"{seconds - passed:g} s to go" if passed < seconds else "time is up"
    job.progress(passed / seconds if seconds else 1.0, left)
    job.log(left)


def moments(seconds: float, results: int) -> Iterator[Moment]:
    """Return what is due when, in order: results, and a tick each second and as the last thing of all."""
    due_results = ((seconds * (number / results), number) for number in range(1, results + 1))
    return heapq.merge(due_results, _ticks(seconds), key=itemgetter(0))


def _ticks(seconds: float) -> Iterator[Moment]:
    whole = int(seconds)
    for second in range(1, whole + 1):
        yield float(second), 0
    if whole < seconds or not whole:
        yield seconds, 0
