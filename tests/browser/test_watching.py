"""That the tests of this folder would notice: what a browser refuses or runs into, and what shuts people out."""

import pytest

from tests.support.browser import assert_accessible, assert_fits

GOOD = (
    '<!DOCTYPE html><html lang="en"><head><title>A page</title>'
    '<meta name="viewport" content="width=device-width"></head>'
    "<body><main><h1>A page</h1>{}</main></body></html>"
)


def problems_with(visit, content, script=None):
    """Return what is noted while a page is looked at; it is forgiven."""
    somebody = visit()
    somebody.forgive(".")
    somebody.page.set_content(GOOD.format(content))
    if script:
        somebody.page.evaluate(script)
    return "\n".join(somebody.problems)


def test_a_good_page_is_good(visit):
    somebody = visit(phone=True)

    somebody.page.set_content(GOOD.format("<p>Well.</p>"))

    assert_accessible(somebody.page)
    assert_fits(somebody.page)
    somebody.check()


def test_a_request_to_another_host_is_noted(visit):
    assert "another host: http://example.org/a.png" in problems_with(
        visit, '<img src="http://example.org/a.png" alt="">'
    )


def test_an_exception_in_a_script_is_noted(visit):
    assert "exception in a script: no such star" in problems_with(
        visit, "<script>throw new Error('no such star')</script>"
    )


def test_what_the_policy_of_a_page_refuses_is_noted(visit, site):
    somebody = visit()
    somebody.forgive("Content Security Policy")
    somebody.page.goto(f"{site.url}/login")

    somebody.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: '1'}))")

    assert "Content Security Policy" in "\n".join(somebody.problems)


def test_a_visit_fails_over_what_was_noted(visit):
    somebody = visit()
    somebody.page.evaluate("console.error('no such star')")

    with pytest.raises(AssertionError, match="no such star"):
        somebody.check()

    somebody.forgive("no such star")


def test_barriers_are_found(visit):
    somebody = visit()
    somebody.page.set_content(GOOD.format('<form><input name="RADIUS"></form>'))

    with pytest.raises(AssertionError, match="label"):
        assert_accessible(somebody.page)


def test_a_page_that_is_wider_than_a_phone_is_found(visit):
    somebody = visit(phone=True)
    somebody.page.set_content(GOOD.format('<pre id="wide">' + "wide " * 100 + "</pre>"))

    with pytest.raises(AssertionError, match='<pre id="wide">'):
        assert_fits(somebody.page)
