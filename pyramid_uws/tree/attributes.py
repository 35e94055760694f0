"""The children of a job, made on the way down (UWS 1.1, section 2.2.1)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from zope.interface import implementer

from pyramid_uws import interfaces
from pyramid_uws.uws.phases import ARCHIVED

if TYPE_CHECKING:
    from .job import Job


@implementer(interfaces.IAttribute)
class Attribute:
    """A child of a job, or of such a child. Derive from it and name it by ``add_uws_attribute``."""

    def __init__(self, parent: Any, name: str) -> None:
        self.__parent__ = parent
        self.__name__ = name

    @property
    def job(self) -> "Job":
        """The job this belongs to."""
        above = self.__parent__
        while not interfaces.IJob.providedBy(above):
            above = above.__parent__
        job: Job = above
        return job

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)


@implementer(interfaces.IPhase)
class Phase(Attribute):
    """``phase``."""


@implementer(interfaces.IExecutionDuration)
class ExecutionDuration(Attribute):
    """``executionduration``."""


@implementer(interfaces.IDestruction)
class Destruction(Attribute):
    """``destruction``."""


@implementer(interfaces.IQuote)
class Quote(Attribute):
    """``quote``."""


@implementer(interfaces.IOwner)
class Owner(Attribute):
    """``owner``."""


@implementer(interfaces.IError)
class Error(Attribute):
    """``error``; there only when something is to be told (DALI 1.1, section 5.2)."""

    def __init__(self, job: "Job", name: str) -> None:
        if job.failure is None:
            raise KeyError(name)
        super().__init__(job, name)


@implementer(interfaces.IParameters)
class Parameters(Attribute):
    """``parameters``; its children are those that were sent, names in any case."""

    def __getitem__(self, name: str) -> "Parameter":
        folded = name.upper()
        names = [name for name, _ in self.job.parameters] + [name for name, *_ in self.job.references]
        for sent in [*names, *([] if self.job.runid is None else ["RUNID"])]:
            if sent.upper() == folded:
                return Parameter(self, sent)
        raise KeyError(name)


@implementer(interfaces.IParameter)
class Parameter(Attribute):
    """``parameters/NAME``."""

    def __getitem__(self, name: str) -> "Parameter":
        """Return the file of an upload: ``UPLOAD/NAME`` is a name of its own."""
        if self.is_upload:
            raise KeyError(name)
        found: Parameter = self.__parent__[f"{self.__name__}/{name}"]
        return found

    @property
    def is_upload(self) -> bool:
        """Whether this is the file of an upload."""
        return "/" in self.__name__

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts sent under this name."""
        if self.__name__ == "RUNID" and self.job.runid is not None:
            return (self.job.runid,)
        return tuple(text for name, text in self.job.parameters if name == self.__name__)

    @property
    def reference(self) -> tuple[str, int, str] | None:
        """Media type, size in bytes and file of what was sent under this name as a file."""
        for name, media_type, size, file in self.job.references:
            if name == self.__name__:
                return media_type, size, file
        return None


@implementer(interfaces.IResults)
class Results(Attribute):
    """``results``; its children are the results, by id."""

    def __getitem__(self, name: str) -> "Result":
        for result in self.job.results:
            if result[0] == name:
                return Result(self, *result)
        raise KeyError(name)


@implementer(interfaces.IResult)
class Result(Attribute):
    """``results/ID``: one file; ``size`` in bytes."""

    def __init__(self, results: Results, result_id: str, media_type: str, size: int, sha256: str) -> None:
        super().__init__(results, result_id)
        self.media_type = media_type
        self.size = size
        self.sha256 = sha256


@implementer(interfaces.ILog)
class Log(Attribute):
    """``log``; empty as long as the job has said nothing, and not there for an archived one."""

    def __init__(self, job: "Job", name: str) -> None:
        if job.phase == ARCHIVED:
            raise KeyError(name)
        super().__init__(job, name)


@implementer(interfaces.IShares)
class Shares(Attribute):
    """``shares``; its children are the ways to the job that were given away, by id."""

    def __getitem__(self, name: str) -> "Share":
        if name not in (share_id for share_id, _ in self.job.shares):
            raise KeyError(name)
        return Share(self, name)


@implementer(interfaces.IShare)
class Share(Attribute):
    """``shares/ID``."""


#: Name -> factory, called with the job and the name, of the attributes every job has.
STANDARD_ATTRIBUTES: Mapping[str, Callable[[Any, str], Any]] = MappingProxyType(
    {
        "phase": Phase,
        "executionduration": ExecutionDuration,
        "destruction": Destruction,
        "quote": Quote,
        "owner": Owner,
        "error": Error,
        "parameters": Parameters,
        "results": Results,
        "log": Log,
        "shares": Shares,
    }
)
