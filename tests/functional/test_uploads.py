"""UPLOAD: files that come along with a request, used by the job (DALI 1.1, section 4.3.5)."""

import hashlib
from io import BytesIO

import pytest

from pyramid_uws.uws.instants import format_instant, now
from pyramid_uws.uws.limits import SECOND
from tests.support import traces
from tests.support.headerpolicy import HEADER
from tests.support.http import (
    Session,
    abort,
    create,
    http,
    job_document,
    run,
    text,
    wait_for,
    wait_for_phase,
    xpath,
)
from tests.support.server import Server
from tests.support.sources import CONTENT, source
from tests.support.upload_cores import SECTIONS

TABLE = b"ra,dec\n1.5,2.5\n\x00\xff"
OTHER = b"something else"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of services that take any, some, and no uploads."""
    with Server(tmp_path_factory.mktemp("uploads"), services=[], sections=SECTIONS) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server on which people say who they are."""
    settings = {"uws.includes": "tests.support.headerpolicy"}
    with Server(tmp_path_factory.mktemp("guarded"), settings=settings, services=[], sections=SECTIONS) as server:
        yield server


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    """A server that may fetch from this machine."""
    settings = {"uws.upload_hosts": "127.0.0.1", "uws.upload_timeout": "2"}
    with Server(tmp_path_factory.mktemp("near"), settings=settings, services=[], sections=SECTIONS) as server:
        yield server


@pytest.fixture
def offline(make_server):
    """A server that fetches nothing."""
    return make_server(settings={"uws.upload_urls": "false"}, services=[], sections=SECTIONS)


def session_of(user):
    session = Session()
    session.headers[HEADER] = user
    return session


@pytest.fixture
def stored(server):
    """Return a function that returns the files that are kept with jobs."""
    return lambda: set(traces.stored(server))


def of(content):
    """Return what the core tells of an upload with this content."""
    return [len(content), hashlib.sha256(content).hexdigest()]


def told(job):
    """Run the job to its end; return what the core tells of its uploads."""
    run(job)
    wait_for_phase(job, "COMPLETED")
    return http.get(f"{job}/results/result").json()["uploads"]


def shown(job):
    """Return names and contents of the parameters, in the order of the document."""
    found = xpath(job_document(job), "uws:parameters/uws:parameter")
    return [(each.get("id"), each.text) for each in found]


class TestInline:
    @pytest.mark.spec("D-36", "D-35", "C-30")
    def test_it_is_used_by_the_job_under_its_name(self, server):
        job = create(server.joblist("any"), UPLOAD="mine,param:part", files={"part": TABLE})

        assert told(job) == {"mine": of(TABLE)}

    @pytest.mark.spec("D-35")
    def test_several_come_in_one_request(self, server):
        files = {"p": TABLE, "q": OTHER}

        job = create(server.joblist("any"), UPLOAD=["one,param:p", "two,param:q", "again,param:p"], files=files)

        assert told(job) == {"one": of(TABLE), "two": of(OTHER), "again": of(TABLE)}

    @pytest.mark.spec("D-38", "C-30")
    @pytest.mark.parametrize(
        "text", ["one,param:p;two,param:q", " one, param:p ; two,param:q;", ";one,PARAM:P;two,param:q"]
    )
    def test_pairs_may_be_joined_by_semicolons(self, server, text):
        job = create(server.joblist("any"), UPLOAD=text, files={"p": TABLE, "q": OTHER})

        assert told(job) == {"one": of(TABLE), "two": of(OTHER)}

    @pytest.mark.spec("D-36")
    def test_it_may_stand_before_or_behind_its_part_or_in_the_query(self, server):
        url = server.joblist("any")
        parts = [("p", ("f", TABLE)), ("UPLOAD", (None, "one,param:p")), ("q", ("f", OTHER))]

        job = http.post(f"{url}?upload=two,param:q", files=parts).headers["Location"]

        assert told(job) == {"one": of(TABLE), "two": of(OTHER)}

    @pytest.mark.spec("D-36")
    @pytest.mark.parametrize("name", ["QUERY", "query", "phase", "RUNID", "upload", "x" * 200])
    def test_its_name_and_that_of_its_part_are_nobody_elses_business(self, server, name):
        files = {f"{name}.part": TABLE} if name.lower() in {"query", "upload"} else {name: TABLE}
        part = next(iter(files))

        job = create(server.joblist("any"), QUERY="one", UPLOAD=f"{name},param:{part}", files=files)

        assert told(job) == {name: of(TABLE)}
        assert http.get(f"{job}/results/result").json()["parameters"]["QUERY"] == "one"

    def test_an_empty_file_is_one(self, server):
        job = create(server.joblist("any"), UPLOAD="mine,param:p", files={"p": ("empty.csv", b"")})

        assert told(job) == {"mine": of(b"")}

    @pytest.mark.parametrize("empty", ["", " ", ";", [" ; ", ""]])
    def test_an_empty_value_counts_as_not_given(self, server, empty):
        job = create(server.joblist("any"), UPLOAD=empty)

        assert shown(job) == []
        assert told(job) == {}


