"""Previews are made by processes with bounds, a few at once; the server's own process stays small."""

import gzip
import io
import random
import subprocess
import sys
import threading

import pytest
from PIL import Image

from pyramid_uws.previews import Previews, Wish, process
from tests.support.http import wait_for


@pytest.fixture
def result(tmp_path):
    """Return a function that writes a result."""

    def result(data):
        path = tmp_path / "result"
        path.write_bytes(data)
        return path

    return result


def look(path, media_type="text/csv", previews=None, sha256="0"):
    return (previews or Previews()).of(path, sha256, media_type, Wish())


def test_a_preview_comes_from_a_process_and_is_kept(result, monkeypatch):
    previews, path = Previews(), result(b"a,b\n1,2\n")

    first = look(path, previews=previews)
    monkeypatch.setattr(process, "_make", None)
    second = look(path, previews=previews)

    assert first == second
    assert first["table"]["rows"] == [["1", "2"]]
    assert not first["is_busy"]


def test_those_made_first_are_let_go_of_when_there_are_too_many(result, monkeypatch):
    previews = Previews(kept=100)
    monkeypatch.setattr(process, "_make", lambda *_: b'{"said": "' + b"x" * 40 + b'"}')

    for number in range(5):
        look(result(b""), previews=previews, sha256=str(number))

    assert previews._size <= 100
    assert len(previews._kept) == 1


def test_it_needs_neither_name_nor_permission_of_the_file(result):
    assert look(result(b"SIMPLE  =  lies"), "image/fits")["notes"][0].startswith("The FITS file cannot be read")


def picture(width, height, kind="PNG"):
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_small_pictures_are_shown_as_they_are_and_larger_ones_are_made_smaller(result, kind):
    small = look(result(picture(30, 20, kind)))["image"]
    large = look(result(picture(4000, 3000, kind)))["image"]

    assert (small["width"], small["height"], small["as_it_is"]) == (30, 20, True)
    assert not large["as_it_is"]
    assert large["png"].startswith("iVBORw0KGgo")


def test_a_picture_that_unpacks_to_gigabytes_is_not_unpacked(result):
    bomb = picture(100, 100).replace((100).to_bytes(4) + (100).to_bytes(4), (60000).to_bytes(4) * 2)

    assert look(result(bomb))["notes"] == ["The picture is too large for a preview: 60000 by 60000 pixels."]


HOSTILE = {
    "one long line": b"x" * 20_000_000,
    "a picture that ends": picture(4000, 3000)[:3000],
    "parquet that is none": b"PAR1" + random.Random(1).randbytes(10_000) + b"PAR1",
    "a bomb": gzip.compress(bytes(50_000_000), 1),
    "noise": random.Random(2).randbytes(100_000),
    "nothing": b"",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("media_type", ["text/csv", "application/x-votable+xml", "application/json"])
def test_whatever_is_in_a_file_there_is_an_answer(result, data, media_type):
    told = look(result(data), media_type)

    assert told["notes"] or told["table"] or told["text"] is not None


@pytest.mark.parametrize(
    "does",
    [
        "bytearray(2 * 1024**3)",
        "exec('while True: pass')",
        "__import__('time').sleep(60)",
        "__import__('os').abort()",
        "print('x' * 10_000_000)",
        "__import__('pathlib').Path('{folder}/file').write_text('x')",
    ],
)
def test_a_process_that_goes_astray_is_ended_and_that_is_a_sentence(result, monkeypatch, tmp_path, does):
    script = (
        "import sys; from pyramid_uws.previews import child, limits\n"
        "child.PROCESSOR_SECONDS = child.SECONDS = 1\n"
        f"child.preview = lambda *_: {does.format(folder=tmp_path)}\n"
        "sys.exit(child.main())"
    )
    monkeypatch.setattr(process, "_COMMAND", ("-c", script))

    told = look(result(b"a,b\n"))

    assert told["notes"] == [process.FAILED]


def test_of_many_at_once_some_are_told_to_come_again(result, monkeypatch):
    going = threading.Event()
    monkeypatch.setattr(process, "_make", lambda *_: going.wait(60) and b"{}")
    previews, path, told = Previews(), result(b""), []
    threads = [
        threading.Thread(
            target=lambda number=number: told.append(look(path, previews=previews, sha256=str(number)))
        )
        for number in range(process.AT_ONCE + process.WAITING)
    ]
    for thread in threads:
        thread.start()
    wait_for(lambda: not previews._places.acquire(blocking=False) or previews._places.release())

    busy = look(path, previews=previews, sha256="one more")
    going.set()
    for thread in threads:
        thread.join()

    assert busy["notes"] == [process.BUSY]
    assert busy["is_busy"]
    assert len(told) == len(threads)


def test_the_server_loads_nothing_that_only_the_process_needs():
    heavy = ("numpy", "pyarrow", "astropy", "PIL")
    script = f"import sys, pyramid_uws.previews; print(*(name for name in {heavy} if name in sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert loaded.split() == []


def test_the_process_of_a_table_loads_nothing_large():
    heavy = ("numpy", "pyarrow", "astropy", "PIL", "ZODB", "pyramid")
    script = f"import sys, pyramid_uws.previews.child; print(*(name for name in {heavy} if name in sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert loaded.split() == []
