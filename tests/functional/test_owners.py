"""Who sees and changes whose jobs, under a policy that believes a header (UWS 1.1, section 3)."""

import time

import pytest

from tests.support.headerpolicy import CHALLENGE, HEADER
from tests.support.http import (
    NAMESPACES,
    Session,
    create,
    http,
    job_document,
    parse,
    phase,
    text,
    wait_for_phase,
    xpath,
)
from tests.support.server import Server

NIL = f"{{{NAMESPACES['xsi']}}}nil"
READ = [
    ("GET", child)
    for child in (
        "",
        "?WAIT=30",
        "/phase",
        "/executionduration",
        "/destruction",
        "/error",
        "/quote",
        "/owner",
        "/log",
        "/log?LAST=1",
        "/results",
        "/results/partial",
        "/parameters",
        "/parameters/MESSAGE",
    )
]
CHANGE = [
    ("POST", ""),
    ("DELETE", ""),
    ("POST", "/phase"),
    ("POST", "/executionduration"),
    ("POST", "/destruction"),
    ("POST", "/parameters"),
    ("PUT", "/parameters/MESSAGE"),
]
#: What nobody may do, which is still nobody else's business.
NEVER = [("PUT", ""), ("DELETE", "/phase"), ("PATCH", "/results/partial"), ("OPTIONS", "")]
#: Whether there is such a thing, and what the job is doing, is not told either.
NOWHERE = [
    ("GET", "/nonsense"),
    ("GET", "/results/x"),
    ("GET", "/parameters/X"),
    ("PUT", "/parameters/X"),
    ("GET", "/x/y"),
]
FORM = "PHASE=RUN&ACTION=DELETE&DESTRUCTION=nonsense"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server on which people say who they are."""
    with Server(
        tmp_path_factory.mktemp("guarded"),
        settings={"uws.includes": "tests.support.headerpolicy"},
        services=["quick", "failing"],
    ) as server:
        yield server


def session_of(user):
    session = Session()
    session.headers[HEADER] = user
    return session


@pytest.fixture(scope="module")
def alice():
    return session_of("alice")


@pytest.fixture(scope="module")
def bob():
    return session_of("bob")


@pytest.fixture(scope="module")
def of_alice(guarded, alice):
    """A job of hers that failed, so that it has everything a job may have."""
    job = create(guarded.joblist("failing"), session=alice, MESSAGE="sorry", PHASE="RUN")
    wait_for_phase(job, "ERROR", session=alice)
    return job


def listed(joblist, session):
    return set(xpath(parse(session.get(joblist)), "uws:jobref/@xlink:href"))


class TestIdentity:
    @pytest.mark.spec("U-55", "U-144")
    def test_the_owner_is_named(self, of_alice, alice):
        assert text(job_document(of_alice, session=alice), "uws:ownerId") == "alice"
        assert alice.get(f"{of_alice}/owner").text == "alice"

    @pytest.mark.spec("U-55", "U-145")
    def test_a_job_of_nobody_says_so(self, guarded):
        job = create(guarded.joblist("quick"))

        assert xpath(job_document(job), "uws:ownerId")[0].get(NIL) == "true"
        assert http.get(f"{job}/owner").content == b""

    @pytest.mark.spec("U-39", "U-144")
    def test_the_list_names_the_owner(self, guarded, of_alice, alice):
        (reference,) = xpath(parse(alice.get(guarded.joblist("failing"))), f"uws:jobref[@xlink:href='{of_alice}']")

        assert text(reference, "uws:ownerId") == "alice"

    @pytest.mark.spec("U-55")
    def test_any_name_can_be_an_owner(self, guarded, uws_schema):
        session = session_of('O"Brien <o&b@example.org> \xe9'.encode("latin-1"))
        job = create(guarded.joblist("quick"), session=session)

        document = job_document(job, session=session)

        uws_schema.assertValid(document)
        assert text(document, "uws:ownerId") == 'O"Brien <o&b@example.org> é'


class TestLists:
    @pytest.mark.spec("U-53", "U-149")
    def test_everybody_sees_their_own_jobs_only(self, guarded, alice, bob):
        joblist = guarded.joblist("quick")
        jobs = {who: {create(joblist, session=who) for _ in range(2)} for who in (alice, bob, http)}

        shown = {who: listed(joblist, who) for who in jobs}

        for who, own in jobs.items():
            others = set().union(*(theirs for other, theirs in jobs.items() if other is not who))
            assert own <= shown[who]
            assert not others & shown[who]

    @pytest.mark.spec("U-53", "U-149")
    @pytest.mark.parametrize("query", ["?PHASE=ERROR", "?LAST=1000", "?AFTER=2000", "?PHASE=ARCHIVED&PHASE=ERROR"])
    def test_no_filter_lets_others_through(self, query, guarded, of_alice, alice, bob):
        joblist = guarded.joblist("failing") + query

        assert of_alice in listed(joblist, alice)
        assert of_alice not in listed(joblist, bob) | listed(joblist, http)

    @pytest.mark.spec("U-53")
    def test_a_list_known_to_one_is_not_unchanged_to_another(self, guarded, of_alice, alice, bob):
        etag = alice.get(guarded.joblist("failing")).headers["ETag"]

        assert bob.get(guarded.joblist("failing"), headers={"If-None-Match": etag}).status_code == 200


class TestJobs:
    @pytest.mark.spec("U-146")
    @pytest.mark.parametrize(("method", "child"), READ + CHANGE + NEVER + NOWHERE)
    def test_others_may_do_nothing(self, method, child, of_alice, alice, bob):
        before = alice.get(of_alice).content

        answer = bob.request(method, of_alice + child, data=FORM)

        assert answer.status_code == 403
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert alice.get(of_alice).content == before

    @pytest.mark.spec("U-146", "U-147", "U-149")
    @pytest.mark.parametrize(("method", "child"), READ + CHANGE + NEVER + NOWHERE)
    def test_nobody_is_asked_to_say_who_they_are(self, method, child, of_alice, alice):
        before = alice.get(of_alice).content

        answer = http.request(method, of_alice + child, data=FORM)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == CHALLENGE
        assert "sorry" not in answer.text
        assert alice.get(of_alice).content == before

    @pytest.mark.spec("U-146")
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_knowing_the_etag_does_not_help(self, method, of_alice, alice, bob):
        etag = alice.get(of_alice).headers["ETag"]

        assert bob.request(method, of_alice, headers={"If-None-Match": etag}).status_code == 403

    @pytest.mark.spec("U-146")
    def test_who_may_not_look_is_not_held_either(self, guarded, alice, bob):
        job = create(guarded.joblist("quick"), session=alice)
        start = time.monotonic()

        answer = bob.get(f"{job}?WAIT=30")

        assert answer.status_code == 403
        assert time.monotonic() - start < 5

    @pytest.mark.spec("U-146")
    @pytest.mark.parametrize("child", ["", "/phase", "/results/x"])
    def test_existence_comes_first(self, child, guarded, bob):
        job = f"{guarded.joblist('quick')}/ucv3bplbi3kq9a676v0l7v0t"

        assert bob.get(job + child).status_code == 404
        assert http.get(job + child).status_code == 404

    def test_the_owner_may_do_everything(self, guarded, alice):
        job = create(guarded.joblist("quick"), session=alice)

        statuses = [
            alice.post(f"{job}/parameters", data={"TEXT": "x"}).status_code,
            alice.put(f"{job}/parameters/TEXT", data="y", headers={"Content-Type": "text/plain"}).status_code,
            alice.post(f"{job}/executionduration", data={"EXECUTIONDURATION": "5"}).status_code,
            alice.post(f"{job}/destruction", data={"DESTRUCTION": "2040-01-01"}).status_code,
            alice.post(f"{job}/phase", data={"PHASE": "RUN"}).status_code,
            alice.delete(job).status_code,
            alice.get(job).status_code,
        ]

        assert statuses == [303, 303, 303, 303, 303, 303, 404]

    def test_a_job_of_nobody_is_open_to_whoever_knows_its_url(self, guarded, bob):
        job = create(guarded.joblist("quick"))

        assert bob.get(job).status_code == 200
        assert bob.post(f"{job}/phase", data={"PHASE": "ABORT"}).status_code == 303
        assert phase(job) == "ABORTED"


class TestWithoutPolicy:
    @pytest.mark.spec("U-148", "C-35")
    @pytest.mark.parametrize(
        "credentials", ["Basic Og==", "Basic YWxpY2U6eA==", "Bearer x", "garbage", "Basic \xff", ""]
    )
    def test_credentials_are_ignored(self, credentials, server):
        headers = {"Authorization": credentials.encode("latin-1")}

        assert http.get(server.joblist("quick"), headers=headers).status_code == 200
        created = http.post(server.joblist("quick"), headers=headers)
        assert created.status_code == 303
        assert http.get(created.headers["Location"] + "/owner").content == b""

    @pytest.mark.spec("U-146", "U-149")
    def test_jobs_of_users_stay_closed_when_nobody_can_log_in_any_more(self, make_server, alice):
        server = make_server(settings={"uws.includes": "tests.support.headerpolicy"}, services=["quick"])
        job = create(server.joblist("quick"), session=alice)
        server.stop()
        server.ini.write_text(server.ini.read_text().replace("tests.support.headerpolicy", ""))
        server.start()

        for who in (http, alice):
            assert who.get(job).status_code == 403
            assert who.delete(job).status_code == 403
            assert listed(server.joblist("quick"), who) == set()
