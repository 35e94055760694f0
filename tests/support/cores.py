"""Cores that behave in every way that a server has to cope with.

The processes of the server under test import this module, so it leans on nothing but the package.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pyramid_uws.parameters import Parameter

#: Nothing that a test starts lives longer than this, whatever becomes of test and server.
LONGEST = 600

PARAMETERS_QUICK = (Parameter(name="TEXT", type="string", default="done", description="Content of the result"),)
PARAMETERS_PAGE = (Parameter(name="TEXT", type="string", default="", description="A page"),)
PARAMETERS_SLEEPER = (
    Parameter(name="SECONDS", type="double", unit="s", default=60.0, minimum=0.0, description="How long to sleep"),
)
PARAMETERS_STUBBORN = (
    Parameter(name="PIDS", type="string", required=True, description="Folder for the files that hold pids"),
)
PARAMETERS_CHATTY = (
    Parameter(name="COUNT", type="int", default=10_000, minimum=1, description="How often to report"),
)
PARAMETERS_FAILING = (
    Parameter(name="MESSAGE", type="string", default="it was bound to fail", description="What to complain of"),
)
PARAMETERS_CRASHING = (
    Parameter(name="SIGNAL", type="int", default=int(signal.SIGKILL), description="The signal to die by"),
)
PARAMETERS_ECHO = (
    Parameter(name="TEXT", type="string", description="A string"),
    Parameter(name="COUNT", type="int", minimum=0, maximum=100, description="An integer"),
    Parameter(name="RADIUS", type="double", unit="deg", description="A number"),
    Parameter(name="FLAG", type="boolean", description="A truth value"),
    Parameter(name="CIRCLE", type="circle", description="A circle"),
    Parameter(name="TIME", type="timestamp", description="An instant"),
    Parameter(name="COLOUR", type="string", multiple=True, options=("red", "green"), description="Colours"),
)
PARAMETERS_SEVERAL = (
    Parameter(name="COUNT", type="int", default=3, minimum=0, description="How many results"),
    Parameter(name="PAUSE", type="double", unit="s", default=0.1, minimum=0.0, description="Time between them"),
)
PARAMETERS_WITHIN = (
    Parameter(name="X", type="int", condition=True, description="Which digits are meant"),
    Parameter(name="ID", type="uuid", description="Who asks"),
    Parameter(name="WHERE", type="shape", description="A region"),
)

#: What `stubborn` starts: kind, then the file for its pid. Each ignores SIGTERM, too.
GRANDCHILD = f"""
import os, signal, sys, time
kind, file = sys.argv[1:]
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if kind == "daemon":
    for leave in (os.setsid, lambda: None):
        if os.fork():
            os._exit(0)
        leave()
with open(file + ".new", "w") as stream:
    stream.write(str(os.getpid()))
os.rename(file + ".new", file)
time.sleep({LONGEST})
"""


def quick(job):
    """Make one result at once."""
    job.add_result("result", "text/plain", job.parameters["TEXT"])


def page(job):
    """Make a page of what was sent, as a careless core may do."""
    job.add_result("page", "text/html", job.parameters["TEXT"])


def sleeper(job):
    """Sleep, then make one result."""
    time.sleep(job.parameters["SECONDS"])
    job.add_result("result", "text/plain", "awake")


def stubborn(job):
    """Ignore SIGTERM, together with a child, a child in its own session, and a daemon.

    The files `core`, `child`, `session` and `daemon` in the folder PIDS then hold the four pids.
    """
    folder = Path(job.parameters["PIDS"])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for kind in ("child", "session", "daemon"):
        command = [sys.executable, "-c", GRANDCHILD, kind, str(folder / kind)]
        subprocess.Popen(command, start_new_session=kind == "session")
    (folder / "core.new").write_text(str(os.getpid()))
    (folder / "core.new").rename(folder / "core")
    # A handled signal would end a single sleep of this length no earlier.
    time.sleep(LONGEST)


def chatty(job):
    """Report progress in a flood."""
    count = job.parameters["COUNT"]
    for number in range(count):
        job.progress(number / count, f"{number} of {count}")
    job.add_result("result", "text/plain", str(count))


def failing(job):
    """Write to the log, make a result, then fail."""
    job.log("about to fail")
    job.add_result("partial", "text/plain", "as far as it went")
    raise ValueError(job.parameters["MESSAGE"])


def crashing(job):
    """Die by a signal, as if killed from outside."""
    os.kill(os.getpid(), job.parameters["SIGNAL"])
    time.sleep(LONGEST)


def echo(job):
    """Give back the parameters as JSON."""
    job.add_result("result", "application/json", json.dumps(dict(job.parameters), default=str))


def several(job):
    """Make results one by one: as text, as bytes, and from a file in the job's directory."""
    for number in range(job.parameters["COUNT"]):
        content = f"content of {number}"
        path = Path(job.directory) / f"made-{number}.txt"
        path.write_text(content)
        job.add_result(f"result-{number}", "text/plain", (content, content.encode(), path)[number % 3])
        job.progress((number + 1) / job.parameters["COUNT"], f"made {number}")
        time.sleep(job.parameters["PAUSE"])


def within(job):
    """Tell which of the digits meet the condition, and what else was sent."""
    met = [digit for digit in range(10) if job.parameters["X"].test(digit)]
    others = {name: job.parameters[name] for name in ("ID", "WHERE")}
    job.add_result("result", "application/json", json.dumps({"X": met} | others, default=str))
