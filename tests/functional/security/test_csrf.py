"""Pages of other sites that have a browser do something here in the name of its user."""

import pytest

from tests.support.accounts import password_of
from tests.support.http import Session, create, http

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
FAMILIAR = [{}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]


@pytest.fixture(scope="module")
def browsers(fortress):
    """Sessions of alice that log in as browsers do, with every request."""
    cookie, basic = Session(), Session()
    form = {"username": "alice", "password": password_of("alice")}
    answer = Session().post(f"{fortress.url}/login", data=form)
    cookie.headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
    basic.auth = ("alice", password_of("alice"))
    return [cookie, basic]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_changes_nothing(headers, fortress, browsers, alice):
    job = create(fortress.joblist("quick"), session=alice)
    before = alice.get(job).content
    for session in browsers:
        for method, url in [
            ("POST", fortress.joblist("quick")),
            ("POST", f"{fortress.url}/page/sync"),
            ("POST", f"{fortress.url}/quick/form"),
            ("POST", f"{job}/edit"),
            ("POST", f"{job}/phase"),
            ("POST", job),
            ("DELETE", job),
            ("PUT", f"{job}/parameters/TEXT"),
            ("POST", f"{job}/shares"),
            ("POST", f"{fortress.url}/tokens"),
        ]:
            answer = session.request(method, url, headers=headers, data={"PHASE": "ABORT"})

            assert answer.status_code == 403, (method, url)
    assert alice.get(job).content == before
    assert alice.get(f"{job}/shares").json() == []


@pytest.mark.parametrize("headers", FAMILIAR, ids=str)
def test_programs_and_our_own_pages_may(headers, fortress, browsers):
    for session in browsers:
        assert session.post(fortress.joblist("quick"), headers=headers).status_code == 303
        assert (
            session.post(fortress.joblist("quick"), headers=headers | {"Origin": fortress.url}).status_code == 303
        )


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_no_browser_sends_by_itself_is_no_matter(headers, fortress, alice):
    assert alice.post(fortress.joblist("quick"), headers=headers).status_code == 303
    assert http.post(fortress.joblist("quick"), headers=headers).status_code == 303


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_nobody_is_logged_in_or_out_by_another_site(headers, fortress):
    form = {"username": "alice", "password": password_of("alice")}
    for place in ("login", "logout"):
        for spelling in (place, f"{place}/", f"{place}//", f"@@{place}", f"x/%2e%2e/{place}"):
            answer = Session().post(f"{fortress.url}/{spelling}", data=form, headers=headers)

            assert answer.status_code in {403, 404}, spelling
            assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_reading_is_left_to_the_browsers_own_rules(headers, ended, browsers):
    for session in browsers:
        answer = session.get(ended, headers=headers)

        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
