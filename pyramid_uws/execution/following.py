"""The attempts at work here: each is followed, asked to end when it is time, made to end if it does not.

The thread of the dispatcher sleeps here, too: until one has ended, or somebody rings.
"""

import contextlib
import logging
import os
import selectors
import signal
import time
from collections.abc import Iterator, Mapping

from pyramid_uws.observing.activity import about
from pyramid_uws.tree import Root
from pyramid_uws.uws import phases

from .changes import hand_over, report
from .endings import ABORT, OVERDUE
from .processes import end_everything, open_pidfd
from .reading import Reader
from .runs import MARGIN, Address, Run
from .writer import Writer

log = logging.getLogger(__name__)


class Runs(Mapping[Address, Run]):
    """What is at work here, by the address of the job; ``grace`` is how many seconds it has to end when asked."""

    def __init__(self, reader: Reader, writer: Writer, grace: float) -> None:
        self._reader = reader
        self._writer = writer
        self._grace = grace
        self._runs: dict[Address, Run] = {}
        self._selector = selectors.DefaultSelector()
        self._bell_out, self._bell_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._bell_out, selectors.EVENT_READ)

    def __getitem__(self, address: Address) -> Run:
        return self._runs[address]

    def __iter__(self) -> Iterator[Address]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    # Sleeping

    def ring(self) -> None:
        """Wake who sleeps here, or is about to; called by other threads."""
        with contextlib.suppress(BlockingIOError):  # it rings already
            os.write(self._bell_in, b"!")

    def sleep(self, timeout: float) -> list[Run]:
        """Sleep until something is to be done, so many seconds at the most; return the runs that have ended."""
        events = self._selector.select(timeout)
        ended = [key.data for key, _ in events if key.data is not None]
        if len(ended) < len(events):
            os.read(self._bell_out, 65536)
        return ended

    def next_date(self) -> float | None:
        """Return when the next run may have to be made to end, in monotonic seconds."""
        dates = (run.kill_at or run.overdue_at for run in self._runs.values())
        return min((date for date in dates if date is not None), default=None)

    # Coming and going

    def follow(self, run: Run) -> bool:
        """Take a run among those that are looked after; False if it has ended already."""
        pidfd = None if run.keeper is None else open_pidfd(run.keeper)
        if pidfd is None:
            return False
        run.pidfd = pidfd
        if run.duration:
            run.overdue_at = run.began + run.duration + self._grace + MARGIN
        self._runs[run.address] = run
        self._selector.register(pidfd, selectors.EVENT_READ, run)
        return True

    def let_go(self, run: Run) -> bool:
        """Follow a run that has ended no more.

        False if its job was taken from us, and may have results of another; then nothing of the run is left.
        """
        del self._runs[run.address]
        self._selector.unregister(run.pidfd)
        os.close(run.pidfd)
        with self._reader.reading() as root:
            is_ours = _is_ours(root, run)
        if not is_ours:
            end_everything(run.keeper, run.directory.marker)
            run.directory.remove()
        return is_ours

    # What is done about them meanwhile

    def look(self) -> None:
        """Look after every run: aborted or deleted, overstaying, progressing."""
        if not self._runs:
            return
        with self._reader.reading() as root:
            unwanted = [run for run in self._runs.values() if run.asked is None and _is_unwanted(root, run)]
        for run in unwanted:
            self.ask_to_end(run, ABORT)
        for run in self._runs.values():
            self._end_if_late(run)
            progress = run.directory.progress()
            if progress is not None and progress != run.progress:
                run.progress = progress
                hand_over(self._writer, report(run.address, progress))

    def ask_to_end(self, run: Run, why: str) -> None:
        """Ask the keeper to end its job, and set the date at which it will be made to."""
        run.asked = why
        run.kill_at = time.monotonic() + self._grace + MARGIN
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            signal.pidfd_send_signal(run.pidfd, signal.SIGTERM)

    def end_the_late(self) -> None:
        """End the runs that were asked to end and have not."""
        for run in self._runs.values():
            if run.asked is not None:
                self._end_if_late(run)

    def _end_if_late(self, run: Run) -> None:
        """Kill from outside what its keeper has not ended: the keeper itself may be stopped or stuck."""
        due = run.overdue_at if run.asked is None else run.kill_at
        if due is None or due > time.monotonic():
            return
        with about(run.subject):
            log.warning("job %s: its keeper did not end it; all its processes are killed", run.address.job_id)
        run.asked = run.asked or OVERDUE
        run.kill_at = time.monotonic() + MARGIN
        end_everything(run.keeper, run.directory.marker)


def _is_unwanted(root: Root, run: Run) -> bool:
    """Tell whether the run's job was deleted or is to be aborted."""
    joblist = run.address.joblist(root)
    if run.address.job_id not in joblist:
        return True
    return joblist[run.address.job_id].abort_requested is not None or not _is_ours(root, run)


def _is_ours(root: Root, run: Run) -> bool:
    """Tell whether the run's job is in the hands of no other attempt; one that was deleted is not."""
    joblist = run.address.joblist(root)
    if run.address.job_id not in joblist:
        return True
    job = joblist[run.address.job_id]
    return job.attempt == run.attempt and job.phase in phases.AT_WORK
