"""Following, ending and finding jobs with a browser."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from pyramid_uws.pages.wording import hint
from tests.support.accounts import password_of
from tests.support.browser import assert_accessible, assert_fits
from tests.support.http import Session, abort, create, phase, wait_for_phase

MANY = 1000

#: Have the script of all pages write hints for instants so many seconds from another.
HINTS = """spans => spans.map(([seconds, at]) => {
  const hint = document.createElement("span");
  hint.dataset.now = new Date(at * 1000).toISOString();
  hint.dataset.hint = new Date((at + seconds) * 1000).toISOString();
  document.body.append(hint);
  document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: hint } }));
  return hint.textContent;
})"""
LOOKS = {"desktop": {}, "dark": {"dark": True}, "phone": {"phone": True}}


def session_of(name):
    session = Session()
    session.auth = (name, password_of(name))
    return session


@pytest.fixture
def alice(site):
    """Alice, whose jobs do not go on when the test has ended: the others want places, too."""
    alice = session_of("alice")
    yield alice
    jobs = f"{site.joblist('countdown')}?PHASE=QUEUED&PHASE=EXECUTING"
    for job_id in re.findall(r'<uws:jobref id="([^"]+)"', alice.get(jobs).text):
        alice.delete(f"{site.joblist('countdown')}/{job_id}")


@pytest.fixture
def enter(site, visit):
    """Return a function that has somebody log in and look at a page."""

    def enter(url, name="alice", **look):
        somebody = visit(**look)
        somebody.log_in(site, name)
        somebody.page.goto(url)
        return somebody.page

    return enter


def countdown(site, session, **parameters):
    return create(site.joblist("countdown"), session=session, PHASE="RUN", **parameters)


def badge(page):
    return page.locator("h1 .badge")


def see_phase(page, wanted):
    badge(page).get_by_text(wanted, exact=True).wait_for()


def test_a_live_page_ends_by_itself(site, alice, enter):
    job = create(site.joblist("countdown"), session=alice, SECONDS=8, RUNID="a short night", RESULTS=0)
    page = enter(job)
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("progress").wait_for()
    page.evaluate("window.isTheSame = true")

    page.locator("#log").get_by_text("s to go").first.wait_for()
    see_phase(page, "COMPLETED")

    assert page.evaluate("window.isTheSame")
    assert page.title().startswith("COMPLETED: a short night")
    assert "The job is COMPLETED." in page.get_by_role("status").inner_text()
    assert page.get_by_role("button", name="Abort the job").count() == 0


def test_a_phone_shows_the_phase_beside_a_long_name(site, alice, enter):
    create(site.joblist("countdown"), session=alice)
    create(site.joblist("countdown"), session=alice, RUNID="m" * 64)
    page = enter(site.joblist("countdown"), phone=True)

    for row in range(2):
        box = page.locator(".jobs tbody .badge").nth(row).bounding_box()
        assert box["x"] + box["width"] <= page.viewport_size["width"]
    assert_fits(page)


def test_a_running_job_is_aborted(site, alice, enter):
    job = countdown(site, alice, SECONDS=600)
    wait_for_phase(job, "EXECUTING", session=alice)
    page = enter(job)
    page.locator("#log").get_by_text("s to go").first.wait_for()

    page.locator("summary", has_text="Abort").click()
    page.get_by_role("button", name="Abort the job").click()

    see_phase(page, "ABORTED")
    assert "Aborted on request." in page.locator("#job-life").inner_text()
    assert "It had come to: " in page.locator("#job-life").inner_text()
    assert phase(job, session=alice) == "ABORTED"


def test_what_somebody_is_doing_is_not_disturbed_by_what_changes(site, alice, enter):
    job = countdown(site, alice, SECONDS=600)
    page = enter(job)
    see_phase(page, "EXECUTING")
    page.locator("#set-destruction > summary").click()
    field = page.get_by_label("Another time (UTC)")
    field.fill("2099-01-01")

    before = page.locator("progress").get_attribute("value")
    page.wait_for_function(
        "before => document.querySelector('progress').getAttribute('value') !== before", arg=before
    )

    assert field.input_value() == "2099-01-01"
    alice.delete(job)


def test_a_section_that_was_kept_for_somebody_is_renewed_when_they_leave(site, alice, enter):
    job = countdown(site, alice, SECONDS=600)
    page = enter(job)
    see_phase(page, "EXECUTING")
    page.locator("#set-destruction > summary").click()
    field = page.get_by_label("Another time (UTC)")
    field.focus()

    soon = datetime.now(UTC) + timedelta(hours=2)
    alice.post(f"{job}/destruction", data={"DESTRUCTION": f"{soon:%Y-%m-%dT%H:%M:%SZ}"})
    before = page.locator("progress").get_attribute("value")
    page.wait_for_function(
        "before => document.querySelector('progress').getAttribute('value') !== before", arg=before
    )
    field.blur()

    page.locator("#job-facts").get_by_text(f"{soon:%Y-%m-%d %H:%M:%S}").first.wait_for()
    alice.delete(job)


def test_the_keyboard_stays_where_it_was_when_the_phase_changes(site, alice, enter):
    job = countdown(site, alice, SECONDS=600)
    page = enter(job)
    see_phase(page, "EXECUTING")
    again = page.get_by_role("link", name="Run again with changes")
    again.focus()
    page.locator("summary", has_text="Delete").evaluate("each => each.parentElement.open = true")

    abort(job, session=alice)
    see_phase(page, "ABORTED")

    assert again.evaluate("each => each === document.activeElement")
    assert page.get_by_role("button", name="Delete the job").is_visible()


def test_the_keyboard_stays_in_the_section_when_its_button_goes(site, alice, enter):
    job = countdown(site, alice, SECONDS=600)
    page = enter(job)
    see_phase(page, "EXECUTING")
    page.locator("summary", has_text="Abort").focus()

    abort(job, session=alice)
    see_phase(page, "ABORTED")

    assert page.evaluate("document.activeElement.closest('section')?.id") == "job-head"


def test_a_list_says_when_the_server_cannot_be_reached(site, alice, visit):
    job = countdown(site, alice, SECONDS=600)
    somebody = visit()
    somebody.log_in(site, "alice")
    somebody.forgive("ERR_FAILED")
    page = somebody.page
    page.goto(site.joblist("countdown"))

    page.route("**/rows?*", lambda route: route.abort())
    page.get_by_text("The server cannot be reached.").wait_for()
    page.unroute("**/rows?*")

    page.get_by_text("The server cannot be reached.").wait_for(state="hidden")
    alice.delete(job)


def test_the_page_of_a_job_goes_on_soon_after_the_server_is_back(site, alice, visit):
    job = countdown(site, alice, SECONDS=600)
    somebody = visit()
    somebody.log_in(site, "alice")
    somebody.forgive("ERR_FAILED")
    page = somebody.page
    page.goto(job)
    see_phase(page, "EXECUTING")

    page.route("**/live", lambda route: route.abort())
    page.get_by_text("The server cannot be reached.").wait_for()
    page.unroute("**/live")

    page.get_by_text("The server cannot be reached.").wait_for(state="hidden")
    alice.delete(job)


def test_hints_of_time_are_the_same_with_and_without_script(site, visit):
    page = visit().page
    page.goto(site.url)
    # None is just between two hints: a moment passes before the script has told one.
    spans = (
        0.2,
        1.2,
        59.8,
        119.2,
        119.8,
        149,
        151,
        5369,
        7199,
        86399,
        129600,
        170400,
        172200,
        215000,
        217000,
        10**7,
    )

    told = page.evaluate(HINTS, [(each, 1_000_000) for each in (*spans, *(-span for span in spans))])

    assert told == [f"({hint(round(span * 1e6), 0)})" for span in (*spans, *(-span for span in spans))]


def test_a_job_that_is_deleted_meanwhile_is_said_to_be_gone(site, alice, visit):
    somebody = visit()
    somebody.log_in(site, "alice")
    somebody.forgive("404")
    page = somebody.page
    job = countdown(site, alice, SECONDS=600)
    page.goto(job)
    see_phase(page, "EXECUTING")

    alice.delete(job)

    page.get_by_text("may have been deleted").first.wait_for()


def test_a_job_that_is_deleted_elsewhere_leaves_the_list(site, alice, enter):
    countdown(site, alice, SECONDS=600, RUNID="leaving, stays")
    gone = countdown(site, alice, SECONDS=600, RUNID="leaving, goes")
    last = countdown(site, alice, SECONDS=600, RUNID="leaving, last")
    page = enter(f"{site.joblist('countdown')}?RUNID=leaving")
    rows = page.locator("#rows tr[id]")
    assert rows.count() == 3

    alice.delete(gone)

    page.get_by_text("leaving, goes").wait_for(state="detached")
    assert rows.count() == 2
    assert page.get_by_text("leaving, last").count() == 1
    alice.delete(last)


def test_a_list_does_not_stay_when_the_login_has_run_out(site, alice, visit):
    somebody = visit()
    somebody.log_in(site, "alice")
    countdown(site, alice, SECONDS=600, RUNID="left open")
    somebody.page.goto(site.joblist("countdown"))
    assert somebody.page.get_by_text("left open").count() == 1

    somebody.context.clear_cookies()

    somebody.page.get_by_text("left open").wait_for(state="detached")


def test_without_script_the_page_goes_on_by_itself(site, alice, enter):
    job = countdown(site, alice, SECONDS=3, RESULTS=0)
    page = enter(job, scripts=False)
    assert page.locator("noscript meta").count() or badge(page).inner_text() == "COMPLETED"

    see_phase(page, "COMPLETED")


def test_without_script_jobs_are_selected_and_deleted(site, alice, enter):
    doomed = [create(site.joblist("several"), session=alice, RUNID=f"doomed {number}") for number in range(2)]
    page = enter(f"{site.joblist('several')}?RUNID=doomed", scripts=False)

    for number in range(2):
        page.get_by_label(f"Select doomed {number}").check()
    page.get_by_role("button", name="Delete …").click()
    page.get_by_role("button", name="Delete 2").click()

    page.get_by_text("2 jobs were deleted, with all their files.").wait_for()
    page.get_by_text("No job passes these filters.").wait_for()
    assert [alice.get(job).status_code for job in doomed] == [404, 404]


def test_two_people_do_not_see_each_others_jobs(site, alice, visit):
    job = create(site.joblist("echo"), session=alice, RUNID="for me alone")
    somebody = visit()
    somebody.log_in(site, "bob")
    somebody.forgive("403")

    somebody.page.goto(site.joblist("echo"))
    assert somebody.page.get_by_text("for me alone").count() == 0
    somebody.page.goto(job)

    told = somebody.page.locator("main").inner_text()
    assert "You are logged in as bob, who may not see" in told
    assert "log out and log in by that one" in told


@pytest.fixture(scope="module")
def thousand(site):
    """The URLs of a thousand jobs of carol's, one of which has a name of its own."""
    session = session_of("carol")
    url = site.joblist("echo")
    needle = create(url, session=session, RUNID="the needle")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(partial(_make, url), range(MANY - 1)))
    return needle


