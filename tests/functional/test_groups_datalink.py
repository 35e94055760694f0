"""Data of a project are for its members: the example of docs/howto-datalink.md, asked for by everybody."""

import configparser
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.accounts import bearer, write_users
from tests.support.http import Session, create, parse, run, wait_for, wait_for_phase, xpath
from tests.support.papers import DOCS, save_files
from tests.support.server import PROJECT, Server

OPEN, CLOSED = "ivo://example/log?17", "ivo://example/log?18"
CIRCLE = "250.42 36.46 0.002"
PEOPLE = {"alice": ["project-m13", "staff"], "bob": [], "carol": ["staff"], "root": ["ops"]}
OTHERS = ["bob", "carol", "root", "nobody"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server of the page's second service, where people log in by tokens, and a proxy may name them, too."""
    page = tmp_path_factory.mktemp("page")
    save_files(DOCS / "howto-datalink.md", page)
    (page / "observations").mkdir()
    for name in ("m13.fits", "new.fits"):
        shutil.copy(PROJECT / "pyramid_uws/demo/observations/m13.fits", page / "observations" / name)
    ini = configparser.ConfigParser({"here": str(page)})
    ini.read(page / "site.ini")
    nights = {key: value for key, value in ini["uws:service:nights"].items() if key.startswith("datalink_")}
    server = Server(
        tmp_path_factory.mktemp("site"),
        settings={
            "uws.auth": "token proxy",
            "uws.auth.admins": "group:ops",
            "uws.auth.proxy.addresses": "127.0.0.1",
            "uws.auth.proxy.user_header": "X-Remote-User",
            "uws.auth.proxy.groups_header": "X-Remote-Groups",
        },
        services=[],
        sections={"uws:service:nights": nights},
    )
    write_users(server.var, PEOPLE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(page))
        with server:
            yield server


@pytest.fixture(scope="module")
def service(site):
    return f"{site.url}/nights"


@pytest.fixture(scope="module")
def who(site):
    """Identity -> session."""
    sessions = {name: Session() for name in [*PEOPLE, "nobody"]}
    for name in PEOPLE:
        sessions[name].headers.update(bearer(site.var, name))
    return sessions


def dave(*groups):
    """Return a session of somebody whom the proxy knows, in these groups."""
    session = Session()
    session.headers.update({"X-Remote-User": "dave", "X-Remote-Groups": ", ".join(groups)})
    return session


def refusal(name):
    return 401 if name == "nobody" else 403


def label(name):
    return "AuthenticationError: " if name == "nobody" else "AuthorizationError: "


def rows(answer):
    root = parse(answer)
    columns = xpath(root, "//vot:RESOURCE[@type='results']//vot:FIELD/@name")
    cells = xpath(root, "//vot:RESOURCE[@type='results']//vot:TR")
    return [dict(zip(columns, [cell.text for cell in row], strict=True)) for row in cells]


def listed(session, service):
    return [row["obs_id"] for row in rows(session.get(f"{service}/links/list"))]


class TestAMember:
    def test_has_it_in_the_list_of_all(self, service, who):
        assert listed(who["alice"], service) == [OPEN, CLOSED]

    def test_is_told_by_the_links_that_it_may_be_had(self, service, who):
        found = rows(who["alice"].get(f"{service}/links", params={"ID": CLOSED}))

        to_data = [row for row in found if row["semantics"] != "#documentation"]
        assert {row["semantics"] for row in to_data} == {"#this", "#cutout"}
        assert {(row["link_auth"], row["link_authorized"]) for row in to_data} == {("true", "true")}

    def test_gets_the_file(self, service, who):
        answer = who["alice"].get(f"{service}/links/file", params={"ID": CLOSED})

        assert answer.status_code == 200
        assert answer.content[:9] == b"SIMPLE  ="

    def test_gets_a_piece_at_once(self, service, who):
        answer = who["alice"].get(f"{service}/soda", params={"ID": CLOSED, "CIRCLE": CIRCLE})

        assert answer.status_code == 200
        assert CLOSED.encode() in answer.content

    def test_gets_pieces_as_a_job(self, service, who):
        job = create(f"{service}/dlasync", session=who["alice"], ID=CLOSED, CIRCLE=CIRCLE, PHASE="RUN")
        wait_for_phase(job, "COMPLETED", session=who["alice"])

        assert who["alice"].get(f"{job}/results/result").content[:9] == b"SIMPLE  ="


@pytest.mark.parametrize("name", OTHERS)
class TestSomebodyElse:
    def test_does_not_see_it_in_the_list_of_all(self, name, service, who):
        assert listed(who[name], service) == [OPEN]

    def test_is_told_by_the_links_that_it_may_not_be_had(self, name, service, who):
        found = rows(who[name].get(f"{service}/links", params={"ID": CLOSED}))

        to_data = [row for row in found if row["semantics"] != "#documentation"]
        assert {(row["link_auth"], row["link_authorized"]) for row in to_data} == {("true", "false")}

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_does_not_get_the_file(self, method, name, service, who):
        answer = who[name].request(method, f"{service}/links/file", params={"ID": CLOSED})

        assert answer.status_code == refusal(name)
        assert (answer.status_code == 401) is ("WWW-Authenticate" in answer.headers)

    def test_does_not_get_a_piece(self, name, service, who):
        answer = who[name].get(f"{service}/soda", params={"ID": CLOSED, "CIRCLE": CIRCLE})

        assert answer.status_code == refusal(name)
        assert answer.text.startswith(label(name))

    def test_gets_a_job_whose_result_says_so(self, name, service, who):
        job = create(f"{service}/dlasync", session=who[name], ID=[OPEN, CLOSED], CIRCLE=CIRCLE, PHASE="RUN")
        wait_for_phase(job, "COMPLETED", session=who[name])

        assert who[name].get(f"{job}/results/result-1").content[:9] == b"SIMPLE  ="
        assert who[name].get(f"{job}/results/result-2").text.startswith(label(name))

    def test_gets_all_of_what_is_open(self, name, service, who):
        assert who[name].get(f"{service}/links/file", params={"ID": OPEN}).status_code == 200
        assert who[name].get(f"{service}/soda", params={"ID": OPEN, "CIRCLE": CIRCLE}).status_code == 200


class TestGroupsAreThoseOfTheRequest:
    def test_the_same_user_has_what_each_request_is_good_for(self, service):
        member, other = dave("ngc", "project-m13"), dave("ngc")
        url = f"{service}/links/file"

        statuses = [session.get(url, params={"ID": CLOSED}).status_code for session in (member, other, member)]
        assert statuses == [200, 403, 200]

    def test_a_job_has_those_it_was_made_with(self, service):
        job = create(f"{service}/dlasync", session=dave("project-m13"), ID=CLOSED, CIRCLE=CIRCLE, PHASE="RUN")

        wait_for_phase(job, "COMPLETED", session=dave())

    @pytest.mark.parametrize(
        ("made", "begun", "phase"), [((), ("project-m13",), "COMPLETED"), (("project-m13",), (), "ERROR")]
    )
    def test_a_job_that_its_owner_runs_has_those_of_that_request(self, made, begun, phase, service):
        job = create(f"{service}/dlasync", session=dave(*made), ID=CLOSED, CIRCLE=CIRCLE)
        run(job, session=dave(*begun))

        wait_for_phase(job, phase, session=dave())

    def test_a_job_that_an_admin_runs_has_those_of_its_owner(self, service, who):
        job = create(f"{service}/dlasync", session=dave("project-m13"), ID=CLOSED, CIRCLE=CIRCLE)
        run(job, session=who["root"])

        wait_for_phase(job, "COMPLETED", session=dave())


class TestNothingIsKeptForSomebodyElse:
    def test_an_etag_opens_nothing(self, service, who):
        url, params = f"{service}/links/file", {"ID": CLOSED}
        first = who["alice"].get(url, params=params)
        known = {"If-None-Match": first.headers["ETag"]}
        since = {"If-Modified-Since": first.headers["Last-Modified"]}

        assert first.headers["Cache-Control"] == "private, no-cache"
        assert who["alice"].get(url, params=params, headers=known).status_code == 304
        for name in OTHERS:
            for headers in (known, since, {"Range": "bytes=0-8"}):
                assert who[name].get(url, params=params, headers=headers).status_code == refusal(name)

    def test_lists_asked_for_at_the_same_time_are_each_ones_own(self, service, who):
        askers = [who["alice"], who["bob"], who["nobody"], dave("project-m13"), dave()] * 8
        with ThreadPoolExecutor(len(askers)) as pool:
            found = list(pool.map(lambda session: listed(session, service), askers))

        assert found == [[OPEN, CLOSED], [OPEN], [OPEN], [OPEN, CLOSED], [OPEN]] * 8

    def test_pieces_waited_for_at_the_same_time_are_each_ones_own(self, service, who):
        askers = [who["alice"], who["bob"], dave("project-m13"), dave()] * 3
        wanted = {"ID": CLOSED, "CIRCLE": CIRCLE}
        with ThreadPoolExecutor(len(askers)) as pool:
            found = list(pool.map(lambda session: session.get(f"{service}/soda", params=wanted), askers))

        assert [answer.status_code for answer in found] == [200, 403, 200, 403] * 3

    def test_who_leaves_a_group_has_its_data_no_more(self, site, service, who):
        write_users(site.var, PEOPLE | {"alice": []})
        try:
            wait_for(lambda: listed(who["alice"], service) == [OPEN], what="the group is left")
            assert who["alice"].get(f"{service}/links/file", params={"ID": CLOSED}).status_code == 403
        finally:
            write_users(site.var, PEOPLE)
