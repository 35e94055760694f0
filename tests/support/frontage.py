"""A site as docs/deploy.md makes it, from site.ini of the examples, behind nginx."""

import configparser
import contextlib
import re
import socket
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from . import pseudotap
from .http import PATIENCE, Session, wait_for
from .nginx import EXAMPLES, NAME, Nginx
from .server import HOST, Server, write_ini

#: Beside the countdown of the example: what pyvo can do all with.
SECTIONS = {"uws:service:tap": pseudotap.SERVICE | {"renderers": "async sync"}}


class Site(Server):
    """The server of the example, in a folder and at a port of its own; ``changes`` are made to its ini file."""

    def __init__(self, folder: Path, changes=None):
        super().__init__(folder, services=[])
        example = configparser.RawConfigParser()
        example.optionxform = str
        example.read(EXAMPLES / "site.ini")
        layers = {section: dict(example[section]) for section in example.sections()}
        defaults = dict(example.defaults())
        layers = {
            name: {key: value for key, value in keys.items() if key not in defaults}
            for name, keys in layers.items()
        }
        ours = {
            "app:main": {"uws.hosts": NAME, "uws.environment": "UWS_TEST_*"},
            "DEFAULT": defaults | {"var": str(self.var), "http_port": str(self.port)},
        }
        write_ini(self.ini, layers, ours, SECTIONS, changes or {})
        self.socket = self.folder / "http.sock"

    def _wait_until_it_answers(self):
        wait_for(self._listens, what="the server")

    def _listens(self):
        assert self.is_running, self.log_tail()
        return any(self._is_open(family, at) for family, at in self._addresses())

    def _addresses(self):
        return (socket.AF_UNIX, str(self.socket)), (socket.AF_INET, (HOST, self.port))

    def _is_open(self, family, address):
        with socket.socket(family) as probe:
            return probe.connect_ex(address) == 0


def behind(nginx: Nginx) -> Session:
    """Return a session that believes the certificate."""
    session = Session()
    session.verify = str(nginx.certificate)
    return session


def secured(front):
    """Return a connection by TLS."""
    context = ssl.create_default_context(cafile=str(front.certificate))
    return context.wrap_socket(
        socket.create_connection((HOST, front.https_port), timeout=PATIENCE), server_hostname=NAME
    )


def held(front, path):
    """Send a GET; return the connection."""
    connection = secured(front)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {NAME}:{front.https_port}\r\n\r\n".encode())
    return connection


class Gatekeeper(BaseHTTPRequestHandler):
    """What nginx sees of oauth2-proxy: 202 with the name, or 401."""

    def do_GET(self):
        found = re.search(r"_oauth2_proxy=(\w+)", self.headers.get("Cookie", ""))
        self.send_response(202 if found else 401)
        if found:
            self.send_header("X-Auth-Request-User", found[1])
            self.send_header("X-Auth-Request-Groups", "astro,readers")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def gatekeeper():
    with ThreadingHTTPServer((HOST, 0), Gatekeeper) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
