"""A worker system that takes jobs to any phase: for tests about phases that plain use does not reach.

[uws:service:NAME]
worker_system = tests.support.routing:RoutingWorkerSystem
parameters = tests.support.routing:PARAMETERS
"""

from pyramid_uws.execution.moving import move
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.parameters import Parameter
from pyramid_uws.uws.instants import now
from pyramid_uws.uws.phases import (
    ABORTED,
    ARCHIVED,
    COMPLETED,
    ERROR,
    EXECUTING,
    FINAL,
    HELD,
    QUEUED,
    SUSPENDED,
    UNKNOWN,
)

#: Phase -> the way to it from PENDING, gone in one transaction, so that no dispatcher comes in between.
ROUTES = {
    HELD: (HELD,),
    QUEUED: (QUEUED,),
    EXECUTING: (QUEUED, EXECUTING),
    SUSPENDED: (QUEUED, EXECUTING, SUSPENDED),
    UNKNOWN: (QUEUED, EXECUTING, UNKNOWN),
    COMPLETED: (QUEUED, EXECUTING, COMPLETED),
    ERROR: (QUEUED, EXECUTING, ERROR),
    ABORTED: (ABORTED,),
    ARCHIVED: (QUEUED, EXECUTING, COMPLETED, ARCHIVED),
}

PARAMETERS = (
    Parameter(name="TO", type="string", default=HELD, options=tuple(ROUTES), description="Where RUN leads"),
)


class RoutingWorkerSystem(WorkerSystem):
    """PHASE=RUN takes a PENDING job to the phase that its parameter TO names; one that is HELD is run."""

    def _run(self, joblist, job, journal):
        if job.phase == HELD:
            super()._run(joblist, job, journal)
            return
        self._check_complete(job.parameters, job.references)
        for phase in ROUTES[dict(job.parameters).get("TO", HELD)]:
            move(journal, joblist, job, phase, **_facts(phase))


def _facts(phase):
    if phase == QUEUED:
        return {"queued": now()}
    if phase == EXECUTING:
        return {"started": now()}
    return {"ended": now()} if phase in FINAL else {}
