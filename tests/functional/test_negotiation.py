"""Representations: XML whenever in doubt, JSON on request, and answers that say "you know that already"."""

import time

import pytest

from pyramid_uws.uws.phases import PHASES
from tests.support import exhibits
from tests.support.http import NAMESPACES, abort, create, http, parse, post, text, xpath

XML = "text/xml; charset=UTF-8"
JSON = "application/json; charset=UTF-8"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
#: What Java sends by itself, today and long ago.
JAVA = "text/html, image/gif, image/jpeg, */*; q=0.2"
OLD_JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
DOCUMENTS = ("", "/results", "/parameters")
HREF = f"{{{NAMESPACES['xlink']}}}href"


def get(url, accept=None, **headers):
    """Ask with this Accept header; None leaves it out."""
    return http.get(url, headers={"Accept": accept, **headers})


@pytest.fixture
def job(server):
    return create(server.joblist("quick"))


class TestAccept:
    @pytest.mark.parametrize(
        "accept",
        [
            *(
                pytest.param(accept, marks=pytest.mark.spec("U-12"))
                for accept in (None, "*/*", "application/xml,text/plain", "text/xml", "application/xml")
            ),
            *(pytest.param(accept, marks=pytest.mark.spec("U-13", "C-32")) for accept in (JAVA, OLD_JAVA)),
            *(
                pytest.param(accept, marks=pytest.mark.spec("U-16", "C-32"))
                for accept in (
                    "image/png",
                    "text/plain",
                    "",
                    "text/html;level=1",
                    "*",
                    ",;=",
                    "é",
                    "application/json;q=0",
                )
            ),
            *(
                pytest.param(accept, marks=pytest.mark.spec("U-12"))
                for accept in ("application/*", "application/json;q=0.8, */*")
            ),
        ],
    )
    @pytest.mark.parametrize("child", DOCUMENTS)
    def test_xml_is_the_answer_whenever_nothing_else_is_wanted(self, child, accept, job):
        answer = get(job + child, accept and accept.encode("latin-1"))

        assert (answer.status_code, answer.headers["Content-Type"]) == (200, XML)
        assert parse(answer).tag.startswith(f"{{{NAMESPACES['uws']}}}")

    @pytest.mark.spec("U-12", "U-13", "U-16", "C-32")
    @pytest.mark.parametrize("accept", [None, "*/*", JAVA, OLD_JAVA, "image/png", "text/plain"])
    def test_a_list_is_xml_whenever_nothing_else_is_wanted(self, accept, server):
        answer = get(server.joblist("quick"), accept)

        assert (answer.status_code, answer.headers["Content-Type"]) == (200, XML)

    @pytest.mark.spec("U-16", "C-32")
    @pytest.mark.parametrize("accept", ["text/plain", "image/png", "application/json", OLD_JAVA])
    def test_a_job_is_created_whatever_is_accepted(self, accept, server):
        answer = http.post(server.joblist("quick"), headers={"Accept": accept})

        assert answer.status_code == 303

    @pytest.mark.spec("U-14")
    @pytest.mark.parametrize("child", DOCUMENTS)
    def test_a_browser_is_answered(self, child, job):
        answer = get(job + child, BROWSER)

        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] in {
            "text/html",
            "application/xhtml+xml",
            "text/xml",
        }

    @pytest.mark.spec("U-11")
    @pytest.mark.parametrize("child", DOCUMENTS)
    def test_xml_is_called_xml(self, child, job):
        assert get(job + child).headers["Content-Type"].partition(";")[0] in {"text/xml", "application/xml"}

    @pytest.mark.spec("U-09")
    @pytest.mark.parametrize("accept", ["application/json", "application/xml", BROWSER])
    def test_single_values_are_plain_text_whatever_is_accepted(self, accept, job):
        answer = get(f"{job}/phase", accept)

        assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"
        assert answer.content == b"PENDING"


class TestJson:
    @pytest.mark.parametrize(
        "accept",
        [
            "application/json",
            "application/json, text/plain, */*",
            "APPLICATION/JSON",
            "text/xml;q=0.5, application/json",
            "application/json, text/html",
        ],
    )
    @pytest.mark.parametrize("child", DOCUMENTS)
    def test_it_comes_when_it_is_preferred(self, child, accept, job):
        answer = get(job + child, accept)

        assert (answer.status_code, answer.headers["Content-Type"]) == (200, JSON)
        assert answer.json()

    @pytest.mark.parametrize("phase", PHASES)
    def test_a_job_says_the_same_in_both(self, phase, in_every_phase):
        document = parse(get(in_every_phase[phase]))

        job = get(in_every_phase[phase], "application/json").json()

        for name in ("jobId", "phase", "creationTime", "ownerId", "quote", "startTime", "endTime", "destruction"):
            assert (job[name] or "") == text(document, f"uws:{name}")
        assert job["version"] == document.get("version")
        assert job["executionDuration"] == int(text(document, "uws:executionDuration"))
        assert [result["href"] for result in job["results"]] == [
            result.get(HREF) for result in xpath(document, "uws:results/uws:result")
        ]
        assert [parameter.get("value", parameter.get("href")) for parameter in job["parameters"]] == [
            parameter.text for parameter in xpath(document, "uws:parameters/uws:parameter")
        ]
        assert bool(job["errorSummary"]) == (phase == "ERROR")

    def test_a_job_with_odd_content_is_told_in_full(self, in_every_phase):
        job = get(in_every_phase["COMPLETED"], "application/json").json()

        assert job["runId"] == exhibits.TEXTS["RUNID"]
        assert {"id": "NOTE", "value": exhibits.TEXTS["NOTE"]} in job["parameters"]

    @pytest.mark.parametrize("name", ["results", "parameters"])
    def test_a_list_of_its_own_is_that_of_the_job(self, name, in_every_phase):
        job = in_every_phase["COMPLETED"]

        alone = get(f"{job}/{name}", "application/json").json()

        assert alone == {name: get(job, "application/json").json()[name]}

    def test_a_job_list_says_the_same_in_both(self, museum, in_every_phase):
        document = parse(get(museum.joblist("routed")))

        jobs = get(museum.joblist("routed"), "application/json").json()["jobs"]

        assert [(job["id"], job["href"], job["phase"], job["creationTime"]) for job in jobs] == [
            (
                reference.get("id"),
                reference.get(HREF),
                text(reference, "uws:phase"),
                text(reference, "uws:creationTime"),
            )
            for reference in document
        ]

    @pytest.mark.spec("C-54")
    def test_errors_stay_plain_text(self, server):
        answer = get(f"{server.joblist('quick')}/nonesuch", "application/json")

        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/plain; charset=UTF-8")


