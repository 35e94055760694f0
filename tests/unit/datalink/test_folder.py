"""Folders of observations: IDs are names of files, and nothing else."""

import numpy as np
import pytest
from astropy.io import fits

from pyramid_uws.datalink.folder import Folder
from pyramid_uws.datalink.problems import NotFound, Unreadable

from .conftest import image


@pytest.fixture
def place(tmp_path):
    """A folder with two observations, some that are none, and a secret beside it."""
    folder = tmp_path / "observations"
    folder.mkdir()
    for path in (folder / "a.fits", folder / "b+c d.FITS", folder / ".hidden.fits", tmp_path / "secret.fits"):
        image(np.ones((4, 4), dtype="f4")).writeto(path)
    (folder / "notes.txt").write_text("no observation")
    (folder / "folder.fits").mkdir()
    (folder / "out.fits").symlink_to(tmp_path / "secret.fits")
    (folder / "in.fits").symlink_to("a.fits")
    (folder / "gone.fits").symlink_to("nothing.fits")
    return folder


def test_it_lists_what_may_be_had(place):
    assert list(Folder(place)) == ["a.fits", "b+c d.FITS", "in.fits"]


@pytest.mark.spec("S-06")
def test_an_id_is_the_name_of_a_file(place):
    found = Folder(place)("b+c d.FITS")

    assert (found.id, found.path, found.kind) == ("b+c d.FITS", place / "b+c d.FITS", "image")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "A.FITS",
        "./a.fits",
        "../secret.fits",
        "../observations/a.fits",
        "out.fits",
        "gone.fits",
        "folder.fits",
        "notes.txt",
        ".hidden.fits",
        "a.fits\0",
        "a.fits/",
        "%2e%2e/secret.fits",
        "a.fits[0]",
        "x" * 5000,
    ],
)
def test_no_other_id_is_found(place, name):
    with pytest.raises(NotFound, match=r"ID=.*there is no such observation here") as problem:
        Folder(place)(name)

    assert len(problem.value.message) < 300


def test_nor_is_the_path_of_a_file(place):
    with pytest.raises(NotFound):
        Folder(place)(str(place / "a.fits"))


def test_files_that_come_and_go_are_seen_without_a_restart(place):
    folder = Folder(place)
    list(folder)
    image(np.ones((8, 8), dtype="f4")).writeto(place / "new.fits")

    assert folder("new.fits").lengths == (8, 8)
    (place / "new.fits").unlink()
    with pytest.raises(NotFound):
        folder("new.fits")


def test_a_file_that_is_replaced_is_read_anew(place):
    folder = Folder(place)
    before = folder("a.fits").lengths
    image(np.ones((100, 50), dtype="f4")).writeto(place / "other")
    (place / "other").replace(place / "a.fits")

    assert (before, folder("a.fits").lengths) == ((4, 4), (50, 100))


def test_a_single_file_may_be_added(place, tmp_path):
    folder = Folder(place, tmp_path / "secret.fits")

    assert "secret.fits" in list(folder)
    assert folder("secret.fits").path == tmp_path / "secret.fits"


class TestNotes:
    @pytest.fixture
    def note(self, place):
        def write(text, name="a.fits"):
            (place / "observations.ini").write_text(f"[{name}]\n{text}\n")
            return Folder(place)

        return write

    def test_they_tell_what_headers_do_not(self, note):
        found = note(
            "title = A b%c\ncredits = Me,\n  myself\nlicence = CC0\n"
            "band = 4e-7 5e-7\ntime = 59000 59001\npol = I Q"
        )("a.fits")

        assert (found.title, found.credits, found.licence) == ("A b%c", "Me, myself", "CC0")
        assert (found.band, found.time, found.pol) == ((4e-7, 5e-7), (59000.0, 59001.0), ("I", "Q"))

    def test_they_do_not_move_an_image(self, note):
        assert note("ra = 1\ndec = 2")("a.fits").circle[:2] == pytest.approx((30.0, 20.0))

    def test_they_place_a_spectrum(self, note, place):
        fits.PrimaryHDU(np.ones(7)).writeto(place / "s.fits")

        assert note("ra = 1\ndec = 2", "s.fits")("s.fits").circle == (1.0, 2.0, 0.0)

    def test_others_have_none(self, note):
        assert note("title = A")("in.fits").title == ""

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("titel = A", r"observations\.ini: \[a\.fits\] has titel, which means nothing; there are title, "),
            (
                "band = 5e-7 4e-7",
                r"observations\.ini: \[a\.fits\] has a number that cannot be read: the lower end",
            ),
            ("ra = 1:2:3\ndec = 2", r"has a number that cannot be read: expected a number"),
            ("no key", r"observations\.ini cannot be read"),
        ],
    )
    def test_a_mistake_in_them_is_told(self, note, text, reason):
        with pytest.raises(Unreadable, match=reason):
            note(text)("a.fits")


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Unreadable, match="The folder of observations cannot be read: No such file"):
        Folder(tmp_path / "none")("a.fits")
