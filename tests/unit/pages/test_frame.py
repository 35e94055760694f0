"""What is around a page: where it is, and who looks."""

from types import SimpleNamespace

import pytest
from pyramid.request import Request
from pyramid.testing import setUp, tearDown

from pyramid_uws.pages.frame import frame_of


@pytest.fixture
def frame():
    """Return the frame of a page that answers a request."""
    config = setUp()
    config.registry.uws = SimpleNamespace(settings=SimpleNamespace(title="Site"))

    def frame(path="/", **environ):
        request = Request.blank(path, environ=environ)
        request.registry = config.registry
        return frame_of(request)

    yield frame
    tearDown()


def test_nobody_can_log_in_where_no_policy_takes_cookies(frame):
    found = frame("/a")

    assert (found.user, found.has_login, found.has_logout) == (None, False, False)


@pytest.mark.parametrize(
    "path", ["/", "/a?b=1&c=%26", "/%C3%A9", "/%FF", "/a%22%3Cb%3E", "/a%3Fb"], ids=lambda path: path
)
def test_where_the_page_is_can_be_asked_for_again(path, frame):
    assert frame(path).here == path


def test_what_was_sent_cannot_be_asked_for_again(frame):
    assert frame("/a", REQUEST_METHOD="POST").here == ""


def test_files_are_below_the_path_of_the_application(frame):
    found = frame("/", SCRIPT_NAME="/mnt/é")

    assert found.root == "/mnt/%E9"
    assert found.static("style.css").startswith("/mnt/%E9/static/")
