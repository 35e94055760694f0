"""Whose coverage counts: that of the tests' own processes, and of the servers that are to be measured.

Measuring takes a process as much time again as it needs, at its start above all, and hundreds are started.
"""

import os

#: What has coverage measure a process that is started.
_VARIABLE = "COVERAGE_PROCESS_CONFIG"

_kept: dict[str, str] = {}


def measure_only_where_asked() -> None:
    """Have processes that are started from now on not be measured, unless all of them are to be."""
    if not measures_all() and _VARIABLE in os.environ:
        _kept[_VARIABLE] = os.environ.pop(_VARIABLE)


def measures_all() -> bool:
    """Tell whether whatever is started counts."""
    return bool(os.environ.get("UWS_TEST_MEASURE"))


def measured() -> dict[str, str]:
    """Return the environment variables of a process that is to be measured; none where nothing is."""
    return dict(_kept)
