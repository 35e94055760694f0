"""Tables of jobs: RESPONSEFORMAT and MAXREC over HTTP (DALI 1.2, sections 4.3.3, 4.3.4 and 5.4)."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.io import votable as astropy_votable
from lxml import etree

from tests.support import table_cores
from tests.support.http import create, http, job_document, phase, run, text, wait_for_phase, xpath
from tests.support.server import Server
from tests.support.votlint import complaints

VOTABLE = "application/x-votable+xml"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server whose services make tables: 5000 rows if nothing is said, 8000 at most."""
    with Server(tmp_path_factory.mktemp("tables"), services=[], sections=table_cores.SERVICES) as server:
        yield server


@pytest.fixture
def finish(site):
    """A function that runs a job of a service and returns its URL."""

    def finish(service="returning", ends="COMPLETED", **parameters):
        job = create(site.joblist(service), PHASE="RUN", **parameters)
        wait_for_phase(job, ends)
        return job

    return finish


def read_votable(content):
    return [tuple(row) for row in astropy_votable.parse_single_table(io.BytesIO(content)).array.tolist()]


def read_csv(content):
    return [(int(i), float(ra), name) for i, ra, name in list(csv.reader(io.StringIO(content.decode())))[1:]]


def read_tsv(content):
    rows = (line.split("\t") for line in content.decode().splitlines()[1:])
    return [(int(i), float(ra), name) for i, ra, name in rows]


def read_json(content):
    return [tuple(row) for row in json.loads(content)["data"]]


def read_fits(content):
    with fits.open(io.BytesIO(content)) as hdus:
        return [tuple(row) for row in hdus[1].data.tolist()]


def read_parquet(content):
    return [tuple(row.values()) for row in pq.read_table(pa.BufferReader(content)).to_pylist()]


def statuses(content):
    infos = etree.fromstring(content).iter("{http://www.ivoa.net/xml/VOTable/v1.3}INFO")
    return [info.get("value") for info in infos if info.get("name") == "QUERY_STATUS"]


ROWS = [(number, number * 0.5, f"N {number}") for number in range(10)]
ASKED = [
    (None, VOTABLE, read_votable),
    ("", VOTABLE, read_votable),
    ("votable", VOTABLE, read_votable),
    ("text/xml", "text/xml", read_votable),
    (VOTABLE, VOTABLE, read_votable),
    ("application/x-votable xml", VOTABLE, read_votable),
    ("votable/b2", f"{VOTABLE};serialization=BINARY2", read_votable),
    (f"{VOTABLE}; serialization=binary2", f"{VOTABLE};serialization=BINARY2", read_votable),
    ("csv", "text/csv", read_csv),
    ("TEXT/CSV;header=present", "text/csv;header=present", read_csv),
    ("tsv", "text/tab-separated-values", read_tsv),
    ("json", "application/json", read_json),
    ("fits", "application/fits", read_fits),
    ("image/fits", "image/fits", read_fits),
    ("parquet", "application/vnd.apache.parquet", read_parquet),
]


class TestResponseFormat:
    @pytest.mark.spec("D-22", "D-25", "D-26", "D-27", "D-29", "D-30")
    @pytest.mark.parametrize(("asked", "media_type", "read"), ASKED)
    def test_a_table_comes_as_it_was_asked_for(self, finish, asked, media_type, read):
        job = finish(**({} if asked is None else {"RESPONSEFORMAT": asked}))

        (result,) = xpath(job_document(job), "uws:results/uws:result")
        answer = http.get(f"{job}/results/result")

        assert result.get("mime-type") == media_type == answer.headers["Content-Type"]
        assert [tuple(row) for row in read(answer.content)] == ROWS

    @pytest.mark.spec("D-28")
    @pytest.mark.parametrize("asked", ["application/foo", "html", "text/csv;header=no"])
    def test_a_format_that_there_is_not_is_refused(self, site, asked):
        answer = http.post(site.joblist("returning"), data={"RESPONSEFORMAT": asked})

        assert answer.status_code == 400
        assert answer.text.startswith(f"RESPONSEFORMAT='{asked}': ")

    @pytest.mark.spec("D-28", "D-20")
    def test_two_formats_are_refused(self, site):
        answer = http.post(site.joblist("returning"), data={"RESPONSEFORMAT": ["csv", "fits"]})

        assert answer.status_code == 400
        assert "takes one value" in answer.text

    def test_it_may_be_changed_until_the_job_runs(self, site):
        job = create(site.joblist("returning"), RESPONSEFORMAT="fits")
        http.post(f"{job}/parameters", data={"responseformat": "csv"})
        run(job)
        wait_for_phase(job, "COMPLETED")

        assert text(job_document(job), "uws:parameters/uws:parameter[@id='RESPONSEFORMAT']") == "csv"
        assert http.get(f"{job}/results/result").headers["Content-Type"] == "text/csv"

    def test_files_are_called_after_their_format(self, finish):
        job = finish(RESPONSEFORMAT="votable/b2")

        answer = http.get(f"{job}/results/result")

        assert answer.headers["Content-Disposition"] == 'inline; filename="result.vot"'


