"""The persistent tree: root, services, renderers, job lists, jobs and their attributes.

Nodes hold state and guard its invariants; they know neither HTTP nor XML. What a service *is* stands in its
definition, which is code and never stored. Imports ``uws``, ``interfaces`` and ``exceptions`` only.
"""

from .accounts import Account, Weight
from .attributes import STANDARD_ATTRIBUTES, Attribute
from .heartbeat import Heartbeat
from .job import Job
from .joblist import Joblist
from .lines import Lines, Turn
from .renderer import AsyncRenderer, JobRenderer, Renderer, SyncRenderer
from .root import Root, Service
from .rows import JobRow
from .shelf import ARCHIVE, LIVE, has_archive
from .site import book_of, count_all, find_joblist, get_root, job_renderers, match_tree

__all__ = [
    "ARCHIVE",
    "LIVE",
    "STANDARD_ATTRIBUTES",
    "Account",
    "AsyncRenderer",
    "Attribute",
    "Heartbeat",
    "Job",
    "JobRenderer",
    "JobRow",
    "Joblist",
    "Lines",
    "Renderer",
    "Root",
    "Service",
    "SyncRenderer",
    "Turn",
    "Weight",
    "book_of",
    "count_all",
    "find_joblist",
    "get_root",
    "has_archive",
    "job_renderers",
    "match_tree",
]
