"""The audit log: who did what to which job, once, and no secret of anybody."""

import contextlib
import io
import json
import os
import pwd
import re
import stat
import sys
from collections import Counter

import pytest

from pyramid_uws.cli import main
from pyramid_uws.uws.instants import format_instant, now
from tests.support.accounts import make_token, password_of, write_users
from tests.support.http import Session, create, http, post, run, wait_for, wait_for_phase
from tests.support.server import PROJECT, SERVICES, Server

SECTIONS = {"uws:service:kept": SERVICES["quick"] | {"on_destruction": "archive"}}
OPERATOR = pwd.getpwuid(os.geteuid()).pw_name
FORMAT = "%(asctime)s %(levelname)s [%(request_id)s %(job)s %(owner)s %(runid)s] %(name)s: %(message)s"


def entries(server):
    """Return what is in the audit log."""
    path = server.var / "audit"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def admin(server, *words):
    """Do something as the operator; return what was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main([str(server.ini), *words]) == 0
    return output.getvalue()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    server = Server(
        folder,
        settings={
            "uws.audit": "audit",
            "uws.auth": "basic token cookie",
            "uws.auth.admins": "root",
            "uws.auth.max_failures": "8",
            "uws.list_anonymous": "false",
        },
        server_settings={"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": "x-forwarded-for"},
        services=["several", "sleeper", "quick"],
        sections=SECTIONS
        | {"formatter_plain": {"class": "pyramid_uws.observing.logs.LineFormatter", "format": FORMAT}},
    )
    write_users(server.var)
    with server:
        yield server


class Story:
    """What some people do, and their secrets. Each says by a request id which of it was when."""

    def __init__(self, site):
        self.site = site
        self.secrets = []
        self.number = 0

    def session(self, headers=None, **options):
        session = Session()
        session.headers.update(headers or {})
        for name, value in options.items():
            setattr(session, name, value)
        return session

    def named(self, session, name):
        """Let the next requests of a session have this id."""
        session.headers["X-Request-ID"] = name
        return session


@pytest.fixture(scope="module")
def story(site):  # noqa: PLR0915 - it is long, and told in order
    """Live through everything that is written down; return the secrets and the jobs."""
    told = Story(site)
    _, token = make_token(site.var, "alice")
    alice = told.session({"Authorization": f"Bearer {token}", "X-Forwarded-For": "198.51.100.7"})
    bob = told.session(auth=("bob", password_of("bob")))
    told.secrets += [token, token.rpartition("_")[2], password_of("alice"), password_of("bob"), "not-a-password"]

    # The life of a job, and what is read of it.
    told.named(alice, "create-1")
    job = told.job = create(site.joblist("several"), session=alice, PAUSE=0, RUNID="my run\n{")
    told.named(alice, "change-1")
    post(f"{job}/parameters", session=alice, PAUSE="0.01", secretive="a value that nobody else is to see")
    told.secrets.append("a value that nobody")
    with contextlib.closing(io.BytesIO(b"content of a file")) as file:
        alice.post(f"{job}/parameters", files={"PAUSE_FILE": ("x", file, "text/plain")})
    post(f"{job}/executionduration", session=alice, EXECUTIONDURATION=50)
    post(f"{job}/destruction", session=alice, DESTRUCTION=format_instant(now() + 3_600_000_000))
    run(job, session=told.named(alice, "run-1"))
    wait_for_phase(job, "COMPLETED", session=alice)
    told.named(alice, "read-1").get(f"{job}/results/result-0", headers={"Range": "bytes=0-3"})
    alice.head(f"{job}/results/result-0")
    told.named(alice, "read-2").get(f"{job}/results?RESPONSEFORMAT=zip")
    told.named(alice, "again").post(f"{job}/phase", data={"PHASE": "RUN"})

    # Ways that are given away.
    share = told.named(alice, "share-1").post(f"{job}/shares").text
    told.named(alice, "link-1")
    link = alice.get(f"{job}/results/result-1/link", params={"LIFETIME": 100}).text
    told.secrets += [share.rpartition("~")[2], link.rpartition("=")[2]]
    http.get(f"{share}/results/result-0")
    http.post(share, data={"PHASE": "ABORT"})
    http.get(f"{share}/nonesuch")
    http.get(link)
    http.get(f"{job}/results/result-0?{link.partition('?')[2]}")
    told.share_id = alice.get(f"{job}/shares").json()[0]
    told.named(alice, "unshare-1").delete(f"{job}/shares/{told.share_id}")

    # Others, and an end on request.
    told.named(bob, "bob-1").get(job)
    told.named(bob, "bob-2").delete(job)
    told.other = create(site.joblist("sleeper"), session=bob, SECONDS=60, PHASE="RUN")
    wait_for_phase(told.other, "EXECUTING", session=bob)
    told.named(bob, "abort-1").post(f"{told.other}/phase", data={"PHASE": "ABORT"})
    wait_for_phase(told.other, "ABORTED", session=bob)
    told.named(alice, "delete-1").delete(job)

    # Logging in and out.
    form = {"username": "bob", "password": password_of("bob")}
    answer = told.named(told.session(), "login-1").post(f"{site.url}/login", data=form)
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    told.secrets += [cookie.partition("=")[2], answer.headers["X-VO-Bearer"]]
    made = told.named(told.session({"Cookie": cookie}), "token-1").post(f"{site.url}/tokens").text
    told.secrets += [made, made.rpartition("_")[2]]
    told.made_id = made.split("_")[1]
    told.session({"Cookie": cookie}).post(f"{site.url}/tokens", data={"REVOKE": told.made_id})
    told.session({"Cookie": cookie}).post(f"{site.url}/logout")
    told.session().post(f"{site.url}/login", data=form | {"password": "not-a-password"})
    told.session().post(f"{site.url}/login", data=form | {"username": "not-a-password"})
    told.session(auth=("alice", "not-a-password")).get(told.other)
    told.session({"Authorization": f"Bearer {made}"}).get(told.other)
    told.session({"Cookie": "uws_ticket=not-a-password"}).get(told.other)

    # What the server does by itself, and the operator.
    told.brief = create(site.joblist("quick"), session=alice, DESTRUCTION=format_instant(now() + 100_000))
    told.old = create(site.joblist("kept"), session=alice, DESTRUCTION=format_instant(now() + 100_000))
    wait_for(lambda: alice.get(told.brief).status_code == 404)
    wait_for(lambda: alice.get(f"{told.old}/phase").text == "ARCHIVED")
    told.doomed = create(site.joblist("quick"), session=bob)
    admin(site, "delete", told.doomed.rpartition("/")[2], "--yes")
    admin(site, "pack", "--yes")
    admin(site, "quota", "set", "bob", "jobs=50")
    admin(site, "quota", "unset", "bob", "jobs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO("password-of-dora\n"))
        admin(site, "user", "add", "dora", "--group", "astro")
    told.secrets += ["password-of-dora", admin(site, "token", "create", "dora").strip()]
    admin(site, "user", "remove", "dora")
    return told


def facts(entry, *names):
    return tuple(entry.get(name) for name in names)


def job_id(url):
    return url.rpartition("/")[2]


@pytest.fixture(scope="module")
def lines(story, site):
    return entries(site)


def of(lines, event, **wanted):
    return [line for line in lines if line["event"] == event and wanted.items() <= line.items()]


def test_everything_is_there_once(lines, story):
    by_job = Counter(line["event"] for line in lines if line["job"] == job_id(story.job))

    assert by_job == {
        "created": 1,
        "changed": 4,
        "uploaded": 1,
        "run": 1,
        "ended": 1,
        "result_read": 4,
        "shared": 1,
        "share_used": 1,
        "share_ended": 1,
        "link_made": 1,
        "link_used": 1,
        "refused": 5,
        "deleted": 1,
    }


@pytest.mark.parametrize(
    ("event", "request_id"),
    [
        ("created", "create-1"),
        ("run", "run-1"),
        ("shared", "share-1"),
        ("share_ended", "unshare-1"),
        ("link_made", "link-1"),
        ("deleted", "delete-1"),
    ],
)
def test_it_tells_who_did_it_how_from_where_and_to_whose_job(event, request_id, lines, story):
    (line,) = of(lines, event, job=job_id(story.job))

    assert facts(line, "service", "owner", "runid") == ("several", "alice", "my run\n{")
    assert facts(line, "who", "scheme", "address", "request") == ("alice", "token", "198.51.100.7", request_id)
    assert re.fullmatch(r"[0-9a-f]{12}", line["token"])


def test_changes_tell_the_names_of_parameters(lines, story):
    told = [line["parameters"] for line in of(lines, "changed", job=job_id(story.job))]

    assert told == [["PAUSE", "secretive"], [], ["EXECUTIONDURATION"], ["DESTRUCTION"]]


def test_uploads_tell_name_and_size(lines):
    (line,) = of(lines, "uploaded")

    assert facts(line, "name", "type", "bytes", "who") == ("PAUSE_FILE", "text/plain", 17, "alice")


def test_the_end_is_the_servers_own(lines, story):
    (line,) = of(lines, "ended", job=job_id(story.job))
    (aborted,) = of(lines, "ended", job=job_id(story.other))

    assert facts(line, "who", "phase", "error", "owner") == (None, "COMPLETED", None, "alice")
    assert line["milliseconds"] >= 0
    assert aborted["phase"] == "ABORTED"
    assert len(of(lines, "abort", job=job_id(story.other), who="bob", scheme="basic", request="abort-1")) == 1


def test_results_are_read_by_the_owner_or_by_what_was_given_away(lines, story):
    read = of(lines, "result_read")
    (by_share,) = of(lines, "share_used")
    (by_link,) = of(lines, "link_used")

    assert [facts(line, "who", "result") for line in read if line["who"]] == [
        ("alice", "result-0"),
        ("alice", None),
    ]
    assert facts(read[0], "range", "request") == ("bytes=0-3", "read-1")
    assert "result-0" in read[1]["results"]
    strangers = [line for line in read if not line["who"]]
    assert [line["result"] for line in strangers] == ["result-0", "result-1"]
    assert [line["request"] for line in strangers] == [by_share["request"], by_link["request"]]
    assert by_share["share"] == story.share_id
    assert by_link["result"] == "result-1"


def test_refusals_tell_to_whom_and_what(lines, story):
    refused = of(lines, "refused", job=job_id(story.job))

    assert [facts(line, "who", "method", "status") for line in refused] == [
        ("alice", "POST", 403),
        (None, "POST", 401),
        (None, "GET", 401),
        ("bob", "GET", 403),
        ("bob", "DELETE", 403),
    ]


def test_logging_in_and_out_and_tokens(lines, story):
    (login,) = of(lines, "login")
    (logout,) = of(lines, "logout")
    (made,) = of(lines, "token_made", who="bob")
    (revoked,) = of(lines, "token_revoked")

    assert facts(login, "who", "scheme", "request") == ("bob", "form", "login-1")
    assert facts(logout, "who") == ("bob",)
    assert facts(made, "id", "scheme", "request") == (story.made_id, "cookie", "token-1")
    assert revoked["id"] == story.made_id


def test_who_failed_to_log_in_is_told_if_it_is_a_user(lines, story):
    failed = [facts(line, "scheme", "user", "id", "who") for line in of(lines, "login_failed")]

    assert failed == [
        ("form", "bob", None, None),
        ("form", None, None, None),
        ("basic", "alice", None, None),
        ("bearer", None, story.made_id, None),
        ("cookie", None, None, None),
    ]


def test_what_the_server_does_when_a_jobs_time_is_up(lines, story):
    (destroyed,) = of(lines, "destroyed")
    (archived,) = of(lines, "archived")

    assert facts(destroyed, "job", "owner", "who") == (job_id(story.brief), "alice", None)
    assert facts(archived, "job", "service", "who") == (job_id(story.old), "kept", None)


def test_what_the_operator_does_is_done_by_a_user_of_the_system(lines, story):
    (deleted,) = of(lines, "deleted", job=job_id(story.doomed))
    done = [line["event"] for line in lines if line["scheme"] == "uws-admin"]

    assert facts(deleted, "who", "owner", "scheme") == (OPERATOR, "bob", "uws-admin")
    assert done == [
        "deleted",
        "packed",
        "quota_set",
        "quota_unset",
        "user_added",
        "token_made",
        "user_removed",
    ]
    assert facts(*of(lines, "quota_set"), "user", "values") == ("bob", ["jobs=50"])
    assert of(lines, "user_added", who=OPERATOR)[0]["user"] == "dora"


def test_no_secret_is_in_it_nor_in_the_log_of_the_server(lines, story, site):
    text = (site.var / "audit").read_text()

    assert len(story.secrets) > 10
    assert [secret for secret in story.secrets if secret in text] == []
    assert [secret for secret in story.secrets if secret in site.log] == []


def test_it_is_the_servers_own(lines, site):
    assert stat.S_IMODE((site.var / "audit").stat().st_mode) == 0o600


def test_the_log_of_the_server_tells_request_job_owner_and_runid(story, site):
    job = job_id(story.job)

    assert f'[create-1 {job} alice "my run\\n{{"]' in site.log


# Request ids


def test_each_answer_has_an_id_of_its_own(site):
    ids = {
        http.get(f"{site.url}{path}").headers["X-Request-ID"] for path in ("/", "/", "/nonesuch", "/quick/async")
    }

    assert len(ids) == 4


@pytest.mark.parametrize("unsound", ["", "a b", "x" * 129, "-x", 'x"y', "é"])
def test_an_id_that_is_not_sound_is_not_taken_over(unsound, site):
    answer = http.get(f"{site.url}/", headers={"X-Request-ID": unsound.encode()})

    assert answer.headers["X-Request-ID"] != unsound
    assert re.fullmatch(r"[0-9a-f]{12}-\d+", answer.headers["X-Request-ID"])


def test_only_a_proxy_that_is_trusted_gives_ids(server):
    answer = http.get(f"{server.url}/", headers={"X-Request-ID": "mine"})

    assert answer.headers["X-Request-ID"] != "mine"


# What may go wrong


def test_it_survives_a_kill_and_goes_on_in_the_same_file(make_server):
    server = make_server(settings={"uws.audit": "audit"}, services=["sleeper"])
    job = create(server.joblist("sleeper"), SECONDS=1, PHASE="RUN")
    wait_for_phase(job, "EXECUTING")
    server.kill()
    with (server.var / "audit").open("ab") as file:
        file.write(b'{"time": "torn')

    server.start()
    wait_for_phase(job, "COMPLETED")

    assert [line["event"] for line in entries(server)] == ["created", "run", "ended"]


def test_a_file_that_cannot_be_written_any_more_hinders_nobody(make_server, tmp_path):
    path = tmp_path / "s0" / "var" / "audit"
    server = make_server(settings={"uws.audit": str(path)}, services=["quick"])
    path.unlink()
    path.mkdir()

    jobs = [create(server.joblist("quick"), PHASE="RUN") for _ in range(3)]
    for job in jobs:
        wait_for_phase(job, "COMPLETED")
    path.rmdir()
    last = create(server.joblist("quick"))

    assert server.log.count("cannot be written") == 1
    told = Counter(line["event"] for line in entries(server))
    assert told == {"created": 4, "run": 3, "ended": 3}
    assert entries(server)[-1]["job"] == job_id(last)


def test_the_production_site_writes_one():
    assert "\nuws.audit = audit.jsonl\n" in (PROJECT / "production.ini").read_text()
