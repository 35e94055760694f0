"""The ini keys under ``uws.``: name, converter, default, meaning; in a module for each topic, read once at start.

``keys`` and ``converters`` serve whoever has keys of his own: the sections of services, authentication.
"""

from .keys import PREFIX
from .site import TABLE, Settings, read_settings

__all__ = ["PREFIX", "TABLE", "Settings", "read_settings"]
