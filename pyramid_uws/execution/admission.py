"""How jobs come into the queue: at once, after a while as HELD, or not at all; and with which priority."""

from collections.abc import Callable

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.exceptions import BadValue, NotAllowedNow
from pyramid_uws.parameters.values import Pairs
from pyramid_uws.tree import Job, Joblist, Root
from pyramid_uws.uws import phases
from pyramid_uws.uws.instants import now

from .limiting import Limiter
from .moving import latest_end, move
from .runs import Address
from .writer import Journal

#: What jobInfo tells of a held job.
HELD = "The queue is full. The job is held, and enters the queue as soon as there is a place; RUN tries at once."


def enqueue(
    journal: Journal, joblist: Joblist, job: Job, definition: ServiceDefinition, limiter: Limiter, lowered: int
) -> None:
    """Have a job that was PENDING or HELD wait for a slot, its priority lowered by so much.

    If the queue is full, it is HELD, if the service wants it so; if not, that is the error which is raised.
    """
    service = joblist.__parent__.__parent__
    refusal = limiter.refusal(service.__parent__, service.__name__, job.payer)
    instant = now()
    if refusal is None:
        facts = {"held": None, "reason": None, "lowered": lowered}
        move(journal, joblist, job, phases.QUEUED, queued=instant, quote=latest_end(job, instant), **facts)
    elif definition.when_full != "hold":
        raise refusal
    elif job.phase != phases.HELD:
        move(journal, joblist, job, phases.HELD, held=instant, reason=HELD, lowered=lowered)
    elif job.held is None:
        joblist.update(job, held=instant, reason=HELD, lowered=lowered)


def release(address: Address, limiter: Limiter) -> Callable[[Root, Journal], bool]:
    """HELD to QUEUED, for a job that waits for a place in the queue; raises if there is none after all."""

    def change(root: Root, journal: Journal) -> bool:
        joblist = address.joblist(root)
        job = joblist.get(address.job_id)
        if job.phase != phases.HELD or job.held is None:
            raise NotAllowedNow(f"Job {job.job_id} is {job.phase}; it does not wait for a place in the queue.")
        refusal = limiter.refusal(root, address.service, job.payer)
        if refusal is not None:
            raise refusal
        instant = now()
        facts = {"queued": instant, "quote": latest_end(job, instant), "held": None, "reason": None}
        move(journal, joblist, job, phases.QUEUED, **facts)
        return True

    return change


def lowered_by(definition: ServiceDefinition, wish: int | None) -> int:
    """Return by how much a job's priority is lower than its service's, if its owner wishes this one.

    :class:`BadValue` if it would be higher.
    """
    if wish is None:
        return 0
    if wish > definition.priority:
        raise BadValue(
            definition.priority_parameter or "",
            str(wish),
            f"the priority of this service is {definition.priority}; a job can have a lower one, not a higher one",
        )
    return definition.priority - wish


def check_priority(definition: ServiceDefinition, pairs: Pairs) -> None:
    """Check the priority among what was sent, as far as it can be read: :class:`BadValue` if it is too high."""
    named = (definition.priority_parameter or "").upper()
    for declared in definition.parameters:
        if declared.key == named:
            for name, text in pairs:
                if name.upper() == named and not declared.is_absent(text):
                    lowered_by(definition, declared.read(text))
