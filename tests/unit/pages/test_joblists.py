"""The page of a job list: filters as they stand in the URL, rows, and what is said of an empty one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from pyramid_uws.pages.joblists import MOST, USUAL, Filters, JobListPage, filters_of, wanted_at_once
from pyramid_uws.pages.jobrows import job_line, job_row
from pyramid_uws.uws.limits import SECOND
from tests.support.examples import examples

NOON = 1_795_867_200 * SECOND
URL = "http://h/survey/async"
EMPTY = JobListPage(
    url=URL,
    title="Survey",
    service_url="http://h/survey",
    form="http://h/survey/form",
    filters=Filters((), "", "", ""),
    lines=[],
    older=None,
    looked_back_to=None,
    is_first=True,
    shows_owners=False,
    is_hidden=False,
    now=NOON,
)


@pytest.fixture
def lines(make_job):
    return [job_line(make_job("COMPLETED", runid=f"run {number}"), URL, can_act=True) for number in range(3)]


def test_filters_are_those_of_the_url_and_go_back_into_one():
    pairs = [("phase", "ERROR"), ("PHASE", "ABORTED"), ("AFTER", "2026-01-31"), ("runid", "a&b"), ("X", "y")]

    filters = filters_of(pairs)

    assert filters == Filters(("ERROR", "ABORTED"), "2026-01-31", "", "a&b")
    assert filters.query(OLDER="0h") == "PHASE=ERROR&PHASE=ABORTED&AFTER=2026-01-31&RUNID=a%26b&OLDER=0h"


def test_a_page_has_as_many_jobs_as_were_asked_for_but_not_more_than_it_can():
    assert [wanted_at_once(last) for last in (None, 1, 10**9)] == [USUAL, 1, MOST]


def test_controls_show_the_filters(show, lines):
    listing = replace(EMPTY, lines=lines, filters=Filters(("ERROR",), "2026", "7", '"x'))

    tree = show("joblist.html", listing=listing)

    form = tree.forms[0]
    assert (form.method, form.action) == ("GET", URL)
    assert form.xpath(".//input[@checked]/@value") == ["ERROR"]
    assert [form.fields[name] for name in ("RUNID", "AFTER", "LAST")] == ['"x', "2026", "7"]


def test_the_way_to_older_jobs_is_a_link(show, lines):
    tree = show("joblist.html", listing=replace(EMPTY, lines=lines, older=f"{URL}?OLDER=0h"))

    (link,) = tree.xpath("//a[text()='Older jobs']")
    assert (link.get("href"), link.get("hx-get")) == (f"{URL}?OLDER=0h", f"{URL}/rows?OLDER=0h")


def test_a_search_that_has_not_seen_all_says_how_far_it_came(show):
    tree = show("joblist.html", listing=replace(EMPTY, older=f"{URL}?OLDER=0h", looked_back_to=NOON))

    assert "back to 2026-11-28 12:00:00 UTC" in tree.text_content()
    assert tree.xpath("//a[text()='Look further']")


def test_jobs_are_selected_to_be_acted_on(show, lines):
    lines[1] = lines[1]._replace(can_act=False)

    tree = show("joblist.html", listing=replace(EMPTY, lines=lines))

    (form,) = tree.xpath("//form[@method='post']")
    assert form.get("action") == f"{URL}/selected"
    assert len(form.xpath(".//input[@name='JOB']")) == 2
    assert form.xpath(".//button/@value") == ["ABORT", "DELETE"]


@pytest.mark.parametrize(
    ("listing", "said"),
    [
        (EMPTY, "There are no jobs yet. Fill in the form"),
        (replace(EMPTY, form=None), "no longer offered"),
        (replace(EMPTY, is_hidden=True), "keep their URLs"),
        (replace(EMPTY, is_first=False), "There are no older jobs."),
        (replace(EMPTY, filters=Filters(("ERROR",), "", "", "")), "No job passes these filters. Show all jobs"),
    ],
)
def test_an_empty_list_says_what_to_do(listing, said, show):
    assert said in " ".join(show("joblist.html", listing=listing).text_content().split())


def test_a_job_without_a_name_that_can_be_seen_is_called_by_its_id(make_job):
    names = [job_line(make_job(runid=runid), URL, can_act=True).name for runid in (None, "", "  ", "a")]

    assert names == ["0h3k", "0h3k", "0h3k", "a"]


@given(runid=st.text(), owner=st.text(), doing=st.text(min_size=1))
@examples(100)
def test_a_row_has_no_markup_but_its_own(runid, owner, doing, make_job, skeleton):
    def row(runid, owner, doing):
        job = make_job("EXECUTING", runid=runid, owner=owner, progress=(0.5, doing))
        text = job_row(job_line(job, URL, can_act=True), NOON, selects=True, shows_owner=True)
        return html.fragment_fromstring(f"<table>{text}</table>")

    found = row(f"x{runid}", owner, f"x{doing}")

    assert skeleton(found) == skeleton(row("x", "x", "x"))
