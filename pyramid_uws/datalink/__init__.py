"""Observations: what they are, read from their headers; pieces cut out of them; and datalink services of both.

May import ``documents``, ``parameters``, ``tables``, ``uws`` and ``exceptions`` of the package; the process of a
job uses it. Importing it is cheap: numpy and astropy, which the extra ``datalink`` installs, come in with its
modules.
"""

import importlib
import os

from pyramid_uws.exceptions import CoreFault
from pyramid_uws.uws.users import User

from .cuts import Cut
from .problems import CannotCut, NoOverlap, NotFound, Unreadable

__all__ = ["CannotCut", "Cut", "NoOverlap", "NotFound", "Unreadable", "User", "preload"]

#: The modules of the usual pieces of a service, beside that of cutting.
PIECES = ("folder", "formats", "limits", "links")


def preload() -> None:
    """Import what cutting takes, in a process that others are forked from.

    Libraries start threads as they are loaded unless told otherwise, and threads do not survive a fork; a cut
    needs none.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")
    try:
        importlib.import_module(f"{__name__}.warming").warm_up()
        for module in PIECES:
            importlib.import_module(f"{__name__}.{module}")
    except ModuleNotFoundError as problem:
        raise CoreFault(
            f"Cutting observations needs the package {problem.name}, which is not installed here; "
            "pip install 'pyramid_uws[datalink]' brings all that it needs."
        ) from problem
