"""Parameters of services: declarations, their types, and what a job keeps of what was sent.

May import ``uws`` and ``exceptions`` of the package, nothing else; the child process uses it too.
"""

from .conditions import Condition
from .declaration import Parameter
from .examples import Example
from .own import OwnType
from .uploads import ANY_UPLOADS, Upload
from .values import complete, merge, wrong_ones

__all__ = [
    "ANY_UPLOADS",
    "Condition",
    "Example",
    "OwnType",
    "Parameter",
    "Upload",
    "complete",
    "merge",
    "wrong_ones",
]
