"""The command ``uws-worker``: run the jobs of a site in a process of its own.

``uws-worker site.ini`` opens the site as its web server does, without the web, and starts jobs until SIGTERM or
SIGINT. As many as wanted may share a database that several processes can open (ZEO) and the folder of the
results; see docs/workers.md. Exit status: 0 asked to end, 1 could not begin, 2 wrong usage.
"""

import argparse
import logging
import re
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from pyramid.config import global_registries
from pyramid.paster import get_app, setup_logging

from .site import working_alone
from .version import __version__

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _parse(sys.argv[1:] if arguments is None else arguments)
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    setup_logging(options.ini, options.variables)
    try:
        with working_alone():
            get_app(options.ini, options=options.variables)
    except Exception as problem:  # the edge of the process
        log.debug("the worker could not begin", exc_info=True)
        sys.stderr.write(f"uws-worker: {type(problem).__name__}: {problem}\n")
        return 1
    site = global_registries.last.uws
    sys.stderr.write(f"uws-worker: {site.dispatcher.home.name} is ready for jobs\n")
    sys.stderr.flush()
    while not asked.wait(3600):
        pass
    log.info("worker %s was asked to end", site.dispatcher.home.name)
    site.close()
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "uws-worker",
        description="Run the jobs of a site of pyramid_uws, until SIGTERM or SIGINT.",
        epilog="Several workers on one host need names: uws.worker in the ini file, or by a variable of it.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("ini", metavar="SITE.INI", help="the ini file of the site, as for pserve")
    parser.add_argument("assignments", metavar="NAME=VALUE", nargs="*", help="variables of it, as for pserve")
    options = parser.parse_args(arguments)
    if not Path(options.ini.partition("#")[0]).is_file():
        parser.error(f"there is no ini file {options.ini}")
    for text in options.assignments:
        if not re.match(r"[A-Za-z_][\w.-]*=", text, re.ASCII):
            parser.error(f"{text!r}: expected NAME=VALUE")
    options.variables = dict(text.split("=", 1) for text in options.assignments)
    return options
