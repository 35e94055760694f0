"""Which database is opened how, and what is said of its place."""

from pathlib import Path

import pytest

from pyramid_uws.admin.looking import _read_only, file_of, shown


@pytest.mark.parametrize(
    ("storage", "opened"),
    [
        ("file:///data/uws.fs", "file:///data/uws.fs?read_only=1"),
        ("file:///data/uws.fs?create=1&quota=5MB", "file:///data/uws.fs?quota=5MB&read_only=1"),
        ("file:///data/uws.fs?read_only=0&database_name=a+b", "file:///data/uws.fs?database_name=a+b&read_only=1"),
        ("zeo://db.example.org:9100?wait=1", "zeo://db.example.org:9100?wait=1"),
    ],
)
def test_a_file_storage_is_opened_read_only_and_others_as_they_are(storage, opened):
    assert _read_only(storage) == opened


def test_the_file_of_a_file_storage_is_known():
    assert file_of("file:///data/uws.fs?quota=5MB") == Path("/data/uws.fs")
    assert file_of("zeo://db.example.org") is None


@pytest.mark.parametrize(
    ("storage", "written"),
    [
        ("file:///data/uws.fs?quota=5MB", "/data/uws.fs"),
        ("postgresql://uws:secret@db.example.org:5432/uws?x=secret", "postgresql://db.example.org:5432/uws"),
        ("zeo://db.example.org:9100?username=u&password=secret", "zeo://db.example.org:9100"),
        ("demo:(file:///a.fs)/(memory://secret)", "demo:…"),
    ],
)
def test_no_password_is_shown(storage, written):
    assert shown(storage) == written
