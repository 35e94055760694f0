"""``[server:main] use = egg:pyramid_uws``: waitress, with what waiting and stopping need.

All settings of waitress are taken, and ``park_limit``: how many requests with WAIT may be parked, without a
thread. 0 parks none; they wait in threads then, as they do where waitress or the system lack something that
parking relies on.
"""

import gc
import logging
import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

from waitress import wasyncore

from pyramid_uws.views.waiting import STOPPING, THREADS

from .capacity import CONNECTION_LIMIT, Capacity, divide, raise_file_limit, read_park_limit
from .parking import ParkingServer, listen
from .reliance import missing

log = logging.getLogger(__name__)

DEFAULT_THREADS = 32

#: What a site wants from waitress unless its ini file says otherwise: polling knows no limit of 1024
#: sockets, and looking ahead tells when a client that waits has hung up.
DEFAULTS = {
    "asyncore_use_poll": "true",
    "backlog": "4096",
    "channel_request_lookahead": "5",
    "connection_limit": str(CONNECTION_LIMIT),
    "threads": str(DEFAULT_THREADS),
}

#: What waitress tells an application: a callable that knows whether the client has hung up.
HUNG_UP = "waitress.client_disconnected"

App = Callable[..., Iterable[bytes]]


class Stop:
    """The first SIGTERM or Ctrl-C, which ends the server; being told again changes nothing."""

    def __init__(self) -> None:
        self.wanted = False
        self._then: Callable[[], object] = bool

    def listen(self, then: Callable[[], object]) -> None:
        """Take the signals from now on; ``then`` is called at the first and must not take a lock."""
        self._then = then
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self)

    def __call__(self, _number: int, _frame: Any) -> None:
        """Note that the end is wanted; what is done then, and at the exit, is not disturbed any more."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        self.wanted = True
        self._then()


def serve(app: App, _global_config: Any, **options: str) -> int:
    """Serve the application until SIGTERM or Ctrl-C: the paste server runner."""
    os.umask(0o077)  # whatever is written is the server's own
    logging.basicConfig(
        level=logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )  # if the ini file says nothing
    park_limit = read_park_limit(options.pop("park_limit", None))
    options = DEFAULTS | options
    if not options["threads"].isdigit() or int(options["threads"]) < 1:
        raise SystemExit(f"[server:main] threads = {options['threads']}: expected a whole number from 1 on")
    stop = Stop()
    capacity = divide(raise_file_limit(), park_limit, int(options["connection_limit"]))
    app = _telling(app, options, stop)
    # What was made for the start stays: the garbage collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    try:
        if park_limit == 0 or _lacks_something():
            run = _plain_server(app, options, stop)
        else:
            run = _parking_server(app, options, stop, capacity)
    except (OSError, ValueError) as problem:  # a port in use, a setting that waitress does not know
        raise SystemExit(f"[server:main] cannot serve {_place(options)}: {problem}") from problem
    run()
    return 0


def _place(options: dict[str, str]) -> str:
    return (
        options.get("listen")
        or options.get("unix_socket")
        or f"{options.get('host', '')}:{options.get('port', '')}"
    )


def _lacks_something() -> bool:
    lacking = missing()
    if lacking:
        log.warning("requests with WAIT wait in threads, a few at a time: parking lacks %s", ", ".join(lacking))
    return bool(lacking)


def _parking_server(app: App, options: dict[str, str], stop: Stop, capacity: Capacity) -> Callable[[], None]:
    server = ParkingServer(app, capacity, options)

    def run() -> None:
        stop.listen(server.aside.ring)
        _announce(server.server)
        server.run(lambda: stop.wanted)

    return run


def _plain_server(app: App, options: dict[str, str], stop: Stop) -> Callable[[], None]:
    """Return what serves by waitress as it is; its loop ends by an exception."""
    sockets: dict[int, Any] = {}
    server = listen(app, sockets, **options)

    def run() -> None:
        stop.listen(_leave_loop)
        _announce(server)
        server.run()
        log.info("stopping")
        wasyncore.close_all(sockets)  # nobody shall hope for an answer while the jobs are ended

    return run


def _leave_loop() -> None:
    raise SystemExit(0)


def _telling(app: App, options: dict[str, str], stop: Stop) -> App:
    """Return the application, told how many threads there are and when who waits is to be answered."""
    threads = int(options["threads"])

    def told(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        hung_up = environ[HUNG_UP]
        environ[THREADS] = threads
        environ[STOPPING] = lambda: stop.wanted
        # Whoever waits is answered when the server stops, too.
        environ[HUNG_UP] = lambda: stop.wanted or hung_up()
        return app(environ, start_response)

    return told


def _announce(server: Any) -> None:
    listening = getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)]
    for host, port in listening:
        log.info("serving on http://%s:%s", host, port)
