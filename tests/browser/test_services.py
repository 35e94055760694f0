"""From the first visit to a job: the site, a service, an example that is run with a click; and what is refused."""

import re

import pytest

from tests.support.accounts import password_of
from tests.support.browser import assert_accessible, assert_fits
from tests.support.http import wait_for_phase

LOOKS = {
    "computer": {},
    "computer, dark": {"dark": True},
    "phone": {"phone": True},
    "phone, dark": {"phone": True, "dark": True},
}
PATHS = ["/", "/countdown", "/login", "/whoami", "/nonesuch"]


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_pages_can_be_used_by_everybody_on_everything(site, visit, look):
    visitor = visit(**look)
    visitor.forgive("status of 404")

    for path in PATHS:
        visitor.page.goto(site.url + path)

        assert_accessible(visitor.page)
        assert_fits(visitor.page)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_tokens_are_made_and_revoked(site, visit, look):
    visitor = visit(**look)
    visitor.log_in(site, "bob")
    page = visitor.page
    page.goto(f"{site.url}/tokens")

    page.get_by_label("What for").fill("a laptop")
    page.get_by_role("button", name="Make a token").click()
    token = page.get_by_label("The new token", exact=True).inner_text()
    assert_accessible(page)
    assert_fits(page)
    row = page.get_by_role("row").filter(has_text=token.split("_")[1])
    row.locator("summary").click()
    row.get_by_role("button", name="Yes").click()

    page.get_by_text(token.split("_")[1]).wait_for(state="detached")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_an_example_is_run_with_a_click(site, visit, scripts):
    page = visit(scripts=scripts).page
    page.goto(site.url)

    page.get_by_role("link", name="Countdown").click()
    page.get_by_role("button", name="Run: ").first.click()
    page.wait_for_url(re.compile(r"/countdown/async/\w+"))

    wait_for_phase(page.url, "COMPLETED")


def test_a_text_is_copied_with_a_click(site, visit):
    visitor = visit()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.page
    page.goto(f"{site.url}/countdown")

    page.get_by_role("button", name="Copy: curl: a job").click()
    page.get_by_text("Copied").wait_for()

    assert (
        page.evaluate("navigator.clipboard.readText()")
        == page.get_by_label("curl: a job", exact=True).inner_text()
    )


def test_who_is_refused_logs_in_and_goes_on_there(site, visit):
    visitor = visit()
    visitor.forgive("status of 401")
    page = visitor.page
    page.goto(f"{site.url}/tokens")

    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()
    assert_accessible(page)
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(password_of("alice"))
    page.get_by_role("button", name="Log in").click()

    page.wait_for_url(f"{site.url}/tokens")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{site.url}/")
