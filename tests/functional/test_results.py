"""Results of jobs, and how they are served (UWS 1.1, section 2.2.2.3; DALI 1.1, section 5.1)."""

import email.utils

import pytest

from pyramid_uws.uws.instants import parse_instant
from pyramid_uws.uws.limits import SECOND
from tests.support.http import create, http, job_document, parse, text, wait_for_phase, xpath
from tests.support.traces import files

CONTENT = "0123456789é"
BYTES = CONTENT.encode()


@pytest.fixture(scope="module")
def job(server):
    """A completed job with one result, which nobody changes."""
    job = create(server.joblist("quick"), TEXT=CONTENT, PHASE="RUN")
    wait_for_phase(job, "COMPLETED")
    return job


@pytest.fixture
def result(job):
    return f"{job}/results/result"


class TestListed:
    @pytest.mark.spec("U-125", "D-43", "D-45")
    def test_each_can_be_fetched_where_it_is_said_to_be(self, server):
        job = create(server.joblist("several"), COUNT=3, PAUSE=0, PHASE="RUN")
        wait_for_phase(job, "COMPLETED")

        hrefs = xpath(parse(http.get(f"{job}/results")), "uws:result/@xlink:href")

        assert hrefs == [f"{job}/results/result-{number}" for number in range(3)]
        assert [http.get(href).text for href in hrefs] == [f"content of {number}" for number in range(3)]

    @pytest.mark.spec("U-69", "D-44")
    def test_size_and_type_are_those_of_what_is_served(self, job):
        (listed,) = xpath(job_document(job), "uws:results/uws:result")

        answer = http.get(listed.get("{http://www.w3.org/1999/xlink}href"))

        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] == listed.get("mime-type") == "text/plain"
        assert int(answer.headers["Content-Length"]) == int(listed.get("size")) == len(answer.content)

    @pytest.mark.spec("U-126", "D-49")
    @pytest.mark.parametrize("name", ["nonesuch", "Result", "..%2Fresult", "result%00", "result/more", ".result"])
    def test_others_are_not_there(self, job, name):
        assert http.get(f"{job}/results/{name}").status_code == 404

    @pytest.mark.spec("U-126", "D-49")
    def test_none_is_there_before_it_exists(self, server):
        job = create(server.joblist("quick"))

        assert http.get(f"{job}/results/result").status_code == 404

    @pytest.mark.spec("U-127", "U-19")
    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
    @pytest.mark.parametrize("child", ["results", "results/result"])
    def test_clients_cannot_change_them(self, job, method, child):
        before = http.get(job).content

        answer = http.request(method, f"{job}/{child}", data=b"x")

        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]
        assert http.get(job).content == before
        assert http.get(f"{job}/results/result").content == BYTES

    @pytest.mark.spec("U-127")
    def test_clients_cannot_add_any(self, job):
        answer = http.put(f"{job}/results/mine", data=b"x")

        assert answer.status_code in {404, 405}
        assert http.get(f"{job}/results/mine").status_code == 404


class TestServed:
    @pytest.mark.spec("D-44", "D-43")
    def test_whole_with_all_that_is_known_of_it(self, job, result):
        answer = http.get(result)

        assert answer.content == BYTES
        assert answer.headers["ETag"]
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert "Content-Encoding" not in answer.headers
        modified = email.utils.parsedate_to_datetime(answer.headers["Last-Modified"]).timestamp()
        assert modified == parse_instant(text(job_document(job), "uws:endTime")) // SECOND

    @pytest.mark.spec("U-20", "D-44")
    def test_without_its_content_to_who_asks_for_the_head(self, result):
        get = http.get(result)

        head = http.head(result)

        assert (head.status_code, head.content) == (200, b"")
        for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Accept-Ranges"):
            assert head.headers[name] == get.headers[name]

    @pytest.mark.spec("D-44")
    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [("0-3", 0, 4), ("4-", 4, 12), ("-5", 7, 12), ("5-5", 5, 6), ("8-99", 8, 12)],
    )
    def test_in_part_to_who_asks_for_a_range(self, result, asked, start, end):
        answer = http.get(result, headers={"Range": f"bytes={asked}"})

        assert answer.status_code == 206
        assert answer.content == BYTES[start:end]
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(BYTES)}"
        assert int(answer.headers["Content-Length"]) == end - start

    @pytest.mark.spec("D-44")
    def test_whole_to_who_asks_for_more_of_its_end_than_there_is(self, result):
        answer = http.get(result, headers={"Range": "bytes=-99"})

        assert answer.status_code in {200, 206}
        assert answer.content == BYTES

    @pytest.mark.spec("D-44")
    def test_not_beyond_its_end(self, result):
        answer = http.get(result, headers={"Range": f"bytes={len(BYTES)}-"})

        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == f"bytes */{len(BYTES)}"

    @pytest.mark.spec("D-44")
    def test_whole_if_the_range_is_of_another_state(self, result):
        answer = http.get(result, headers={"Range": "bytes=0-3", "If-Range": '"another"'})

        assert (answer.status_code, answer.content) == (200, BYTES)

    @pytest.mark.spec("D-44")
    @pytest.mark.parametrize(
        ("header", "known_by"), [("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")]
    )
    def test_not_again_to_who_has_it(self, result, header, known_by):
        known = http.get(result).headers[known_by]

        answer = http.get(result, headers={header: known})

        assert (answer.status_code, answer.content) == (304, b"")

    @pytest.mark.spec("D-44")
    def test_with_a_tag_of_its_content(self, server, result):
        other = create(server.joblist("quick"), TEXT=CONTENT + "!", PHASE="RUN")
        wait_for_phase(other, "COMPLETED")

        assert http.get(f"{other}/results/result").headers["ETag"] != http.get(result).headers["ETag"]

    @pytest.mark.spec("U-125", "D-44")
    def test_an_empty_one_is_served_too(self, server):
        job = create(server.joblist("quick"), TEXT="", PHASE="RUN")
        wait_for_phase(job, "COMPLETED")

        answer = http.get(f"{job}/results/result")

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Length"] == "0"

    @pytest.mark.spec("U-126")
    def test_one_whose_file_has_vanished_is_not_there(self, server):
        job = create(server.joblist("quick"), PHASE="RUN")
        wait_for_phase(job, "COMPLETED")
        (path,) = (path for path in files(server, job) if path.name == "result")

        path.unlink()

        assert http.get(f"{job}/results/result").status_code == 404
        assert http.get(job).status_code == 200