class TestRefused:
    @pytest.mark.spec("D-35", "U-101")
    @pytest.mark.parametrize(
        "value",
        [
            "1t,param:p",
            "a-b,param:p",
            "ä,param:p",
            "a.b,param:p",
            ",param:p",
            "param:p",
            "mine",
            "../x,param:p",
            "a b,param:p",
            ["mine,param:p", "mine,param:q"],
            ["mine,param:p", "MINE,param:q"],
            "mine,param:p;Mine,param:q",
        ],
    )
    def test_a_bad_name_or_one_that_is_there_twice(self, server, stored, value):
        assert refusal(server, stored, value).status_code == 400

    @pytest.mark.spec("D-37", "U-101")
    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("mine,param:nonesuch", "no part 'nonesuch'"),
            ("mine,param:", "param:"),
            ("mine,param:QUERY", "no file"),
            ("mine,param:UPLOAD", "no file"),
            ("mine,param:p;two,param:r", "no part 'r'"),
        ],
    )
    def test_a_part_that_is_not_there_or_no_file(self, server, stored, value, said):
        answer = refusal(server, stored, value)

        assert (answer.status_code, said in answer.text) == (400, True), answer.text

    @pytest.mark.spec("D-39", "D-36", "U-101")
    @pytest.mark.parametrize(
        "uri",
        [
            "file:///etc/passwd",
            "ftp://x/y",
            "gopher://x",
            "data:,x",
            "FILE:/x",
            "jar:http://x!/",
            "//x/y",
            "/x",
            "x",
        ],
    )
    def test_a_scheme_that_is_not_served(self, server, stored, uri):
        answer = refusal(server, stored, f"mine,{uri}")

        assert (answer.status_code, "param:, http: and https:" in answer.text) == (400, True), answer.text

    @pytest.mark.spec("D-37", "U-101")
    def test_more_than_the_service_takes_is_too_large(self, server, stored):
        before = stored()

        answer = http.post(server.joblist("some"), data={"UPLOAD": "right,param:p"}, files={"p": b"x" * 1001})

        assert answer.status_code == 413
        assert answer.text == "The file p has more than 1000 bytes, the most that some takes."
        assert stored() == before

    @pytest.mark.spec("D-37", "U-101")
    def test_more_of_them_than_the_service_takes_are_too_many(self, tmp_path, make_server):
        server = make_server(
            services=[], sections={"uws:service:any": SECTIONS["uws:service:any"] | {"max_uploads": "2"}}
        )
        job = create(server.joblist("any"), UPLOAD="one,param:p", files={"p": TABLE})
        values = {"UPLOAD": ["two,param:p", "three,param:p"]}

        answers = [http.post(url, data=values, files={"p": TABLE}) for url in (f"{job}/parameters",)]
        answers.append(
            http.post(server.joblist("any"), data={"UPLOAD": "a,param:p;b,param:p;c,param:p"}, files={"p": TABLE})
        )

        assert [answer.status_code for answer in answers] == [413, 413]
        assert all("3 uploads" in answer.text and "at most 2" in answer.text for answer in answers)
        assert told(job) == {"one": of(TABLE)}

    def test_one_that_the_service_does_not_know(self, server, stored):
        before = stored()

        answer = http.post(server.joblist("some"), data={"UPLOAD": "other,param:p"}, files={"p": TABLE})

        assert (answer.status_code, "Left, right" in answer.text) == (400, True), answer.text
        assert stored() == before

    def test_a_file_in_place_of_the_text(self, server, stored):
        before = stored()

        answer = http.post(server.joblist("any"), files={"UPLOAD": TABLE})

        assert (answer.status_code, "name,URI" in answer.text) == (400, True), answer.text
        assert stored() == before


