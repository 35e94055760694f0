"""The crossmatch service: two catalogues matched by position.

Light to import: the catalogues and the packages that handle them come in when the core runs, or by
:func:`preload` in a process that others are forked from.
"""

import os
from contextlib import suppress
from types import ModuleType

from pyramid_uws.exceptions import CoreError, CoreFault
from pyramid_uws.parameters import Example, Parameter, Upload
from pyramid_uws.tables import TABLE_PARAMETERS

from .job import Job
from .sources import SOURCES

TITLE = "Crossmatch"
DESCRIPTION = (
    "Finds all pairs of objects of two catalogues that lie close to each other on the sky. Positions are "
    "compared as published, or moved by proper motion to the epoch asked for where motions are known "
    "(Hipparcos); the other catalogues (Gaia as packaged here, OpenNGC) have none and stay at their own epoch."
)
CREDITS: tuple[str, ...] = tuple(source.credit for source in SOURCES.values())

# Within 2 arcsec and as published, Hipparcos and Gaia have 95,134 pairs for 94,089 stars, half of them closer
# than 0.47 arcsec; moved to Gaia's epoch, EPOCH=2016, Hipparcos meets it in 111,241 pairs for 109,881 stars, half
# closer than 0.03 arcsec.
PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        name="LEFT",
        required=True,
        options=tuple(SOURCES),
        ucd="meta.id;meta.table",
        description="The first catalogue, or a table of your own, as an upload of this name; rows come in bands "
        "of its declination, from south to north.",
    ),
    Parameter(
        name="LEFT_RA",
        ucd="meta.id;pos.eq.ra",
        description="The column of your own table that has right ascensions in degrees; found by UCD or name if "
        "this is not given.",
    ),
    Parameter(name="LEFT_DEC", ucd="meta.id;pos.eq.dec", description="Likewise, declinations."),
    Parameter(
        name="RIGHT",
        required=True,
        options=tuple(SOURCES),
        ucd="meta.id;meta.table",
        description="The second catalogue, another one than LEFT.",
    ),
    Parameter(
        name="RADIUS",
        type="double",
        unit="arcsec",
        ucd="phys.angSize",
        default=2.0,
        minimum=0.001,
        maximum=600.0,
        description="The largest separation of a pair.",
    ),
    Parameter(
        name="CIRCLE",
        type="circle",
        unit="deg",
        ucd="pos.outline",
        xtype="circle",
        description="Take only objects of LEFT within this circle: right ascension, declination and radius.",
    ),
    Parameter(
        name="EPOCH",
        type="double",
        unit="yr",
        ucd="time.epoch",
        minimum=1900.0,
        maximum=2100.0,
        description="The Julian year to which positions are moved where proper motions are known; if not given "
        "they stay as published. For hipparcos and gaia, 2016.0 brings the stars closest together.",
    ),
    Parameter(
        name="MAG",
        type="double",
        condition=True,
        unit="mag",
        ucd="phot.mag;em.opt",
        description="Take only objects of LEFT whose magnitude is one of these: Hp of hipparcos, G of gaia, "
        "V of openngc.",
    ),
    *TABLE_PARAMETERS,
)

EXAMPLES: tuple[Example, ...] = (
    Example(
        name="The Pleiades in Hipparcos and Gaia",
        parameters={
            "LEFT": "hipparcos",
            "RIGHT": "gaia",
            "CIRCLE": "56.6 24.1 2",
            "EPOCH": "2016",
            "RADIUS": "0.5",
        },
        description="Stars within two degrees of the cluster; those of Hipparcos are moved to where they were "
        "when Gaia looked.",
    ),
    Example(
        name="Bright stars near NGC objects, as CSV",
        parameters={
            "LEFT": "hipparcos",
            "RIGHT": "openngc",
            "RADIUS": "300",
            "MAG": "/6",
            "MAXREC": "100",
            "RESPONSEFORMAT": "csv",
        },
        description="Stars one can see without a telescope, brighter than magnitude 6, within five minutes of arc "
        "of a galaxy, cluster or nebula.",
        renderer="async",
    ),
)

UPLOADS: tuple[Upload, ...] = (
    Upload(
        name="LEFT",
        media_types=("application/x-votable+xml", "application/fits", "text/csv"),
        description="In place of a catalogue: a table of your own with ICRS positions in degrees, J2000, up to a "
        "million rows.",
    ),
)


def core(job: Job) -> None:
    """Match the catalogues; results are ``matches``, ``summary`` and ``sky``."""
    if "LEFT" not in job.uploads and job.parameters["LEFT"] == job.parameters["RIGHT"]:
        raise CoreError(f"LEFT and RIGHT are both {job.parameters['LEFT']}; please choose two catalogues.")
    _heavy().run(job)


def preload() -> None:
    """Import the packages and read the catalogues, in a process that only forks.

    Libraries of linear algebra start threads as they are loaded unless told otherwise, and threads do not
    survive a fork; a match needs none. What is missing or unreadable is left for the jobs to complain of.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ.setdefault("JE_ARROW_MALLOC_CONF", "background_thread:false")
    with suppress(CoreError):
        _heavy().warm_up()


def _heavy() -> ModuleType:
    """Import what a match needs; here and not above, so that the web process stays slim."""
    try:
        from . import crossmatching  # noqa: PLC0415 - see the docstring
    except ModuleNotFoundError as problem:
        raise CoreFault(
            f"This service needs the package {problem.name}, which is not installed here; "
            "pip install 'pyramid_uws[demo]' brings all that it needs."
        ) from problem
    return crossmatching
