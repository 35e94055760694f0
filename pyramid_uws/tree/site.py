"""From a database's root to ours, and from definitions to nodes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyramid_uws.exceptions import NoSuchThing

from .joblist import Joblist
from .renderer import JobRenderer, Renderer
from .root import Root
from .shelf import ROOT_KEY


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
