"""The home of a dispatcher: the folder in which its attempts run, and the name it has in the database."""

import secrets
import socket
from pathlib import Path
from typing import Any

import zc.lockfile
from pyramid.exceptions import ConfigurationError

from pyramid_uws.settings import Settings

from .files import create_whole
from .jobdir import JobDirectory


def attempt_folder(settings: Settings, worker: str | None, attempt: str) -> Path | None:
    """Return the folder of an attempt (``JOB.NUMBER``) of this worker, if it is on this host."""
    for home in (settings.work, settings.work / worker) if worker else (settings.work,):
        folder = home / attempt
        if folder.is_dir():
            return folder
    return None


class Home:
    """A folder for one dispatcher at a time; beside it a lock, the worker's lease, and its name.

    One that is given a name (``uws.worker``) lives in a folder of that name. One without lives in ``uws.work``
    itself, beside which a name is kept for it, so that it knows its jobs again when the host is called otherwise.
    """

    def __init__(self, settings: Settings) -> None:
        self._given = settings.worker
        self.folder = settings.work / settings.worker if settings.worker else settings.work
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.lease = self.folder.with_name(f"{self.folder.name}.lease")
        self.name = settings.worker or self._kept_name()
        self._lock: Any = None

    def _kept_name(self) -> str:
        file = self.folder.with_name(f"{self.folder.name}.name")
        create_whole(file, f"{socket.gethostname()}-{secrets.token_hex(4)}".encode())
        return file.read_text()

    def is_name(self, worker: str | None) -> bool:
        """Tell whether a job that was claimed in this name is ours; before there were names there was one home."""
        return worker == self.name or (worker is None and not self._given)

    def directory(self, job_id: str, attempt: int) -> JobDirectory:
        """Return the directory of an attempt."""
        return JobDirectory(self.folder / f"{job_id}.{attempt}")

    def open(self) -> None:
        """Move in; ``ConfigurationError`` if somebody else lives here."""
        try:
            self._lock = zc.lockfile.LockFile(str(self.folder.with_name(f"{self.folder.name}.lock")))
        except zc.lockfile.LockError as problem:
            raise ConfigurationError(
                f"{self.folder} is in use by another server or worker; give each a name of its own with uws.worker"
            ) from problem

    def close(self) -> None:
        """Let others live here."""
        self._lock.close()
