"""Bundles: their lengths are known before they are made, however large they are."""

import io
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.views.bundles import BUNDLES, Bundle, Entry, file_name

ZIP, TAR = BUNDLES
INSTANT = 1_700_000_000


CHUNK = b"x" * (1 << 20)


class Made(Entry):
    """An entry whose content needs no file."""

    def chunks(self):
        for start in range(0, self.size, len(CHUNK)):
            yield CHUNK[: self.size - start]


def entries(*sizes):
    return [Made(f"job/result-{number}", None, size) for number, size in enumerate(sizes)]


def content(bundle: Bundle, given):
    return b"".join(bundle.pieces(given, INSTANT))


def read_zip(document):
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        assert archive.testzip() is None
        return {info.filename: info.file_size for info in archive.infolist()}


def read_tar(document):
    with tarfile.open(fileobj=io.BytesIO(document), mode="r:") as archive:
        return {info.name: info.size for info in archive}


READERS = {ZIP: read_zip, TAR: read_tar}
sizes = st.lists(st.integers(0, 3000), max_size=6)


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.extension)
@given(sizes=sizes)
def test_a_bundle_holds_what_went_in_and_is_as_long_as_was_said(bundle, sizes):
    document = content(bundle, entries(*sizes))

    assert len(document) == bundle.length(entries(*sizes))
    assert READERS[bundle](document) == {f"job/result-{number}": size for number, size in enumerate(sizes)}


@given(sizes=sizes, limit=st.integers(10, 5000), count=st.integers(1, 10))
def test_a_zip_beyond_the_limits_of_32_bits_has_the_length_that_was_said(sizes, limit, count):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(zipfile, "ZIP64_LIMIT", limit)
        patched.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", count)

        document = content(ZIP, entries(*sizes))

        assert len(document) == ZIP.length(entries(*sizes))
        assert len(read_zip(document)) == len(sizes)


def test_results_of_many_gigabytes_are_bundled(tmp_path):
    """Beyond 4 GB: the content is not kept, what is around it is looked at in a sparse file."""
    size = (1 << 32) + 12345
    large = [Made("job/large", None, size), Made("job/small", None, 5)]

    with (tmp_path / "bundle.zip").open("wb") as file:
        for piece in ZIP.pieces(large, INSTANT):
            if piece is CHUNK:
                file.seek(len(piece), io.SEEK_CUR)
            else:
                file.write(piece)
        assert file.tell() == ZIP.length(large)

    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert [info.file_size for info in archive.infolist()] == [size, 5]
        assert archive.read("job/small") == b"xxxxx"
    assert TAR.length(large) == size + (-size % 512) + 512 + 1024 + 1024


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.extension)
@pytest.mark.parametrize("left", [None, b"half"])
def test_a_file_that_has_gone_breaks_the_bundle_off(tmp_path, bundle, left):
    path = tmp_path / "result"
    if left is not None:
        path.write_bytes(left)

    with pytest.raises(EOFError, match="job/result is gone"):
        content(bundle, [Entry("job/result", path, 10)])


@pytest.mark.parametrize(
    ("result_id", "media_type", "name"),
    [
        ("matches", "application/x-votable+xml;serialization=BINARY2", "matches.vot"),
        ("sky", "image/png", "sky.png"),
        ("table", "application/fits", "table.fits"),
        ("table.v2", "text/csv", "table.v2"),
        ("thing", "application/x-nonesuch", "thing"),
        ("rows", "TEXT/CSV; header=present", "rows.csv"),
    ],
)
def test_a_file_is_called_after_its_type(result_id, media_type, name):
    assert file_name(result_id, media_type) == name
