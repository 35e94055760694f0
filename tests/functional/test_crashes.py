"""Rounds of load and catastrophes at random moments: what was promised to clients holds, and nothing is left over.

What `scripts/faults` does for minutes, for some seconds.
"""

import random
import time

import pytest
from faultfinding.faults import FAULTS
from faultfinding.ledger import Ledger
from faultfinding.rounds import make_site, play

ROUNDS = 4
SECONDS = 12  # no round is begun after that
SEED = 20260115


@pytest.mark.spec("U-87", "U-91", "U-143")
def test_promises_hold_whatever_happens_to_the_server(tmp_path):
    ledger, told = Ledger(), []

    with make_site(tmp_path / "site", ledger, random.Random(SEED)) as site:
        play(site, FAULTS, ROUNDS, time.monotonic() + SECONDS, told.append)

    assert [f"{finding.kind}: {finding.sentence}" for finding in ledger.findings] == []
    assert sum(faults.total() for faults in told) >= len(told) > 0
    assert ledger.acknowledged >= 10 * len(told)
