"""Whose coverage counts: that of unit and integration tests, and of the servers that are to be measured.

Measuring takes a process as much time again as it needs, for the package and for all else that it runs. So it
pauses while tests are collected, and while they speak to servers; and of the many processes that are started, few
are measured.
"""

import contextlib
import os
from importlib import import_module
from pkgutil import walk_packages

from coverage import Coverage

import pyramid_uws

#: What has coverage measure a process that is started.
_VARIABLE = "COVERAGE_PROCESS_CONFIG"

_kept: dict[str, str] = {}

_paused: list[Coverage] = []


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


def measure(wanted: bool) -> None:
    """Measure this process from now on, or pause; not for a moment, since coverage remembers each beginning.

    In a process that runs a part of the tests there are two that measure: that part, and whatever is started.
    """
    if wanted:
        while _paused:
            _paused.pop().start()
        measure_only_where_asked()  # coverage, when it starts, asks for all again
    elif not measures_all():
        while coverage := Coverage.current():
            coverage.stop()
            _paused.append(coverage)


def import_all() -> None:
    """Import the package's modules: what stands in them counts though they are imported but once.

    What needs more than is installed is left out, as are its tests.
    """
    for module in walk_packages(pyramid_uws.__path__, f"{pyramid_uws.__name__}."):
        if not module.name.endswith(".__main__"):
            with contextlib.suppress(ModuleNotFoundError):
                import_module(module.name)
