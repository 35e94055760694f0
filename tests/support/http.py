"""Speaking UWS to a running server, in the words that tests use."""

import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from lxml import etree

NAMESPACES: Mapping[str, str] = {
    "uws": "http://www.ivoa.net/xml/UWS/v1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "vot": "http://www.ivoa.net/xml/VOTable/v1.3",
    "cap": "http://www.ivoa.net/xml/VOSICapabilities/v1.0",
    "avail": "http://www.ivoa.net/xml/VOSIAvailability/v1.0",
    "html": "http://www.w3.org/1999/xhtml",
}
FINAL = frozenset({"COMPLETED", "ERROR", "ABORTED", "ARCHIVED"})
#: How long is waited for anything (s): long enough for a busy machine, and no longer than it takes otherwise.
PATIENCE = 90
T = TypeVar("T")


class Session(requests.Session):
    """A session that asks nobody's proxy, keeps no cookies, has a time limit, and shows redirects as they are."""

    def __init__(self):
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    def request(self, method, url, **options):
        options.setdefault("timeout", PATIENCE)
        options.setdefault("allow_redirects", False)
        return super().request(method, url, **options)


#: For tests that do not care who they are.
http = Session()


def create(joblist: str, *, session: requests.Session = http, files: Any = None, **parameters: Any) -> str:
    """Create a job and return its URL; `PHASE="RUN"` among the parameters starts it, a list repeats one."""
    answer = session.post(joblist, data=parameters, files=files)
    assert answer.status_code == 303, f"{answer.status_code} {answer.text}"
    location = answer.headers["Location"]
    assert urlsplit(location).scheme in {"http", "https"}, f"Location {location} is not absolute"
    return location


def post(url: str, *, session: requests.Session = http, **parameters: Any) -> requests.Response:
    """Post to an attribute of a job, which has to answer with the way back to the job."""
    answer = session.post(url, data=parameters)
    assert answer.status_code == 303, f"{answer.status_code} {answer.text}"
    return answer


def run(job: str, *, session: requests.Session = http) -> None:
    post(f"{job}/phase", session=session, PHASE="RUN")


def abort(job: str, *, session: requests.Session = http) -> None:
    post(f"{job}/phase", session=session, PHASE="ABORT")


def phase(job: str, *, session: requests.Session = http) -> str:
    answer = session.get(f"{job}/phase")
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return answer.text


def wait_for(
    predicate: Callable[[], T], timeout: float = PATIENCE, *, interval: float | None = None, what: str = ""
) -> T:
    """Call the predicate until it returns something true, and return that; more and more seldom unless told."""
    begun = time.monotonic()
    while not (value := predicate()):
        if time.monotonic() > begun + timeout:
            name = what or getattr(predicate, "__qualname__", repr(predicate))
            raise AssertionError(f"waited {timeout} s in vain for {name}; last seen: {value!r}")
        time.sleep(_pause(begun) if interval is None else interval)
    return value


def wait_for_phase(job: str, *wanted: str, timeout: float = PATIENCE, session: requests.Session = http) -> str:
    """Wait until the job is in one of the phases wanted, by default any final one, and return the phase.

    A job that ends in another phase than wanted fails at once, with what the job document says.
    """
    wanted = wanted or tuple(FINAL)
    begun = time.monotonic()
    while (now := phase(job, session=session)) not in wanted:
        if now in FINAL or time.monotonic() > begun + timeout:
            document = session.get(job).text
            raise AssertionError(f"job is {now}, not {' or '.join(wanted)}, within {timeout} s:\n{document}")
        time.sleep(_pause(begun))
    return now


def _pause(begun: float) -> float:
    """Return how long to rest (s) after looking in vain: a tenth of the time waited so far, and not for long."""
    return min(max(0.02, (time.monotonic() - begun) / 10), 0.2)


def parse(xml: bytes | str | requests.Response) -> etree._Element:
    """Return the root element of a document or response."""
    if isinstance(xml, requests.Response):
        xml = xml.content
    return etree.fromstring(xml.encode() if isinstance(xml, str) else xml)


def xpath(node: etree._Element, path: str) -> Any:
    """Evaluate an XPath with the prefixes of NAMESPACES."""
    return node.xpath(path, namespaces=dict(NAMESPACES))


def text(node: etree._Element, path: str) -> str:
    """Return the text of the one element at an XPath."""
    (found,) = xpath(node, path)
    return found.text or ""


def job_document(job: str, *, session: requests.Session = http) -> etree._Element:
    """Return the job's document as it is now."""
    answer = session.get(job)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return parse(answer)
