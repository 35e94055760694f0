"""Commands: programs as cores. A command line with placeholders, what it leaves, what its exit statuses mean.

Pure values, read once at start and once more in the process of each job. Nothing is run here, and no file looked
at. May import ``parameters``, ``uws`` and ``exceptions`` of the package, nothing else; the child process uses it,
too.
"""

from .command import Command, ExitCode, Stdout
from .line import CommandLine, Given, Takes
from .results import ResultRule

__all__ = ["Command", "CommandLine", "ExitCode", "Given", "ResultRule", "Stdout", "Takes"]
