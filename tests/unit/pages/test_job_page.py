"""The page of a job: what can be done, by whom; and that nothing that was sent becomes markup."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.documents.xml import replace_illegal
from pyramid_uws.pages.jobs import LONG, LogTail, May
from pyramid_uws.uws.limits import SECOND, Limits
from tests.support.examples import examples

DAY = 86400 * SECOND
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</pre></textarea></title><b>",
    "' onmouseover='x",
    "{{ 7 * 7 }}",
    "&lt;&amp;<!--",
    "javascript:alert(1)",
    "\0\x1b[31m\ud800\ufffe",
    "%0d%0a",
)
#: What cannot be told from nothing, or is folded, is looked at elsewhere.
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)).map("x{}".format)


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("PENDING", {"run", "edit", "abort", "duration", "extend", "delete", "share", "again"}),
        ("HELD", {"run", "abort", "duration", "extend", "delete", "share", "again"}),
        ("QUEUED", {"abort", "duration", "extend", "delete", "share", "again"}),
        ("EXECUTING", {"abort", "extend", "delete", "share", "again"}),
        ("COMPLETED", {"extend", "delete", "share", "again"}),
        ("ERROR", {"extend", "delete", "share", "again"}),
        ("ARCHIVED", {"delete", "again"}),
    ],
)
def test_what_can_be_done_depends_on_the_phase(phase, expected, describe):
    assert describe(phase).actions == expected


@pytest.mark.parametrize(
    ("may", "expected"),
    [
        (May(), {"again"}),
        (May(change=True), {"abort", "extend", "again"}),
        (May(delete=True), {"delete", "again"}),
        (May(share=True), {"share", "again"}),
    ],
)
def test_what_can_be_done_depends_on_who_is_looking(may, expected, describe):
    assert describe("EXECUTING", may=may).actions == expected


def test_a_job_that_was_shown_can_be_read_only(describe):
    assert describe("COMPLETED", may=May(), __name__="0h3k~secret").actions == set()


def test_a_job_whose_service_is_gone_can_be_aborted_and_deleted(describe, offer):
    assert describe("QUEUED", service=offer(form=None)).actions == {"abort", "delete", "share"}


def test_an_abort_that_was_asked_for_is_not_offered_again(describe):
    assert "abort" not in describe("EXECUTING", abort_requested=1).actions


def test_signed_links_are_offered_where_there_are_such(describe, offer):
    results = (("table", "text/csv", 10, ""),)

    assert "link" in describe("COMPLETED", service=offer(has_links=True), results=results).actions
    assert "link" not in describe("COMPLETED", service=offer(has_links=True)).actions
    assert "link" not in describe("COMPLETED", results=results).actions


def test_life_is_made_longer_as_far_as_the_service_allows(describe, offer):
    service = offer(limits=Limits(max_lifetime=5 * 86400))

    page = describe("COMPLETED", service=service)

    created = page.destruction - 2 * DAY
    assert page.life.choices == (("1 day longer", created + 3 * DAY), ("as long as allowed", created + 5 * DAY))
    assert describe("COMPLETED", service=service, destruction=created + 5 * DAY).life.choices == ()


def test_buttons_send_what_the_protocol_takes(describe, show):
    tree = show("job.html", job=describe("PENDING"))

    sent = {
        (form.action, button.get("name"), button.get("value"))
        for form in tree.forms
        for button in form.xpath(".//button")
    }
    url = "http://h/survey/async/0h3k"
    phase = f"{url}/phase"
    assert {(phase, "PHASE", "RUN"), (phase, "PHASE", "ABORT"), (url, "ACTION", "DELETE")} <= sent
    assert all(form.method == "POST" for form in tree.forms)
    assert {f"{url}/edit", "http://h/survey/form?from=0h3k"} <= set(tree.xpath("//a/@href"))


@pytest.mark.parametrize("phase", ["QUEUED", "EXECUTING", "HELD"])
def test_without_script_the_page_of_a_job_under_way_is_loaded_again(phase, describe, show):
    assert show("job.html", job=describe(phase)).xpath("//noscript/meta/@http-equiv") == ["refresh"]


@pytest.mark.parametrize("phase", ["PENDING", "COMPLETED", "ERROR", "ABORTED", "ARCHIVED"])
def test_and_that_of_another_is_not(phase, describe, show):
    assert show("job.html", job=describe(phase)).xpath("//noscript") == []


def test_progress_is_shown_with_the_step_it_belongs_to(describe, show):
    tree = show("job.html", job=describe("EXECUTING", progress=(0.456, "folding")))

    (step,) = tree.xpath("//li[@aria-current='step'][.//strong='Started']")
    assert step.xpath(".//progress/@value") == ["0.456"]
    assert "46 %" in step.text_content()
    assert "folding" in step.text_content()


def test_a_long_value_is_folded_and_all_there(describe, show):
    text = "y" * (LONG + 1)

    (folded,) = show("job.html", job=describe(parameters=(("A", text),))).xpath("//td/details/pre")

    assert folded.text_content().strip() == text


def test_results_are_linked_and_come_together_if_there_are_several(describe, show):
    one, two = ("table", "text/csv", 10, ""), ("map", "image/png", 2_000_000, "")
    alone = show("job.html", job=describe("COMPLETED", results=(one,))).xpath("//a/@href")
    together = show("job.html", job=describe("COMPLETED", results=(one, two))).xpath("//a/@href")

    url = "http://h/survey/async/0h3k/results"
    assert {f"{url}/table", f"{url}/table/preview"} <= set(alone)
    assert f"{url}?RESPONSEFORMAT=zip" not in alone
    assert {f"{url}/map", f"{url}?RESPONSEFORMAT=zip", f"{url}?RESPONSEFORMAT=tar"} <= set(together)


def test_former_results_are_told_of_an_archived_job(describe, show):
    tree = show("job.html", job=describe("ARCHIVED", former=(("table", "text/csv", 10, "ab" * 32),)))

    assert "ab" * 32 in tree.text_content()
    assert not tree.xpath("//a[contains(@href, '/results/')]")


def is_no_table(text):
    """Whether a result of this type is shown as any other, not with what reads tables."""
    return not any(word in text.lower() for word in ("votable", "fits", "csv", "parquet", "tab-separated"))


@given(texts=st.lists(TEXTS.filter(is_no_table), min_size=12, max_size=12))
@examples(60)
def test_nothing_that_was_sent_or_said_becomes_markup(texts, describe, show, skeleton):
    def page(texts):
        runid, owner, name, value, file, kind, doing, reason, log, message, result, sort = texts
        return describe(
            "ERROR",
            runid=replace_illegal(runid),  # no other is taken
            owner=owner,
            parameters=((name, replace_illegal(value)),),  # what XML cannot carry is a link to it
            references=((file, kind, 10, "1"),),
            progress=(0.5, doing),
            reason=f"because {reason}",
            log=LogTail(log, is_cut=True),
            error=("fatal", message, True),
            results=((result, sort, 10, ""),),
        )

    for template in ("job.html", "job_live.html"):
        hostile = show(template, job=page(texts))
        assert skeleton(hostile) == skeleton(show(template, job=page(["x"] * 12)))
        assert not hostile.xpath("//*[starts-with(@href, 'javascript:') or starts-with(@action, 'javascript:')]")
