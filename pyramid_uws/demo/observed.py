"""The observations of the demonstration: those that come with it, and a larger cube if MPDAF is installed."""

import importlib.util
from pathlib import Path

from pyramid_uws.datalink.folder import Folder
from pyramid_uws.parameters import Example

TITLE = "Observations"
DESCRIPTION = (
    "A few real observations: images, a spectrum and a cube, by the names of their files. What there is of each "
    "is told by the table of links (DataLink); pieces are cut out at once, or as a job (SODA)."
)
CREDITS: tuple[str, ...] = (
    "m13.fits: SkyView (NASA/GSFC); distributed with astropy.",
    "muse_hdfs_image.fits, muse_udf_subcube.fits: ESO, MUSE consortium and CRAL; distributed with MPDAF.",
    "sdss_J220248.31+123656.3.fits: SDSS-III; public data, distributed with linetools.",
    "They are not under the licence of pyramid_uws; links to each of them tell whom it is owed to.",
)

EXAMPLES = (
    Example(
        name="The middle of M 13",
        parameters={"ID": "m13.fits", "CIRCLE": "250.4226 36.4602 0.02", "RESPONSEFORMAT": "png"},
        description="A picture of the middle of the globular cluster, cut out at once.",
        renderer="soda",
    ),
    Example(
        name="Two bands of a cube",
        parameters={
            "ID": "muse_udf_subcube.fits",
            "CIRCLE": "53.1752 -27.8079 0.0008",
            "BAND": ("4.8e-7 4.9e-7", "5.0e-7 5.1e-7"),
        },
        description="A job with two products, and the manifest that tells which is which.",
        renderer="dlasync",
    ),
)

FOLDER = Path(__file__).parent / "observations"

#: In MPDAF, which is not needed otherwise.
_CUBE = Path("data", "sdetect", "minicube.fits")


def observations() -> Folder:
    """Return what there is; nothing is imported from MPDAF to learn whether it is there."""
    found = importlib.util.find_spec("mpdaf")
    cubes = [Path(folder) / _CUBE for folder in (found.submodule_search_locations or ())] if found else []
    return Folder(FOLDER, *(cube for cube in cubes if cube.is_file()))
