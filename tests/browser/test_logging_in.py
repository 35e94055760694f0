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
