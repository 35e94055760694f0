"""Pages for people with a browser: templates, what they are filled with, and the files that belong to them.

Which requests get a page instead of a document is decided in :func:`~pyramid_uws.views.respond.wants_page`. Pages
are made of values that views hand over; this room knows neither views nor what runs jobs.
"""

from .answer import page
from .files import statics

__all__ = ["page", "statics"]
