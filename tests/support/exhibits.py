"""A server whose jobs tests look at and leave as they are: one in every phase, some with odd content."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyramid_uws.uws import phases

from .http import create, phase, wait_for, wait_for_phase
from .server import Server

#: What the job that is COMPLETED was given: names and texts, and a file with its name and type.
TEXTS = {"NOTE": '<a>&"\r\n]]> Größe', "BINARY": "\x00\x1b", "RUNID": " a<&b "}
FILE = ("../name.csv", b"a,b\n1,2\n", "text/csv")

#: A service whose jobs RUN takes to where their parameter TO says.
ROUTED = {
    "core": "tests.support.cores:quick",
    "parameters": "tests.support.routing:PARAMETERS",
    "worker_system": "tests.support.routing:RoutingWorkerSystem",
}
ARCHIVING = {
    "core": "tests.support.cores:quick",
    "parameters": "tests.support.cores:PARAMETERS_QUICK",
    "on_destruction": "archive",
}


def make_museum(folder: Path) -> Server:
    """Return the server; it runs one job at a time, so that the next one stays QUEUED."""
    return Server(
        folder,
        settings={"uws.max_running": "1", "uws.development": "true"},
        services=["quick", "several", "failing", "sleeper"],
        sections={"uws:service:routed": ROUTED, "uws:service:archiving": ARCHIVING},
    )


def exhibit(museum: Server) -> dict[str, str]:
    """Make a job in every phase; return phase -> URL."""
    soon = datetime.now(UTC) + timedelta(seconds=1)
    archived = create(museum.joblist("archiving"), PHASE="RUN", DESTRUCTION=soon.isoformat()[:-6])
    jobs = {
        phases.PENDING: create(museum.joblist("quick")),
        phases.COMPLETED: create(museum.joblist("several"), PAUSE=0, PHASE="RUN", files={"TABLE": FILE}, **TEXTS),
        phases.ERROR: create(museum.joblist("failing"), MESSAGE="no such star", PHASE="RUN"),
    }
    for routed in (phases.ABORTED, phases.HELD, phases.SUSPENDED, phases.UNKNOWN):
        jobs[routed] = create(museum.joblist("routed"), TO=routed, PHASE="RUN")
    for final in (phases.COMPLETED, phases.ERROR):
        wait_for_phase(jobs[final], final)
    wait_for(lambda: phase(archived) == phases.ARCHIVED)
    jobs[phases.EXECUTING] = create(museum.joblist("sleeper"), SECONDS=600, PHASE="RUN")
    wait_for_phase(jobs[phases.EXECUTING], phases.EXECUTING)
    jobs[phases.QUEUED] = create(museum.joblist("sleeper"), PHASE="RUN")
    return jobs | {phases.ARCHIVED: archived}
