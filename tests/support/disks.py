"""Disks that are full."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

PAGE = 4096


class CannotMount(Exception):
    """Mounting is not allowed here; the message is the system's."""


class SmallDisk:
    """A file system of a few megabytes, and what fills it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, pages: int = 0) -> None:
        """Leave no more room than for so many pages."""
        try:
            with self._ballast.open("ab", buffering=0) as file:
                while True:
                    file.write(bytes(PAGE))
        except OSError:
            size = self._ballast.stat().st_size
        with self._ballast.open("ab") as file:
            file.truncate(max(size - pages * PAGE, 0))

    def clear(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def mounted_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a small disk at a new folder; :class:`CannotMount` where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    mount = subprocess.run(command, capture_output=True, text=True, check=False)
    if mount.returncode:
        raise CannotMount(f"a small disk cannot be mounted: {mount.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a small disk at a new folder; skip the test where that is not allowed."""
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(mounted_disk(folder, megabytes))
        except CannotMount as problem:
            pytest.skip(str(problem))
        yield disk
