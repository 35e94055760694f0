"""The result store: the files of jobs, results and uploads, one folder a job.

``ROOT/<last two characters of the id>/<id>/results/<result id>`` and ``…/references/<number>``, beside them the
``log`` of the last attempt. Ids end in random characters, so the jobs spread over 1024 folders. Nothing here is
ever named by a client, and nothing is found but by ids that have been checked.

May import ``uws`` and ``exceptions`` of the package, :mod:`.jobdir` and :mod:`.files` of this folder.
"""

import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pyramid_uws.exceptions import NoSuchJob, NoSuchThing
from pyramid_uws.uws.ids import is_id
from pyramid_uws.uws.results import RESULT_ID

from .files import remove_tree, sync
from .jobdir import FinishedResult, JobDirectory


class ResultStore:
    """The files of jobs below one folder, which only the server's user can enter."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # Looking up

    def folder(self, job_id: str) -> Path:
        """Return the job's folder, whether there is one or not."""
        if not is_id(job_id):
            raise NoSuchJob(job_id)
        return self.root / job_id[-2:] / job_id

    def path(self, job_id: str, result_id: str) -> Path:
        """Return the file of a result; :class:`NoSuchThing` if there is none."""
        path = self.folder(job_id) / "results" / result_id
        if RESULT_ID.fullmatch(result_id) is None or not path.is_file():
            raise NoSuchThing(f"There is no file of a result {result_id!r} of job {job_id}.")
        return path

    def reference(self, job_id: str, name: str) -> Path:
        """Return the file that a parameter refers to, by the name it was given here."""
        path = self.folder(job_id) / "references" / name
        if not (name.isascii() and name.isdigit() and path.is_file()):
            raise NoSuchThing(f"There is no file {name!r} among the parameters of job {job_id}.")
        return path

    def log(self, job_id: str) -> Path | None:
        """Return what the job's last attempt had to say, if it said anything."""
        path = self.folder(job_id) / "log"
        return path if path.is_file() else None

    def jobs(self) -> Iterator[str]:
        """Yield the ids of all jobs that have a folder."""
        for shard in sorted(self.root.glob("??")):
            yield from sorted(folder.name for folder in shard.glob("*") if is_id(folder.name))

    # Storing

    def take(self, job_id: str, attempt: JobDirectory) -> tuple[FinishedResult, ...]:
        """Move the finished results of an attempt here, in place of those of an earlier one; return them.

        They are safe on disk afterwards. It may be called again at any time, in particular after a crash in
        between, as long as the attempt's directory is there.
        """
        folder = self.folder(job_id)
        listed = attempt.results()
        if listed:
            self._make(folder)
            _move_folder(attempt.results_folder, folder / "results")
            _keep_only(folder / "results", {result[0] for result in listed})
        elif attempt.path.is_dir():  # otherwise this comes too late, and would undo what was done
            remove_tree(folder / "results")
        self._take_log(folder, attempt)
        if listed:
            sync(folder / "results")
            sync(folder)
        return tuple(result for result in listed if _is_whole(folder / "results" / result[0], result[2]))

    def _take_log(self, folder: Path, attempt: JobDirectory) -> None:
        with contextlib.suppress(FileNotFoundError):
            if attempt.log.stat().st_size:
                self._make(folder)
                _move_file(attempt.log, folder / "log")

    @contextlib.contextmanager
    def new_reference(self, job_id: str) -> Iterator[tuple[str, BinaryIO]]:
        """Open a new file that a parameter will refer to; yield its name here and the file.

        It is kept, safe on disk, when the block ends without an error.
        """
        folder = self.folder(job_id) / "references"
        self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        path = _next_free(folder)
        try:
            with path.open("r+b") as file:
                yield path.name, file
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        sync(folder)
        sync(folder.parent)

    # Removing

    def remove_reference(self, job_id: str, name: str) -> None:
        """Remove a parameter's file."""
        with contextlib.suppress(NoSuchThing):
            self.reference(job_id, name).unlink(missing_ok=True)

    def remove(self, job_id: str) -> None:
        """Remove all files of a job."""
        remove_tree(self.folder(job_id))

    def _make(self, folder: Path) -> None:
        """Make a job's folder, durably."""
        if folder.is_dir():
            return
        for part in (self.root, folder.parent, folder):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync(folder.parent)
        sync(self.root)


def _next_free(folder: Path) -> Path:
    """Create an empty file under the next number."""
    for number in itertools.count(1):
        path = folder / str(number)
        with contextlib.suppress(FileExistsError):
            path.touch(mode=0o600, exist_ok=False)
            return path
    raise AssertionError  # there are always more numbers


def _move_folder(source: Path, target: Path) -> None:
    """Put the folder in the place of another in one stroke; if it is not there any more, that has happened."""
    if not source.is_dir():
        return
    if target.exists():
        remove_tree(target)
    try:
        source.rename(target)
    except OSError as problem:
        if problem.errno != errno.EXDEV:
            raise
        _copy_folder(source, target)


def _copy_folder(source: Path, target: Path) -> None:
    """Do as :func:`_move_folder` does, from another file system."""
    draft = target.with_name(f".{target.name}")
    remove_tree(draft)
    draft.mkdir(mode=0o700)
    try:
        for path in source.iterdir():
            if path.is_file():  # all results are
                sync(Path(shutil.copy(path, draft)))
    except OSError:  # a full disk; half of it is of no use
        remove_tree(draft)
        raise
    draft.rename(target)
    remove_tree(source)


def _move_file(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError as problem:
        if problem.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, target)
        source.unlink()


def _keep_only(folder: Path, names: set[str]) -> None:
    """Remove what is not a finished result: what was being written when the core ended."""
    for path in folder.iterdir():
        if path.name in names:
            continue
        if path.is_dir() and not path.is_symlink():
            remove_tree(path)
        else:
            path.unlink()


def _is_whole(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
