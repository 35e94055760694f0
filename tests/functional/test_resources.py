"""The tree of resources and what can be done with them (UWS 1.1, section 2.2)."""

import time

import pytest

from tests.support.http import create, http, job_document, parse, phase, post, text, wait_for_phase, xpath

CHILDREN = ("phase", "executionduration", "destruction", "error", "quote", "results", "parameters", "owner")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW")

#: Where in the tree -> what can be done there. `{job}` is a job that failed.
ALLOWED = {
    "/": "GET HEAD",
    "/availability": "GET HEAD",
    "/failing": "GET HEAD",
    "/failing/capabilities": "GET HEAD",
    "/failing/availability": "GET HEAD",
    "/failing/async": "GET HEAD POST",
    "{job}": "DELETE GET HEAD POST",
    "{job}/phase": "GET HEAD POST",
    "{job}/executionduration": "GET HEAD POST",
    "{job}/destruction": "GET HEAD POST",
    "{job}/error": "GET HEAD",
    "{job}/quote": "GET HEAD",
    "{job}/owner": "GET HEAD",
    "{job}/log": "GET HEAD",
    "{job}/results": "GET HEAD",
    "{job}/results/partial": "GET HEAD",
    "{job}/parameters": "GET HEAD POST",
    "{job}/parameters/MESSAGE": "GET HEAD PUT",
}
REFUSED = [
    (method, place) for place, allowed in ALLOWED.items() for method in METHODS if method not in allowed.split()
]
everywhere = pytest.mark.parametrize("place", ALLOWED)


@pytest.fixture(scope="module")
def failed(server):
    """A job that has everything a job may have."""
    job = create(server.joblist("failing"), MESSAGE="sorry", PHASE="RUN")
    wait_for_phase(job, "ERROR")
    return job


@pytest.fixture
def job(server):
    return create(server.joblist("quick"))


def url_of(place, server, failed):
    return server.url + place.format(job=failed.removeprefix(server.url))


def status(method, url, **options):
    return http.request(method, url, **options).status_code


class TestPlaces:
    @pytest.mark.spec("U-01")
    @pytest.mark.parametrize("child", CHILDREN)
    def test_a_job_has_this_child(self, child, failed):
        assert status("GET", f"{failed}/{child}") == 200

    @pytest.mark.spec("U-01")
    @pytest.mark.parametrize("child", CHILDREN)
    def test_a_fresh_job_has_it_too_but_no_error(self, child, job):
        assert status("GET", f"{job}/{child}") == (404 if child == "error" else 200)

    @pytest.mark.spec("U-01", "U-18")
    @pytest.mark.parametrize("child", ["PHASE", "Phase", "executionDuration", "jobinfo", "runid", "result", "Log"])
    def test_names_are_exactly_these(self, child, failed):
        assert status("GET", f"{failed}/{child}") == 404

    @pytest.mark.spec("U-18")
    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
    @pytest.mark.parametrize(
        "child",
        ["nonesuch", "phase/nonesuch", "owner/x", "error/x", "__parent__", "job_id", "@@phase", "phase/@@x"],
    )
    def test_what_is_not_there_is_not_found(self, child, method, failed):
        assert status(method, f"{failed}/{child}") == 404

    @pytest.mark.spec("U-17", "C-40")
    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
    @pytest.mark.parametrize("child", ["", *(f"/{child}" for child in CHILDREN), "/results/x", "/parameters/X"])
    @pytest.mark.parametrize("job_id", ["nonesuch", "ucv3bplbi3kq9a676v0l7v0t"])
    def test_a_job_that_never_was_is_not_found(self, job_id, child, method, server):
        assert status(method, f"{server.joblist('quick')}/{job_id}{child}") == 404

    @pytest.mark.parametrize(
        "place", ["/nonesuch", "/quick/nonesuch", "/quick/Async", "/QUICK/async", "/favicon.ico"]
    )
    def test_other_places_are_not_found(self, place, server):
        assert status("GET", server.url + place) == 404

    def test_an_alias_shows_the_same_list_under_its_own_name(self, server, job):
        answer = http.get(f"{server.url}/quick/uws.xml")

        assert job in xpath(parse(answer), "uws:jobref/@xlink:href")


