"""Previews of bytes, read in this process."""

import io

import pytest

from pyramid_uws.previews.child import preview
from pyramid_uws.previews.values import Wish


@pytest.fixture
def look():
    """Return a function that makes the preview of some bytes."""

    def look(data, media_type="application/x-votable+xml", x="", y=""):
        return preview(io.BytesIO(data), media_type, Wish(x, y))

    return look
