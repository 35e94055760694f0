"""What a core sees: its parameters and uploads, a directory to work in, and how to say and give something.

May import ``exceptions``, ``parameters``, ``tables`` and ``uws`` of the package, and :mod:`.jobdir`,
:mod:`.files`, :mod:`.progress`.
"""

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from pyramid_uws.exceptions import CoreFault
from pyramid_uws.parameters.formats import VOTABLE
from pyramid_uws.parameters.types import FILE
from pyramid_uws.tables import Written, write_table
from pyramid_uws.uws.instants import format_instant, now
from pyramid_uws.uws.results import MEDIA_TYPE, RESULT_ID

from .jobdir import JobDirectory, JobSpec
from .progress import ProgressWriter


class CoreJob:
    """The job, as the function that does its work sees it."""

    def __init__(self, directory: JobDirectory, spec: JobSpec, parameters: Mapping[str, Any], log_to: int) -> None:
        self.id = spec.job_id
        self.owner = spec.owner
        self.groups = frozenset(spec.groups)
        self.runid = spec.runid
        self.url = spec.url
        self.options: Mapping[str, Any] = MappingProxyType(dict(spec.options))
        self.uploads: Mapping[str, Path] = MappingProxyType(
            {name: Path(path) for name, path in spec.uploads.items()}
        )
        files = {each.name: self.uploads.get(each.name) for each in spec.declarations if each.type == FILE}
        self.parameters: Mapping[str, Any] = MappingProxyType({**parameters, **files})
        self.directory = directory.scratch
        self.command = spec.command
        self.grace = spec.grace
        self.declarations = spec.declarations
        self._directory = directory
        self._log_to = log_to
        self.limits = spec.limits
        self._progress: ProgressWriter | None = None

    def add_result(
        self,
        id: str,  # noqa: A002 - what UWS calls it
        media_type: str,
        content: bytes | bytearray | memoryview | str | os.PathLike[str],
    ) -> None:
        """Add a result: bytes, a text (stored as UTF-8), or the path of a file.

        A file in :attr:`directory` is moved away, others are copied.
        """
        with self._new_result(id, media_type) as draft:
            if isinstance(content, str):
                draft.write_bytes(content.encode())
            elif isinstance(content, os.PathLike):
                _bring(Path(content), draft, self.directory)
            else:
                draft.write_bytes(content)

    @contextlib.contextmanager
    def open_result(self, id: str, media_type: str) -> Iterator[BinaryIO]:  # noqa: A002 - as above
        """Open a new binary file that becomes a result when the ``with`` block ends without an error.

        It is an ordinary file: it can be read, rewound and handed to a child process.
        """
        with self._new_result(id, media_type) as draft, draft.open("r+b") as file:
            yield file

    def add_table(self, id: str, table: Any) -> Written:  # noqa: A002 - as above
        """Add a table as a result, in the format that RESPONSEFORMAT asks for, cut after MAXREC rows.

        ``table`` is a :class:`~pyramid_uws.tables.Table`, or rows as it takes them. If these end in an error
        half-way, what was written says so where the format lets it, and is kept; the error is raised.
        """
        media_type = self.parameters.get("RESPONSEFORMAT") or VOTABLE
        limit = self.limits.clamp_rows(self.parameters.get("MAXREC"))
        with self.open_result(id, media_type) as file:
            written = write_table(table, file, media_type, limit)
        if written.overflow:
            self.log(f"{id} was cut after {written.rows} rows")
        if written.problem is not None:
            raise written.problem
        return written

    def progress(self, fraction: float, text: str = "") -> None:
        """Tell how far the job is (0 to 1), and what it is doing; as often as you like."""
        if self._progress is None:
            try:
                self._progress = ProgressWriter(self._directory.progress_file)
            except OSError:  # a full disk; the work is more important
                return
        self._progress.write(fraction, text)

    def log(self, message: str) -> None:
        """Add a line to the job's log, with the time."""
        line = f"{format_instant(now())} {message.rstrip()}\n".encode(errors="backslashreplace")
        with contextlib.suppress(BrokenPipeError):
            while line:
                line = line[os.write(self._log_to, line) :]

    @contextlib.contextmanager
    def _new_result(self, result_id: str, media_type: str) -> Iterator[Path]:
        """Yield an empty file that nobody sees; list it as a result when the block has filled it."""
        if not RESULT_ID.fullmatch(result_id):
            raise CoreFault(
                f"{result_id!r} cannot be the id of a result: it takes up to 100 letters, digits and _ . -, "
                "a letter or digit first."
            )
        if not MEDIA_TYPE.fullmatch(media_type):
            raise CoreFault(f"{media_type!r} is not a media type such as text/plain.")
        final = self._directory.results_folder / result_id
        draft = final.with_name(f".{result_id}")
        # Threads and forked children of the core may try at once: who has the draft is the only one.
        if not _makes(draft):
            raise CoreFault(f"There is already a result {result_id!r}.")
        try:
            if final.exists():
                raise CoreFault(f"There is already a result {result_id!r}.")
            yield draft
            size, sha256 = _seal(draft)
            draft.rename(final)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        self._directory.list_result((result_id, media_type, size, sha256))


def _makes(draft: Path) -> bool:
    """Create the file; False if it is there already."""
    try:
        draft.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    return True


def _bring(source: Path, draft: Path, own: Path) -> None:
    """Move the file over the draft if it is the job's own and nobody else's, copy it otherwise."""
    facts = source.lstat()
    if not stat.S_ISREG(facts.st_mode):
        raise CoreFault(f"{source.name!r} cannot be a result: it is not an ordinary file.")
    if facts.st_nlink == 1 and source.resolve().is_relative_to(own.resolve()):
        try:
            source.replace(draft)
        except OSError:  # something is mounted there
            pass
        else:
            return
    shutil.copyfile(source, draft, follow_symlinks=False)


def _seal(draft: Path) -> tuple[int, str]:
    """Make the file private and durable; return its size and checksum."""
    draft.chmod(0o600)
    with draft.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        os.fsync(file.fileno())
    return size, sha256