class TestVerbs:
    @pytest.mark.spec("U-19")
    @pytest.mark.parametrize(("method", "place"), REFUSED)
    def test_what_cannot_be_done_is_refused_with_what_can(self, method, place, server, failed):
        before = http.get(failed).content

        answer = http.request(method, url_of(place, server, failed), data=b"PHASE=ABORT&ACTION=DELETE")

        assert answer.status_code == 405
        assert answer.headers["Allow"] == ", ".join(ALLOWED[place].split())
        assert http.get(failed).content == before

    @pytest.mark.spec("U-19")
    @everywhere
    def test_everything_can_be_read(self, place, server, failed):
        assert status("GET", url_of(place, server, failed)) == 200

    @pytest.mark.spec("U-20")
    @everywhere
    def test_head_says_what_get_says_and_has_no_body(self, place, server, failed):
        url = url_of(place, server, failed)
        got = http.get(url)

        head = http.head(url)

        assert (head.status_code, head.content) == (got.status_code, b"")
        own = {"Date": "", "X-Request-Id": ""}
        assert {**head.headers, **own} == {**got.headers, **own}

    @pytest.mark.spec("U-20")
    @pytest.mark.parametrize("child", ["", "/nonesuch", "/error"])
    def test_head_fails_as_get_does(self, child, job, server):
        url = f"{server.joblist('quick')}/nonesuch" if not child else job + child

        head = http.head(url)

        assert (head.status_code, head.content) == (404, b"")

    @pytest.mark.spec("U-20")
    def test_head_does_not_wait(self, job):
        start = time.monotonic()

        answer = http.head(f"{job}?WAIT=20")

        assert answer.status_code == 200
        assert time.monotonic() - start < 5

    @pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
    def test_a_verb_is_not_changed_by_a_header(self, name, job):
        answer = http.post(f"{job}/phase", headers={name: "DELETE"}, data={"_method": "DELETE"})

        assert answer.status_code == 400
        assert phase(job) == "PENDING"


class TestSlashes:
    @pytest.mark.spec("U-21", "C-34")
    @everywhere
    def test_one_at_the_end_changes_nothing(self, place, server, failed):
        url = url_of(place, server, failed).rstrip("/")

        with_slash = http.get(url + "/")

        assert with_slash.status_code == 200
        assert with_slash.content == http.get(url).content

    @pytest.mark.spec("U-21", "C-07", "C-34")
    def test_a_job_can_be_posted_with_one(self, server):
        answer = http.post(server.joblist("quick") + "/")

        assert answer.status_code == 303
        assert status("GET", answer.headers["Location"]) == 200

    @pytest.mark.spec("U-21")
    def test_an_attribute_can_be_posted_with_one(self, job):
        answer = http.post(f"{job}/phase/", data={"PHASE": "ABORT"})

        assert answer.status_code == 303
        assert phase(job) == "ABORTED"

    @pytest.mark.spec("U-21")
    def test_a_job_can_be_deleted_with_one(self, job):
        assert status("DELETE", f"{job}/") == 303
        assert status("GET", job) == 404


