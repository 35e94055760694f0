"""Fixtures of tests about who is asking."""

import pytest

from pyramid_uws.auth import passwords, users
from tests.support.accounts import CHEAP

MAKE_HASHER = users.make_hasher


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Hash passwords at little cost."""
    for module in (users, passwords):
        monkeypatch.setattr(module, "make_hasher", lambda: CHEAP)


@pytest.fixture
def costly(cheap, monkeypatch):
    """Hash them as a server does."""
    for module in (users, passwords):
        monkeypatch.setattr(module, "make_hasher", MAKE_HASHER)
