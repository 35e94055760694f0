"""Asynchronous services of the Virtual Observatory, as a Pyramid traversal application over ZODB.

``config.include("pyramid_uws")`` adds the directives, the views and the tree to an application; the site is
opened when the application is made and closed at exit. :func:`pyramid_uws.application.main` is such an
application, all from an ini file.
"""

from typing import Any

from .version import __version__

__all__ = ["__version__", "includeme"]


def includeme(config: Any) -> None:
    """Add pyramid_uws to a Pyramid application."""
    config.include("pyramid_uws.application")
