"""How jobs are run: by whom, how many at once, and what becomes of them when the server is stopped."""

import re

from .converters import choice, read_count, read_names, read_seconds
from .keys import Key

#: What becomes of running jobs when the server is stopped.
ON_STOP = ("requeue", "error", "leave")

#: Less would declare workers dead that are only busy, in seconds.
SHORTEST_TIMEOUT = 5.0

_WORKER = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,59}", re.ASCII)


def read_worker(text: str) -> str:
    """Read the name of a worker, which names a folder, too."""
    if text and not _WORKER.fullmatch(text):
        raise ValueError("expected at most 60 letters, digits, dots, hyphens and underscores, a letter first")
    return text


def read_timeout(text: str) -> float:
    """Read after how many seconds a worker counts as dead."""
    seconds = read_seconds(text)
    if seconds < SHORTEST_TIMEOUT:
        raise ValueError(f"expected at least {SHORTEST_TIMEOUT:g} seconds")
    return seconds


RUNNING: tuple[Key, ...] = (
    Key(
        "dispatcher",
        choice("embedded", "none"),
        "embedded",
        "Whether this process starts jobs (`embedded`) or only takes them (`none`): `uws-worker` starts "
        "them then, and does so whatever this says.",
    ),
    Key(
        "worker",
        read_worker,
        "",
        "The name of whoever starts jobs; those on one host that share `uws.work` need different ones, and have "
        "each a folder of that name there. Without it, a name is made up and kept in `uws.work`.",
    ),
    Key(
        "worker_timeout",
        read_timeout,
        "60",
        "Seconds without a heartbeat after which a `uws-worker` counts as dead and others take its jobs. It ends "
        "them itself before that, if it cannot reach the database.",
    ),
    Key("max_running", read_count, "0", "Jobs that run at once on this host; 0: as many as it has cores."),
    Key(
        "max_running_per_owner",
        read_count,
        "0",
        "Jobs of one owner that run at once, on all hosts; 0: no limit of this kind. All callers who have not "
        "logged in count as one owner.",
    ),
    Key(
        "max_queued",
        read_count,
        "0",
        "Jobs that wait in the queues of all services; 0: no limit of this kind. Beyond it, jobs are refused, or "
        "held, as `when_full` of their service says.",
    ),
    Key("max_queued_per_owner", read_count, "0", "Likewise, jobs of one owner that wait."),
    Key(
        "on_stop",
        choice(*ON_STOP),
        "requeue",
        "When the server is stopped, running jobs are ended and queued again (`requeue`), ended with a transient "
        "error (`error`), or left running to be adopted by the next start (`leave`). A service may say otherwise.",
    ),
    Key("grace", read_seconds, "0.5", "Seconds between asking the processes of a job to end and killing them."),
    Key(
        "environment",
        read_names,
        "",
        "Names of environment variables that jobs are to have, separated by blanks; `*` stands for any text. "
        "Of the server's environment they have nothing else but PATH, LD_LIBRARY_PATH, PYTHONPATH, PYTHONHOME, "
        "LANG, LANGUAGE, LC_*, TZ and the numbers of threads (OMP_NUM_THREADS and its kin); HOME and TMPDIR are "
        "the job's folder.",
    ),
)
