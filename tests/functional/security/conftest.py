"""A server to be attacked, shared by all who do so."""

import pytest

from tests.support.accounts import make_token, write_users
from tests.support.http import Session, create, wait_for_phase
from tests.support.server import Server

PAGE = {"core": "tests.support.cores:page", "parameters": "tests.support.cores:PARAMETERS_PAGE"}


@pytest.fixture(scope="session")
def fortress(tmp_path_factory):
    server = Server(
        tmp_path_factory.mktemp("fortress"),
        settings={
            "uws.auth": "basic token cookie",
            "uws.auth.max_failures": "1000",
            "uws.list_anonymous": "false",
        },
        services=["quick", "failing", "echo", "sleeper"],
        sections={"uws:service:page": PAGE | {"renderers": "async sync"}},
    )
    write_users(server.var)
    with server:
        yield server


@pytest.fixture(scope="session")
def token(fortress):
    return make_token(fortress.var, "alice")[1]


@pytest.fixture(scope="session")
def alice(token):
    session = Session()
    session.headers["Authorization"] = f"Bearer {token}"
    return session


@pytest.fixture(scope="session")
def ended(fortress, alice):
    """A job of alice that has everything a job may have."""
    job = create(fortress.joblist("failing"), session=alice, MESSAGE="sorry", PHASE="RUN")
    wait_for_phase(job, "ERROR", session=alice)
    return job
