"""``[server:main] use = egg:pyramid_uws``: waitress, with what waiting and stopping need."""

import logging
import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

import waitress
from waitress import wasyncore

from pyramid_uws.views.waiting import THREADS

log = logging.getLogger(__name__)

DEFAULT_THREADS = 16

#: What a site wants from waitress unless its ini file says otherwise: polling knows no limit of 1024
#: sockets, and looking ahead tells when a client that waits has hung up.
DEFAULTS = {"asyncore_use_poll": "true", "channel_request_lookahead": "5", "connection_limit": "1000"}


#: What waitress tells an application: a callable that knows whether the client has hung up.
HUNG_UP = "waitress.client_disconnected"


def serve(app: Any, _global_config: Any, **options: str) -> int:
    """Serve the application until SIGTERM or Ctrl-C: the paste server runner."""
    threads = int(options.get("threads", DEFAULT_THREADS))
    stop = Stop()

    def told(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        hung_up = environ[HUNG_UP]
        environ[THREADS] = threads
        # Whoever waits is answered when the server stops, too.
        environ[HUNG_UP] = lambda: stop.wanted or hung_up()
        answer: Iterable[bytes] = app(environ, start_response)
        return answer

    os.umask(0o077)  # whatever is written is the server's own
    sockets: dict[int, Any] = {}
    server = waitress.create_server(told, map=sockets, **(DEFAULTS | options | {"threads": str(threads)}))
    stop.listen()
    for listener in _addresses(server):
        log.info("serving on %s", listener)
    server.run()
    log.info("stopping")
    wasyncore.close_all(sockets)  # nobody shall hope for an answer while the jobs are ended
    return 0


class Stop:
    """The first SIGTERM or Ctrl-C, which ends the server; being told again changes nothing."""

    def __init__(self) -> None:
        self.wanted = False

    def listen(self) -> None:
        """Take the signals from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self)

    def __call__(self, _number: int, _frame: Any) -> None:
        """End waitress' loop; what was registered for the exit is done afterwards, undisturbed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        self.wanted = True
        raise SystemExit(0)


def _addresses(server: Any) -> list[str]:
    if hasattr(server, "effective_listen"):
        return [f"http://{host}:{port}" for host, port in server.effective_listen]
    host, port = server.effective_host, server.effective_port
    return [f"http://{host}:{port}"]
