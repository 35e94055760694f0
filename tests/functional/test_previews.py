"""A look into results, over HTTP: as a page, a part of one, JSON and a picture."""

import re
from pathlib import Path

import pytest
from lxml import html

from tests.support.accounts import bearer, write_users
from tests.support.http import Session, create, http, wait_for_phase
from tests.support.server import Server
from tests.support.shown import SERVICE

NOTE = "<b onclick=alert(1)>&amp;\u202e"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    server = Server(
        tmp_path_factory.mktemp("previews"),
        settings={"uws.auth": "token", "uws.auth.link_lifetime": "1000"},
        services=[],
        sections={"uws:service:shown": SERVICE},
    )
    write_users(server.var)
    with server:
        yield server


@pytest.fixture(scope="module")
def alice(site):
    session = Session()
    session.headers.update(bearer(site.var, "alice"))
    return session


@pytest.fixture(scope="module")
def results(site, alice):
    job = create(site.joblist("shown"), session=alice, NOTE=NOTE, PHASE="RUN")
    wait_for_phase(job, "COMPLETED", session=alice)
    return f"{job}/results"


def look(session, url, **options):
    answer = session.get(url, **options)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    return html.document_fromstring(answer.text)


def text_of(tree):
    return " ".join(tree.text_content().split())


def test_a_table_is_shown_with_rows_units_and_a_plot(results, alice):
    tree = look(alice, f"{results}/field/preview")

    assert [" ".join(cell.itertext()) for cell in tree.iterfind(".//thead//th")] == [
        "ra deg",
        "dec deg",
        "mag mag",
        "note",
    ]
    assert len(tree.findall(".//tbody/tr")) == 20
    assert "The first 20 of 200 rows." in text_of(tree)
    assert tree.find(".//svg").get("aria-label") == "Plot of 200 points: dec over ra"


def test_what_was_sent_is_shown_and_never_run(results, alice):
    table = look(alice, f"{results}/field/preview")
    page = look(alice, f"{results}/page/preview")
    drawing = look(alice, f"{results}/drawing/preview")

    assert table.findall(".//b") == []
    assert "<b onclick=alert(1)>&amp;\ufffd" in table.text_content()
    assert [script.text for script in page.iter("script")] == [None] * len(list(page.iter("script")))
    assert "alert(" in page.find(".//pre").text
    assert drawing.find(".//img").get("src") == f"{results}/drawing"


def test_pages_may_run_what_comes_with_the_site_and_nothing_else(results, alice):
    policy = alice.get(f"{results}/page/preview").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_script_gets_a_part_of_a_page(results, alice):
    part = alice.get(f"{results}/numbers/preview", headers={"HX-Request": "true"})

    assert "<html" not in part.text
    assert part.text.lstrip().startswith("<h3>numbers")
    assert "HX-Request" in part.headers["Vary"]


def test_columns_are_chosen_in_the_url(results, alice):
    tree = look(alice, f"{results}/field/preview", params={"x": "mag", "y": "dec"})

    assert tree.find(".//svg").get("aria-label") == "Plot of 200 points: dec over mag"
    assert [option.text for option in tree.iterfind(".//option[@selected]")] == ["mag", "dec"]


def test_the_points_are_there_as_json_for_script(results, alice):
    answer = alice.get(f"{results}/numbers/preview.json", params={"x": "a", "y": "b"})

    plot = answer.json()["plot"]
    assert plot["points"]["y"] == [number**2 for number in range(50)]
    assert "path" not in plot
    again = alice.get(f"{results}/numbers/preview.json?x=a&y=b", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_fits_image_has_a_small_picture_and_its_header(results, alice):
    tree = look(alice, f"{results}/image/preview")
    picture = alice.get(tree.find(".//img").get("src"))

    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert int(tree.find(".//img").get("width")) >= 100
    assert tree.find(".//img").get("class") == "pixels"
    assert "BITPIX" in tree.find(".//pre").text
    again = alice.get(picture.url, headers={"If-None-Match": picture.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("result", "sentence"),
    [("lie", "The FITS file cannot be read"), ("noise", "There is no preview of files of this type.")],
)
def test_what_cannot_be_shown_is_told_in_a_sentence(results, alice, result, sentence):
    assert sentence in text_of(look(alice, f"{results}/{result}/preview"))


@pytest.mark.parametrize(
    "name", ["none/preview", "numbers/preview.png", "numbers/preview/more", "numbers/preview.gif"]
)
def test_what_is_not_there_is_not_found(results, alice, name):
    assert alice.get(f"{results}/{name}").status_code == 404


def test_nothing_can_be_sent_to_a_preview(results, alice):
    answer = alice.post(f"{results}/numbers/preview", data={"x": "a"})

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("name", ["field/preview", "field/preview.json", "image/preview.png"])
def test_previews_are_for_those_who_may_have_the_result(site, results, name):
    bob = Session()
    bob.headers.update(bearer(site.var, "bob"))

    assert bob.get(f"{results}/{name}").status_code == status_of_result(bob, results)
    assert http.get(f"{results}/{name}").status_code == status_of_result(http, results)


def status_of_result(session, results):
    status = session.get(f"{results}/field").status_code
    assert status in {401, 403, 404}
    return status


def test_a_link_to_a_result_shows_its_preview_with_all_that_belongs_to_it(results, alice):
    link = alice.get(f"{results}/image/link").text

    tree = look(http, link.replace("/image?", "/image/preview?"))

    assert http.get(tree.find(".//img").get("src")).content.startswith(b"\x89PNG")
    assert "Back to the job" not in text_of(tree)


def test_who_is_shown_a_job_sees_the_previews(results, alice):
    shared = alice.post(results.replace("/results", "/shares")).text

    tree = look(http, f"{shared}/results/image/preview")

    assert tree.find(".//img").get("src") == f"{shared}/results/image/preview.png"


def test_the_server_has_loaded_none_of_what_previews_need(site, results, alice):
    look(alice, f"{results}/image/preview")

    maps = Path(f"/proc/{site.process.pid}/maps").read_text()

    assert not re.search(r"/(numpy|pyarrow|astropy|PIL)/", maps)
