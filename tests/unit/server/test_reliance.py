"""What is relied upon in waitress is checked, and its absence is told, not suffered."""

import select

import pytest
from waitress.channel import HTTPChannel

from pyramid_uws.server import reliance, runner
from pyramid_uws.server.reliance import missing


def test_nothing_is_missing_in_the_waitress_that_is_installed():
    assert missing() == []


def test_a_name_that_is_gone_is_told(monkeypatch):
    monkeypatch.delattr(HTTPChannel, "write_soon")

    assert missing() == ["HTTPChannel.write_soon"]


def test_a_system_without_epoll_is_told(monkeypatch):
    monkeypatch.delattr(select, "epoll")

    assert missing() == ["select.epoll"]


def test_an_attribute_that_is_not_made_any_more_is_told(monkeypatch):
    monkeypatch.setattr(HTTPChannel, "__init__", lambda self: None)

    assert missing() == ["HTTPChannel().requests", "HTTPChannel().server"]


def test_another_major_version_is_told(monkeypatch):
    monkeypatch.setattr(reliance, "version", lambda _: "4.0.0")

    assert missing() == ["waitress 3.x (this is 4.0.0)"]


@pytest.mark.parametrize(
    "service",
    [
        lambda channel: channel.requests.clear(),
        lambda channel: channel.something_new(),
        lambda channel: (channel.requests.pop(), channel.task_class(channel, None).service()),
    ],
)
def test_a_waitress_that_lets_go_of_requests_is_told(monkeypatch, service):
    monkeypatch.setattr(HTTPChannel, "service", service)

    assert missing() == ["that a request is kept when its run is thrown away"]


@pytest.fixture
def served(monkeypatch):
    """How the runner serves: names of the ways."""
    served = []
    monkeypatch.setattr(runner, "_plain_server", lambda *_: lambda: served.append("plainly"))
    monkeypatch.setattr(runner, "_parking_server", lambda *_: lambda: served.append("parking"))
    monkeypatch.setattr(runner, "raise_file_limit", lambda: 20_000)
    monkeypatch.setattr(runner.os, "umask", lambda _: 0)
    return served


def test_a_site_parks(served, caplog):
    runner.serve(None, {})

    assert served == ["parking"]
    assert caplog.text == ""


def test_without_what_is_relied_upon_a_site_runs_on_plain_waitress_and_says_so_once(served, caplog, monkeypatch):
    monkeypatch.setattr(runner, "missing", lambda: ["HTTPChannel.service", "os.eventfd"])

    runner.serve(None, {}, park_limit="500")

    assert served == ["plainly"]
    (record,) = caplog.records
    assert "parking lacks HTTPChannel.service, os.eventfd" in record.getMessage()


def test_a_site_may_do_without_parking(served, caplog):
    runner.serve(None, {}, park_limit="0")

    assert served == ["plainly"]
    assert caplog.text == ""
