import os
import shutil
from pathlib import Path

import pytest

from pyramid_uws.execution.files import Reserved, create_whole, remove_tree, sync


def test_a_file_is_created_only_once(tmp_path):
    path = tmp_path / "file"

    assert create_whole(path, b"first")
    assert not create_whole(path, b"second")

    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


class TestReserved:
    def test_it_is_not_there_before_it_is_written(self, tmp_path):
        path = tmp_path / "file"
        reserved = Reserved(path, 65536)
        assert not path.exists()

        reserved.write(b"content")

        assert path.read_bytes() == b"content"

    def test_where_nothing_can_be_reserved_it_is_written_all_the_same(self, tmp_path, monkeypatch):
        def refuse(*_arguments):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "posix_fallocate", refuse)

        Reserved(tmp_path / "file", 65536).write(b"content")

        assert (tmp_path / "file").read_bytes() == b"content"

    def test_when_its_folder_is_gone_it_fails(self, tmp_path):
        folder = tmp_path / "folder"
        folder.mkdir()
        reserved = Reserved(folder / "file", 100)
        remove_tree(folder)

        with pytest.raises(FileNotFoundError):
            reserved.write(b"content")


class TestRemoveTree:
    def test_however_deep_it_is(self, tmp_path, monkeypatch):
        (tmp_path / "outer").mkdir()
        monkeypatch.chdir(tmp_path / "outer")
        for _ in range(3000):  # its path is longer than the system takes
            Path("folder").mkdir()
            os.chdir("folder")
        Path("link").symlink_to(tmp_path)
        Path("file").touch()
        Path().chmod(0)
        os.chdir(tmp_path)

        remove_tree(tmp_path / "outer")

        assert list(tmp_path.iterdir()) == []

    def test_what_is_locked_is_removed(self, tmp_path):
        inner = tmp_path / "outer" / "middle" / "inner"
        inner.mkdir(parents=True)
        (inner / "file").touch()
        for folder in (inner, inner.parent, inner.parent.parent):
            folder.chmod(0)

        remove_tree(tmp_path / "outer")

        assert list(tmp_path.iterdir()) == []

    def test_what_a_link_points_to_is_left_alone(self, tmp_path, monkeypatch):
        precious = tmp_path / "precious"
        precious.mkdir()
        precious.chmod(0o755)
        outer = tmp_path / "outer"
        outer.mkdir()
        (outer / "link").symlink_to(precious)
        (outer / "folder").mkdir()

        # root is not locked out, so the first try is made to fail.
        attempts = []
        rmtree = shutil.rmtree
        monkeypatch.setattr(
            "shutil.rmtree",
            lambda path, **options: attempts.append(path) if not attempts else rmtree(path, **options),
        )
        remove_tree(outer)

        assert not outer.exists()
        assert precious.stat().st_mode & 0o777 == 0o755

    def test_what_is_not_there_is_no_trouble(self, tmp_path):
        remove_tree(tmp_path / "missing")


def test_files_and_folders_can_be_synced(tmp_path):
    (tmp_path / "file").touch()

    sync(tmp_path / "file")
    sync(tmp_path)
