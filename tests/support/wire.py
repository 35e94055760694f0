"""Requests as bytes on a socket, for what no HTTP library lets one send."""

import contextlib
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

#: Seconds after which a server is said to hang.
PATIENCE = 20

Headers = Iterable[tuple[str, str]]


def send(url: str, data: bytes) -> bytes:
    """Send these very bytes to the server of a URL; return all it says until it closes the connection."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has heard enough
            connection.sendall(data)
        return b"".join(_received(connection))


def _received(connection):
    while True:
        try:
            chunk = connection.recv(65536)
        except ConnectionResetError:
            return
        if not chunk:
            return
        yield chunk


def request(method: str, url: str, headers: Headers = (), body: bytes = b"") -> bytes:
    """Send one request, its target and headers as they are; the length of the body is told unless they do."""
    address = urlsplit(url)
    target = url[len(f"{address.scheme}://{address.netloc}") :] or "/"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {address.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    if not {name.lower() for name, _ in headers} & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    return send(url, "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


def status(answer: bytes) -> int:
    """Return the status of an answer."""
    version, code = answer.split(b" ", 2)[:2]
    assert version.startswith(b"HTTP/1.")
    return int(code)


def header(answer: bytes, name: str) -> str | None:
    """Return a header of an answer, None if it is not there; it must not be there twice."""
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    values = [
        line.partition(":")[2].strip()
        for line in head.split("\r\n")[1:]
        if line.lower().startswith(f"{name.lower()}:")
    ]
    assert len(values) < 2
    return values[0] if values else None