class TestMaxrec:
    @pytest.mark.spec("D-31", "D-32", "D-55", "D-57")
    @pytest.mark.parametrize(
        ("sent", "rows", "said"),
        [
            ({"ROWS": 10, "MAXREC": 10}, 10, ["OK"]),
            ({"ROWS": 10, "MAXREC": 3}, 3, ["OK", "OVERFLOW"]),
            ({"ROWS": 7000}, 5000, ["OK", "OVERFLOW"]),
            ({"ROWS": 7000, "MAXREC": ""}, 5000, ["OK", "OVERFLOW"]),
            ({"ROWS": 7000, "MAXREC": 7000}, 7000, ["OK"]),
            ({"ROWS": 9000, "MAXREC": 8500}, 8000, ["OK", "OVERFLOW"]),
            ({"ROWS": 8000, "MAXREC": 2**62}, 8000, ["OK"]),
            ({"ROWS": 0}, 0, ["OK"]),
        ],
    )
    @pytest.mark.parametrize("service", ["returning", "yielding"])
    def test_a_table_has_no_more_rows_and_says_whether_there_were(self, finish, service, sent, rows, said):
        content = http.get(f"{finish(service, **sent)}/results/result").content

        assert len(read_votable(content)) == rows
        assert statuses(content) == said

    @pytest.mark.spec("D-33")
    @pytest.mark.parametrize("asked", ["votable", "votable/b2"])
    def test_none_at_all_leaves_what_columns_mean(self, finish, asked):
        content = http.get(f"{finish(MAXREC=0, RESPONSEFORMAT=asked)}/results/result").content

        table = astropy_votable.parse(io.BytesIO(content), verify="exception").get_first_table()
        assert [(field.name, field.ucd) for field in table.fields] == [
            (field.name, field.ucd) for field in table_cores.FIELDS
        ]
        assert len(table.array) == 0
        assert statuses(content) == ["OK", "OVERFLOW"]

    @pytest.mark.spec("D-34")
    @pytest.mark.parametrize("asked", ["-1", "x", "1.5", ["1", "2"]])
    def test_what_is_no_number_of_rows_is_refused(self, site, asked):
        answer = http.post(site.joblist("returning"), data={"MAXREC": asked})

        assert answer.status_code == 400
        assert answer.text.startswith("MAXREC=")


class TestCores:
    def test_may_yield_batches(self, finish):
        assert read_votable(http.get(f"{finish('yielding')}/results/result").content) == ROWS

    def test_may_return_a_table_of_astropy(self, finish):
        job = finish("astronomical", ROWS=3)

        table = astropy_votable.parse_single_table(io.BytesIO(http.get(f"{job}/results/result").content))

        assert table.fields[0].unit.to_string() == "deg"
        assert table.array["ra"].tolist() == [0.0, 1.0, 2.0]

    def test_may_add_several_of_the_same_format(self, finish):
        job = finish("adding", RESPONSEFORMAT="csv", MAXREC=2)

        assert read_csv(http.get(f"{job}/results/first").content) == ROWS[:2]
        assert http.get(f"{job}/results/second").text == "n\r\n1\r\n2\r\n"
        assert http.get(f"{job}/results/third").headers["Content-Type"].startswith("text/plain")

    @pytest.mark.spec("D-56")
    def test_that_fail_half_way_leave_what_they_had_and_why(self, finish):
        job = finish("yielding", "ERROR", FAIL="The telescope has moved.")

        assert text(job_document(job), "uws:errorSummary/uws:message") == "The telescope has moved."
        content = http.get(f"{job}/results/result").content
        assert read_votable(content) == ROWS
        assert statuses(content) == ["OK", "ERROR"]
        assert "The telescope has moved." in content.decode()

    def test_that_fail_half_way_leave_no_half_file_where_it_could_not_tell(self, finish):
        job = finish("yielding", "ERROR", FAIL="The telescope has moved.", RESPONSEFORMAT="parquet")

        assert http.get(f"{job}/results/result").status_code == 404

    def test_that_return_something_else_say_so(self, finish):
        job = finish("confused", "ERROR")

        assert text(job_document(job), "uws:errorSummary/uws:message").startswith("int is no table")

    def test_that_yield_nothing_say_so(self, finish):
        job = finish("silent", "ERROR")

        assert "not even an empty batch" in text(job_document(job), "uws:errorSummary/uws:message")


@pytest.mark.spec("D-23", "D-24")
def test_request_is_kept_and_means_nothing(finish):
    job = finish(REQUEST="doQuery", NONSENSE="x")

    assert text(job_document(job), "uws:parameters/uws:parameter[@id='REQUEST']") == "doQuery"
    assert phase(job) == "COMPLETED"


@pytest.mark.spec("D-53", "D-57", "D-59")
def test_stilts_has_nothing_to_complain_of(site):
    jobs = [
        create(site.joblist(service), PHASE="RUN", RESPONSEFORMAT=asked, ROWS=rows)
        for asked in ("votable", "votable/b2")
        for service in ("returning", "yielding", "astronomical")
        for rows in (0, 10, 9000)
    ]
    failed = create(
        site.joblist("yielding"), PHASE="RUN", FAIL="The <telescope> has moved.", RESPONSEFORMAT="votable/b2"
    )
    for job in jobs:
        wait_for_phase(job, "COMPLETED", timeout=60)
    wait_for_phase(failed, "ERROR", timeout=60)
    urls = [*(f"{job}/results/result" for job in (*jobs, failed)), f"{failed}/error"]

    assert complaints(http.get(url).content for url in urls) == ""
