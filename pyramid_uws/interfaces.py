"""The public contract: what the nodes of the tree and the exchangeable parts promise. No behaviour."""

from zope.interface import Attribute, Interface


class INode(Interface):
    """A place in the tree."""

    __name__ = Attribute("The path segment below the parent.")
    __parent__ = Attribute("The node above, None for the root.")


class IRoot(INode):
    """The site; its children are services."""


class IService(INode):
    """A service: a core with its parameters; its children are renderers."""


class IRenderer(INode):
    """An endpoint of a service, in the sense of GAVO DaCHS."""


class IAsyncRenderer(IRenderer):
    """A renderer that shows a job list at its URL and has the jobs as children."""


class ISyncRenderer(IRenderer):
    """A renderer that answers a request with the result of a job, which it has as a child."""


class ILinksRenderer(IRenderer):
    """A renderer that tells what there is of observations (DataLink 1.1)."""


class IJoblist(INode):
    """All jobs of one renderer; it has no path segment of its own."""


class IJob(INode):
    """One job (UWS 1.1, section 2.1)."""


class IAttribute(INode):
    """A child of a job, made on the way."""


class IPhase(IAttribute):
    """``phase``."""


class IExecutionDuration(IAttribute):
    """``executionduration``."""


class IDestruction(IAttribute):
    """``destruction``."""


class IQuote(IAttribute):
    """``quote``."""


class IOwner(IAttribute):
    """``owner``."""


class IError(IAttribute):
    """``error``."""


class IParameters(IAttribute):
    """``parameters``."""


class IParameter(IAttribute):
    """``parameters/NAME``."""


class IResults(IAttribute):
    """``results``."""


class IResult(IAttribute):
    """``results/ID``."""


class ILog(IAttribute):
    """``log``: what the job has said on stdout and stderr."""


class IShares(IAttribute):
    """``shares``: the ways to the job that its owner has given away."""


class IShare(IAttribute):
    """``shares/ID``: one of them."""


class IWorkerSystem(Interface):
    """What a service does with its jobs: one verb a method, each one commit of the writer."""


class IPhaseChanged(Interface):
    """A job has changed its phase, and that is committed."""

    service = Attribute("The service's name.")
    renderer = Attribute("The renderer's name.")
    job_id = Attribute("The job's id.")
    before = Attribute("The phase that was left; None for a job just created.")
    after = Attribute("The phase that was entered; None for a job deleted.")


class IExchange(Interface):
    """One synchronous request and its answer: an adapter of renderer and request."""
