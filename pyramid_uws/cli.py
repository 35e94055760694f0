"""The command ``uws-admin``: look after a site, whether its server runs or not.

``uws-admin site.ini status`` shows what runs, ``jobs`` and ``show`` what is there, ``abort`` and ``delete`` act
on jobs, ``reap`` and ``pack`` tidy up, ``user`` and ``token`` say who may log in; ``--help`` tells all. What they
do stands in :mod:`pyramid_uws.admin`.
Errors are one sentence on stderr. Exit status: 0 done, 1 something could not be done, 2 wrong usage.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from plaster import parse_uri
from plaster_pastedeploy import Loader
from pyramid.config import global_registries
from pyramid.exceptions import ConfigurationError
from pyramid.interfaces import ISecurityPolicy
from ZODB.POSException import POSError

from .admin.arguments import parse
from .admin.commands import COMMANDS, NOT_DONE, Call
from .admin.console import Console, NobodyToAsk
from .admin.operator import operator
from .admin.record import Configured
from .auth.keys import AuthSettings, read_auth_settings
from .config import IRendererFactory, factories
from .definition import definitions_of
from .exceptions import UWSError
from .observing.activity import acting_as
from .settings import Settings, read_settings
from .site import Site, only_describing, only_visiting

log = logging.getLogger(__name__)

WRONG_USAGE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    console = Console(as_json=options.json)
    _set_up_logging(debug=options.debug)
    try:
        visit = partial(_visited_site, options.ini, options.variables)
        describe = partial(_configured, options.ini, options.variables)
        settings, auth = _read_settings(options)
        with acting_as(operator(os.geteuid())):
            return COMMANDS[options.command](Call(options, settings, auth, console, visit, describe))
    except BrokenPipeError:  # whoever read stdout has seen enough
        _forget_stdout()
        return NOT_DONE
    except KeyboardInterrupt:
        console.complain("interrupted")
        return INTERRUPTED
    except Exception as problem:  # the edge of the process
        log.debug("the command failed", exc_info=True)
        console.complain(_sentence(problem))
        return WRONG_USAGE if isinstance(problem, NobodyToAsk) else NOT_DONE


def _loader(ini: str) -> Loader:
    """Return what reads the ini file; to look for one, as plaster does, takes a tenth of a second."""
    return Loader(parse_uri(ini))


def _read_settings(options: Any) -> tuple[Settings, AuthSettings]:
    ini = _loader(options.ini).get_wsgi_app_settings(None, options.variables)
    return read_settings(ini), read_auth_settings(ini)


@contextlib.contextmanager
def _visited_site(ini: str, variables: Mapping[str, str]) -> Iterator[Site]:
    """Yield the site of the ini file, opened by this process, which holds the lock of its database meanwhile."""
    with only_visiting():
        _loader(ini).get_wsgi_app(None, variables)
    # What this returns may be wrapped in middleware; the registry is that of the application inside.
    site: Site = global_registries.last.uws
    try:
        yield site
    finally:
        site.close()


def _configured(ini: str, variables: Mapping[str, str]) -> Configured:
    """Return what the ini file makes of the site, without opening its database."""
    with only_describing():
        _loader(ini).get_wsgi_app(None, variables)
    registry = global_registries.last
    policy = registry.queryUtility(ISecurityPolicy)
    return Configured(definitions_of(registry), factories(registry, IRendererFactory), policy)


def _set_up_logging(*, debug: bool) -> None:
    """Show everything that is logged, or nothing: what matters to the operator is said in sentences."""
    handler = logging.StreamHandler() if debug else logging.NullHandler()
    logging.basicConfig(level=logging.DEBUG, handlers=[handler], format="%(levelname)s %(name)s: %(message)s")


def _sentence(problem: Exception) -> str:
    if isinstance(problem, UWSError):
        return problem.message
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
    if isinstance(problem, ConfigurationError):
        return str(problem)
    kind = "the database" if isinstance(problem, POSError) else "something unforeseen"
    return f"{kind} failed: {type(problem).__name__}: {problem} (--debug shows where)"


def _forget_stdout() -> None:
    """Let the end of the process not try to write what is left to nobody."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