class TestRefusals:
    @pytest.mark.spec("U-22")
    @pytest.mark.parametrize(
        ("child", "parameters"),
        [
            ("/phase", {"PHASE": "RUN"}),
            ("/phase", {"PHASE": "ABORT"}),
            ("/parameters", {"MESSAGE": "other"}),
            ("/executionduration", {"EXECUTIONDURATION": "5"}),
        ],
    )
    def test_what_the_phase_forbids_is_forbidden_and_changes_nothing(self, child, parameters, failed):
        before = http.get(failed).content

        answer = http.post(failed + child, data=parameters)

        assert answer.status_code == 403
        assert "ERROR" in answer.text
        assert http.get(failed).content == before

    @pytest.mark.spec("U-23", "C-41", "C-44", "C-54")
    @pytest.mark.parametrize(
        ("child", "parameters"),
        [
            ("/executionduration", {"EXECUTIONDURATION": "abc"}),
            ("/destruction", {"DESTRUCTION": "tomorrow"}),
            ("/phase", {"PHASE": "run"}),
            ("/parameters", {"COUNT": "many"}),
            ("/parameters", {"RUNID": "x" * 65}),
            ("", {"ACTION": "DESTROY"}),
        ],
    )
    def test_a_malformed_value_is_refused_by_name_and_changes_nothing(self, child, parameters, server):
        job = create(server.joblist("echo"))
        before = http.get(job).content

        answer = http.post(job + child, data=parameters)

        ((name, value),) = parameters.items()
        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text.startswith(f"{name}={value!r}:")
        assert "\n" not in answer.text
        assert http.get(job).content == before

    @pytest.mark.spec("C-41", "C-54")
    @pytest.mark.parametrize(
        ("method", "child", "expected"),
        [("GET", "/nonesuch", 404), ("GET", "/error", 404), ("PUT", "/owner", 405), ("POST", "/phase", 400)],
    )
    def test_a_refusal_is_a_sentence_in_plain_text_and_no_success(self, method, child, expected, job):
        answer = http.request(method, job + child)

        assert answer.status_code == expected
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text

    @pytest.mark.spec("U-100")
    @pytest.mark.parametrize("query", ["?PHASE=RUN", "?TEXT=x", "?ACTION=DELETE", "?RUNID=x&DESTRUCTION=2040"])
    def test_reading_never_creates_a_job(self, query, server):
        joblist = server.joblist("chatty")
        before = http.get(joblist).content

        answer = http.get(joblist + query)

        assert answer.status_code in {200, 400}
        assert http.get(joblist).content == before

    @pytest.mark.parametrize("query", ["?PHASE=ABORT", "?ACTION=DELETE", "?DESTRUCTION=2040-01-01"])
    @pytest.mark.parametrize("child", ["", "/phase", "/destruction", "/parameters"])
    def test_reading_never_changes_a_job(self, child, query, job):
        before = http.get(job).content

        http.get(job + child + query)

        assert http.get(job).content == before


class TestNames:
    @pytest.mark.spec("U-25")
    @pytest.mark.parametrize("name", ["phase", "Phase", "PHASE", "pHaSe"])
    def test_parameters_of_forms_are_found_in_any_case(self, name, job):
        post(f"{job}/phase", **{name: "ABORT"})

        assert phase(job) == "ABORTED"

    @pytest.mark.spec("U-25")
    @pytest.mark.parametrize("value", ["run", "Run", "RUN ", "abort"])
    def test_values_are_taken_literally(self, value, job):
        answer = http.post(f"{job}/phase", data={"PHASE": value})

        assert answer.status_code == 400
        assert phase(job) == "PENDING"

    @pytest.mark.spec("U-26")
    @pytest.mark.parametrize("body", [None, {}, {"tapclient": "x"}])
    def test_a_post_may_say_all_in_the_query(self, body, job):
        answer = http.post(f"{job}/phase?PHASE=ABORT", data=body)

        assert answer.status_code == 303
        assert phase(job) == "ABORTED"

    @pytest.mark.spec("U-26")
    def test_a_post_means_query_and_body_together(self, server):
        answer = http.post(server.joblist("echo") + "?TEXT=a&runid=r", data={"COUNT": "5"})

        document = job_document(answer.headers["Location"])
        assert {each.get("id"): each.text for each in xpath(document, "uws:parameters/*")} == {
            "TEXT": "a",
            "COUNT": "5",
            "RUNID": "r",
        }
        assert text(document, "uws:runId") == "r"

    @pytest.mark.spec("U-26")
    def test_a_post_that_contradicts_itself_is_refused(self, job):
        answer = http.post(f"{job}/phase?PHASE=ABORT", data={"phase": "RUN"})

        assert answer.status_code == 400
        assert phase(job) == "PENDING"
