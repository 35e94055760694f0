"""The core process: makes itself fit to run somebody's code, runs it, and tells the keeper how that ended.

May import ``parameters``, ``exceptions``, ``tables`` and ``uws`` of the package, and :mod:`.bounds`,
:mod:`.corejob`, :mod:`.fetching`, :mod:`.jobdir`, :mod:`.linux` of this folder. Neither ZODB nor Pyramid: whatever
is imported here, every job carries.
"""

import contextlib
import faulthandler
import io
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

from pyramid_uws.exceptions import BadRequest, BadValue, CoreError, CoreFault, TooLarge, UWSError
from pyramid_uws.parameters import complete
from pyramid_uws.parameters.own import find_callable
from pyramid_uws.uws.limits import Limits

from . import bounds, linux
from .corejob import CoreJob
from .jobdir import JobDirectory, JobSpec

# How much a core may say of its end, in characters, so that the outcome has room for it.
_LONGEST_MESSAGE = 2_000
_LONGEST_TRACEBACK = 20_000

# What a core raises over what it was sent.
_ABOUT_INPUT = (BadRequest, BadValue, CoreError, TooLarge)

# AF_UNIX sockets have paths of up to 107 bytes; what multiprocessing adds to the temporary folder takes 32.
_LONGEST_TMPDIR = 70


@dataclass(frozen=True)
class Wires:
    """What connects a core process to its keeper: the keeper's pid, three pipes, the signals to block again."""

    keeper: int
    orders: int
    log: int
    ending: int
    signal_mask: set[int]


class Told:
    """Whether the core was told to end. On SIGTERM it is, by a ``SystemExit``, so that it can clean up."""

    def __init__(self) -> None:
        self.to_end = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Take the signal."""
        self.to_end = True
        raise SystemExit(128 + signal.SIGTERM)


def be_core(wires: Wires, others: Iterable[int]) -> NoReturn:
    """Wait for the order to run an attempt (a path), and do so. This process was forked for it and ends here.

    ``others`` are descriptors that are not for the core.
    """
    status, told, pid, limits = 1, Told(), os.getpid(), Limits()
    try:
        said: dict[str, Any] | int
        try:
            for descriptor in others:
                os.close(descriptor)
            _settle(wires, told)
            path = os.read(wires.orders, 4096)
            os.close(wires.orders)
            directory = JobDirectory(Path(os.fsdecode(path)))
            _enter(directory)
            spec = directory.spec()
            limits = spec.limits
            bounds.bind(limits)
            said = run_core(directory, spec, wires.log)
        except SystemExit as end:
            said = _said_by_exit(end)
        except BaseException as problem:  # noqa: BLE001 - the edge of the process
            said = _said_by_error(problem, limits)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _flush()
        if told.to_end:
            _die_of_sigterm()
        # A core that forks and lets the child return, too, must not speak twice.
        status = _speak(said, wires.ending) if os.getpid() == pid else 0
    finally:
        # Not sys.exit: the frames below this one belong to the keeper and the fork server.
        os._exit(status)


def run_core(directory: JobDirectory, spec: JobSpec, log_to: int) -> dict[str, Any]:
    """Call the core, once its uploads are here; return what is to be said of the end."""
    core = find_callable(spec.core)
    values = _values(spec)
    fetched = _fetch(directory, spec)
    job = CoreJob(directory, replace(spec, uploads={**spec.uploads, **fetched}), values, log_to)
    for name, path in fetched.items():
        job.log(f"{Path(path).stat().st_size} bytes were fetched for the upload {name}")
    made = core(job)
    if made is not None:
        job.add_table("result", made)
    return {"ended": "returned"}


def _fetch(directory: JobDirectory, spec: JobSpec) -> dict[str, str]:
    """Fetch the uploads that were given by URL; return their files."""
    if not spec.to_fetch:
        return {}
    fetch_all = find_callable("pyramid_uws.execution.fetching:fetch_all")  # few jobs need what that imports
    files = fetch_all(spec.to_fetch, directory.uploads_folder, spec.fetching, spec.limits.max_upload)
    return {name: str(path) for name, path in files.items()}


def _values(spec: JobSpec) -> dict[str, Any]:
    """Return the parsed parameters; what is wrong with them is told behind the label, if there is one."""
    try:
        return complete(spec.declarations, spec.parameters, (*spec.uploads, *spec.to_fetch), spec.style)
    except BadValue as problem:
        label = spec.value_labels.get(type(problem).__name__)
        if label is None:
            raise
        raise CoreError(f"{label}: {problem}") from problem


# Settling in


def _settle(wires: Wires, told: Told) -> None:
    """Cut what ties this process to its ancestors, except the keeper."""
    # A session of its own: what the core does to its process group does not reach the keeper.
    os.setsid()
    linux.die_with_parent(wires.keeper)
    linux.volunteer_for_oom()
    _take_stdio(wires.log)
    _take_signals(wires, told)
    _shuffle()


def _enter(directory: JobDirectory) -> None:
    """Become the core of the attempt: marked, at home in its scratch folder, with temporary files in there."""
    linux.set_name("uws-core")
    linux.mark_process(directory.marker)
    os.chdir(directory.scratch)
    os.environ["HOME"] = scratch = str(directory.scratch)
    if len(os.fsencode(scratch)) <= _LONGEST_TMPDIR:
        os.environ["TMPDIR"] = tempfile.tempdir = scratch


def _take_stdio(log_to: int) -> None:
    """Let stdout and stderr go to the log, in UTF-8 whatever the locale, line by line."""
    os.dup2(log_to, 1)
    os.dup2(log_to, 2)
    sys.stdout = _text_stream(1)
    sys.stderr = _text_stream(2)
    # A crash in compiled code leaves a Python traceback in the log.
    faulthandler.enable(sys.stderr)


def _text_stream(descriptor: int) -> io.TextIOWrapper:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _take_signals(wires: Wires, told: Told) -> None:
    """Give the core the signals a program usually has, and the chance to clean up on SIGTERM."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, told)
    signal.pthread_sigmask(signal.SIG_SETMASK, wires.signal_mask)


