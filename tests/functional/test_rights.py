"""Who may do what: identity by kind of job by resource by verb, all of it, and the services themselves.

One server; people log in by tokens, which cost little.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.accounts import bearer, write_users
from tests.support.http import Session, create, http, parse, wait_for_phase, xpath
from tests.support.server import Server

PEOPLE = {
    "alice": [],
    "bob": [],
    "carol": ["readers"],
    "dan": ["changers"],
    "erin": ["deleters"],
    "root": ["ops"],
}
GUARDED = {
    "may_create": "users",
    "may_read": "group:readers group:changers",
    "may_change": "group:changers",
    "may_delete": "group:deleters",
}
#: Identity -> what it may do with a job of alice.
RIGHTS = {
    "alice": "read change delete share",
    "root": "read change delete share",
    "carol": "read",
    "dan": "read change",
    "erin": "delete",
    "bob": "",
    "nobody": "",
    "wrong": "",
}
READ = [
    "",
    "?WAIT=0",
    "/phase",
    "/executionduration",
    "/destruction",
    "/error",
    "/quote",
    "/owner",
    "/log",
    "/results",
    "/results?RESPONSEFORMAT=zip",
    "/results/partial",
    "/parameters",
    "/parameters/MESSAGE",
]
#: Requests by the right they need: method and child. What is sent is not accepted, so nothing is changed.
REQUESTS = {
    "read": [(method, child) for child in READ for method in ("GET", "HEAD")]
    # What nobody may do is still nobody else's business.
    + [("PUT", ""), ("PATCH", "/results/partial"), ("OPTIONS", ""), ("DELETE", "/phase")],
    "change": [
        ("POST", ""),
        ("POST", "/phase"),
        ("POST", "/executionduration"),
        ("POST", "/destruction"),
        ("POST", "/parameters"),
        ("PUT", "/parameters/MESSAGE"),
    ],
    "share": [("GET", "/shares"), ("HEAD", "/shares"), ("DELETE", "/shares"), ("PUT", "/shares")],
    "delete": [],  # which changes something: see below
}
NONSENSE = {"PHASE": "NONSENSE", "EXECUTIONDURATION": "x", "DESTRUCTION": "x"}
KINDS = ["PENDING", "ERROR", "ARCHIVED"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    failing = {"core": "tests.support.cores:failing", "parameters": "tests.support.cores:PARAMETERS_FAILING"}
    server = Server(
        tmp_path_factory.mktemp("rights"),
        settings={"uws.auth": "token basic", "uws.auth.admins": "group:ops", "uws.list_anonymous": "true"},
        services=["quick"],
        sections={
            "uws:service:guarded": failing | GUARDED | {"on_destruction": "archive"},
            "uws:service:closed": failing | {"renderers": "async sync", "may_see": "alice group:readers"},
            "uws:service:shut": failing | {"renderers": "async sync", "may_create": "nobody", "may_list": "users"},
        },
    )
    write_users(server.var, PEOPLE)
    with server:
        yield server


@pytest.fixture(scope="module")
def who(site):
    """Identity -> session."""
    sessions = {"nobody": Session(), "wrong": Session()}
    sessions["wrong"].headers["Authorization"] = "Bearer uws_0_0"
    for name in PEOPLE:
        sessions[name] = Session()
        sessions[name].headers.update(bearer(site.var, name))
    return sessions


@pytest.fixture(scope="module")
def jobs(site, who):
    """Jobs of alice by kind."""
    soon = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = {
        kind: create(site.joblist("guarded"), session=who["alice"], MESSAGE="sorry", **form)
        for kind, form in {
            "PENDING": {},
            "ERROR": {"PHASE": "RUN"},
            "ARCHIVED": {"DESTRUCTION": soon},
        }.items()
    }
    for kind, job in made.items():
        wait_for_phase(job, kind, session=who["alice"])
    return made


def refusal(name):
    """Return how somebody is told that something is not for them."""
    return 401 if name in {"nobody", "wrong"} else 403


def listed(url, session):
    return set(xpath(parse(session.get(url)), "uws:jobref/@xlink:href"))


class TestJobsOfUsers:
    @pytest.mark.spec("U-146", "U-147", "U-148", "U-149", "D-52")
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("name", RIGHTS)
    def test_everybody_may_what_they_may_and_nothing_else(self, name, kind, jobs, who):
        surprises = []
        for right, requests in REQUESTS.items():
            for method, child in requests:
                answer = who[name].request(method, jobs[kind] + child, data=NONSENSE)

                is_fine = answer.status_code not in {401, 403, 404, 500}
                # A job that has ended, or is archived, refuses changes by its owner, too.
                is_fine |= right == "change" and kind != "PENDING" and answer.status_code == 403
                expected = is_fine if right in RIGHTS[name].split() else answer.status_code == refusal(name)
                # Existence comes first.
                expected |= answer.status_code == 404 and not exists(child, kind) and name != "wrong"
                if not expected:
                    surprises.append((method, child, answer.status_code, answer.text))

        assert surprises == []

    @pytest.mark.spec("U-146")
    @pytest.mark.parametrize("verb", ["DELETE", "POST"])
    @pytest.mark.parametrize("name", RIGHTS)
    def test_only_some_may_delete(self, verb, name, site, who):
        job = create(site.joblist("guarded"), session=who["alice"])
        form = {"ACTION": "DELETE"} if verb == "POST" else None

        answer = who[name].request(verb, job, data=form)

        may = {"delete", "change"} if verb == "POST" else {"delete"}
        if may <= set(RIGHTS[name].split()):
            assert answer.status_code == 303
            assert who["alice"].get(job).status_code == 404
        else:
            assert answer.status_code == refusal(name)
            assert who["alice"].get(job).status_code == 200

    @pytest.mark.spec("U-146")
    @pytest.mark.parametrize("name", RIGHTS)
    def test_a_job_that_is_not_there_is_there_for_nobody(self, name, site, who):
        job = f"{site.joblist('guarded')}/ucv3bplbi3kq9a676v0l7v0t"
        statuses = {
            who[name].request(method, job + child).status_code
            for method, child in [
                ("GET", ""),
                ("DELETE", ""),
                ("GET", "/phase"),
                ("GET", "~secret"),
                ("GET", "/shares"),
            ]
        }

        assert statuses == ({401} if name == "wrong" else {404})

    @pytest.mark.spec("U-53", "U-149")
    @pytest.mark.parametrize("name", RIGHTS)
    def test_lists_show_what_one_may_read(self, name, site, jobs, who):
        if name == "wrong":
            assert who[name].get(site.joblist("guarded")).status_code == 401
            return
        shown = listed(site.joblist("guarded") + "?PHASE=PENDING&PHASE=ERROR&PHASE=ARCHIVED", who[name])

        if "read" in RIGHTS[name].split():
            assert set(jobs.values()) <= shown
        else:
            assert not set(jobs.values()) & shown

    def test_changes_by_those_who_may_are_made(self, site, who):
        job = create(site.joblist("guarded"), session=who["alice"])

        assert who["dan"].post(f"{job}/executionduration", data={"EXECUTIONDURATION": "7"}).status_code == 303
        assert who["root"].post(f"{job}/phase", data={"PHASE": "ABORT"}).status_code == 303
        assert who["carol"].get(f"{job}/executionduration").text == "7"
        assert who["carol"].get(f"{job}/phase").text == "ABORTED"


def exists(child, kind):
    """Tell whether a job of this kind has such a child."""
    missing = {"/error", "/results/partial"} if kind == "PENDING" else set()
    missing |= {"/results/partial", "/log", "/error"} if kind == "ARCHIVED" else set()
    return child.partition("?")[0] not in missing


class TestJobsOfNobody:
    @pytest.mark.spec("U-145", "U-148")
    @pytest.mark.parametrize("name", RIGHTS)
    def test_whoever_knows_the_url_may_do_everything(self, name, site, who):
        job = create(site.joblist("quick"))
        statuses = [who[name].request(method, job + child).status_code for method, child in REQUESTS["read"][:4]]
        statuses.append(who[name].post(f"{job}/phase", data={"PHASE": "ABORT"}).status_code)
        statuses.append(who[name].delete(job).status_code)

        assert statuses == ([401] * 6 if name == "wrong" else [200] * 4 + [303] * 2)


class TestServices:
    CLOSED = ("", "/async", "/uws.xml", "/async?LAST=1")

    @pytest.mark.spec("U-92", "U-147", "D-52")
    @pytest.mark.parametrize("name", RIGHTS)
    def test_a_closed_service_is_for_those_it_names(self, name, site, who):
        is_in = name in {"alice", "carol", "root"}
        statuses = {who[name].get(f"{site.url}/closed{child}").status_code for child in self.CLOSED}
        created = who[name].post(site.joblist("closed")).status_code
        synchronous = {
            who[name].request(method, f"{site.url}/closed/sync").status_code for method in ("GET", "POST")
        }
        names = who[name].get(f"{site.url}/", headers={"Accept": "application/json"})

        assert statuses == {200 if is_in else refusal(name)}
        assert created == (303 if is_in else refusal(name))
        assert is_in or synchronous == {refusal(name)}
        assert not is_in or synchronous.isdisjoint({401, 403, 404})
        if name != "wrong":
            assert ("closed" in names.text) is is_in

    @pytest.mark.spec("A-02", "A-03", "V-05")
    @pytest.mark.parametrize(("name", "status"), [("nobody", 401), ("bob", 403), ("alice", 200), ("wrong", 401)])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_its_capabilities_say_that_one_has_to_log_in(self, method, name, status, site, who):
        answer = who[name].request(method, f"{site.url}/closed/capabilities")

        assert answer.status_code == status
        assert ("WWW-Authenticate" in answer.headers) is (status != 200)
        if method == "GET" and name != "wrong":
            assert xpath(parse(answer), "capability[starts-with(@standardID, 'ivo://ivoa.net/std/UWS')]")
            assert not xpath(parse(answer), "//interface[accessURL[@use='base'] and not(securityMethod)]")
        if name != "wrong":
            assert who[name].get(f"{site.url}/closed/availability").status_code == 200

    @pytest.mark.spec("U-92")
    @pytest.mark.parametrize("name", RIGHTS)
    def test_creating_may_be_for_some_only(self, name, site, who):
        answers = [who[name].post(site.joblist(service)) for service in ("guarded", "shut")]
        statuses = [answer.status_code for answer in answers]
        for method in ("GET", "HEAD", "POST"):
            answer = who[name].request(method, f"{site.url}/shut/sync")
            assert (answer.status_code == refusal(name)) is (name != "root"), method

        if name in {"nobody", "wrong"}:
            assert statuses == [401, 401]
        else:
            assert statuses == [303, 303 if name == "root" else 403]

    @pytest.mark.parametrize("name", RIGHTS)
    def test_listing_may_be_for_some_only(self, name, site, who):
        status = who[name].get(site.joblist("shut")).status_code

        assert status == (401 if name in {"nobody", "wrong"} else 200)
        if name != "wrong":
            assert who[name].get(f"{site.url}/shut").status_code == 200


class TestShares:
    @pytest.fixture
    def job(self, site, who):
        job = create(site.joblist("guarded"), session=who["alice"], MESSAGE="sorry", PHASE="RUN")
        wait_for_phase(job, "ERROR", session=who["alice"])
        return job

    @pytest.fixture
    def link(self, job, who):
        return who["alice"].post(f"{job}/shares").text

    @pytest.mark.parametrize("name", ["nobody", "bob", "erin", "alice", "root"])
    def test_whoever_has_the_link_may_read_and_nothing_else(self, name, job, link, who):
        for method, child in REQUESTS["read"]:
            assert who[name].request(method, link + child).status_code in {200, 405}, (method, child)
        for method, child in [*REQUESTS["change"], *REQUESTS["share"], ("DELETE", ""), ("POST", "/shares")]:
            answer = who[name].request(method, link + child, data=NONSENSE)
            assert answer.status_code == refusal(name), (method, child)
        assert who["alice"].get(job).status_code == 200

    def test_what_is_wrong_is_wrong_there_too(self, link, who):
        assert who["wrong"].get(link).status_code == 401

    def test_all_that_the_document_links_to_is_reached_by_the_same_way(self, job, link, who):
        (result,) = xpath(parse(http.get(link)), "uws:results/uws:result/@xlink:href")

        assert result == f"{link}/results/partial"
        assert http.get(result).text == "as far as it went"
        assert job in link
        assert link.removeprefix(job) not in who["alice"].get(job).text

    def test_it_can_be_waited_by(self, site, who):
        job = create(site.joblist("guarded"), session=who["alice"])
        link = who["alice"].post(f"{job}/shares").text

        answer = http.get(f"{link}?WAIT=1")

        assert answer.status_code == 200
        assert link in answer.text or "results" in answer.text

    def test_a_link_that_was_ended_leads_nowhere_and_the_others_go_on(self, job, link, who):
        other = who["alice"].post(f"{job}/shares").text
        first, second = who["alice"].get(f"{job}/shares").json()

        assert who["bob"].delete(f"{job}/shares/{first}").status_code == 403
        assert who["alice"].delete(f"{job}/shares/{first}").status_code == 303

        assert http.get(link).status_code == 404
        assert http.get(f"{link}/results/partial").status_code == 404
        assert http.get(other).status_code == 200
        assert who["alice"].get(f"{job}/shares").json() == [second]

    @pytest.mark.parametrize(
        "change", [lambda link: link[:-1], lambda link: link + "x", lambda link: link.rpartition("~")[0] + "~"]
    )
    def test_another_secret_leads_nowhere(self, change, link):
        assert http.get(change(link)).status_code == 404

    def test_only_the_hash_is_kept(self, link, site):
        secret = link.rpartition("~")[2].encode()

        assert secret not in (site.var / "uws.fs").read_bytes()
        assert secret.decode() not in site.log
