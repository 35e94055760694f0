"""Cores for the tests of processes: well-behaved ones that tell of themselves, and rogues.

What they tell is in files in the job's directory. Whatever waits here waits for :data:`LONGEST` seconds at most,
so that nothing outlives a test run for long, whatever becomes of it.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from pyramid_uws.exceptions import CoreError
from pyramid_uws.parameters import Parameter

LONGEST = 120

TEXT = Parameter(name="TEXT")
NUMBER = Parameter(name="NUMBER", type="int", required=True)


def tell(job, name, value):
    """Write a file in one stroke."""
    draft = job.directory / f".{name}"
    draft.write_text(json.dumps(value))
    draft.rename(job.directory / name)


def wait():
    time.sleep(LONGEST)


def waiting(job):
    tell(job, "core", os.getpid())
    wait()


# Well-behaved


def nothing(job):
    pass


def generous(job):
    job.log("it begins")
    print("printed")  # noqa: T201 - a rogue prints
    print("printed as an error", file=sys.stderr)  # noqa: T201 - a rogue prints
    job.progress(0.25, "a quarter")
    job.add_result("text", "text/plain", "grüße")
    job.add_result("bytes", "application/octet-stream", b"\0\1")
    (job.directory / "made.csv").write_text("a,b\n")
    job.add_result("table", "text/csv", job.directory / "made.csv")
    with job.open_result("stream", "text/plain;charset=utf-8") as file:
        file.write(b"head ")
        file.flush()
        subprocess.run(["echo", "body"], stdout=file, check=True)
    job.progress(1.0, "done")


def telling(job):
    """Tell what a core sees of itself and the world."""
    made = job.directory / "made"
    made.touch(mode=0o666)
    tell(
        job,
        "told",
        {
            "id": job.id,
            "owner": job.owner,
            "runid": job.runid,
            "parameters": dict(job.parameters),
            "uploads": {name: path.read_text() for name, path in job.uploads.items()},
            "here": str(Path.cwd()),
            "temporary": tempfile.gettempdir(),
            "mode": made.stat().st_mode & 0o777,
            "modules": sorted(sys.modules),
            "descriptors": _descriptors(),
            "session": os.getsid(0) == os.getpid(),
            "blocked": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))),
            "ignored": [number for number in (2, 1, 3, 15, 17) if signal.getsignal(number) == signal.SIG_IGN],
            "environment": os.environ["PYRAMID_UWS_JOB"],
            "threads": os.environ["OMP_NUM_THREADS"],
        },
    )


def _descriptors():
    """Return what the open descriptors stand for; the one that lists them is gone by then."""
    return [str(path.readlink()) for path in list(Path("/proc/self/fd").iterdir()) if path.exists()]


def drawing(job):
    """Draw random numbers in every usual way."""
    numbers = [random.random()]
    if "numpy" in sys.modules:
        numbers.append(sys.modules["numpy"].random.random())
    tell(job, "told", numbers)


def counting(job):
    for number in range(200_000):
        job.progress(number / 200_000, f"step {number}")
    tell(job, "told", number)
    wait()


def reporting_once(job):
    job.progress(0.1, "first")
    job.progress(0.2, "second")
    tell(job, "told", True)
    wait()


# Ending in every way


def raising(job):
    raise ValueError(job.parameters["TEXT"])


def regretting(job):
    raise CoreError("There are no stars in that circle.")


def unspeakable(job):
    class Unspeakable(Exception):
        def __str__(self):
            raise RuntimeError

    raise Unspeakable


def verbose(job):
    raise ValueError("ü" * 1_000_000)


def leaving(job):
    sys.exit(job.parameters["NUMBER"])


def leaving_with_words(job):
    sys.exit("I have had enough")


def vanishing(job):
    os._exit(job.parameters["NUMBER"])


def dying(job):
    os.kill(os.getpid(), job.parameters["NUMBER"])
    wait()


def splitting(job):
    """Let a forked child return, too."""
    child = os.fork()
    if child == 0:
        raise ValueError("from the child")
    os.waitpid(child, 0)


# Being told to end


def tidy(job):
    try:
        tell(job, "core", os.getpid())
        wait()
    finally:
        tell(job, "tidied", True)


def stubborn(job):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    waiting(job)


def unmoved(job):
    """Finish the work when told to end."""
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    tell(job, "core", os.getpid())
    told.wait(LONGEST)
    job.add_result("late", "text/plain", "all the same")


def stopped(job):
    try:
        tell(job, "core", os.getpid())
        os.kill(os.getpid(), signal.SIGSTOP)
        wait()
    finally:
        tell(job, "tidied", True)


def halfway(job):
    """Have one result finished, one in the making, when the end comes."""
    job.add_result("whole", "text/plain", "all of it")
    with job.open_result("half", "text/plain") as file:
        file.write(b"the first hal")
        file.flush()
        tell(job, "core", os.getpid())
        wait()


# Having children

GRANDCHILD = f"""
import os, signal, sys, time
folder, kind = sys.argv[1:]
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if kind == "daemon":
    for leave in (os.setsid, lambda: None):
        if os.fork():
            os._exit(0)
        leave()
with open(os.path.join(folder, "." + kind), "w") as file:
    file.write(str(os.getpid()))
os.rename(os.path.join(folder, "." + kind), os.path.join(folder, kind))
time.sleep({LONGEST})
"""


def patriarch(job):
    """Have children of all kinds: plain, in a session of its own, daemonised, nameless, forked only."""
    for kind in ("child", "session", "daemon", "nameless"):
        subprocess.Popen(
            [sys.executable, "-c", GRANDCHILD, str(job.directory), kind],
            start_new_session=kind == "session",
            env={} if kind == "nameless" else None,
        )
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            tell(job, "forked", os.getpid())
            wait()
        os._exit(0)
    tell(job, "core", os.getpid())


def patriarch_waiting(job):
    patriarch(job)
    wait()


def bombing(job):
    """Grow exponentially to sixteen processes, each of which replaces itself from time to time."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell(job, "core", os.getpid())
    for _ in range(4):
        os.fork()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if os.fork():
            os._exit(0)
        os.setsid()
        time.sleep(0.05)


def fleeing(job):
    """Be somebody else all the time: fork, end the parent, in a new session each time."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell(job, "core", os.getpid())
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if os.fork():
            os._exit(0)
        os.setsid()


# Being rude


def fratricidal(job):
    os.killpg(0, signal.SIGKILL)
    wait()


def mute(job):
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    job.log("still here")
    job.add_result("text", "text/plain", "unharmed")


def noisy(job):
    for _ in range(job.parameters["NUMBER"]):
        sys.stdout.write("x" * 99_999 + "\n")
    job.add_result("text", "text/plain", "unharmed")


def homeless(job):
    """Remove the folder it works in."""
    shutil.rmtree(job.directory)


def razing(job):
    """Remove everything there is of the attempt."""
    tell(job, "core", os.getpid())
    shutil.rmtree(job.directory.parent)


def devouring(job):
    """Fill the disk."""
    job.add_result("small", "text/plain", "before")
    with job.open_result("large", "text/plain") as file:
        while True:
            file.write(b"x" * 65536)


# Being prepared


def preload_slowly():
    time.sleep(0.5)


def preload_for_ever():
    wait()


def preload_and_fail():
    raise ValueError("no catalogue")


def preload_and_die():
    os._exit(3)


def preload_and_die_if_broken():
    if Path(os.environ["ROGUES_BROKEN"]).exists():
        os._exit(3)
