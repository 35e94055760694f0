"""Previews of bytes, read in this process."""

import gc
import io
import warnings

import pytest

from pyramid_uws.previews.child import preview
from pyramid_uws.previews.values import Wish


@pytest.fixture(autouse=True)
def let_go():
    """Close what a preview has left open, which its process would have done by its end."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def look():
    """Return a function that makes the preview of some bytes."""

    def look(data, media_type="application/x-votable+xml", x="", y=""):
        return preview(io.BytesIO(data), media_type, Wish(x, y))

    return look
