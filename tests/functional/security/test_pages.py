"""Markup and script in whatever is shown: nothing of it is run in the name of the site."""

import pytest

from tests.support.http import Session, create, http, parse, wait_for_phase

SCRIPT = "<script>alert(1)</script>"
ODD = f'"><img src=x onerror=alert(1)>{SCRIPT}]]>&lt;'


def test_what_a_core_writes_may_be_a_page_but_no_browser_runs_it(fortress, alice):
    job = create(fortress.joblist("page"), session=alice, TEXT=SCRIPT, PHASE="RUN")
    wait_for_phase(job, "COMPLETED", session=alice)

    for answer in (
        alice.get(f"{job}/results/page"),
        alice.get(f"{fortress.url}/page/sync", params={"TEXT": SCRIPT}),
    ):
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.text == SCRIPT
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "form-action 'none'", "sandbox"} <= set(policy)


@pytest.mark.parametrize("name", ["TEXT", "RUNID", "NONESUCH"])
def test_a_document_shows_it_as_text(name, fortress):
    job = create(fortress.joblist("quick"), **{name: ODD})

    for child in ("", "/parameters"):
        assert ODD in "".join(parse(http.get(job + child)).itertext())
    answer = http.get(f"{job}/parameters/{name}")
    assert answer.text == ODD
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/{SCRIPT}"),
        ("GET", f"/quick/async/{SCRIPT}"),
        ("GET", f"/quick/async?LAST={SCRIPT}"),
        ("GET", f"/quick/async?PHASE={SCRIPT}"),
        ("POST", f"/quick/async?PHASE={SCRIPT}"),
        ("POST", f"/login?username={SCRIPT}"),
    ],
)
def test_an_error_that_repeats_it_is_plain_text(method, path, fortress):
    answer = http.request(method, fortress.url + path)

    assert 400 <= answer.status_code < 500
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_an_error_of_a_core_is_text_in_its_document(fortress, alice):
    job = create(fortress.joblist("failing"), session=alice, MESSAGE=ODD, PHASE="RUN")
    wait_for_phase(job, "ERROR", session=alice)

    assert ODD in "".join(parse(alice.get(job)).itertext())
    assert ODD in "".join(parse(alice.get(f"{job}/error")).itertext())


def test_the_login_says_nothing_of_what_was_sent(fortress):
    answer = Session().post(f"{fortress.url}/login", data={"username": SCRIPT, "password": SCRIPT})

    assert answer.status_code == 401
    assert "script" not in answer.text
