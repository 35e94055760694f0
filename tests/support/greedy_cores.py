"""Cores that want more than their service allows, and one that tells of what it was given."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pyramid_uws.exceptions import CoreError
from pyramid_uws.parameters import Parameter

#: Nothing that a test starts lives longer than this, whatever becomes of test and server, in seconds.
LONGEST = 120

PARAMETERS_NUMBER = (Parameter(name="NUMBER", type="int", default=0),)
PARAMETERS_TALKING = (Parameter(name="LINES", type="int", default=3), Parameter(name="GO_ON", type="string"))


def eat_memory(job):
    """Ask for more and more memory."""
    job.add_result("before", "text/plain", "made before")
    pieces = [bytes(1024 * 1024) for _ in range(1000)]
    job.log(str(len(pieces)))


def eat_time(job):
    """Compute without end, in as many more processes."""
    for _ in range(job.parameters["NUMBER"]):
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
    while job.parameters["NUMBER"] == 0:
        pass
    time.sleep(LONGEST)


def eat_time_stubbornly(job):
    """Compute without end, and mind no signal."""
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pass


def write_a_large_file(job):
    """Write a file without end."""
    with job.open_result("large", "text/plain") as file:
        while True:
            file.write(b"x" * 65536)


def write_many_files(job):
    """Write file after file."""
    deadline = time.monotonic() + LONGEST
    number = 0
    while time.monotonic() < deadline:
        number += 1
        Path(f"{number}").write_bytes(b"x" * 1024 * 1024)
        time.sleep(0.02)


def open_many_files(job):
    """Open file after file."""
    files = []
    while True:
        files.append((job.directory / f"{len(files)}").open("w"))


def breed(job):
    """Start processes, and daemons that leave the session."""
    for number in range(job.parameters["NUMBER"]):
        subprocess.Popen(["sleep", str(LONGEST)], start_new_session=number % 2 == 0)
    (job.directory / "bred").touch()
    time.sleep(1.5)
    job.add_result("result", "text/plain", "all of them")


def describe(job):
    """Tell what the core was given."""
    mask = os.umask(0)
    with tempfile.NamedTemporaryFile() as file:
        told = {
            "environment": dict(os.environ),
            "umask": mask,
            "home": str(Path.home()),
            "temporary": file.name,
            "here": str(Path.cwd()),
        }
    job.add_result("told", "application/json", json.dumps(told))


def talk(job):
    """Say so many lines, then wait until the file GO_ON is there."""
    for number in range(job.parameters["LINES"]):
        print(f"line {number}")  # noqa: T201 - what it prints is counted
    go_on = job.parameters["GO_ON"]
    deadline = time.monotonic() + LONGEST
    while go_on and not Path(go_on).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    job.log("at last")


def give_up(job):
    """Fail for a reason that may pass."""
    raise CoreError("The telescope is busy.", transient=True)


def leave(job):
    """End with an exit status."""
    os._exit(job.parameters["NUMBER"])


def die(job):
    """Die of a signal."""
    os.kill(os.getpid(), job.parameters["NUMBER"])
    time.sleep(LONGEST)
