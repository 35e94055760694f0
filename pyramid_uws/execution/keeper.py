"""The keeper of an attempt: the parent of its core process, which sees to it that it ends, all of it.

A process of its own for every attempt. It outlives the web process and the fork server, so that the execution
duration holds while no server runs, and that there is always somebody to say how the job ended. It orders
nothing and decides nothing else: it waits for the core to end, for the time to be up, or for a SIGTERM; then it
ends whatever the core has started, and writes the outcome.

May import :mod:`.bounds`, :mod:`.child`, :mod:`.inlets`, :mod:`.jobdir`, :mod:`.joblog`, :mod:`.lease`,
:mod:`.processes`, :mod:`.linux` of this folder.
"""

import contextlib
import dataclasses
import json
import os
import resource
import select
import signal
import time
from pathlib import Path
from typing import Any

from pyramid_uws.uws.instants import now

from . import bounds, child, linux
from .inlets import Pipe, Signals
from .jobdir import JobDirectory, JobSpec, Outcome
from .joblog import Log
from .lease import Lease
from .processes import PATIENCE, Identity, descendants, send

_DAY = 86400.0


def keep(orders: int, reports: int) -> None:
    """Wait for the order to keep an attempt, claim it, report who has it, and run it.

    This process was forked for that, beforehand, and ends after it. The order is a path; the report is the
    keeper's identity, or what is wrong.
    """
    os.setsid()
    os.umask(0o077)
    linux.set_name("uws-spare")
    linux.adopt_orphans()
    keeper = Keeper(own=(orders, reports))
    path = os.read(orders, 4096)
    os.close(orders)
    if not path or not keeper.is_fit():  # the fork server has ended, or will make another
        return
    directory = JobDirectory(Path(os.fsdecode(path)))
    spec = None
    try:
        spec = directory.spec()
        identity = _claim(directory)
        linux.set_name("uws-keeper")
        linux.mark_process(directory.marker)
        report: dict[str, Any] = dataclasses.asdict(identity)
    except Exception as problem:  # noqa: BLE001 - the edge of the process; who launches is told
        identity = None
        report = {"error": str(problem) or type(problem).__name__}
    with contextlib.suppress(BrokenPipeError):  # the fork server is gone; the job goes on
        os.write(reports, json.dumps(report).encode())
    os.close(reports)
    if spec is not None and identity is not None and identity.pid == os.getpid():
        keeper.run(directory, spec)


def _claim(directory: JobDirectory) -> Identity:
    """Return who keeps the attempt, which is this process unless there is another."""
    myself = Identity.of(os.getpid())
    assert myself is not None
    keeper = myself if directory.claim(myself) else directory.keeper()
    if keeper is None:
        raise OSError("the attempt is void")
    return keeper


