"""The job list and its filters (UWS 1.1, section 2.2.2.1)."""

import contextlib
import http.client as http_client
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from lxml import etree

from pyramid_uws.databases import open_database
from pyramid_uws.tree import AsyncRenderer, Job, Root, find_joblist, match_tree
from pyramid_uws.tree.shelf import ROOT_KEY
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.phases import PHASES
from tests.support import exhibits
from tests.support.http import NAMESPACES, PATIENCE, Session, create, http, job_document, parse, run, text, xpath
from tests.support.server import Server

UWS = f"{{{NAMESPACES['uws']}}}"
NIL = f"{{{NAMESPACES['xsi']}}}nil"
MANY = 300
VERY_MANY = 3000


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A server that starts no jobs, so that each stays in its phase; its jobs are put into any by `routed`."""
    with Server(
        tmp_path_factory.mktemp("quiet"),
        settings={"uws.dispatcher": "none"},
        services=["quick", "sleeper", "echo", "several"],
        sections={"uws:service:routed": exhibits.ROUTED, "uws:service:few": exhibits.ROUTED},
    ) as server:
        yield server


@pytest.fixture(scope="module")
def jobs(quiet):
    """URLs of two jobs in each phase, the oldest first, with their phases."""
    joblist = quiet.joblist("routed")
    ways = [{}, *({"TO": phase, "PHASE": "RUN"} for phase in PHASES if phase != "PENDING")] * 2
    return {create(joblist, RUNID="r<1>", **way): way.get("TO", "PENDING") for way in ways}


@pytest.fixture
def listed(quiet, jobs):
    """Return the URLs that the list shows for a query, in its order."""

    def listed(query=""):
        answer = http.get(quiet.joblist("routed") + query)
        assert answer.status_code == 200, answer.text
        return [str(href) for href in xpath(parse(answer), "uws:jobref/@xlink:href")]

    return listed


@pytest.fixture
def newest(jobs):
    """Return the jobs in some phases as a list has them: the newest first."""

    def newest(*phases):
        return [job for job, phase in reversed(jobs.items()) if phase in phases]

    return newest


UNARCHIVED = tuple(phase for phase in PHASES if phase != "ARCHIVED")


class TestDocument:
    @pytest.mark.spec("U-04", "U-32")
    def test_it_is_xml_of_version_1_1(self, quiet):
        answer = http.get(quiet.joblist("routed"))

        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/xml")
        assert (parse(answer).tag, parse(answer).get("version")) == (UWS + "jobs", "1.1")

    @pytest.mark.spec("U-08", "U-36", "U-37")
    def test_it_is_valid_and_holds_references_only(self, quiet, jobs, uws_schema):
        document = parse(http.get(quiet.joblist("routed")))

        uws_schema.assertValid(document)
        assert {reference.tag for reference in document} == {UWS + "jobref"}

    @pytest.mark.spec("U-36")
    def test_one_without_jobs_is_empty(self, quiet, uws_schema):
        answer = http.get(quiet.joblist("several"))

        uws_schema.assertValid(parse(answer))
        assert (answer.status_code, len(parse(answer))) == (200, 0)

    @pytest.mark.spec("U-38", "C-22")
    def test_every_job_is_found_where_its_reference_points(self, quiet, jobs):
        for reference in parse(http.get(quiet.joblist("routed"))):
            href = reference.get(f"{{{NAMESPACES['xlink']}}}href")

            assert href == f"{quiet.joblist('routed')}/{reference.get('id')}"
            assert text(job_document(href), "uws:jobId") == reference.get("id")

    @pytest.mark.spec("U-37", "U-39")
    def test_a_reference_says_what_the_job_says(self, quiet):
        job = create(quiet.joblist("quick"), RUNID=" a<&b ")

        (reference,) = xpath(parse(http.get(quiet.joblist("quick"))), f"uws:jobref[@xlink:href='{job}']")

        assert [child.tag.removeprefix(UWS) for child in reference] == [
            "phase",
            "runId",
            "ownerId",
            "creationTime",
        ]
        document = job_document(job)
        for name in ("phase", "runId", "creationTime"):
            assert text(reference, f"uws:{name}") == text(document, f"uws:{name}")

    @pytest.mark.spec("U-39")
    def test_a_reference_without_run_id_or_owner_leaves_the_one_out_and_the_other_nil(self, quiet):
        job = create(quiet.joblist("quick"))

        (reference,) = xpath(parse(http.get(quiet.joblist("quick"))), f"uws:jobref[@xlink:href='{job}']")

        assert xpath(reference, "uws:runId") == []
        assert xpath(reference, "uws:ownerId")[0].get(NIL) == "true"

    @pytest.mark.spec("U-40")
    def test_it_holds_every_job_however_many(self, quiet):
        made = [create(quiet.joblist("echo")) for _ in range(MANY)]

        shown = xpath(parse(http.get(quiet.joblist("echo"))), "uws:jobref/@xlink:href")

        assert shown == made[::-1]

    def test_it_follows_what_becomes_of_a_job(self, quiet):
        job = create(quiet.joblist("sleeper"))
        run(job)

        assert xpath(parse(http.get(quiet.joblist("sleeper"))), "uws:jobref/uws:phase/text()") == ["QUEUED"]

        http.delete(job)

        assert len(parse(http.get(quiet.joblist("sleeper")))) == 0


class TestPhase:
    @pytest.mark.spec("U-43")
    @pytest.mark.parametrize("phase", PHASES)
    def test_one_phase_is_all_that_is_listed(self, phase, listed, newest):
        assert listed(f"?PHASE={phase}") == newest(phase)

    @pytest.mark.spec("U-43")
    @pytest.mark.parametrize("phase", PHASES)
    def test_a_phase_that_no_job_is_in_lists_none(self, phase, quiet):
        answer = http.get(f"{quiet.joblist('few')}?PHASE={phase}")

        assert (answer.status_code, len(parse(answer))) == (200, 0)

    @pytest.mark.spec("U-44", "C-36")
    @pytest.mark.parametrize(
        "phases", [("PENDING", "ERROR"), ("HELD", "SUSPENDED", "UNKNOWN"), ("ABORTED", "COMPLETED"), UNARCHIVED]
    )
    def test_several_phases_are_listed_together(self, phases, listed, newest):
        assert listed("?" + "&".join(f"PHASE={phase}" for phase in phases)) == newest(*phases)

    @pytest.mark.spec("U-41")
    @pytest.mark.parametrize("query", ["", "?LAST=100", "?AFTER=2000", "?PHASE=", "?PHASE=COMPLETED"])
    def test_archived_jobs_are_not_listed_unasked(self, query, listed, newest):
        assert newest("ARCHIVED")
        assert not {*newest("ARCHIVED")} & {*listed(query)}

    @pytest.mark.spec("U-42")
    def test_archived_jobs_are_listed_when_asked_for(self, listed, newest):
        assert listed("?PHASE=ARCHIVED") == newest("ARCHIVED")
        assert listed("?PHASE=ARCHIVED&PHASE=ERROR") == newest("ARCHIVED", "ERROR")

    @pytest.mark.spec("U-41", "U-42")
    def test_a_job_that_is_archived_by_its_destruction_leaves_the_list(self, in_every_phase, museum):
        def shown(query):
            return xpath(parse(http.get(museum.joblist("archiving") + query)), "uws:jobref/@xlink:href")

        assert shown("") == []
        assert shown("?PHASE=ARCHIVED") == [in_every_phase["ARCHIVED"]]


class TestAfter:
    @pytest.mark.spec("U-45")
    def test_only_jobs_created_later_are_listed(self, listed, newest):
        for position, job in enumerate(newest(*UNARCHIVED)):
            created = text(job_document(job), "uws:creationTime")

            assert listed(f"?AFTER={created}") == newest(*UNARCHIVED)[:position]

    @pytest.mark.spec("U-45")
    def test_the_instant_itself_is_not_later(self, listed, newest):
        last = newest(*UNARCHIVED)[0]
        created = datetime.fromisoformat(text(job_document(last), "uws:creationTime"))
        before = (created - timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")

        assert listed(f"?AFTER={before}") == [last]
        assert listed(f"?AFTER={created.isoformat().replace('+00:00', 'Z')}") == []

    @pytest.mark.spec("U-30", "C-36")
    @pytest.mark.parametrize(
        "instant",
        [
            "2015-10-26T09:15:35",
            "2015-10-26T09:15:35Z",
            "2015-10-26T09:15:35.123456Z",
            "2015-10-26T09:15:35.123456789012345",
            "2015-10-26%2009:00",
            "2015-10-26+09:00",
            "2015-10-26",
            "2015-10",
            "2015",
            "20151026",
            "0001",
        ],
    )
    def test_an_instant_may_be_written_in_many_ways(self, instant, listed, newest):
        assert listed(f"?AFTER={instant}") == newest(*UNARCHIVED)

    @pytest.mark.spec("U-30")
    @pytest.mark.parametrize("instant", ["9999", "2999-12-31", "29991231", "9999-12-31T23:59:59.999999Z"])
    def test_nothing_is_later_than_the_far_future(self, instant, listed):
        assert listed(f"?AFTER={instant}") == []

    @pytest.mark.spec("U-31")
    @pytest.mark.parametrize(
        "instant",
        [
            "2015-26-10",
            "2015-02-30",
            "sometext",
            "2015-10-26T09:00%2B01:00",
            "2015-10-26T09:00+01:00",
            "2015-10-26T25:00",
            "2015-10-26T09:15:35.Z",
            "99999",
            "0000",
            "%D9%A2%D9%A0%D9%A1%D9%A5",
        ],
    )
    def test_an_instant_that_is_none_is_refused(self, instant, quiet):
        answer = http.get(f"{quiet.joblist('routed')}?AFTER={instant}")

        assert answer.status_code == 400
        assert answer.text.startswith("AFTER=")


class TestLast:
    @pytest.mark.spec("U-46")
    @pytest.mark.parametrize("count", [1, 2, 17, 18, 19, 10**30])
    def test_at_most_so_many_are_listed_the_newest_first(self, count, listed, newest):
        assert listed(f"?LAST={count}") == newest(*UNARCHIVED)[:count]

    @pytest.mark.spec("U-49")
    def test_the_order_is_the_same_without(self, listed, newest):
        assert listed() == newest(*UNARCHIVED)


class TestTogether:
    @pytest.mark.spec("U-47")
    def test_all_conditions_hold(self, listed, newest):
        (second, first) = newest("ABORTED")
        created = text(job_document(first), "uws:creationTime")

        assert listed(f"?PHASE=ABORTED&AFTER={created}&LAST=5") == [second]
        assert listed(f"?PHASE=ABORTED&AFTER={created}&PHASE=HELD&LAST=1") == newest("ABORTED", "HELD")[:1]

    @pytest.mark.spec("U-48")
    @pytest.mark.parametrize("phase", ["COMPLETED", "PENDING"])
    def test_last_cuts_what_the_others_have_selected(self, phase, listed, newest):
        assert newest(*PHASES)[0] != newest(phase)[0]

        assert listed(f"?PHASE={phase}&LAST=1") == newest(phase)[:1]

    @pytest.mark.spec("U-25")
    @pytest.mark.parametrize("query", ["?phase=PENDING&last=1", "?Phase=PENDING&LaSt=1", "?PHASE=PENDING&LAST=1"])
    def test_names_are_found_in_any_case(self, query, listed, newest):
        assert listed(query) == newest("PENDING")[:1]

    @pytest.mark.spec("U-51")
    @pytest.mark.parametrize("query", ["?FOO=1", "?LAST=", "?AFTER=&PHASE=", "?LAST=&LAST=", "?foo", "?&&=&"])
    def test_what_is_empty_or_unknown_is_ignored(self, query, listed, newest):
        assert listed(query) == newest(*UNARCHIVED)

    @pytest.mark.spec("U-50")
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("PHASE", "SUCCESS"),
            ("PHASE", "pendinggg"),
            ("PHASE", "pending"),
            ("PHASE", "RUN"),
            ("LAST", "-1"),
            ("LAST", "0"),
            ("LAST", "sometext"),
            ("LAST", "1.5"),
            ("LAST", "1e3"),
            ("LAST", "1_0"),
        ],
    )
    def test_what_is_no_filter_is_refused_by_name(self, name, value, quiet):
        answer = http.get(f"{quiet.joblist('routed')}?{name}={value}")

        assert answer.status_code == 400
        assert answer.text.startswith(f"{name}='{value}':")

    @pytest.mark.spec("U-51")
    @pytest.mark.parametrize("query", ["?LAST=1&LAST=2", "?AFTER=2000&after=2001"])
    def test_what_is_single_is_not_given_twice(self, query, quiet):
        assert http.get(quiet.joblist("routed") + query).status_code == 400


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """The job list of a server with many jobs, which were there before it started."""
    server = Server(tmp_path_factory.mktemp("long"), settings={"uws.dispatcher": "none"}, services=["quick"])
    server.var.mkdir(mode=0o700)
    database = open_database(f"file://{server.var}/uws.fs")
    with database.transaction() as connection:
        root = connection.root()[ROOT_KEY] = Root()
        match_tree(root, {"quick": {"async": AsyncRenderer}})
        joblist = find_joblist(root, "quick", "async")
        for created in range(VERY_MANY):
            joblist.add(Job(new_id(created), created=created, execution_duration=1))
    database.close()
    with server:
        yield server.joblist("quick")


class TestLongOnes:
    @pytest.fixture
    def session(self):
        with Session() as session:
            yield session

    def test_they_are_sent_as_they_are_written_and_whole(self, long, session, uws_schema):
        answer = session.get(long)

        assert answer.headers["Transfer-Encoding"] == "chunked"
        document = parse(answer)
        uws_schema.assertValid(document)
        assert len(document) == VERY_MANY

    def test_in_json_too(self, long, session):
        answer = session.get(long, headers={"Accept": "application/json"})

        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert len(answer.json()["jobs"]) == VERY_MANY

    def test_what_is_asked_for_is_sent_as_a_whole(self, long, session):
        answer = session.get(f"{long}?LAST=1000")

        assert int(answer.headers["Content-Length"]) == len(answer.content)
        assert len(parse(answer)) == 1000

    def test_the_connection_goes_on_afterwards(self, long):
        parts = urlsplit(long)
        with contextlib.closing(http_client.HTTPConnection(parts.netloc, timeout=PATIENCE)) as connection:
            connection.request("GET", parts.path)
            assert len(etree.fromstring(connection.getresponse().read())) == VERY_MANY
            line = connection.sock
            connection.request("GET", f"{parts.path}?LAST=3")
            assert len(etree.fromstring(connection.getresponse().read())) == 3
            assert connection.sock is line

    def test_head_has_the_headers_alone(self, long, session):
        answer = session.head(long)

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Type"] == "text/xml; charset=UTF-8"

    def test_a_client_that_hangs_up_in_between_leaves_nothing_behind(self, long, session):
        for _ in range(30):
            session.get(long, stream=True).close()

        assert len(parse(session.get(long))) == VERY_MANY


class TestPrivacy:
    def test_jobs_of_nobody_are_not_listed_unless_the_site_wants_it(self, make_server):
        server = make_server(settings={"uws.list_anonymous": None}, services=["quick"])
        job = create(server.joblist("quick"))

        answer = http.get(server.joblist("quick"))

        assert (answer.status_code, len(parse(answer))) == (200, 0)
        assert http.get(job).status_code == 200
        assert len(parse(http.get(server.joblist("quick") + "?PHASE=PENDING&LAST=1&AFTER=2000"))) == 0
