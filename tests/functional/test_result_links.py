"""Links to results that are good for a while, for whoever has them."""

import pytest

from tests.support.accounts import bearer, write_users
from tests.support.http import Session, create, http, wait_for, wait_for_phase
from tests.support.server import Server


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    server = Server(
        tmp_path_factory.mktemp("links"),
        settings={"uws.auth": "token", "uws.auth.link_lifetime": "1000"},
        services=["several"],
    )
    write_users(server.var)
    with server:
        yield server


def session_of(site, name):
    session = Session()
    session.headers.update(bearer(site.var, name))
    return session


@pytest.fixture(scope="module")
def alice(site):
    return session_of(site, "alice")


@pytest.fixture(scope="module")
def job(site, alice):
    job = create(site.joblist("several"), session=alice, PAUSE=0, PHASE="RUN")
    wait_for_phase(job, "COMPLETED", session=alice)
    return job


@pytest.fixture
def link(job, alice):
    return alice.get(f"{job}/results/result-0/link").text


def test_it_works_without_logging_in_whole_and_in_parts(link):
    assert http.get(link).text == "content of 0"
    assert http.head(link).headers["Content-Length"] == "12"
    assert http.get(link, headers={"Range": "bytes=0-6"}).text == "content"


def test_it_works_for_others_who_have_logged_in(link, site):
    assert session_of(site, "bob").get(link).status_code == 200


def test_it_is_for_this_result_and_for_reading_only(link, job):
    query = link.partition("?")[2]
    for place in ("", "/results", "/results/result-1", "/results/result-0/link", "/phase", "/log"):
        assert http.get(f"{job}{place}?{query}").status_code == 401, place
    assert http.delete(f"{job}?{query}").status_code == 401
    assert http.put(link).status_code == 405


@pytest.mark.parametrize(
    "spoil",
    [
        lambda link: link[:-1],
        lambda link: link[:-3] + "AAA",
        lambda link: link.partition("=")[0] + "=",
        lambda link: link.partition("=")[0] + "=%FF",
        lambda link: link.partition("=")[0] + "=" + "A" * 9000,
        lambda link: link.replace("?link=", "?knil="),
    ],
)
def test_what_was_not_signed_is_no_link(spoil, link):
    assert http.get(spoil(link)).status_code == 401


def test_its_time_is_up_some_day(job, alice):
    link = alice.get(f"{job}/results/result-0/link?LIFETIME=1").text

    assert wait_for(lambda: http.get(link).status_code == 401, 20)


def test_wrong_credentials_are_wrong_with_it_too(link):
    assert http.get(link, headers={"Authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.parametrize(
    "lifetime", ["0", "-1", "1001", "x", "9" * 30, "1e2", "0" * 9 + "100999999", f"{1:0>12}{0:0>5000}"], ids=repr
)
def test_a_time_that_makes_no_sense_is_refused(lifetime, job, alice):
    assert alice.get(f"{job}/results/result-0/link", params={"LIFETIME": lifetime}).status_code == 400


def test_only_the_owner_makes_them(job, site, alice):
    place = "/results/result-0/link"
    shown = alice.post(f"{job}/shares").text

    assert http.get(job + place).status_code == 401
    assert session_of(site, "bob").get(job + place).status_code == 403
    assert http.get(shown + place).status_code == 401
    assert alice.post(job + place).status_code == 405


def test_it_ends_with_the_job(site, alice):
    job = create(site.joblist("several"), session=alice, PAUSE=0, PHASE="RUN")
    wait_for_phase(job, "COMPLETED", session=alice)
    link = alice.get(f"{job}/results/result-0/link").text

    alice.delete(job)

    assert http.get(link).status_code == 404
