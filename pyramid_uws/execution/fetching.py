"""Fetching uploads by URL, in the process of the job, before its core is called.

Loaded by name, when there is something to fetch: most jobs go without urllib3. A host is looked up once, and the
connection is made to an address that has been looked at, so the name cannot mean another one a moment later; the
certificate has to be that of the name. The same holds for each redirect. No proxy is used.
"""

import contextlib
import errno
import signal
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NoReturn
from urllib.parse import SplitResult, urljoin

import urllib3
from urllib3 import exceptions as problems

from pyramid_uws.exceptions import CoreError
from pyramid_uws.parameters.hosts import Fetching
from pyramid_uws.parameters.uploads import check_url, hidden
from pyramid_uws.version import __version__

#: How many redirects are followed.
MOST_REDIRECTS = 5

CHUNK = 64 * 1024

#: Seconds for a connection, and for a host to say something.
_TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)

_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": f"pyramid_uws/{__version__}"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Among those of 400 to 499, which are about the URL.
_MAY_PASS = frozenset({408, 425, 429})


class Failed(Exception):
    """An upload cannot be had; the message is a half sentence that says why.

    What is wrong with the URL is for the client to mend. What the remote host does wrong is not, and may pass.
    """

    def __init__(self, reason: str, *, transient: bool = False) -> None:
        super().__init__(reason)
        self.transient = transient


class OutOfTime(Exception):
    """The time for all uploads is over."""


def fetch_all(urls: Mapping[str, str], folder: Path, fetching: Fetching, most: int) -> dict[str, Path]:
    """Fetch the uploads (name -> URL) into a new folder; return their files. ``most`` bytes each; 0: unlimited.

    :class:`CoreError` names the upload and the URL, without secrets, and says why it could not be fetched.
    """
    folder.mkdir(mode=0o700)
    files = {name: folder / str(number) for number, name in enumerate(urls)}
    with _time_limit(fetching.timeout):
        for name, url in urls.items():
            try:
                _fetch(url, files[name], fetching, most)
            except OutOfTime:
                limit = f"it took longer than the {fetching.timeout:g} s that there are for all uploads of a job"
                _refuse(name, url, limit, transient=True)
            except Failed as problem:
                _refuse(name, url, str(problem), transient=problem.transient)
    return files


def _refuse(name: str, url: str, reason: str, *, transient: bool) -> NoReturn:
    raise CoreError(
        f"The upload {name} could not be fetched from {hidden(url)}: {reason}.", transient=transient
    ) from None


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """End what is done in the block by :class:`OutOfTime` when the time is over, whatever it is waiting for."""

    def expire(*_: object) -> NoReturn:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, expire)
    # Again and again: one that comes while an object is finalised is lost.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fetch(url: str, path: Path, fetching: Fetching, most: int) -> None:
    """Fetch what is at the URL, or at the end of its redirects, into a file."""
    for _ in range(MOST_REDIRECTS + 1):
        with _said_plainly(), _answer(_checked(url), fetching) as answer:
            target = answer.headers.get("Location") if answer.status in _REDIRECTS else None
            if target is None:
                _check_status(answer.status)
                with path.open("wb") as file:
                    _save(answer, file, most)
                return
        url = urljoin(url, target)
    raise Failed(f"it redirects more than {MOST_REDIRECTS} times", transient=True)


def _checked(url: str) -> SplitResult:
    try:
        return check_url(url)
    except ValueError as problem:
        raise Failed(f"{hidden(url)} is no URL that is followed: it {problem}") from None


def _check_status(status: int) -> None:
    if status != 200:
        about_url = 400 <= status < 500 and status not in _MAY_PASS
        raise Failed(f"the host answered {status}", transient=not about_url)


@contextlib.contextmanager
def _answer(parts: SplitResult, fetching: Fetching) -> Iterator[urllib3.BaseHTTPResponse]:
    """Send the request to the first address that takes it; yield the answer, its body still to be read."""
    addresses = _addresses(parts, fetching)
    for address in addresses:
        with _pool(parts, address) as pool:
            try:
                answer = pool.urlopen(
                    "GET",
                    f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}",
                    headers=_HEADERS | {"Host": parts.netloc},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
            except (problems.NewConnectionError, problems.ConnectTimeoutError):
                if address == addresses[-1]:
                    raise
                continue
            with contextlib.closing(answer):
                yield answer
                return


def _addresses(parts: SplitResult, fetching: Fetching) -> list[str]:
    """Look the host up; return those of its addresses that may be connected to."""
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        passes = getattr(problem, "errno", None) == socket.EAI_AGAIN
        raise Failed(f"the host {host} is not known", transient=passes) from None
    addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
    permitted = [address for address in addresses if fetching.permits(host, address)]
    if not permitted:
        raise Failed(f"the address of {host}, {addresses[0]}, is not a public one")
    return permitted


def _port(parts: SplitResult) -> int:
    return parts.port or {"http": 80, "https": 443}[parts.scheme]


def _pool(parts: SplitResult, address: str) -> urllib3.HTTPConnectionPool:
    """Return what connects to the address, and expects there who the URL names."""
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(address, _port(parts), timeout=_TIMEOUT)
    return urllib3.HTTPSConnectionPool(
        address,
        _port(parts),
        timeout=_TIMEOUT,
        cert_reqs="CERT_REQUIRED",
        server_hostname=parts.hostname,
        assert_hostname=parts.hostname,
    )


def _save(answer: urllib3.BaseHTTPResponse, file: BinaryIO, most: int) -> None:
    """Write the content, unpacked, as long as it is not too large."""
    said = answer.headers.get("Content-Length", "")
    if most and said.isdigit() and int(said) > most:
        raise Failed(f"it has {said} bytes, and at most {most} are taken")
    for chunk in answer.stream(CHUNK, decode_content=True):
        file.write(chunk)
        if most and file.tell() > most:
            raise Failed(f"it has more than the {most} bytes that are taken")


@contextlib.contextmanager
def _said_plainly() -> Iterator[None]:
    """Say in our words what urllib3 and the system complain of; theirs may have secrets in them."""
    try:
        yield
    except problems.SSLError as problem:
        reason = getattr(problem.args[0], "verify_message", "") if problem.args else ""
        raise Failed(
            f"its certificate is not accepted, or TLS fails{f' ({reason})' if reason else ''}", transient=True
        ) from None
    except (problems.NewConnectionError, problems.ConnectTimeoutError):
        raise Failed("no connection can be made", transient=True) from None
    except problems.TimeoutError:
        raise Failed("the host says nothing more", transient=True) from None
    except problems.DecodeError:
        raise Failed("its content cannot be unpacked", transient=True) from None
    except problems.HTTPError:
        raise Failed("the answer broke off, or is no HTTP", transient=True) from None
    except OSError as problem:
        if problem.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise Failed("the disk of the server is full", transient=True) from None
