"""A program that a command service runs: ``python program.py DEED [WORDS]``. It imports nothing of the project."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

#: Nothing that a test starts lives longer than this, whatever becomes of test and server, in seconds.
LONGEST = 120

#: Writes into a file for as long as it lives, whatever it is asked.
LINGERER = f"""
import os, signal, sys, time
from pathlib import Path
os.setsid()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end = time.monotonic() + {LONGEST}
with open(sys.argv[1], "a") as file:
    Path("lingers").touch()
    while time.monotonic() < end:
        file.write("x")
        file.flush()
"""


#: Says something for as long as it lives, once the program has ended.
CHATTERER = f"""
import os, sys, time
from pathlib import Path
parent = os.getppid()
end = time.monotonic() + {LONGEST}
while os.getppid() == parent:
    time.sleep(0.001)
Path(sys.argv[1]).touch()
while time.monotonic() < end:
    print("chat", flush=True)
"""


def tell(*words):
    """Tell what the program was given."""
    told = {
        "words": words,
        "cwd": str(Path.cwd()),
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "stdin": sys.stdin.read(),
        "memory": resource.getrlimit(resource.RLIMIT_AS),
    }
    sys.stdout.write(json.dumps(told))
    sys.stderr.write("said on stderr\n")


def end(status):
    """End with a status, having made what is promised."""
    Path("made.txt").write_text("made\n")
    sys.exit(int(status))


def die(number):
    """Die of a signal."""
    if int(number) != signal.SIGKILL:
        signal.signal(int(number), signal.SIG_DFL)
    os.kill(os.getpid(), int(number))
    time.sleep(LONGEST)


def make(*paths):
    """Make files with their own names as content; a path that holds an arrow is a link."""
    for path in paths:
        name, arrow, target = path.partition("->")
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        if name == "hard":
            Path(name).hardlink_to(target)
        elif arrow:
            Path(name).symlink_to(target)
        elif name.endswith("fifo"):
            os.mkfifo(name)
        else:
            Path(name).write_text(name)


def fill(count):
    """Make so many files."""
    for number in range(int(count)):
        Path(f"{number}").touch()


def deepen(depth):
    """Make a deep folder, with a file at its end."""
    for _ in range(int(depth)):
        Path("d").mkdir()
        os.chdir("d")
    Path("made.txt").write_text("deep")


def linger(*_):
    """Leave a process behind that goes on writing into the result."""
    Path("made.txt").write_text("made\n")
    subprocess.Popen([sys.executable, "-c", LINGERER, "made.txt"])
    while not Path("lingers").exists():
        time.sleep(0.01)


def advance(folder):
    """Tell how far it is, then wait for a file, with a child that keeps stdout open."""
    subprocess.Popen([sys.executable, "-c", CHATTERER, str(Path(folder, "chats"))], stderr=subprocess.DEVNULL)
    sys.stdout.write("reading\nprogress 5% one\nprogress of another kind\nprogress .25 two words\r\n")
    sys.stdout.flush()
    deadline = time.monotonic() + LONGEST
    while not Path(folder, "go-on").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    sys.stdout.write("x" * 200_000 + "\nprogress 1 done\nno newline")


def sleep(folder):
    """Leave the pids of two processes, and sleep with them."""
    child = subprocess.Popen(["sleep", str(LONGEST)], start_new_session=True)
    Path(folder, "pids").with_suffix(".new").write_text(f"{os.getpid()} {child.pid}")
    Path(folder, "pids.new").rename(Path(folder, "pids"))
    time.sleep(LONGEST)


def eat(*_):
    """Ask for more and more memory."""
    pieces = [bytes(1024 * 1024) for _ in range(4000)]
    sys.exit(len(pieces))


DEEDS = {deed.__name__: deed for deed in (tell, end, die, make, fill, deepen, linger, advance, sleep, eat)}

if __name__ == "__main__":
    DEEDS[sys.argv[1]](*sys.argv[2:])
