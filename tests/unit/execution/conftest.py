"""Fixtures of the tests of running jobs."""

from contextlib import closing

import pytest

from tests.support.plantation import Plantation


@pytest.fixture
def left(tmp_path):
    """What an earlier dispatcher has left, to be planted by the test."""
    with closing(Plantation(tmp_path)) as left:
        yield left
