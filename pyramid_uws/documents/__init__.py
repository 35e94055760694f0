"""Documents: what the server says of a job, a list or itself, as XML or JSON text.

Every function here is pure: plain values and absolute URLs go in, text comes out, to be encoded as UTF-8. May
import ``parameters``, ``uws`` and ``exceptions`` of the package, nothing else.
"""

from .as_json import job_json, joblist_json, parameters_json, results_json
from .job import job_document, parameters_document, results_document
from .joblist import JobRow, joblist_document
from .state import JobState
from .vosi import Capability, availability_document, capabilities_document
from .votable import error_votable

__all__ = [
    "Capability",
    "JobRow",
    "JobState",
    "availability_document",
    "capabilities_document",
    "error_votable",
    "job_document",
    "job_json",
    "joblist_document",
    "joblist_json",
    "parameters_document",
    "parameters_json",
    "results_document",
    "results_json",
]
