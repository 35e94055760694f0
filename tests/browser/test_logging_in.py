"""Logging in with a browser, on a computer or a phone, with JavaScript or without."""

import pytest

from tests.support.accounts import password_of

VISITORS = {"with scripts": {}, "without scripts": {"scripts": False}, "phone": {"phone": True}}


@pytest.mark.parametrize("visitor", VISITORS.values(), ids=VISITORS)
def test_people_log_in_by_the_form(site, visit, visitor):
    page = visit(**visitor).page
    page.goto(f"{site.url}/login")

    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(password_of("alice"))
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state()

    assert page.request.get(f"{site.url}/whoami").text() == "alice"


@pytest.mark.parametrize("visitor", VISITORS.values(), ids=VISITORS)
def test_a_form_that_is_sent_when_the_login_has_run_out_makes_no_job_of_nobody(site, visit, visitor):
    somebody = visit(**visitor)
    somebody.forgive("status of 403")
    somebody.log_in(site, "alice")
    page = somebody.page
    page.goto(f"{site.url}/countdown/form?SECONDS=77")
    somebody.context.clear_cookies()

    page.get_by_role("button", name="Run").click()
    page.get_by_text("You were logged in as alice when this form was opened").wait_for()

    assert page.get_by_label("SECONDS").input_value() == "77"
    page.get_by_role("button", name="Run").click()
    page.get_by_text("nobody: whoever has the URL").wait_for()
