"""A database on a disk that is full now and then: what was committed is there, the rest never was."""

import contextlib
import os
import random

import pytest
import transaction
from persistent.mapping import PersistentMapping

from pyramid_uws.site import open_database
from tests.support.disks import small_disk

SIZES = (1, 100, 3000, 9000)


class Book:
    """A database and what has to be in it."""

    def __init__(self, file, chance):
        self._file = file
        self._chance = chance
        self._database = open_database(f"file://{file}")
        self.expected = {}

    def change(self):
        """Change a few objects in one transaction; tell whether it could be committed."""
        size = self._chance.choice(SIZES)
        wanted = {self._chance.randrange(50): os.urandom(size) for _ in range(self._chance.randrange(1, 5))}
        manager = transaction.TransactionManager(explicit=True)
        with contextlib.closing(self._database.open(manager)) as connection:
            manager.begin()
            for key, value in wanted.items():
                connection.root()[key] = PersistentMapping(value=value)
                manager.savepoint()
            try:
                manager.commit()
            except OSError:
                manager.abort()
                return False
        self.expected |= wanted
        return True

    def read(self):
        manager = transaction.TransactionManager(explicit=True)
        with contextlib.closing(self._database.open(manager)) as connection:
            connection.cacheMinimize()
            with manager:
                return {key: dict(value)["value"] for key, value in connection.root().items()}

    def open_again(self):
        self._database.close()
        self._database = open_database(f"file://{self._file}")

    def close(self):
        self._database.close()


@pytest.mark.parametrize("seed", range(5))
def test_a_full_disk_does_no_harm_to_the_database(tmp_path, seed):
    chance = random.Random(seed)
    failed = 0
    with (
        small_disk(tmp_path / "disk", megabytes=3) as disk,
        contextlib.closing(Book(disk.folder / "x.fs", chance)) as book,
    ):
        for _ in range(15):
            disk.fill(pages=chance.randrange(8))
            failed += [book.change() for _ in range(6)].count(False)
            assert book.read() == book.expected
            disk.clear()
            assert book.change()
            assert book.change()
            assert book.read() == book.expected
        assert failed > 20

        book.open_again()

        assert book.read() == book.expected
