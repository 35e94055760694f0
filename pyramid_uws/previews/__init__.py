"""A bounded look into results: first rows, a picture, points of a plot, the beginning of a text.

Results are written by cores, which pass on what strangers have sent. So each is read by a process that lives for
one preview and has bounds for memory and time (``child``); the server starts them, a few at once, and keeps what
they say (``process``). Only they load numpy, astropy, pyarrow and Pillow, each when it is needed.

May import ``datalink.stretch`` of the package.
"""

from .process import Previews
from .values import Wish

__all__ = ["Previews", "Wish"]
