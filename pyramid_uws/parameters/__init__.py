"""Parameters of services: declarations, their types, and what a job keeps of what was sent.

May import ``uws`` and ``exceptions`` of the package, nothing else; the child process uses it too.
"""

from .declaration import Parameter
from .values import complete, merge

__all__ = ["Parameter", "complete", "merge"]
