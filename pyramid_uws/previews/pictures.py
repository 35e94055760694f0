"""Smaller ones of pictures that are too large to be shown as they are; their size has been looked at."""

import io
import warnings
from typing import BinaryIO

from PIL import Image

from .limits import SIDE
from .values import NoPreview

_FORMATS = ("PNG", "JPEG", "GIF")
_PROBLEMS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


def thumbnail(file: BinaryIO) -> bytes:
    """Return a small PNG of a picture; of one that moves the first frame."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(file, formats=_FORMATS)
            picture.draft("RGB", (2 * SIDE, 2 * SIDE))
            small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except _PROBLEMS as problem:
        raise NoPreview("The picture cannot be read: it is damaged or cut off.") from problem
    small.thumbnail((SIDE, SIDE))
    return written(small)


def written(picture: Image.Image) -> bytes:
    """Return a picture as PNG."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
