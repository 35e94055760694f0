"""A web server on loopback from which uploads are fetched, with all the manners that such servers have."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

CONTENT = b"ra,dec\n10.5,20.5\n"


@cache
def bomb() -> bytes:
    """Return 200 MB of nothing, packed: nearly 200 kB; it takes a second."""
    return gzip.compress(bytes(200_000_000), 9)


class Manners(BaseHTTPRequestHandler):
    """Answers by path; all that was asked for is in ``server.asked``."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        with suppress(ConnectionError):
            getattr(self, "get_" + self.path.strip("/").partition("?")[0].partition("/")[0])()

    def log_message(self, *_):
        """Say nothing."""

    def answer(self, content, status=200, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def get_plain(self):
        self.answer(CONTENT, Content_Type="text/csv")

    def get_gzip(self):
        self.answer(gzip.compress(CONTENT), Content_Encoding="gzip")

    def get_bomb(self):
        self.answer(bomb(), Content_Encoding="gzip")

    def get_torn(self):
        self.answer(b"nonsense", Content_Encoding="gzip")

    def get_large(self):
        self.answer(CONTENT, length=10**12)

    def get_short(self):
        self.answer(CONTENT, length=len(CONTENT) + 1)
        self.close_connection = True

    def get_endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"%x\r\n%s\r\n" % (65536, bytes(65536)))

    def get_dripping(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while not self.server.is_over.is_set():
            self.wfile.write(b"x")
            time.sleep(0.02)

    def get_mumbling(self):
        while not self.server.is_over.is_set():
            self.wfile.write(b"X")
            time.sleep(0.02)

    def get_status(self):
        self.answer(b"", int(self.path.rpartition("/")[2]))

    def get_to(self):
        """Redirect to what follows the question mark."""
        self.answer(b"", 302, Location=self.path.partition("?")[2])

    def get_round(self):
        self.answer(b"", 307, Location="/round")

    def get_nowhere(self):
        self.answer(b"", 302)

    def get_garbage(self):
        self.wfile.write(b"nonsense\r\n\r\n")
        self.close_connection = True


@contextmanager
def source(host: str = "127.0.0.1", context=None) -> Iterator[SimpleNamespace]:
    """Serve; yield ``url``, ``port`` and ``asked``, a list of paths and headers."""
    server = ThreadingHTTPServer((host, 0), Manners)
    server.daemon_threads = True
    server.asked, server.is_over = [], threading.Event()
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # clients go when they have seen enough
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    port = server.server_address[1]
    scheme = "http" if context is None else "https"
    try:
        yield SimpleNamespace(url=f"{scheme}://{host}:{port}", port=port, asked=server.asked)
    finally:
        server.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
