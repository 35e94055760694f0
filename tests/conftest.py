"""Fixtures for all tests: schemas, and real servers."""

import contextlib
from pathlib import Path

import pytest

from tests.support import schemas
from tests.support.examples import register_profiles
from tests.support.leftovers import remove_unfinished
from tests.support.measuring import import_all, measure, measure_only_where_asked
from tests.support.server import Server

TESTS = Path(__file__).parent
INSIDE = {"unit", "integration"}

register_profiles()


@pytest.fixture(scope="session")
def uws_schema():
    """All schemas of the standards in one: ``uws_schema.assertValid(element)``."""
    if not schemas.FOLDER.is_dir():
        pytest.skip(f"the schemas of the standards are not here ({schemas.FOLDER})")
    return schemas.load_schema()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A running server that tests share, so they leave it as it is and look only at jobs of their own."""
    with Server(tmp_path_factory.mktemp("server"), measured=True) as server:
        yield server


@pytest.fixture
def make_server(tmp_path):
    """Return a function that starts a server for this test: ``make_server(settings={…}, services=[…])``."""
    servers = []

    def make_server(**options):
        server = Server(tmp_path / f"s{len(servers)}", **options)
        servers.append(server)
        closing.callback(server.close)
        server.start()
        return server

    make_server.servers = servers
    with contextlib.ExitStack() as closing:
        yield make_server


def pytest_collection(session):
    """Have what the package's modules do at their import count, and nothing else."""
    if session.config.pluginmanager.hasplugin("_cov"):
        import_all()
    measure(False)


def pytest_runtest_setup(item):
    """Measure tests that do not leave the process; they come together."""
    measure(item.path.relative_to(TESTS).parts[0] in INSIDE)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session):
    """Measure what is to be measured, and clear up before coverage is combined."""
    measure_only_where_asked()
    result = yield
    measure(True)
    if session.config.pluginmanager.hasplugin("_cov") and not hasattr(session.config, "workerinput"):
        remove_unfinished(session.config.rootpath)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the servers' logs with a test that fails."""
    report = yield
    if report.failed:
        used = getattr(item, "funcargs", {})
        servers = [used["server"]] if isinstance(used.get("server"), Server) else []
        servers += getattr(used.get("make_server"), "servers", [])
        report.sections += [(f"Log of the server {server.url}", server.log_tail()) for server in servers]
    return report
