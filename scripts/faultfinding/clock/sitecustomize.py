"""The clock of the servers under test: that of the machine, and as many seconds more as a file says.

Python imports this at its start when the folder is in PYTHONPATH; the product knows nothing of it. The real
clock of a machine is nobody's to set, and a time namespace of Linux leaves the time of day alone. Only steps are
played: the monotonic clock goes on as it does.
"""

import os
import time
from pathlib import Path

_file = os.environ.get("UWS_TEST_CLOCK")

if _file is not None:
    _true_ns = time.time_ns

    def _stepped_ns() -> int:
        try:
            step = int(Path(_file).read_bytes() or 0)
        except OSError:
            step = 0
        return _true_ns() + step * 1_000_000_000

    def _stepped() -> float:
        return _stepped_ns() / 1e9

    time.time_ns = _stepped_ns
    time.time = _stepped
