"""Services that single tests need: `sections={"uws:service:late": oddities.LATE}`."""

import signal
import threading

from pyramid_uws.execution.moving import move
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.uws import phases

from .cores import LONGEST

LATE = {"core": "tests.support.oddities:late"}
HELD = {
    "core": "tests.support.cores:quick",
    "parameters": "tests.support.cores:PARAMETERS_QUICK",
    "worker_system": "tests.support.oddities:HoldsFirst",
}


def late(job):
    """Finish the work when told to end, as if nothing had been said."""
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    job.progress(0.5, "ready")
    told.wait(LONGEST)
    job.add_result("result", "text/plain", "finished after all")


class HoldsFirst(WorkerSystem):
    """Holds every job when it is run for the first time, as if the queue were full."""

    def _run(self, joblist, job, journal):
        if job.phase == phases.PENDING:
            move(journal, joblist, job, phases.HELD)
        else:
            super()._run(joblist, job, journal)
