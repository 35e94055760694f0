"""The operator's page in a browser: it shows what goes on, and goes on showing it."""

import pytest

from tests.support.accounts import password_of
from tests.support.browser import assert_accessible, assert_fits
from tests.support.http import Session, abort, create, wait_for_phase


@pytest.fixture
def operator(site, visit):
    """Return a function that has root visit."""

    def operator(**look):
        somebody = visit(**look)
        somebody.log_in(site, "root")
        return somebody.page

    return operator


@pytest.fixture
def running(site):
    """A job of alice's that runs until the test is over."""
    session = Session()
    session.auth = ("alice", password_of("alice"))
    job = create(site.joblist("countdown"), session=session, SECONDS=600, PHASE="RUN")
    wait_for_phase(job, "EXECUTING", session=session)
    yield job
    abort(job, session=session)


@pytest.mark.parametrize("look", [{}, {"dark": True}, {"phone": True}], ids=["desktop", "dark", "phone"])
def test_it_is_readable(site, operator, running, look):
    page = operator(**look)

    page.goto(f"{site.url}/operator")

    page.get_by_role("heading", name="Queue").wait_for()
    assert page.get_by_role("link", name=running.rpartition("/")[2]).is_visible()
    assert_fits(page)
    assert_accessible(page)


def test_it_shows_what_changes_without_being_asked(site, operator):
    page = operator()
    page.goto(f"{site.url}/operator")
    session = Session()
    session.auth = ("alice", password_of("alice"))

    job = create(site.joblist("countdown"), session=session, SECONDS=600, PHASE="RUN")

    told = page.get_by_role("region", name="Running").get_by_role("link", name=job.rpartition("/")[2])
    told.wait_for()
    abort(job, session=session)
    told.wait_for(state="detached")


def test_the_keyboard_stays_where_it_was(site, operator, running):
    page = operator()
    page.goto(f"{site.url}/operator")
    link = page.get_by_role("link", name=running.rpartition("/")[2])
    link.focus()
    old = link.element_handle()

    page.wait_for_function("old => !old.isConnected", arg=old)

    assert link.evaluate("each => each === document.activeElement")


def test_it_says_when_the_server_cannot_be_reached(site, visit):
    somebody = visit()
    somebody.log_in(site, "root")
    somebody.forgive("ERR_FAILED|htmx:")
    page = somebody.page
    page.goto(f"{site.url}/operator")

    page.route("**/operator?part=state", lambda route: route.abort())
    page.get_by_text("The server cannot be reached.").wait_for()
    page.unroute("**/operator?part=state")

    page.get_by_text("The server cannot be reached.").wait_for(state="hidden")


def test_it_leads_to_the_job_and_does_without_scripts(site, operator, running):
    page = operator(scripts=False)
    page.goto(f"{site.url}/operator")

    page.get_by_role("link", name=running.rpartition("/")[2]).click()

    page.wait_for_url(running)
    assert (
        '<meta http-equiv="refresh"'
        in page.request.get(f"{site.url}/operator", headers={"Accept": "text/html"}).text()
    )


def test_who_is_no_admin_is_told_so(site, visit):
    somebody = visit()
    somebody.log_in(site, "alice")
    somebody.forgive("status of 403")

    somebody.page.goto(f"{site.url}/operator")

    assert "may not" in somebody.page.get_by_role("main").inner_text()
