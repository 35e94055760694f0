"""From a database's root to ours, and from definitions to nodes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyramid_uws.exceptions import NoSuchThing

from .accounts import WEIGHTLESS, QuotaBook, Weight, weight_of
from .indexes import IndexTree
from .joblist import Joblist
from .renderer import JobRenderer, Renderer
from .root import Root
from .shelf import ROOT_KEY

#: How many jobs are looked at before what was read of them is dropped.
_AT_ONCE = 5000


def get_root(connection: Any) -> Root | None:
    """Return our root in the database behind the connection, or None in a fresh one."""
    root: Root | None = connection.root().get(ROOT_KEY)
    return root


def match_tree(root: Root, services: Mapping[str, Mapping[str, Callable[[], Renderer]]]) -> None:
    """Make the nodes that services (name -> renderer name -> factory) lack; nothing is ever removed.

    Lists that an earlier version has stored are brought up to date.
    """
    for name, renderers in services.items():
        service = root.add(name)
        for renderer_name, factory in renderers.items():
            service.add(renderer_name, factory)
    for renderer in job_renderers(root):
        renderer.joblist.renew()
    renew_accounts(root)


def renew_accounts(root: Root) -> None:
    """Bring a tree that was stored when nobody counted what owners have up to date."""
    book_of(root)
    if root.accounts is None:
        counted = count_all(root)
        root.accounts = IndexTree()
        for payer, (jobs, octets) in counted.items():
            root.count(payer, jobs, octets)


def book_of(root: Root) -> QuotaBook:
    """Return what operators have said of quotas, made if it is not there."""
    if root.quotas is None:
        root.quotas = QuotaBook()
    return root.quotas


def count_all(root: Root) -> dict[str, Weight]:
    """Return what everybody has, counted anew: a look at each job."""
    counted: dict[str, Weight] = {}
    for renderer in job_renderers(root):
        for number, job in enumerate(renderer.joblist.jobs.values()):
            jobs, octets = weight_of(job)
            if job.payer and jobs:
                before = counted.get(job.payer, WEIGHTLESS)
                counted[job.payer] = Weight(before.jobs + jobs, before.octets + octets)
            if number % _AT_ONCE == _AT_ONCE - 1:
                _forget(root)
    return counted


def _forget(root: Root) -> None:
    """Drop what was read and not changed, if there is a database to read it from again."""
    if root._p_jar is not None:  # noqa: SLF001 - persistent's public way to the database
        root._p_jar.cacheGC()  # noqa: SLF001 - as above


def job_renderers(root: Root) -> Iterator[JobRenderer]:
    """Yield every renderer that has a job list."""
    for service in root:
        for renderer in service:
            if isinstance(renderer, JobRenderer):
                yield renderer


def find_joblist(root: Root, service: str, renderer: str) -> Joblist:
    """Return the job list at /service/renderer, or raise :class:`NoSuchThing`."""
    try:
        node = root[service][renderer]
    except KeyError:
        node = None
    if not isinstance(node, JobRenderer):
        raise NoSuchThing(f"There is no job list at /{service}/{renderer}.")
    return node.joblist
