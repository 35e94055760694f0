"""The observations of the demonstration: those that come with it, and a larger cube if MPDAF is installed."""

import importlib.util
from pathlib import Path

from pyramid_uws.datalink.folder import Folder

FOLDER = Path(__file__).parent / "observations"

#: In MPDAF, which is not needed otherwise.
_CUBE = Path("data", "sdetect", "minicube.fits")


def observations() -> Folder:
    """Return what there is; nothing is imported from MPDAF to learn whether it is there."""
    found = importlib.util.find_spec("mpdaf")
    cubes = [Path(folder) / _CUBE for folder in (found.submodule_search_locations or ())] if found else []
    return Folder(FOLDER, *(cube for cube in cubes if cube.is_file()))