def refusal(server, stored, value):
    """Return the answer to a POST with files and this UPLOAD, of which nothing must be left."""
    before = http.get(server.joblist("any")).content, stored()

    answer = http.post(
        server.joblist("any"), data={"UPLOAD": value, "QUERY": "text"}, files={"p": TABLE, "q": OTHER}
    )

    assert (http.get(server.joblist("any")).content, stored()) == before
    return answer


class TestKept:
    @pytest.mark.spec("D-40", "D-36")
    def test_it_is_listed_by_reference_and_can_be_fetched(self, server):
        files = {"p": ("mine.vot", TABLE, "application/x-votable+xml")}
        job = create(server.joblist("any"), UPLOAD="mine,param:p", files=files)

        url = f"{job}/parameters/UPLOAD/mine"
        (reference,) = xpath(job_document(job), "uws:parameters/uws:parameter[@byReference='true']")
        answer = http.get(url)

        assert shown(job) == [("UPLOAD", "mine,param:p"), ("UPLOAD/mine", url)]
        assert reference.text == url
        assert answer.content == TABLE
        assert answer.headers["Content-Type"] == "application/x-votable+xml"
        assert answer.headers["Content-Disposition"] == "attachment"
        assert http.get(f"{job}/parameters/upload/MINE").content == TABLE
        assert http.get(f"{job}/parameters/UPLOAD").text == "mine,param:p"

    @pytest.mark.parametrize("path", ["UPLOAD/other", "UPLOAD/mine/x", "UPLOAD/", "QUERY/mine", "mine", "p"])
    def test_there_is_nothing_beside_it(self, server, path):
        job = create(server.joblist("any"), QUERY="x", UPLOAD="mine,param:p", files={"p": TABLE})

        assert http.get(f"{job}/parameters/{path}").status_code == (200 if path == "UPLOAD/" else 404)

    @pytest.mark.spec("D-40")
    def test_it_is_for_those_who_may_see_the_job(self, guarded):
        alice, bob = (session_of(user) for user in ("alice", "bob"))
        job = create(guarded.joblist("any"), session=alice, UPLOAD="mine,param:p", files={"p": TABLE})
        url = f"{job}/parameters/UPLOAD/mine"

        answers = [session.get(url) for session in (alice, bob, http)]
        put = bob.put(url, data=OTHER)

        assert [answer.status_code for answer in answers] == [200, 403, 401]
        assert put.status_code == 403
        assert [TABLE in answer.content for answer in answers] == [True, False, False]
        assert alice.get(url).content == TABLE

    @pytest.mark.spec("D-40")
    @pytest.mark.parametrize("service", ["any", "shelved"])
    def test_it_is_gone_when_the_job_is_destroyed_or_archived(self, server, stored, service):
        before = stored()
        job = create(server.joblist(service), UPLOAD="mine,param:p", files={"p": TABLE})

        http.post(f"{job}/destruction", data={"DESTRUCTION": format_instant(now() + SECOND // 2)})

        wait_for(lambda: stored() == before, what="the files to be gone")
        wait_for(lambda: http.get(f"{job}/parameters/UPLOAD/mine").status_code == 404, what="a 404")
        assert http.get(job).status_code == (200 if service == "shelved" else 404)

    @pytest.mark.spec("D-40")
    def test_it_goes_with_the_job(self, server, stored):
        before = stored()
        job = create(server.joblist("any"), UPLOAD="mine,param:p", files={"p": TABLE})
        assert len(stored() - before) == 1

        http.delete(job)

        assert stored() == before
        assert http.get(f"{job}/parameters/UPLOAD/mine").status_code == 404


class TestLater:
    @pytest.mark.spec("T-28", "C-33", "D-40", "U-132")
    def test_tables_are_added_and_replaced_by_name(self, server, stored):
        before = stored()
        job = create(server.joblist("any"), UPLOAD="one,param:p", files={"p": TABLE})

        added = http.post(f"{job}/parameters", data={"UPLOAD": "two,param:p"}, files={"p": OTHER})
        replaced = http.post(f"{job}/parameters", data={"UPLOAD": "ONE,param:x"}, files={"x": b"new"})

        assert [answer.status_code for answer in (added, replaced)] == [303, 303]
        assert sorted(text for name, text in shown(job) if name == "UPLOAD") == ["ONE,param:x", "two,param:p"]
        assert len(stored() - before) == 2
        assert told(job) == {"ONE": of(b"new"), "two": of(OTHER)}

    @pytest.mark.spec("D-37", "U-101")
    def test_a_refusal_changes_nothing(self, server, stored):
        job = create(server.joblist("any"), UPLOAD="one,param:p", files={"p": TABLE})
        before = shown(job), stored()

        answers = [
            http.post(f"{job}/parameters", data={"UPLOAD": "two,param:nonesuch"}, files={"p": OTHER}),
            http.post(f"{job}/parameters", data={"UPLOAD": "two,param:p"}),
            http.post(f"{job}/parameters", data={"UPLOAD": "two,param:p", "COUNT": "many"}, files={"p": OTHER}),
            http.post(f"{job}/parameters", data={"UPLOAD": "bad name,param:p"}, files={"p": OTHER}),
        ]

        assert [answer.status_code for answer in answers] == [400] * 4
        assert (shown(job), stored()) == before

    @pytest.mark.spec("D-07", "D-40")
    def test_it_is_too_late_once_the_job_has_run(self, server, stored):
        job = create(server.joblist("any"), UPLOAD="one,param:p", files={"p": TABLE})
        told(job)
        before = stored()

        answer = http.post(f"{job}/parameters", data={"UPLOAD": "two,param:p"}, files={"p": OTHER})

        assert answer.status_code == 403
        assert stored() == before

    @pytest.mark.spec("D-06", "U-101")
    def test_it_is_not_taken_at_the_job_itself(self, server, stored):
        job = create(server.joblist("any"))
        before = stored()

        answer = http.post(job, data={"UPLOAD": "two,param:p"}, files={"p": OTHER})

        assert (answer.status_code, shown(job), stored()) == (400, [], before)

    @pytest.mark.spec("U-134")
    @pytest.mark.parametrize(
        "media_type", ["text/csv", "text/plain", "application/x-www-form-urlencoded", "image/x"]
    )
    def test_the_content_is_replaced_by_put(self, server, stored, media_type):
        before = stored()
        job = create(server.joblist("any"), UPLOAD="one,param:p", files={"p": TABLE})

        answer = http.put(f"{job}/parameters/UPLOAD/one", data=b"new", headers={"Content-Type": media_type})

        assert answer.status_code == 303
        assert len(stored() - before) == 1
        assert told(job) == {"one": of(b"new")}

    def test_the_list_is_replaced_by_put_and_what_is_not_named_any_more_is_gone(self, server, stored):
        before = stored()
        job = create(server.joblist("any"), UPLOAD="one,param:p", files={"p": TABLE})

        answer = http.put(f"{job}/parameters/UPLOAD", data="", headers={"Content-Type": "text/plain"})

        assert (answer.status_code, shown(job), stored()) == (303, [], before)


class TestDeclared:
    def test_it_has_the_name_that_the_service_gives_it(self, server):
        files = {"p": TABLE, "q": OTHER}
        job = create(server.joblist("some"), UPLOAD=["left,param:p", "RIGHT,param:q"], files=files)

        assert told(job) == {"Left": of(TABLE), "right": of(OTHER)}

    def test_what_is_required_is_asked_for_when_the_job_is_run(self, server):
        job = create(server.joblist("some"), LEFT="a")

        answer = http.post(f"{job}/phase", data={"PHASE": "RUN"})
        http.post(f"{job}/parameters", data={"UPLOAD": "right,param:p"}, files={"p": TABLE})

        assert (answer.status_code, "'right' is required" in answer.text) == (400, True)
        assert told(job) == {"right": of(TABLE)}

    @pytest.mark.parametrize("how", ["upload", "part"])
    def test_one_takes_the_place_of_the_parameter_of_its_name_and_the_other_way_round(self, server, stored, how):
        before = stored()
        job = create(server.joblist("some"), LEFT="a", UPLOAD="right,param:p", files={"p": OTHER})
        values, files = ({"UPLOAD": "LEFT,param:q"}, {"q": TABLE}) if how == "upload" else ({}, {"left": TABLE})

        http.post(f"{job}/parameters", data=values, files=files)
        with_upload = {name for name, _ in shown(job)}
        http.post(f"{job}/parameters", data={"LEFT": "b"})
        with_text = {name for name, _ in shown(job)}
        one_file = len(stored() - before)
        http.post(f"{job}/parameters", data=values, files=files)

        assert "LEFT" not in with_upload if how == "upload" else "LEFT" in with_upload
        assert with_text == {"LEFT", "UPLOAD", "UPLOAD/right"}
        assert one_file == 1
        assert {name.upper(): facts for name, facts in told(job).items()} == {
            "LEFT": of(TABLE),
            "RIGHT": of(OTHER),
        }

    def test_but_not_both_in_one_request(self, server, stored):
        before = stored()

        answer = http.post(
            server.joblist("some"), data={"LEFT": "a", "UPLOAD": "left,param:p"}, files={"p": TABLE}
        )

        assert (answer.status_code, "LEFT" in answer.text) == (400, True)
        assert stored() == before

    def test_the_page_of_the_service_tells_of_them(self, server):
        text = http.get(f"{server.url}/some").text
        told = http.get(f"{server.url}/some", headers={"Accept": "application/json"}).json()["uploads"]

        assert "    Left (text/csv, application/fits): In place of LEFT\n" in text
        assert "    right (required): What there is no other way to send\n" in text
        assert [upload["name"] for upload in told] == ["Left", "right"]

    def test_openapi_tells_of_them_where_they_are_taken(self, server):
        told = {name: http.get(f"{server.url}/{name}/openapi.json").text for name in ("some", "none")}

        assert "Left (text/csv, application/fits): In place of LEFT" in told["some"]
        assert {name: '"UPLOAD"' in text for name, text in told.items()} == {"some": True, "none": False}


class TestNotTaken:
    @pytest.mark.spec("D-24")
    @pytest.mark.parametrize("value", ["mine,param:p", "nonsense", "mine,file:///etc/passwd", "1,param:none"])
    def test_a_service_that_takes_none_keeps_it_visible_and_ignores_it(self, server, value):
        job = create(server.joblist("none"), UPLOAD=value, files={"p": TABLE})

        assert shown(job) == [("UPLOAD", value), ("p", f"{job}/parameters/p")]
        assert told(job) == {"p": of(TABLE)}


@pytest.fixture(scope="module")
def web():
    with source() as web:
        yield web


def failure(job):
    """Run the job until it fails; return kind and sentence of the error."""
    run(job)
    wait_for_phase(job, "ERROR")
    document = job_document(job)
    return xpath(document, "string(//uws:errorSummary/@type)"), text(document, "//uws:errorSummary/uws:message")


class TestByUrl:
    @pytest.mark.spec("D-36", "D-38")
    def test_it_is_fetched_by_the_job_and_used_like_any_other(self, near, web):
        value = f"one,{web.url}/plain;two,param:p;three,{web.url}/to?/gzip"

        job = create(near.joblist("any"), UPLOAD=value, files={"p": TABLE})

        assert shown(job)[:3] == [("UPLOAD", pair) for pair in value.split(";")]
        assert told(job) == {"one": of(CONTENT), "two": of(TABLE), "three": of(CONTENT)}

    @pytest.mark.spec("D-36")
    def test_it_meets_what_is_required_and_stands_in_for_a_parameter(self, near, web):
        job = create(near.joblist("some"), UPLOAD=[f"left,{web.url}/plain", f"right,{web.url}/plain"])

        assert told(job) == {"Left": of(CONTENT), "right": of(CONTENT)}

    @pytest.mark.spec("D-39")
    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]"])
    def test_an_address_that_is_not_public_is_refused_at_once(self, server, stored, host):
        answer = refusal(server, stored, f"mine,http://{host}/secret")

        assert (answer.status_code, "not public" in answer.text) == (400, True), answer.text

    @pytest.mark.spec("D-39")
    @pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001"])
    def test_a_name_that_has_one_is_refused_by_the_job(self, server, web, host):
        asked = len(web.asked)
        job = create(server.joblist("any"), UPLOAD=f"mine,http://{host}:{web.port}/plain?token=SECRET")

        kind, sentence = failure(job)

        assert kind == "fatal"
        assert sentence.startswith(f"The upload mine could not be fetched from http://{host}:{web.port}/plain?…: ")
        assert "not a public one" in sentence
        assert len(web.asked) == asked
        assert "SECRET" not in server.log

    @pytest.mark.spec("D-39")
    def test_a_redirect_is_looked_at_again(self, near, web):
        job = create(near.joblist("any"), UPLOAD=f"mine,{web.url}/to?http://127.0.0.2:{web.port}/plain")

        kind, sentence = failure(job)

        assert (kind, "127.0.0.2, is not a public one" in sentence) == ("fatal", True)

    @pytest.mark.spec("D-37")
    @pytest.mark.parametrize(
        ("path", "kind", "said"),
        [
            ("/large", "fatal", "at most 1000 are taken"),
            ("/endless", "fatal", "more than the 1000 bytes"),
            ("/status/404", "fatal", "answered 404"),
            ("/status/503", "transient", "answered 503"),
            ("/dripping", "transient", "longer than the 2 s"),
        ],
    )
    def test_what_cannot_be_had_ends_the_job_with_a_reason(self, near, web, path, kind, said):
        job = create(near.joblist("some"), UPLOAD=f"right,{web.url}{path}", LEFT="a")
        if path == "/dripping":
            job = create(near.joblist("any"), UPLOAD=f"right,{web.url}{path}")

        assert failure(job) == (kind, AnyTextWith("The upload right could not be fetched", said))

    @pytest.mark.spec("D-39")
    def test_a_password_is_neither_kept_nor_shown_nor_logged(self, server, stored):
        answer = refusal(server, stored, "mine,http://user:SECRET@example.org/x")

        assert answer.status_code == 400
        assert "a user or a password" in answer.text
        assert "SECRET" not in answer.text + server.log

    def test_a_site_may_fetch_nothing(self, offline):
        answer = http.post(offline.joblist("any"), data={"UPLOAD": "mine,https://example.org/x"})

        assert (answer.status_code, "fetches nothing" in answer.text) == (400, True)

    def test_it_is_over_when_the_job_is_aborted(self, near, web):
        job = create(near.joblist("any"), UPLOAD=f"mine,{web.url}/mumbling", PHASE="RUN")
        wait_for(lambda: any(path == "/mumbling" for path, _ in web.asked))

        abort(job)

        assert wait_for_phase(job) == "ABORTED"


class AnyTextWith:
    """Equal to texts that have all these in them."""

    def __init__(self, *parts):
        self.parts = parts

    def __eq__(self, text):
        return all(part in text for part in self.parts)

    def __hash__(self):
        return hash(self.parts)

    def __repr__(self):
        return f"a text with {self.parts}"


def test_a_large_file_object_is_read_as_it_comes(server):
    job = create(server.joblist("any"), UPLOAD="mine,param:p", files={"p": BytesIO(b"x" * 3_000_000)})

    assert told(job) == {"mine": of(b"x" * 3_000_000)}
