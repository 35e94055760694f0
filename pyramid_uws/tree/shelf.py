"""The archive in a database of its own: for each job list a shelf, which the list finds beside its own database.

The two databases hold no references to each other, only names; so each can be packed, restored and replaced
without the other, and the archive may be left away. A job is put on the shelf in one transaction and leaves its
list in a later one: whatever happens in between, it is somewhere.
"""

from typing import TYPE_CHECKING, Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.interface import implementer

from pyramid_uws.interfaces import IJoblist

from .indexes import IndexTree
from .job import Job

if TYPE_CHECKING:
    from .joblist import Joblist

#: Names of the databases among themselves.
LIVE = "live"
ARCHIVE = "archive"

#: Where our trees are in the roots of the two databases.
ROOT_KEY = "pyramid_uws"
SHELVES_KEY = "pyramid_uws shelves"


@implementer(IJoblist)
class Shelf(Persistent):
    """The archived jobs of one job list, in whose place it stands for them."""

    __name__ = ""

    def __init__(self, service: str, renderer: str) -> None:
        self.service = service
        self.renderer = renderer
        self.jobs = IndexTree()
        self.refs = IndexTree()

    @property
    def __parent__(self) -> Any:
        """The renderer, in the database of those that are not archived."""
        live = self._p_jar.get_connection(LIVE)
        return live.root()[ROOT_KEY][self.service][self.renderer]

    def put(self, job: Job, **facts: Any) -> None:
        """Put a copy of a job on the shelf, with other facts; one that is there already is replaced."""
        copy = Job.__new__(Job)
        copy.__setstate__(job.__getstate__())
        for name, value in facts.items():
            setattr(copy, name, value)
        copy.__parent__ = self
        self.jobs[copy.job_id] = copy
        owner = copy.owner or ""
        if owner not in self.refs:
            self.refs[owner] = IndexTree()
        self.refs[owner][copy.job_id] = (copy.phase, copy.runid)

    def remove(self, job: Job) -> None:
        """Take the job away."""
        del self.jobs[job.job_id]
        refs = self.refs[job.owner or ""]
        del refs[job.job_id]
        if not refs:
            del self.refs[job.owner or ""]


def has_archive(node: Persistent) -> bool:
    """Tell whether there is a database for what is archived beside the one that holds the node."""
    connection = node._p_jar  # noqa: SLF001 - persistent's public name for it
    return connection is not None and ARCHIVE in connection.db().databases


def find_shelf(joblist: "Joblist") -> Shelf | None:
    """Return the shelf of a job list; None if there is none, or nothing was ever put on it."""
    if not has_archive(joblist):
        return None
    shelves = joblist._p_jar.get_connection(ARCHIVE).root().get(SHELVES_KEY)  # noqa: SLF001 - as above
    shelf: Shelf | None = None if shelves is None else shelves.get(_names(joblist))
    return shelf


def make_shelf(joblist: "Joblist") -> Shelf:
    """Return the shelf of a job list, made if it is not there; only where there is an archive."""
    root = joblist._p_jar.get_connection(ARCHIVE).root()  # noqa: SLF001 - as above
    if SHELVES_KEY not in root:
        root[SHELVES_KEY] = OOBTree()
    names = _names(joblist)
    if names not in root[SHELVES_KEY]:
        root[SHELVES_KEY][names] = Shelf(*names)
    shelf: Shelf = root[SHELVES_KEY][names]
    return shelf


def _names(joblist: "Joblist") -> tuple[str, str]:
    renderer = joblist.__parent__
    return renderer.__parent__.__name__, renderer.__name__