def _make(url, number):
    return create(url, session=session_of("carol"), RUNID=f"straw {number:03}")


class TestThousandJobs:
    def test_they_are_loaded_as_one_goes_on(self, site, enter, thousand):
        page = enter(site.joblist("echo"), "carol")
        rows = page.locator("tbody tr[id]")
        assert rows.count() == 50

        page.get_by_role("link", name="Older jobs").click()
        page.wait_for_function("() => document.querySelectorAll('tbody tr[id]').length === 100")

        assert "OLDER" not in page.url
        assert len({rows.nth(each).get_attribute("id") for each in range(100)}) == 100

    def test_the_keyboard_goes_on_at_the_older_ones(self, site, enter, thousand):
        page = enter(site.joblist("echo"), "carol")

        page.get_by_role("link", name="Older jobs").press("Enter")
        page.wait_for_function("() => document.querySelectorAll('tbody tr[id]').length === 100")

        rows = "[...document.querySelectorAll('tbody tr[id]')]"
        assert page.evaluate(f"{rows}.indexOf(document.activeElement.closest('tr'))") == 50

    def test_older_ones_that_do_not_come_are_told_of(self, site, visit, thousand):
        somebody = visit()
        somebody.log_in(site, "carol")
        somebody.forgive("ERR_FAILED|htmx:")
        page = somebody.page
        page.goto(site.joblist("echo"))

        page.route("**/rows?*", lambda route: route.abort())
        page.get_by_role("link", name="Older jobs").click()

        page.get_by_text("The server cannot be reached. Please try again.").wait_for()

    def test_one_is_found_by_its_run_id(self, site, enter, thousand):
        page = enter(site.joblist("echo"), "carol")

        page.locator("summary", has_text="Filter").click()
        page.get_by_label("Run id has in it").fill("NEEDLE")
        page.get_by_role("button", name="Show", exact=True).click()

        page.wait_for_url(re.compile("RUNID=NEEDLE"))
        assert [link.get_attribute("href") for link in page.locator("tbody th a").all()] == [thousand]

    def test_all_that_are_shown_are_selected_at_once(self, site, enter, thousand):
        page = enter(f"{site.joblist('echo')}?LAST=7", "carol")

        page.get_by_label("Select all jobs shown").check()
        page.get_by_text("7 selected").wait_for()
        page.get_by_role("button", name="Abort …").click()

        page.get_by_role("heading", name="Abort 7 jobs?").wait_for()

    def test_all_of_them_are_aborted_together(self, site, enter, thousand):
        page = enter(f"{site.joblist('echo')}?LAST=500", "carol")
        rows = page.locator("tbody tr[id]")
        page.get_by_role("link", name="Older jobs").click()
        page.wait_for_function("() => document.querySelectorAll('tbody tr[id]').length === 1000")

        page.get_by_label("Select all jobs shown").check()
        page.get_by_text("1000 selected").wait_for()
        page.get_by_role("button", name="Abort …").click()
        page.get_by_role("button", name="Abort 1000").click()

        page.get_by_text("1000 jobs were aborted.").wait_for()
        page.wait_for_load_state()
        assert rows.locator(".badge.aborted").count() == 500
        page.reload()
        assert page.get_by_text("jobs were aborted").count() == 0

    @pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
    def test_the_list_is_readable(self, look, site, enter, thousand):
        page = enter(site.joblist("echo"), "carol", **look)

        assert_accessible(page)
        assert_fits(page)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_page_of_a_failed_job_is_readable(look, site, alice, enter):
    job = countdown(site, alice, SECONDS=0, RESULTS=0, FAIL="No more stars " + "x" * 100, RUNID="y" * 64)
    wait_for_phase(job, "ERROR", session=alice)
    page = enter(job, **look)

    assert_accessible(page)
    assert_fits(page)
