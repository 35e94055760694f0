"""Who may do what with observations and with tokens: identity by resource by verb, as test_rights.py for jobs."""

from types import SimpleNamespace

import pytest

from tests.support.accounts import bearer, password_of, write_users
from tests.support.http import Session, create, http, parse, wait_for_phase, xpath
from tests.support.observatory import SECTIONS
from tests.support.server import Server

PEOPLE = {"alice": [], "bob": [], "carol": ["readers"], "root": ["ops"]}
NAMES = [*PEOPLE, "nobody", "wrong"]
LET_IN = {"alice", "carol", "root"}

#: All that a datalink service answers: method, path, form.
RESOURCES = [
    ("GET", "", None),
    ("GET", "/links?ID=a", None),
    ("HEAD", "/links?ID=a", None),
    ("POST", "/links", {"ID": "a"}),
    ("GET", "/links/list", None),
    ("HEAD", "/links/list", None),
    ("GET", "/links/list?RESPONSEFORMAT=json", None),
    ("GET", "/links/file?ID=a", None),
    ("HEAD", "/links/file?ID=a", None),
    ("GET", "/links/file?ID=lost", None),
    ("GET", "/soda?ID=a", None),
    ("HEAD", "/soda?ID=a", None),
    ("POST", "/soda", {"ID": "a"}),
    ("GET", "/soda", None),
    ("GET", "/dlasync", None),
    ("HEAD", "/dlasync", None),
    ("POST", "/dlasync", {"ID": "a"}),
    ("GET", "/dlasync?PHASE=PENDING", None),
]
#: And a job of it, which is its owner's alone.
OF_A_JOB = [
    ("GET", ""),
    ("GET", "?WAIT=0"),
    ("GET", "/phase"),
    ("GET", "/results"),
    ("GET", "/results?RESPONSEFORMAT=zip"),
    ("GET", "/results/manifest"),
    ("GET", "/results/manifest/link"),
    ("GET", "/parameters/ID"),
    ("GET", "/log"),
    ("GET", "/shares"),
    ("POST", "/parameters"),
    ("POST", "/shares"),
    ("PUT", "/parameters/ID"),
    ("DELETE", ""),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    server = Server(
        tmp_path_factory.mktemp("rights"),
        settings={"uws.auth": "token basic", "uws.auth.admins": "group:ops"},
        services=[],
        sections={
            "uws:service:plates": SECTIONS["uws:service:listed"],
            "uws:service:vault": SECTIONS["uws:service:listed"] | {"may_see": "alice group:readers"},
        },
    )
    write_users(server.var, PEOPLE)
    with server:
        yield server


@pytest.fixture(scope="module")
def who(site):
    """Identity -> session."""
    sessions = {name: Session() for name in NAMES}
    sessions["wrong"].headers["Authorization"] = "Bearer uws_0_0"
    for name in PEOPLE:
        sessions[name].headers.update(bearer(site.var, name))
    return sessions


@pytest.fixture(scope="module")
def job(site, who):
    job = create(site.joblist("vault", "dlasync"), session=who["alice"], ID="a", PHASE="RUN")
    wait_for_phase(job, "COMPLETED", session=who["alice"])
    return job


def refusal(name):
    return 401 if name in {"nobody", "wrong"} else 403


class TestAClosedService:
    @pytest.mark.spec("U-92", "U-147", "U-148", "C-47")
    @pytest.mark.parametrize("name", NAMES)
    def test_nothing_of_it_is_for_others(self, name, site, who):
        surprises = []
        for method, path, form in RESOURCES:
            answer = who[name].request(method, f"{site.url}/vault{path}", data=form)
            status = answer.status_code
            expected = status not in {401, 403, 500} if name in LET_IN else status == refusal(name)
            if not expected or (status == 401) is not ("WWW-Authenticate" in answer.headers):
                surprises.append((method, path, status))

        assert surprises == []

    @pytest.mark.spec("U-146", "U-147", "U-148")
    @pytest.mark.parametrize("name", ["bob", "carol", "nobody", "wrong"])
    def test_nothing_of_its_jobs_is_for_those_who_do_not_own_them(self, name, job, who):
        statuses = {
            (method, child): who[name].request(method, job + child, data={"ID": "b"}).status_code
            for method, child in OF_A_JOB
        }

        assert {request for request, status in statuses.items() if status != refusal(name)} == set()
        assert who["alice"].get(job).status_code == 200

    @pytest.mark.parametrize("name", ["alice", "root"])
    def test_all_of_its_jobs_is_for_those_who_do(self, name, job, who):
        reading = [(method, child) for method, child in OF_A_JOB if method == "GET"]
        statuses = {child: who[name].get(job + child).status_code for _, child in reading}

        assert set(statuses.values()) == {200}, statuses


class TestAClosedObservation:
    """An open service, where `secret` is for alice."""

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize(("path", "for_alice"), [("/links/file?ID=secret", 404), ("/soda?ID=secret", 200)])
    def test_it_is_given_to_nobody_else(self, path, for_alice, method, name, site, who):
        answer = who[name].request(method, f"{site.url}/plates{path}")

        assert answer.status_code == (for_alice if name == "alice" else refusal(name))
        assert (answer.status_code == 401) is ("WWW-Authenticate" in answer.headers)

    @pytest.mark.parametrize("name", NAMES)
    def test_it_is_listed_for_nobody_else(self, name, site, who):
        answer = who[name].get(f"{site.url}/plates/links/list")

        if name == "wrong":
            assert answer.status_code == 401
        else:
            cells = xpath(parse(answer), "//vot:TD/text()")
            assert "b" in cells
            assert ("secret" in cells) is (name == "alice")

    @pytest.mark.parametrize("name", ["alice", "bob", "nobody"])
    def test_its_links_say_for_whom_they_are(self, name, site, who):
        root = parse(who[name].get(f"{site.url}/plates/links?ID=secret"))
        columns = xpath(root, "//vot:RESOURCE[@type='results']//vot:FIELD/@name")
        (row,) = xpath(root, "//vot:RESOURCE[@type='results']//vot:TR")
        cells = dict(zip(columns, [cell.text for cell in row], strict=True))

        assert cells["link_auth"] == "true"
        assert cells["link_authorized"] == ("true" if name == "alice" else "false")

    @pytest.mark.parametrize("name", ["alice", "bob", "nobody"])
    def test_a_job_has_what_its_owner_may_have(self, name, site, who):
        job = create(site.joblist("plates", "dlasync"), session=who[name], ID=["a", "secret"], PHASE="RUN")
        wait_for_phase(job, "COMPLETED", session=who[name])
        texts = [
            who[name].get(href).text
            for href in xpath(parse(who[name].get(f"{job}/results")), "//uws:result/@xlink:href")
            if not href.endswith("/manifest")
        ]

        assert [text.startswith("secret") for text in texts].count(True) == (name == "alice")
        assert any(text.startswith("a\n") for text in texts)


class TestTokens:
    @pytest.fixture
    def by_password(self):
        sessions = SimpleNamespace()
        for name in ("alice", "bob"):
            session = Session()
            session.auth = (name, password_of(name))
            setattr(sessions, name, session)
        return sessions

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
    def test_they_are_for_those_who_have_logged_in(self, method, site, who):
        assert http.request(method, f"{site.url}/tokens").status_code == 401
        assert who["wrong"].request(method, f"{site.url}/tokens").status_code == 401

    def test_one_sees_ones_own_and_never_the_secret(self, site, by_password):
        made = by_password.alice.post(f"{site.url}/tokens", data={"NOTE": "hers", "DAYS": "1"}).text.strip()

        assert "hers" in by_password.alice.get(f"{site.url}/tokens").text
        assert made not in by_password.alice.get(f"{site.url}/tokens").text
        assert "hers" not in by_password.bob.get(f"{site.url}/tokens").text

    def test_one_cannot_end_those_of_others(self, site, by_password):
        made = by_password.alice.post(f"{site.url}/tokens", data={"NOTE": "stays", "DAYS": "1"}).text.strip()
        identifier = made.split("_")[1]
        refused = by_password.bob.post(f"{site.url}/tokens", data={"REVOKE": identifier})
        header = {"Authorization": f"Bearer {made}"}

        assert refused.status_code == 400
        assert http.get(f"{site.url}/whoami", headers=header).text.strip() == "alice"
        assert by_password.alice.post(f"{site.url}/tokens", data={"REVOKE": identifier}).status_code < 400
        assert http.get(f"{site.url}/whoami", headers=header).status_code == 401

    def test_a_token_makes_no_other(self, site, who):
        before = who["alice"].get(f"{site.url}/tokens").text

        assert who["alice"].post(f"{site.url}/tokens", data={"NOTE": "child", "DAYS": "1"}).status_code == 400
        assert who["alice"].get(f"{site.url}/tokens").text == before
