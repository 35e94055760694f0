"""Small deeds with files that must hold through a crash, a full disk, or two who do the same at once."""

import contextlib
import os
import shutil
import uuid
from pathlib import Path


def sync(path: Path) -> None:
    """Have the file, or the entries of the folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_whole(path: Path, content: bytes) -> bool:
    """Create the file with all its content in one stroke; False if somebody has created it before."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def remove_tree(path: Path) -> None:
    """Remove the folder with all that is in it, whatever its modes and depth; nothing happens if it is gone."""
    with contextlib.suppress(OSError):  # it is not as flat as most
        _remove_flat(path)
        return
    with contextlib.suppress(RecursionError):  # of what a job leaves, nothing is too strange
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):  # it is gone, or somebody else removes it, too
        path.chmod(0o700)
        while folders := _remove_files(path):
            for folder in folders:
                # What lies deep is lifted first, so that no path is ever longer than the first one.
                for inner in _remove_files(folder):
                    inner.rename(path / uuid.uuid4().hex)
                folder.rmdir()
        path.rmdir()


def _remove_flat(path: Path) -> None:
    """Remove a folder in which there are files and empty folders only."""
    with os.scandir(path) as entries:
        for entry in entries:
            (os.rmdir if entry.is_dir(follow_symlinks=False) else os.unlink)(entry.path)
    path.rmdir()


def _remove_files(folder: Path) -> list[Path]:
    """Remove the files of a folder, and return its folders, made accessible."""
    with os.scandir(folder) as entries:
        found = [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in entries]
    for path, is_folder in found:
        if is_folder:
            path.chmod(0o700)
        else:
            path.unlink()
    return [path for path, is_folder in found if is_folder]


def size_of_tree(path: Path) -> int:
    """Return how much room on disk the folder takes with all that is in it, in bytes.

    What comes and goes meanwhile, or cannot be read, may be missed.
    """
    size = 0
    folders = [os.fspath(path)]
    while folders:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
    return size


class Reserved:
    """A file whose room on disk is taken beforehand, so that it can be written when the disk is full."""

    def __init__(self, path: Path, room: int) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}")
        self.descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        # Some file systems cannot reserve; then the file is written without a guarantee.
        with contextlib.suppress(OSError):
            os.posix_fallocate(self.descriptor, 0, room)

    def write(self, content: bytes) -> None:
        """Put the content there durably and in one stroke; the second time is once too often."""
        os.pwrite(self.descriptor, content, 0)
        os.ftruncate(self.descriptor, len(content))
        os.fsync(self.descriptor)
        os.close(self.descriptor)
        self._draft.replace(self._path)
