"""After a start: take over what an earlier dispatcher left behind, whatever ended it.

Every job that is EXECUTING in the database, in the name of this dispatcher, has one of three attempts on disk: one
that never came to life (it goes back to the queue), one that is still at work (it is adopted), one that has ended
(it is harvested). Then whatever no job names is removed: processes, job directories, result folders.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from pyramid_uws.observing.activity import Subject, about
from pyramid_uws.tree import Job, JobRenderer, Root, job_renderers
from pyramid_uws.uws import phases
from pyramid_uws.uws.ids import created_at, is_id

from .endings import VOID
from .following import Runs
from .harvesting import Harvester
from .home import Home
from .jobdir import JobDirectory
from .processes import end_everything
from .reading import Reader
from .runs import Address, Harvest, Run
from .store import ResultStore

log = logging.getLogger(__name__)


def recover(reader: Reader, home: Home, runs: Runs, harvester: Harvester) -> None:
    """Adopt, harvest or queue again every job of ours that was EXECUTING; then sweep the work folder."""
    with reader.reading() as root:
        left = [
            _run_of(home, renderer, job)
            for renderer in job_renderers(root)
            for job in renderer.joblist.in_phase(phases.EXECUTING)
            if home.is_name(job.worker)
        ]
    taken_over = []
    for run in left:
        with about(run.subject):
            taken_over.append(_take_over(run, runs, harvester))
    harvester.write([harvest for harvest in taken_over if harvest is not None])
    _sweep_work(home.folder, {run.directory.marker for run in left})


def _run_of(home: Home, renderer: JobRenderer, job: Job) -> Run:
    address = Address.of(renderer, job.job_id)
    directory = home.directory(job.job_id, job.attempt)
    # Its keeper knows when it began. Here it counts from now: the clock may have been set since.
    subject = Subject(address.service, job.job_id, job.owner, job.runid)
    begun = time.monotonic()
    return Run(address, job.attempt, directory, None, job.execution_duration, begun, job.failures, subject)


def _take_over(run: Run, runs: Runs, harvester: Harvester) -> Harvest | None:
    """Adopt the attempt if it is at work; return its harvest if it is not."""
    job_id = run.address.job_id
    if not run.directory.path.exists() or run.directory.void():
        log.info("job %s was claimed but never started; it is queued again", job_id)
        return Harvest(run.address, run.attempt, run.directory, VOID, subject=run.subject)
    run.keeper = run.directory.keeper()
    if runs.follow(run):
        log.info("job %s is still running and was adopted", job_id)
        return None
    log.info("job %s ended while no server ran", job_id)
    return harvester.gather(run)


def _sweep_work(work: Path, named: set[str]) -> None:
    """End the processes and remove the directories of attempts that no job names; other things stay."""
    for path in work.iterdir():
        if path.name not in named and is_id(path.stem) and path.is_dir():
            try:
                _discard(JobDirectory(path))
            except OSError:
                log.exception("the attempt %s, which belongs to no job, could not be removed", path.name)


def _discard(directory: JobDirectory) -> None:
    directory.void()
    end_everything(directory.keeper(), directory.marker)
    directory.remove()
    log.info("removed the attempt %s, which belongs to no job", directory.marker)


def sweep_store(reader: Reader, store: ResultStore, before: int, stopping: Callable[[], bool]) -> None:
    """Remove the result folders of jobs made before an instant (µs) that no job list holds any more.

    Archived jobs have no files either. Younger folders may belong to a job that is being created.
    """
    for job_id in store.jobs():
        if stopping():
            return
        if created_at(job_id) < before:
            with reader.reading() as root:
                if not _has_files(root, job_id):
                    store.remove(job_id)
                    log.info("removed the files of %s, which has none by what is known of it", job_id)


def _has_files(root: Root, job_id: str) -> bool:
    found = (renderer.joblist.jobs.get(job_id) for renderer in job_renderers(root))
    return any(job is not None and job.phase != phases.ARCHIVED for job in found)
