"""The WSGI server that ships with the package: waitress, shut down in good order."""

from .runner import serve

__all__ = ["serve"]
