"""A third party's package for pyramid_uws: a service, a renderer, an attribute, a named view, a listener.

``uws.includes = skyplugin`` in the ini file of a site brings it in. The process of a job imports
:mod:`.galactic` and with it this module, which therefore stays light; all that is for the server is in
:mod:`.web`.
"""

from typing import Any


def includeme(config: Any) -> None:
    """Add everything to a site."""
    config.include("skyplugin.web")
