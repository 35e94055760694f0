"""A job that is reached by a way its owner has given away: ``ID~SECRET`` instead of its id, to read it only."""

import hmac
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from zope.interface import implementer

from pyramid_uws.interfaces import IJob
from pyramid_uws.uws.phases import ARCHIVED

from .rights import SHARED

if TYPE_CHECKING:
    from .job import Job

#: Stands between id and secret; part of neither.
MARK = "~"

#: How many ways to one job may be given away.
MOST_SHARES = 20


def new_share() -> tuple[str, str, str]:
    """Return an id for a share, its secret, and the hash of that, which is all that is kept of it."""
    secret = secrets.token_urlsafe(24)
    return secrets.token_hex(4), secret, _hash(secret)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


@implementer(IJob)
class SharedJob:
    """A job as those see it to whom it was shown. What it has, it has; what is below it belongs to this one."""

    def __init__(self, job: "Job", secret: str) -> None:
        """Find the share; ``KeyError`` if there is none, any more."""
        said = _hash(secret)
        known = [share_id for share_id, kept in job.shares if hmac.compare_digest(said, kept)]
        if not known or job.phase == ARCHIVED:
            raise KeyError(job.job_id)
        self.share_id = known[0]
        self._job = job
        self.__name__ = f"{job.job_id}{MARK}{secret}"
        self.__parent__ = job.__parent__
        self.__acl__ = SHARED

    def __getattr__(self, name: str) -> Any:
        return getattr(self._job, name)

    def __getitem__(self, name: str) -> Any:
        return self._job.child(self, name)
