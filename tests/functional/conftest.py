"""Fixtures of the functional tests."""

import pytest

from tests.support import exhibits, observatory, pseudotap
from tests.support.server import Server


@pytest.fixture(scope="session")
def museum(tmp_path_factory):
    """A server whose jobs tests look at and leave as they are; it runs one job at a time."""
    with exhibits.make_museum(tmp_path_factory.mktemp("museum")) as server:
        yield server


@pytest.fixture(scope="session")
def observations(tmp_path_factory):
    """A server of datalink services that tests share: the demo's, one with limits, and one of foreign pieces."""
    with Server(
        tmp_path_factory.mktemp("observations"), services=["countdown"], sections=observatory.SECTIONS
    ) as server:
        yield server


@pytest.fixture(scope="session")
def in_every_phase(museum):
    """Phase -> URL of a job of the museum in that phase."""
    return exhibits.exhibit(museum)


@pytest.fixture(scope="session")
def tap(tmp_path_factory):
    """The URL of a service that passes for TAP: its jobs are at `{tap}/async`, and it answers at `{tap}/sync`."""
    sections = {"uws:service:tap": pseudotap.SERVICE | {"renderers": "async sync"}}
    with Server(tmp_path_factory.mktemp("tap"), services=[], sections=sections) as server:
        yield f"{server.url}/tap"