def _shuffle() -> None:
    """Have forks of the same server draw different random numbers; the ``random`` module sees to it itself."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


# The end


def _said_by_exit(end: SystemExit) -> dict[str, Any] | int:
    """Translate ``sys.exit``: nothing or 0 is a return, a text is an error, a number is an exit status."""
    if end.code is None or end.code == 0:
        return {"ended": "returned"}
    if isinstance(end.code, int):
        return end.code
    return _said_by_error(end, Limits())


def _said_by_error(problem: BaseException, limits: Limits) -> dict[str, Any]:
    limit = bounds.met_by_error(limits, problem)
    return {
        "ended": "raised",
        "error_type": type(problem).__name__[:100],
        "message": bounds.sentence(limits, limit) if limit else _sentence(problem)[:_LONGEST_MESSAGE],
        "traceback": _traceback(problem),
        "limit": limit,
        "transient": getattr(problem, "transient", False) is True,
        "blames_client": isinstance(problem, _ABOUT_INPUT) and not isinstance(problem, CoreFault),
    }


def _sentence(problem: BaseException) -> str:
    """Return what the user is told: our own family of errors is phrased for him, others get their name."""
    try:
        text = str(problem)
    except Exception:  # noqa: BLE001 - somebody else's __str__
        text = "(its text cannot be shown)"
    if isinstance(problem, UWSError):
        return text
    if isinstance(problem, MemoryError):
        return f"The job ran out of memory: {text}." if text else "The job ran out of memory."
    name = type(problem).__name__
    return f"{name}: {text}" if text else f"{name}."


def _traceback(problem: BaseException) -> str:
    """Return the traceback without our own frames on top of it; without the middle if it is very long."""
    frames: TracebackType | None = problem.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    try:
        text = "".join(traceback.format_exception(type(problem), problem, frames))
    except Exception:  # noqa: BLE001 - somebody else's __str__ or __repr__, or no memory left
        return ""
    if len(text) <= _LONGEST_TRACEBACK:
        return text
    half = _LONGEST_TRACEBACK // 2
    return f"{text[:half]}\n[...]\n{text[-half:]}"


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the core may have closed it
            stream.flush()


def _die_of_sigterm() -> None:
    """End as if the signal had not been caught; why it was sent is for the keeper to say."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _speak(said: dict[str, Any] | int, ending: int) -> int:
    """Tell the keeper how it ended; return the exit status."""
    if isinstance(said, int):
        return said & 0xFF
    message = json.dumps(said).encode()
    while message:
        message = message[os.write(ending, message) :]
    return 0


def run_here(directory: JobDirectory) -> JobDirectory:
    """Run the job of an attempt once more in this process, for debugging; return the directory it ran in.

    Nothing is limited or caught, and the attempt that is copied stays as it is.
    """
    spec = directory.spec()
    fresh = JobDirectory(Path(tempfile.mkdtemp(prefix=f"{spec.name}-")) / spec.name)
    fresh.create(spec)
    os.chdir(fresh.scratch)
    run_core(fresh, spec, log_to=2)
    return fresh


def main(arguments: list[str]) -> int:
    """Run the job of one attempt by hand: ``python -m pyramid_uws.execution.child DIRECTORY``."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m pyramid_uws.execution.child DIRECTORY\n")
        return 2
    directory = run_here(JobDirectory(Path(arguments[0]).absolute()))
    sys.stdout.write("".join(f"{line}\n" for line in (directory.path, *directory.results())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
