"""The core of services with a command: runs the program, judges its end, takes its files as results.

The program is executed with its arguments, no shell between; it is a child of the core process, in its session
and under its limits. What it has started and left is ended before files are taken, so that nobody writes into
results any more.

May import ``commands`` and ``exceptions`` of the package, and :mod:`.bounds`, :mod:`.corejob`, :mod:`.linux`,
:mod:`.processes`, :mod:`.telling` of this folder.
"""

import contextlib
import faulthandler
import functools
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from pyramid_uws.commands import Command, Stdout
from pyramid_uws.commands.results import choose
from pyramid_uws.exceptions import CoreFault

from . import bounds, linux
from .corejob import CoreJob
from .processes import PATIENCE, descendants, send
from .telling import Telling

#: A job may have so many results from files.
MOST_RESULTS = 1000

# So many files that cannot be results are named in the log.
_MOST_TOLD = 20

# Seconds between looks at what a program has left running.
_PERIOD = 0.02


def core(job: CoreJob) -> None:
    """Run the command of the job."""
    command = job.command
    if command is None:
        raise CoreFault("The service has no command to run.")
    facts = {"job.id": job.id, "job.directory": str(job.directory)}
    files = {name: str(path) for name, path in job.uploads.items()}
    arguments = command.arguments(job.declarations, job.parameters, files, facts)
    if command.stdout is None:
        _judge(job, command, run(job, command, arguments, None))
    else:
        _run_into_result(job, command, command.stdout, arguments)
    _take_results(job, command)


def _run_into_result(job: CoreJob, command: Command, stdout: Stdout, arguments: list[bytes]) -> None:
    with contextlib.suppress(_NothingWritten), job.open_result(stdout.id, stdout.media_type) as file:
        _judge(job, command, run(job, command, arguments, file))
        if not os.fstat(file.fileno()).st_size:
            if stdout.optional:
                raise _NothingWritten
            raise CoreFault(
                f"The program {_name(command)} has written nothing, and the service promises something."
            )


class _NothingWritten(Exception):
    """There is no result to be made of stdout."""


# Running


def run(job: CoreJob, command: Command, arguments: list[bytes], stdout: BinaryIO | None) -> int:
    """Run the program until it and all that it has started have ended; return its exit status, or -signal."""
    linux.adopt_orphans()
    telling = Telling(job) if command.progress else None
    try:
        program = subprocess.Popen(  # noqa: S603 - arguments, no shell; the operator has chosen the program
            arguments,
            executable=command.program,
            stdin=subprocess.DEVNULL,
            stdout=stdout if telling is None else telling.writing,
            cwd=job.directory,
            preexec_fn=functools.partial(bounds.bind_program, job.limits),  # noqa: PLW1509 - there are no threads
        )
    except (OSError, subprocess.SubprocessError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise CoreFault(f"The program {_name(command)} cannot be started: {reason}.") from problem
    if telling is not None:
        telling.follow(program.pid)
    status = None
    while status is None:
        pid, ended = os.wait()
        if pid == program.pid:
            status = program.returncode = os.waitstatus_to_exitcode(ended)
    _end_the_rest(job.grace)
    return status


def _end_the_rest(grace: float) -> None:
    """End what the program has left running: ask it, then make it."""
    begin = time.monotonic()
    for number, until in ((signal.SIGTERM, begin + grace), (signal.SIGKILL, begin + grace + PATIENCE)):
        first = True
        while _anybody_left() and time.monotonic() < until:
            if first or number == signal.SIGKILL:
                for identity in descendants(os.getpid()):
                    send(identity, number, signal.SIGCONT)
            first = False
            time.sleep(_PERIOD)


def _anybody_left() -> bool:
    """Bury the dead; tell whether there are others."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    return False


# Judging


def _judge(job: CoreJob, command: Command, status: int) -> None:
    if status < 0:
        die_of(-status)
    if status > 0:
        meaning = command.meaning(status)
        if meaning.kind != "ok":
            raise CoreFault(meaning.message, transient=meaning.kind == "transient")
        job.log(f"exit status {status} {meaning.message}")


def die_of(number: int) -> NoReturn:
    """End by the signal by which the program has ended: the keeper then says of it what it says of any core."""
    faulthandler.disable()
    if number not in {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise CoreFault(f"The program was killed by signal {number}.", transient=True)


def _name(command: Command) -> str:
    return command.line.program.rpartition("/")[2]


# Taking results


def _take_results(job: CoreJob, command: Command) -> None:
    """Add the files that are results, then see whether one is missing that was promised."""
    files = dict(files_below(job.directory))
    ordinary = [path for path, is_ordinary in files.items() if is_ordinary]
    found = choose(command.results, ordinary, [command.stdout.id] if command.stdout else [])
    if len(found) > MOST_RESULTS:
        raise CoreFault(f"{_name(command)} has made {len(found)} results; a job may have {MOST_RESULTS}.")
    for each in choose(command.results, files.keys() - ordinary)[:_MOST_TOLD]:
        job.log(f"{each.path!r} is no result: it is a link, has several names, or is no ordinary file")
    for each in found:
        job.add_result(each.id, each.media_type, job.directory / each.path)
    for rule in command.results:
        if not rule.optional and not any(rule.matches(each.path) for each in found):
            raise CoreFault(f"The program {_name(command)} has not made what the service promises: {rule.glob}.")


def files_below(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield the paths, relative to the folder, of all in it but folders; and whether each is an ordinary file.

    A link is not, nor is a file that has a name elsewhere, too. Links to folders are not followed.
    """
    folders = [""]
    while folders:
        inner = folders.pop()
        with contextlib.suppress(OSError), os.scandir(folder / inner) as entries:
            for entry in entries:
                path = f"{inner}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{path}/")
                else:
                    is_file = entry.is_file(follow_symlinks=False)
                    yield path, is_file and entry.stat(follow_symlinks=False).st_nlink == 1