class TestConditions:
    """ETag and If-None-Match (RFC 9110, sections 8.8.3 and 13.1.2)."""

    @pytest.mark.parametrize("accept", [None, "application/json"])
    @pytest.mark.parametrize("child", DOCUMENTS)
    def test_who_knows_the_document_is_told_so_and_no_more(self, child, accept, job):
        etag = get(job + child, accept).headers["ETag"]

        answer = get(job + child, accept, **{"If-None-Match": etag})

        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert answer.headers["Vary"] == "Accept"
        assert "no-cache" in answer.headers["Cache-Control"]

    @pytest.mark.parametrize("wrapping", ["W/{}", '"a", {}', '{},"b"', "*{}"[:1]])
    def test_all_forms_of_knowing_it_count(self, wrapping, job):
        etag = get(job).headers["ETag"]

        assert get(job, **{"If-None-Match": wrapping.format(etag)}).status_code == 304

    @pytest.mark.parametrize("known", ['"other"', "", "garbage", '"', "é"])
    def test_who_knows_another_one_gets_the_document(self, known, job):
        answer = get(job, **{"If-None-Match": known.encode("latin-1")})

        assert (answer.status_code, answer.headers["Content-Type"]) == (200, XML)

    @pytest.mark.spec("U-27")
    @pytest.mark.parametrize(
        ("child", "parameters"),
        [
            ("/phase", {"PHASE": "ABORT"}),
            ("/executionduration", {"EXECUTIONDURATION": "17"}),
            ("/destruction", {"DESTRUCTION": "2040-01-01T00:00:00Z"}),
            ("/parameters", {"TEXT": "other"}),
            ("/parameters", {"RUNID": "other"}),
        ],
    )
    @pytest.mark.parametrize("accept", [None, "application/json"])
    def test_a_changed_job_is_always_told(self, accept, child, parameters, job):
        before = get(job, accept)

        post(job + child, **parameters)

        after = get(job, accept, **{"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200
        assert after.content != before.content
        assert after.headers["ETag"] != before.headers["ETag"]

    @pytest.mark.spec("U-27")
    def test_a_changed_list_is_always_told(self, server):
        joblist = server.joblist("several")
        etag = get(joblist).headers["ETag"]

        create(joblist)

        assert get(joblist, **{"If-None-Match": etag}).status_code == 200

    @pytest.mark.parametrize("child", DOCUMENTS)
    def test_xml_and_json_are_two_documents(self, child, job):
        xml, json = get(job + child).headers["ETag"], get(job + child, "application/json").headers["ETag"]

        assert xml != json
        assert get(job + child, "application/json", **{"If-None-Match": xml}).status_code == 200
        assert get(job + child, **{"If-None-Match": json}).status_code == 200

    def test_the_three_documents_of_a_job_differ(self, job):
        assert len({get(job + child).headers["ETag"] for child in DOCUMENTS}) == 3

    def test_the_same_job_under_two_names_is_two_documents(self, job, server):
        job_list = get(server.joblist("quick"), Host="a.example")

        other = get(server.joblist("quick"), Host="b.example", **{"If-None-Match": job_list.headers["ETag"]})

        assert other.status_code == 200
        assert b"//b.example/" in other.content
        assert b"//a.example/" not in other.content

    @pytest.mark.spec("U-20")
    @pytest.mark.parametrize("child", DOCUMENTS)
    def test_head_knows_the_same_etag(self, child, job):
        etag = get(job + child).headers["ETag"]

        assert http.head(job + child).headers["ETag"] == etag
        assert http.head(job + child, headers={"If-None-Match": etag}).status_code == 304

    def test_a_wait_ends_with_the_changed_job_even_for_who_knew_it(self, job):
        etag = get(job).headers["ETag"]
        abort(job)

        answer = get(f"{job}?WAIT=20", **{"If-None-Match": etag})

        assert text(parse(answer), "uws:phase") == "ABORTED"

    def test_a_wait_in_vain_ends_with_what_is_known(self, job):
        etag = get(job).headers["ETag"]
        start = time.monotonic()

        answer = get(f"{job}?WAIT=1", **{"If-None-Match": etag})

        assert answer.status_code == 304
        assert time.monotonic() - start >= 1


@pytest.mark.spec("U-27")
@pytest.mark.parametrize(
    "child",
    ["", "/phase", "/executionduration", "/destruction", "/quote", "/owner", "/parameters", "/results", "/x"],
)
def test_nothing_of_a_job_is_kept_by_caches_unasked(child, job):
    assert {"no-store", "no-cache"} & set(http.get(job + child).headers["Cache-Control"].split(", "))


@pytest.mark.spec("U-27")
def test_no_list_is_kept_by_caches_unasked(server):
    assert "no-cache" in http.get(server.joblist("quick")).headers["Cache-Control"]
