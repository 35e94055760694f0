"""What is measured while tests run, and what is not (tests/support/measuring.py)."""

import os

import pytest
from coverage import Coverage

from tests.support import measuring


@pytest.mark.skipif(measuring.measures_all(), reason="everything is to be measured")
def test_processes_are_not_measured_unless_asked():
    with measuring.unmeasured():
        assert "COVERAGE_PROCESS_CONFIG" not in os.environ

    assert "COVERAGE_PROCESS_CONFIG" not in os.environ


def test_it_goes_on_after_a_pause():
    before = Coverage.current()

    with measuring.unmeasured():
        assert Coverage.current() is None or measuring.measures_all()

    assert Coverage.current() is before
