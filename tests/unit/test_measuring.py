"""What is measured while tests run, and what is not (tests/support/measuring.py)."""

import os

import pytest
from coverage import Coverage

from tests.support import measuring


@pytest.mark.skipif(measuring.measures_all(), reason="everything is to be measured")
def test_it_goes_on_after_a_pause_and_measures_no_process_unasked():
    before = Coverage.current()

    measuring.measure(False)
    meanwhile = Coverage.current()
    measuring.measure(True)

    assert meanwhile is None
    assert Coverage.current() is before
    assert "COVERAGE_PROCESS_CONFIG" not in os.environ
