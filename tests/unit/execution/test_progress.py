import math

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from pyramid_uws.execution.progress import ProgressWriter, read_progress
from tests.support.examples import examples


@pytest.fixture
def path(tmp_path):
    return tmp_path / "progress"


@given(st.floats(0, 1), st.text(max_size=200))
@examples(100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_can_be_read(path, fraction, text):
    ProgressWriter(path).write(fraction, text)

    read_fraction, read_text = read_progress(path)

    assert read_fraction == pytest.approx(fraction, abs=1e-6)
    assert read_text == " ".join(text.encode(errors="replace").decode().split())


@pytest.mark.parametrize(
    ("given", "kept"), [(-1, 0), (2, 1), (math.nan, 0), (math.inf, 1), (-math.inf, 0), (0, 0), (1, 1)]
)
def test_a_fraction_is_kept_between_0_and_1(path, given, kept):
    ProgressWriter(path).write(given, "")

    assert read_progress(path) == (kept, "")


def test_a_shorter_text_replaces_a_longer_one(path):
    writer = ProgressWriter(path)
    writer.write(0.1, "a long text")

    writer.write(0.2, "short")

    assert read_progress(path) == (0.2, "short")


def test_a_text_of_any_length_and_lines_becomes_one_short_line(path):
    ProgressWriter(path).write(0.5, "one\ntwo " + "ü" * 10_000)

    _, text = read_progress(path)

    assert text.startswith("one two üü")
    assert len(text) < 500


def test_without_a_file_there_is_no_progress(path):
    assert read_progress(path) is None


@pytest.mark.parametrize("content", [b"", b"\0" * 1024, b"nonsense", b"00000000 0003 0.5"])
def test_a_file_without_a_record_is_no_progress(path, content):
    path.write_bytes(content)

    assert read_progress(path) is None


def test_what_is_read_while_it_is_written_is_read_again(path, monkeypatch):
    ProgressWriter(path).write(0.5, "text")
    whole = path.read_bytes()
    readings = iter([whole[:10] + b"x" + whole[11:], whole])
    monkeypatch.setattr(type(path), "read_bytes", lambda _path: next(readings))

    assert read_progress(path) == (0.5, "text")