class Keeper:
    """One attempt from its start to its outcome.

    When it is made it forks the core process, which waits for :meth:`run`. ``own`` are descriptors that the
    core must not have.
    """

    def __init__(self, own: tuple[int, ...]) -> None:
        self._signals = Signals()
        self._log = Log()
        self._spoken = bytearray()
        self._logging = Pipe(self._log.write)
        self._ending = Pipe(self._spoken.extend)
        self._inlets = {inlet.descriptor: inlet for inlet in (self._signals, self._logging, self._ending)}
        self._poll = select.poll()
        for descriptor in self._inlets:
            self._poll.register(descriptor, select.POLLIN)
        self._status: int | None = None
        self._alone = False
        self._core = self._fork_core(own)

    def _fork_core(self, own: tuple[int, ...]) -> int:
        orders, self._orders = os.pipe2(os.O_CLOEXEC)
        mine = (*own, *self._inlets, self._signals.writer, self._orders)
        # No signal must come while the core still has the keeper's handlers.
        mask = set(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())))
        wires = child.Wires(os.getpid(), orders, self._logging.writer, self._ending.writer, mask)
        core = os.fork()
        if core == 0:
            child.be_core(wires, mine)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for descriptor in (orders, self._logging.writer, self._ending.writer):
            os.close(descriptor)
        return core

    def is_fit(self) -> bool:
        """Tell whether nobody has meanwhile ended the core, or told this process to end."""
        self._bury()
        return self._status is None and not self._signals.told_to_end

    def run(self, directory: JobDirectory, spec: JobSpec) -> None:
        """Let the core begin, end what it leaves, write how it ended."""
        self._log.open(directory.log, spec.limits.max_log)
        reserved = directory.reserve_outcome()
        started = now()
        lease = Lease(Path(spec.lease)) if spec.lease else None
        if lease is None or not lease.is_over():
            with contextlib.suppress(BrokenPipeError):  # somebody has killed it just now
                os.write(self._orders, os.fsencode(directory.path))
        killed_before = linux.oom_kills()
        why = self._watch(spec.duration, lease, bounds.Watch(spec.limits, directory.path))
        self._end_everybody(spec.grace)
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        outcome = Outcome(
            **self._how_it_ended(why, spec),
            started=started,
            finished=now(),
            memory_ran_out=linux.oom_kills() > killed_before,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            max_rss=usage.ru_maxrss * 1024,
            left_over=0 if self._alone else len(list(descendants(os.getpid()))),
        )
        reserved.write(json.dumps(dataclasses.asdict(outcome)).encode())

    def _watch(self, duration: int, lease: Lease | None, uses: bounds.Watch) -> str:
        """Wait for the end of the core, or for a reason to end it; return which: one of our own, or a limit."""
        deadline = time.monotonic() + duration if duration else None
        while True:
            self._wait(uses.next_look(deadline if lease is None else lease.next_look(deadline)))
            # A core that has just ended has ended by itself, whatever else happens in this moment.
            if self._status is not None:
                return ""
            if self._signals.told_to_end:
                return "terminated"
            if deadline is not None and time.monotonic() >= deadline:
                return "timeout"
            if lease is not None and lease.is_over():
                return "forsaken"
            if exceeded := uses.look():
                return exceeded

    def _wait(self, until: float | None) -> None:
        """Wait for a signal, the core's words, or that time; then bury the dead."""
        seconds = _DAY if until is None else min(max(until - time.monotonic(), 0.0), _DAY)
        for descriptor, _ in self._poll.poll(seconds * 1000):
            if not self._inlets[descriptor].take():
                self._poll.unregister(descriptor)
        self._bury()

    def _bury(self) -> None:
        """Wait for all children that have ended: the core, and orphans this process was given."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self._alone = True
                return
            if pid == 0:
                return
            if pid == self._core:
                self._status = os.waitstatus_to_exitcode(status)

    def _end_everybody(self, grace: float) -> None:
        """Ask all descendants to end, then make them.

        Orphans become our children, so there are none left when there is no child left.
        """
        if not self._alone:
            self._signal_everybody(signal.SIGTERM, signal.SIGCONT)
        self._wait_until_alone(grace)
        patience = time.monotonic() + PATIENCE
        while not self._alone and time.monotonic() < patience:
            self._signal_everybody(signal.SIGKILL)
            # Whoever was just born, or got a parent killed, is next.
            self._wait(time.monotonic() + 0.02)
        self._logging.drain()
        self._ending.drain()

    def _signal_everybody(self, *signals: signal.Signals) -> None:
        for identity in descendants(os.getpid()):
            send(identity, *signals)

    def _wait_until_alone(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._alone and time.monotonic() < deadline:
            self._wait(deadline)

    def _how_it_ended(self, why: str, spec: JobSpec) -> dict[str, Any]:
        """Return the facts; what the core itself says counts most."""
        with contextlib.suppress(ValueError):  # it was killed in mid-sentence, if it spoke at all
            return dict(json.loads(self._spoken))
        ours = {
            "timeout": f"The execution duration of {spec.duration} s was used up.",
            "forsaken": "The worker that looked after the job was lost.",
            "terminated": "The job was ended on request.",
        }
        if why in ours:
            return {"ended": why, "message": ours[why]}
        if why:
            return {"ended": "exceeded", "limit": why, "message": bounds.sentence(spec.limits, why)}
        status = self._status or 0
        if status < 0:
            return _signalled(-status, spec)
        return {"ended": "exited", "status": status, "message": f"The job exited with status {status}."}


def _signalled(number: int, spec: JobSpec) -> dict[str, Any]:
    limit = bounds.met_by_signal(spec.limits, number)
    message = f"The job was killed by signal {number} ({signal.strsignal(number) or 'unknown'})."
    if limit:
        message = bounds.sentence(spec.limits, limit)
    return {"ended": "signalled", "signal": number, "limit": limit, "message": message}
