"""/metrics: who may read it, and that it tells what has happened."""

import math
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.accounts import make_token, password_of, write_users
from tests.support.http import PATIENCE, Session, abort, create, http, wait_for, wait_for_phase
from tests.support.server import Server

TOKEN = "a-token-of-the-site"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metrics")
    (folder / "token").write_text(f"{TOKEN}\n")
    server = Server(
        folder,
        settings={
            "uws.metrics": "admins carol group:ops 192.0.2.0/24",
            "uws.metrics.token": str(folder / "token"),
            "uws.auth": "basic token",
            "uws.auth.admins": "alice",
        },
        server_settings={"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": "x-forwarded-for"},
        services=["quick", "failing", "sleeper"],
    )
    write_users(server.var)
    with server:
        yield server


@pytest.fixture(scope="module")
def numbers(site):
    """Return a function that reads them all: a sample's name and labels -> value."""

    def numbers():
        answer = http.get(f"{site.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return numbers


def of(service, **labels):
    return tuple(sorted({"service": service, **labels}.items()))


def test_what_is_not_configured_is_not_there(server):
    assert http.get(f"{server.url}/metrics").status_code == 404


@pytest.mark.parametrize(
    ("name", "status"), [("alice", 200), ("carol", 200), ("root", 200), ("bob", 403), (None, 401)]
)
def test_it_is_for_those_who_are_named(name, status, site):
    auth = name and (name, password_of(name))

    assert http.get(f"{site.url}/metrics", auth=auth).status_code == status


def test_it_is_for_addresses_that_a_trusted_proxy_tells(site):
    for address, status in (("192.0.2.7", 200), ("198.51.100.1", 401), ("2001:db8::1", 401)):
        answer = http.get(f"{site.url}/metrics", headers={"X-Forwarded-For": address})
        assert answer.status_code == status, address


def test_who_comes_through_a_proxy_that_nobody_knows_has_no_address(make_server):
    server = make_server(
        settings={"uws.metrics": "127.0.0.0/8"},
        server_settings={"clear_untrusted_proxy_headers": "false"},
        services=["quick"],
    )

    assert http.get(f"{server.url}/metrics").status_code == 200
    assert http.get(f"{server.url}/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    assert http.get(f"{server.url}/metrics", headers={"Via": "1.1 proxy"}).status_code == 403


def test_the_token_opens_nothing_else(site):
    headers = {"Authorization": f"Bearer {TOKEN}"}

    assert http.get(f"{site.url}/quick/async", headers=headers).status_code == 401
    assert http.get(f"{site.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert http.post(f"{site.url}/metrics", headers=headers).status_code == 405


def test_a_personal_token_of_an_admin_will_do(site):
    _, token = make_token(site.var, "alice")

    assert http.get(f"{site.url}/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_the_life_of_jobs_is_counted(site, numbers):
    before = numbers()
    done = [create(site.joblist("quick"), PHASE="RUN") for _ in range(2)]
    failed = create(site.joblist("failing"), PHASE="RUN")
    for job in (*done, failed):
        wait_for_phase(job)
    create(site.joblist("quick"))

    after = numbers()

    def more(name, labels):
        return after.get((name, *labels), 0) - before.get((name, *labels), 0)

    assert more("uws_jobs_made_total", of("quick")) == 3
    assert more("uws_jobs_ended_total", of("quick", phase="COMPLETED")) == 2
    assert more("uws_jobs_ended_total", of("failing", phase="ERROR")) == 1
    assert more("uws_jobs_failed_total", of("failing", kind="fatal")) == 1
    assert more("uws_queue_wait_seconds_count", of("quick")) == 2
    assert more("uws_run_seconds_count", of("quick")) == 2
    assert more("uws_jobs", of("quick", phase="PENDING", renderer="async")) == 1
    assert more("uws_commit_seconds_count", ()) >= 4


def test_buckets_hold_all_that_is_smaller(numbers):
    found = numbers()
    buckets = sorted(
        (float(dict(key[1:])["le"]), value)
        for key, value in found.items()
        if key[0] == "uws_commit_seconds_bucket"
    )

    assert [value for _, value in buckets] == sorted(value for _, value in buckets)
    assert buckets[-1] == (math.inf, found["uws_commit_seconds_count",])


def test_requests_are_counted_by_what_they_are_to_never_by_path(site, numbers):
    for number in range(5):
        http.get(f"{site.url}/nonesuch-{number}/x?y={number}")
        http.request(f"WILD{number}", f"{site.url}/")
    job = create(site.joblist("quick"))
    http.get(f"{job}/phase")

    found = numbers()

    text = str(found)
    assert "nonesuch" not in text
    assert "WILD" not in text
    assert found["uws_requests_total", ("method", "GET"), ("status", "404")] >= 5
    assert found["uws_request_seconds_count", ("view", "phase")] >= 1
    assert found["uws_request_seconds_count", ("view", "none")] >= 5


def test_parked_requests_uploads_disks_and_the_process_are_told(site, numbers):
    before = numbers()
    job = create(site.joblist("sleeper"), SECONDS=60, PHASE="RUN", files={"TABLE": ("x", b"0123456789")})
    wait_for_phase(job, "EXECUTING")
    session = Session()
    waiting = threading.Thread(target=lambda: session.get(f"{job}?WAIT=60"))
    waiting.start()
    wait_for(lambda: numbers()["uws_parked_requests",] == 1)
    http.delete(job)
    waiting.join(60)
    after = numbers()

    assert after["uws_parked_requests",] == 0
    assert after["uws_upload_bytes_total",] - before["uws_upload_bytes_total",] == 10
    assert after["uws_uploads_total",] - before["uws_uploads_total",] == 1
    assert after["uws_disk_free_bytes", ("folder", "results")] > 0
    assert after["process_resident_memory_bytes",] > 1e6


def test_who_is_given_an_answer_that_another_has_got_has_an_id_of_ones_own_all_the_same(site, numbers):
    job = create(site.joblist("sleeper"), SECONDS=60, PHASE="RUN")
    wait_for_phase(job, "EXECUTING")
    answers = []
    waiting = [threading.Thread(target=lambda: answers.append(Session().get(f"{job}?WAIT=60"))) for _ in range(4)]
    for thread in waiting:
        thread.start()
    wait_for(lambda: numbers()["uws_parked_requests",] == 4)
    abort(job)
    for thread in waiting:
        thread.join(PATIENCE)

    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert len(set(ids)) == 4
    assert not any("," in each for each in ids)


def test_a_token_that_is_not_there_is_told_at_start(make_server):
    with pytest.raises(AssertionError, match=r"setting uws\.metrics\.token = /nonesuch: No such file"):
        make_server(settings={"uws.metrics.token": "/nonesuch"}, services=["quick"])
