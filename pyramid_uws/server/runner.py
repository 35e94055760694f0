"""``[server:main] use = egg:pyramid_uws``: waitress, with what waiting and stopping need."""

import logging
import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

import waitress

from pyramid_uws.views.waiting import THREADS

log = logging.getLogger(__name__)

DEFAULT_THREADS = 16

#: What a site wants from waitress unless its ini file says otherwise: polling knows no limit of 1024
#: sockets, and looking ahead tells when a client that waits has hung up.
DEFAULTS = {"asyncore_use_poll": "true", "channel_request_lookahead": "5", "connection_limit": "1000"}


def serve(app: Any, _global_config: Any, **options: str) -> int:
    """Serve the application until SIGTERM or Ctrl-C: the paste server runner."""
    threads = int(options.get("threads", DEFAULT_THREADS))

    def told(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ[THREADS] = threads
        answer: Iterable[bytes] = app(environ, start_response)
        return answer

    os.umask(0o077)  # whatever is written is the server's own
    server = waitress.create_server(told, **(DEFAULTS | options | {"threads": str(threads)}))
    signal.signal(signal.SIGTERM, _end)
    for listener in _addresses(server):
        log.info("serving on %s", listener)
    server.run()
    log.info("stopping")
    return 0


def _end(_signal: int, _frame: Any) -> None:
    """End as on Ctrl-C: waitress closes its sockets, and what was registered for the exit is done."""
    raise SystemExit(0)


def _addresses(server: Any) -> list[str]:
    if hasattr(server, "effective_listen"):
        return [f"http://{host}:{port}" for host, port in server.effective_listen]
    host, port = server.effective_host, server.effective_port
    return [f"http://{host}:{port}"]
