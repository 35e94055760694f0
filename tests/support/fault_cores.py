"""Cores, and functions to preload, for tests of what goes wrong; they tell in files what became of them.

The processes of the server under test import this module, so it leans on nothing but the package.
"""

import itertools
import os
import signal
import time
from pathlib import Path

from pyramid_uws.exceptions import CoreError
from pyramid_uws.parameters import Parameter

from .cores import LONGEST

FOLDER = Parameter(name="FOLDER", type="string", required=True, description="Where to tell of each run")

PARAMETERS_WITNESS = (
    FOLDER,
    Parameter(name="SECONDS", type="double", unit="s", default=0.0, description="How long to work"),
    Parameter(name="SIZE", type="int", default=100, description="Bytes of the result"),
)
PARAMETERS_TALLY = (
    FOLDER,
    Parameter(name="SECONDS", type="double", unit="s", default=0.0, description="To sleep"),
)
PARAMETERS_URGENT = (*PARAMETERS_TALLY, Parameter(name="PRIORITY", type="int", description="Lower, if not urgent"))
PARAMETERS_GATED = (
    FOLDER,
    Parameter(name="FAIL", type="string", default="", description="What to complain of in the end"),
)
PARAMETERS_FLAKY = (
    FOLDER,
    Parameter(name="TIMES", type="int", default=1, description="How often to be killed before it succeeds"),
)
PARAMETERS_LINGERING = (FOLDER,)
PARAMETERS_OBEDIENT = (FOLDER,)
PARAMETERS_DEVOURING = (
    Parameter(name="SIZE", type="int", default=0, description="Bytes of the result; 0: all the disk has"),
)


def plain(job):
    """Make one result at once."""
    job.add_result("result", "text/plain", "done")


def witness(job):
    """Note the run in a file, work as long as told, make a result whose content is known, note the end."""
    diary = Path(job.parameters["FOLDER"]) / job.id
    _note(diary, "began")
    end = time.monotonic() + job.parameters["SECONDS"]
    while (left := end - time.monotonic()) > 0:
        job.progress(1 - left / job.parameters["SECONDS"], f"{left:.1f} s left")
        time.sleep(min(left, 0.1))
    job.add_result("result", "text/plain", content_of(job.id, job.parameters["SIZE"]))
    _note(diary, "ended")


def tally(job):
    """Add a line to a common file when it begins and when it ends; the result tells who made it."""
    tally_line(job, "began")
    time.sleep(job.parameters["SECONDS"])
    job.add_result("process", "text/plain", str(os.getpid()))
    tally_line(job, "ended")


def tally_line(job, word):
    line = f"{word} {job.id} {os.getpid()} {time.monotonic()}\n"
    descriptor = os.open(Path(job.parameters["FOLDER"]) / "tally", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, line.encode())
    os.close(descriptor)


def gated(job):
    """Make a result, wait for a file `ID.go`, telling for how long already, make another or fail."""
    folder = Path(job.parameters["FOLDER"])
    job.add_result("first", "text/plain", "made at once")
    _note(folder / job.id, "began")
    for looks in itertools.count():
        if (folder / f"{job.id}.go").exists():
            break
        job.progress(0.5, f"looked {looks} times")
        time.sleep(0.02)
    if job.parameters["FAIL"]:
        raise CoreError(job.parameters["FAIL"])
    job.add_result("second", "text/plain", "made in the end")


def obedient(job):
    """Note the run, make a result, wait for an order in a file, and end as it says."""
    folder = Path(job.parameters["FOLDER"])
    _note(folder / job.id, "began")
    job.add_result("result", "text/plain", "made")
    order = folder / f"{job.id}.order"
    while not order.exists():
        time.sleep(0.005)
    how = order.read_text()
    order.unlink()
    if how == "raise":
        raise CoreError("as ordered")
    if how == "exit":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)


def flaky(job):
    """Make a result and note the run; be killed as often as told, then make the last result."""
    diary = Path(job.parameters["FOLDER"]) / job.id
    job.add_result("partial", "text/plain", "as far as it went")
    _note(diary, "began")
    runs = len(diary.read_text().splitlines())
    if runs <= job.parameters["TIMES"]:
        os.kill(os.getpid(), signal.SIGKILL)
    job.add_result("result", "text/plain", f"after {runs - 1}")


def devouring(job):
    """Fill the disk with files of its own, or with one result."""
    job.add_result("first", "text/plain", "made at once")
    if size := job.parameters["SIZE"]:
        job.add_result("large", "application/octet-stream", b"x" * size)
    else:
        with (job.directory / "large").open("wb") as file:
            while True:
                file.write(b"x" * 65536)


def lingering(job):
    """Note that it was asked to end, and go on."""
    diary = Path(job.parameters["FOLDER"]) / job.id
    signal.signal(signal.SIGTERM, lambda *_: _note(diary, "told"))
    _note(diary, "began")
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        time.sleep(1)


def content_of(job_id, size):
    """Return the content of a witness's result."""
    return (job_id * (size // len(job_id) + 1))[:size]


def _note(diary, word):
    with diary.open("a") as stream:
        stream.write(f"{word} {time.time()}\n")


# What goes wrong before a core is called


def preload_that_raises():
    raise ValueError("the catalogue is not there")


def preload_that_dies():
    os._exit(3)


def preload_that_never_ends():
    time.sleep(LONGEST)


def preload_that_dies_while_there_is_a_file():
    if Path(os.environ["BROKEN"]).exists():
        os._exit(3)


def preload_that_waits_while_there_is_a_file():
    end = time.monotonic() + LONGEST
    while Path(os.environ["BROKEN"]).exists() and time.monotonic() < end:
        time.sleep(0.02)
