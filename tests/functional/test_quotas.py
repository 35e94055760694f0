"""Quotas over HTTP: who may have how much, what is said beyond it, and that counts stay right whatever happens."""

import contextlib
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from pyramid_uws.cli import main as admin
from pyramid_uws.uws.instants import format_instant, now
from pyramid_uws.uws.limits import SECOND
from tests.support.accounts import basic, write_users
from tests.support.admin import found
from tests.support.http import Session, abort, create, parse, phase, post, run, wait_for, wait_for_phase, xpath
from tests.support.server import Server
from tests.support.traces import stored
from tests.support.upload_cores import SECTIONS

GROUPS = {"readers": ["ruth", "rita"], "small": ["sam"]}
PEOPLE = ("ada", "ben", "cleo", "dan", "eva", "fay", "gus", "hal", "ivy", "jon", "kit", "leo", "mia", "ned", "oda")
SETTINGS = {
    "uws.auth": "basic",
    "uws.auth.max_failures": "1000",
    "uws.max_running": "4",
    "uws.quota.jobs": "anonymous=2 users=4 group:readers=6",
    "uws.quota.running": "group:small=1",
    "uws.quota.queued": "dan=1",
    "uws.quota.storage": "eva=10k fay=10k gus=1M hal=10k",
    "uws.quota.upload": "eva=4k",
}
#: What the tests say to be their addresses is believed.
BEHIND_PROXY = {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": "x-forwarded-for"}
SERVICES = {
    "uws:service:quick": {"renderers": "async sync"},
    "uws:service:any": SECTIONS["uws:service:any"],
    "uws:service:shelved": SECTIONS["uws:service:shelved"],
}


def make_server(folder, **settings):
    server = Server(
        folder,
        settings=SETTINGS | settings,
        server_settings=BEHIND_PROXY,
        sections=SERVICES,
        services=["quick", "sleeper"],
    )
    groups = {name: [group] for group, names in GROUPS.items() for name in names}
    write_users(server.var, {name: groups.get(name, []) for name in (*PEOPLE, *groups)})
    return server


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with make_server(tmp_path_factory.mktemp("quotas")) as server:
        yield server


def at(address):
    session = Session()
    session.headers["X-Forwarded-For"] = address
    return session


def quotas(site, session):
    answer = session.get(f"{site.url}/whoami", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return answer.json()["quotas"]


def used(site, session):
    return {key: value["used"] for key, value in quotas(site, session).items() if key in {"jobs", "storage"}}


def ask(site, session, service="quick", **parameters):
    return session.post(site.joblist(service), data=parameters, allow_redirects=False)


def send(site, session, size, service="any"):
    files = {"table": ("t", b"x" * size, "text/csv")}
    return session.post(
        site.joblist(service), data={"UPLOAD": "t,param:table"}, files=files, allow_redirects=False
    )


def quota(site, *words):
    assert admin([str(site.ini), "quota", *words]) == 0


def jobs_of(site, session, service="quick"):
    return xpath(parse(session.get(site.joblist(service))), "count(uws:jobref)")


class TestJobs:
    @pytest.mark.spec("U-92")
    def test_one_more_is_refused_and_nothing_of_it_is_kept(self, site):
        ada = basic("ada")
        jobs = [create(site.joblist("quick"), session=ada) for _ in range(4)]
        before = stored(site)

        for answer in (ask(site, ada), send(site, ada, 100)):
            assert answer.status_code == 403
            assert answer.text.strip() == (
                "There are 4 jobs of 'ada' here, and there may be 4 (quota jobs); delete some first."
            )
        assert jobs_of(site, ada) == 4
        assert stored(site) == before

        ada.delete(jobs[0])
        assert ask(site, ada).status_code == 303
        assert ask(site, ada).status_code == 403

    def test_a_form_comes_back_as_it_was_filled(self, site):
        client = at("192.0.2.40")
        client.headers["Accept"] = "text/html"
        answers = [
            client.post(f"{site.url}/quick/form", data={"TEXT": "so much typed"}, allow_redirects=False)
            for _ in range(3)
        ]

        assert [answer.status_code for answer in answers] == [303, 303, 403]
        assert "so much typed" in answers[2].text
        assert "quota jobs" in answers[2].text

    def test_addresses_count_each_for_itself_and_of_ipv6_the_network(self, site):
        assert [ask(site, at("192.0.2.1")).status_code for _ in range(3)] == [303, 303, 403]
        assert ask(site, at("192.0.2.2")).status_code == 303
        hosts = ("2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8:0:1::1")
        assert [ask(site, at(host)).status_code for host in hosts] == [303, 303, 403, 303]
        assert "callers from 2001:db8::/64" in ask(site, at(hosts[0])).text

    def test_a_group_may_have_more(self, site):
        assert [ask(site, basic("ruth")).status_code for _ in range(7)] == [303] * 6 + [403]

    def test_synchronous_requests_make_jobs_too(self, site):
        client = at("192.0.2.30")
        answers = [client.get(site.joblist("quick", "sync")) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 403]
        assert "quota jobs" in xpath(parse(answers[2]), "string(//*[local-name()='INFO'])")

    def test_many_at_once_never_exceed_it(self, site):
        with ThreadPoolExecutor(32) as clients:
            statuses = Counter(clients.map(lambda _: ask(site, basic("ben")).status_code, range(64)))

        assert statuses == {303: 4, 403: 60}
        assert used(site, basic("ben"))["jobs"] == jobs_of(site, basic("ben")) == 4

    def test_abort_gives_no_room_but_deletion_destruction_and_archiving_do(self, site):
        cleo = basic("cleo")
        aborted, deleted, archived, destroyed = (
            create(site.joblist(service), session=cleo) for service in ("quick", "quick", "shelved", "quick")
        )
        abort(aborted, session=cleo)
        assert used(site, cleo)["jobs"] == 4

        cleo.delete(deleted)
        assert used(site, cleo)["jobs"] == 3
        for job in (archived, destroyed):
            post(f"{job}/destruction", session=cleo, DESTRUCTION=format_instant(now() + SECOND // 2))
        wait_for(lambda: used(site, cleo)["jobs"] == 1, what="room")
        assert phase(archived, session=cleo) == "ARCHIVED"
        cleo.delete(archived)
        assert used(site, cleo)["jobs"] == 1


class TestRunningAndQueued:
    def test_beyond_it_jobs_wait_and_those_of_others_are_run(self, site):
        sam, dan = basic("sam"), basic("oda")
        first, second = (create(site.joblist("sleeper"), session=sam, PHASE="RUN") for _ in range(2))
        wait_for_phase(first, "EXECUTING", session=sam)
        other = create(site.joblist("quick"), session=dan, PHASE="RUN")

        wait_for_phase(other, "COMPLETED", session=dan)
        assert phase(second, session=sam) == "QUEUED"
        told = quotas(site, sam)
        assert told["running"] == {"limit": 1, "used": 1}
        assert told["queued"] == {"limit": None, "used": 1}
        abort(first, session=sam)
        wait_for_phase(second, "EXECUTING", session=sam)
        abort(second, session=sam)

    def test_raising_it_starts_what_waits(self, site):
        quota(site, "set", "address:192.0.2.50", "running=1")
        client = at("192.0.2.50")
        first, second = (create(site.joblist("sleeper"), session=client, PHASE="RUN") for _ in range(2))
        wait_for_phase(first, "EXECUTING", session=client)
        assert phase(second, session=client) == "QUEUED"

        quota(site, "unset", "address:192.0.2.50")
        wait_for_phase(second, "EXECUTING", session=client)
        for job in (first, second):
            abort(job, session=client)

    def test_a_place_in_the_queue_is_refused(self, site):
        dan = basic("dan")
        quota(site, "set", "dan", "running=1")
        first = create(site.joblist("sleeper"), session=dan, PHASE="RUN")
        wait_for_phase(first, "EXECUTING", session=dan)
        create(site.joblist("sleeper"), session=dan, PHASE="RUN")

        answer = ask(site, dan, "sleeper", PHASE="RUN")
        assert answer.status_code == 403
        assert answer.text.startswith("The queue of this site takes no more of 'dan' (at most 1 may wait);")
        assert used(site, dan)["jobs"] == 2
        abort(first, session=dan)


class TestStorage:
    def test_uploads_and_results_count_and_go_with_their_job(self, site):
        gus = basic("gus")
        job = send(site, gus, 5000).headers["Location"]
        assert used(site, gus) == {"jobs": 1, "storage": 5000}
        run(job, session=gus)
        wait_for_phase(job, "COMPLETED", session=gus)
        size = len(gus.get(f"{job}/results/result").content)
        assert used(site, gus) == {"jobs": 1, "storage": 5000 + size}

        gus.delete(job)
        assert used(site, gus) == {"jobs": 0, "storage": 0}

    def test_a_file_that_takes_the_place_of_another_counts_the_difference(self, site):
        hal = basic("hal")
        job = send(site, hal, 6000).headers["Location"]
        url = f"{job}/parameters/UPLOAD/t"
        csv = {"Content-Type": "text/csv"}

        assert hal.put(url, data=b"y" * 3000, headers=csv, allow_redirects=False).status_code == 303
        assert used(site, hal)["storage"] == 3000
        answer = hal.put(url, data=b"y" * 20_000, headers=csv, allow_redirects=False)
        assert answer.status_code == 403
        assert "quota storage" in answer.text
        assert used(site, hal)["storage"] == 3000
        assert len(hal.get(url).content) == 3000

    @pytest.mark.spec("U-92", "D-37")
    def test_what_is_too_much_is_refused_and_leaves_nothing_behind(self, site):
        eva, before = basic("eva"), stored(site)

        answer = send(site, eva, 5000)
        assert answer.status_code == 413
        assert answer.text.strip() == "The file table has more than 4096 bytes, the quota upload."
        assert [send(site, eva, 4000).status_code for _ in range(3)] == [303, 303, 403]
        assert used(site, eva) == {"jobs": 2, "storage": 8000}
        assert len(stored(site)) == len(before) + 2

    def test_who_has_filled_it_by_results_makes_and_runs_no_more(self, site):
        fay = basic("fay")
        pending = create(site.joblist("quick"), session=fay)
        job = create(site.joblist("quick"), session=fay, TEXT="x" * 10240, PHASE="RUN")
        wait_for_phase(job, "COMPLETED", session=fay)

        to_run = fay.post(f"{pending}/phase", data={"PHASE": "RUN"}, allow_redirects=False)
        for answer in (ask(site, fay), to_run):
            assert answer.status_code == 403
            assert answer.text.strip() == (
                "Jobs of 'fay' have 10240 bytes here, and there may be 10240 (quota storage); "
                "delete some jobs first."
            )
        fay.delete(job)
        run(pending, session=fay)
        wait_for_phase(pending, "COMPLETED", session=fay)


class TestRequests:
    def test_beyond_it_is_429_that_says_when_to_try_again(self, site):
        quota(site, "set", "ivy", "requests=5")
        ivy = basic("ivy")

        answers = [ivy.get(site.joblist("quick")) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 12
        assert answers[-1].text.strip() == (
            "These are too many requests of 'ivy': there may be 5 in a minute (quota requests)."
        )
        assert basic("oda").get(site.joblist("quick")).status_code == 200

        quota(site, "set", "ivy", "requests=0")
        assert ivy.get(site.joblist("quick")).status_code == 200
        quota(site, "unset", "ivy", "requests")

    def test_a_request_that_waits_counts_once(self, site):
        jon = basic("jon")
        job = create(site.joblist("quick"), session=jon)
        quota(site, "set", "jon", "requests=6")

        assert quotas(site, jon)["requests"]["used"] == 1
        answer = jon.get(f"{job}?WAIT=1")  # parked, and run again when the time is up
        assert (answer.status_code, answer.elapsed.total_seconds() >= 1) == (200, True)
        assert quotas(site, jon)["requests"]["used"] <= 3
        quota(site, "unset", "jon")

    def test_addresses_count_each_for_itself(self, site):
        quota(site, "set", "address:198.51.100.9", "requests=2")
        one = [at("198.51.100.9").get(site.url).status_code for _ in range(3)]
        other = [at("198.51.100.10").get(site.url).status_code for _ in range(3)]

        assert (one, other) == ([200, 200, 429], [200, 200, 200])

    def test_wrong_credentials_count_for_the_address(self, site):
        quota(site, "set", "address:198.51.100.20", "requests=3")
        client = at("198.51.100.20")
        assert client.get(site.url).status_code == 200
        client.headers["Authorization"] = "Bearer made-up"

        assert [client.get(site.url).status_code for _ in range(4)] == [401, 401, 429, 429]

    def test_what_a_client_says_of_its_address_is_not_believed(self, tmp_path_factory):
        settings = {"uws.quota.requests": "anonymous=2"}
        with Server(tmp_path_factory.mktemp("direct"), settings=settings, services=["quick"]) as server:
            statuses = [at(f"192.0.2.{number}").get(server.url).status_code for number in range(4)]

        assert statuses.count(429) >= 1


class TestOperators:
    def test_what_is_set_holds_with_the_next_request_and_is_shown(self, site):
        kit = basic("kit")
        assert quotas(site, kit)["jobs"] == {"limit": 4, "used": 0}

        quota(site, "set", "kit", "jobs=1", "storage=2M")
        told = quotas(site, kit)
        assert told["jobs"] == {"limit": 1, "used": 0}
        assert told["storage"] == {"limit": 2 * 1024**2, "used": 0}
        assert [ask(site, kit).status_code for _ in range(2)] == [303, 403]
        assert found(site, "quota", "show", "kit")["quotas"]["jobs"] == {"limit": 1, "used": 1}
        assert {"name": "kit", "from": "uws-admin", "jobs": 1, "storage": 2 * 1024**2} in found(
            site, "quota", "list"
        )

        quota(site, "unset", "kit", "jobs")
        assert quotas(site, kit)["jobs"] == {"limit": 4, "used": 1}
        quota(site, "unset", "kit")
        assert quotas(site, kit)["storage"] == {"limit": None, "used": 0}

    def test_groups_are_those_under_which_the_last_job_was_made(self, site):
        create(site.joblist("quick"), session=basic("rita"))

        told = found(site, "quota", "show", "rita")
        assert (told["groups"], told["quotas"]["jobs"]) == (["readers"], {"limit": 6, "used": 1})

    def test_a_smaller_number_than_there_are_jobs_takes_none_away(self, site):
        leo = basic("leo")
        jobs = [create(site.joblist("quick"), session=leo) for _ in range(3)]
        quota(site, "set", "leo", "jobs=1")

        assert {leo.get(job).status_code for job in jobs} == {200}
        assert ask(site, leo).status_code == 403

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("set", "x", "jobs=many"), "expected a whole number"),
            (("set", "x", "cpu=1"), "expected one of jobs, running"),
            (("set", "address:here", "jobs=1"), "is no address"),
            (("unset", "nobody-of-this-name"), "Nothing of the kind was set"),
            (("show", "group:readers"), "show is for a user or address:ADDRESS"),
        ],
    )
    def test_what_cannot_be_is_said(self, site, capsys, words, sentence):
        assert admin([str(site.ini), "quota", *words]) == 1
        assert sentence in capsys.readouterr().err


class TestWhoAmI:
    def test_it_tells_limits_and_use_as_json(self, site):
        mia = basic("mia")
        create(site.joblist("quick"), session=mia)

        answer = mia.get(f"{site.url}/whoami", headers={"Accept": "application/json"}).json()
        assert answer["user"] == "mia"
        assert answer["quotas"] == {
            "jobs": {"limit": 4, "used": 1},
            "running": {"limit": None, "used": 0},
            "queued": {"limit": None, "used": 0},
            "storage": {"limit": None, "used": 0},
            "upload": {"limit": None, "used": None},
            "requests": {"limit": None, "used": None},
        }

    def test_also_to_who_has_not_logged_in(self, site):
        client = at("203.0.113.77")
        create(site.joblist("quick"), session=client)

        answer = client.get(f"{site.url}/whoami", headers={"Accept": "application/json"}).json()
        assert (answer["user"], answer["quotas"]["jobs"]) == (None, {"limit": 2, "used": 1})


def wait_until_quiet(job, session):
    wait_for(lambda: phase(job, session=session) in {"PENDING", "COMPLETED"}, what=job)


def test_counts_are_right_after_the_server_was_killed_in_the_middle(tmp_path):
    """What was committed counts, what was not does not, whatever the moment."""
    with make_server(tmp_path, **{"uws.quota.jobs": "0", "uws.quota.storage": "0"}) as server:
        stop = threading.Event()

        def storm(name):
            session = basic(name)
            with contextlib.suppress(requests.RequestException):
                while not stop.is_set():
                    job = send(server, session, 700).headers["Location"]
                    run(job, session=session)
                    if job[-1] in "02468":
                        session.delete(job)

        with ThreadPoolExecutor(4) as clients:
            storms = [clients.submit(storm, name) for name in ("ned", "ned", "oda", "oda")]
            wait_for(
                lambda: used(server, basic("mia")) and jobs_of(server, basic("ned"), "any") > 10, what="a storm"
            )
            server.kill()
            stop.set()
            for one in storms:
                one.exception()
        server.start()

        for name in ("ned", "oda"):
            session = basic(name)
            jobs = [str(url) for url in xpath(parse(session.get(server.joblist("any"))), "uws:jobref/@xlink:href")]
            for job in jobs:
                wait_until_quiet(job, session)
            sizes = [len(session.get(f"{job}/parameters/UPLOAD/t").content) for job in jobs]
            sizes += [
                len(session.get(f"{job}/results/result").content)
                for job in jobs
                if phase(job, session=session) == "COMPLETED"
            ]
            assert used(server, session) == {"jobs": len(jobs), "storage": sum(sizes)}
            for job in jobs:
                session.delete(job)
            assert used(server, session) == {"jobs": 0, "storage": 0}
