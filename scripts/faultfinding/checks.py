"""What has to hold when a site has come to rest, whatever has happened to it."""

import hashlib
import time
from collections.abc import Callable
from typing import TypeVar

from pyramid_uws.uws.ids import created_at
from tests.support.anatomy import attempts, of_jobs
from tests.support.fault_cores import content_of
from tests.support.http import http, parse, xpath

from .ledger import Known
from .site import Site

#: Seconds within which everything has to come to rest.
PATIENCE = 60.0

Found = TypeVar("Found", set[str], list[str], dict[int, str])

ACTIVE = {"PHASE": ["PENDING", "QUEUED", "EXECUTING", "UNKNOWN"]}
HREF = "{http://www.w3.org/1999/xlink}href"


def check(site: Site) -> None:
    """Wait until all jobs have ended, those too of whose creation nobody was told; then look at everything."""
    stuck = _wait_until_empty(lambda: _ids(site, **ACTIVE))
    for job_id in stuck:
        site.ledger.find("stuck", f"job {job_id} has not ended {PATIENCE:.0f} s after the last fault")
    for job in list(site.ledger.jobs.values()):
        _check_job(site, job)
    check_leftovers(site)
    for word in ("unforeseen", "Exception in thread"):
        if word in site.server.log:
            site.ledger.find("broken", f"the log says {word!r}")


def check_leftovers(site: Site) -> None:
    """Look for files and processes that no job names.

    What belongs to a job made after the last start is let be, as the server lets it: its clock was set back, and
    it might be a job that is just being made. It goes at the first start after that time.
    """
    for name in _wait_until_empty(lambda: attempts(site.server)):
        site.ledger.find("orphan", f"work folder {name}")
    for pid, name in _wait_until_empty(lambda: of_jobs(site.server)).items():
        site.ledger.find("orphan", f"process {pid} {name}")
    for folder in _wait_until_empty(lambda: _nobodys(site)):
        site.ledger.find("orphan", f"result folder {folder}")


def _nobodys(site: Site) -> set[str]:
    folders = {path.name for path in (site.server.var / "results").glob("*/*")}
    return {name for name in folders - _ids(site) if created_at(name) < site.started}


def _ids(site: Site, **filters: list[str]) -> set[str]:
    return set(xpath(parse(http.get(site.joblist, params=filters)), "//@id"))


def _wait_until_empty(look: Callable[[], Found]) -> Found:
    """Return what is left when the time is up."""
    deadline = time.monotonic() + PATIENCE
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _check_job(site: Site, job: Known) -> None:
    ledger = site.ledger
    answer = http.get(job.url)
    if answer.status_code == 404:
        if not (job.deleted or job.doubtful):
            ledger.find("lost", f"{job.url} was acknowledged and is not known")
        job.deleted = True
        return
    if job.deleted:
        ledger.find("broken", f"{job.url} was deleted and is there")
    document = parse(answer)
    (phase,) = xpath(document, "/*/uws:phase/text()")
    ledger.see(job, phase)
    _check_end(site, job, phase, " ".join(xpath(document, "//uws:message/text()")))
    if not job.spoilt:
        _check_results(site, job, phase, xpath(document, "//uws:result"))


def _check_end(site: Site, job: Known, phase: str, message: str) -> None:
    """A core is begun once, and one that has outlived its server has done its work."""
    diary = site.diaries / job.job_id
    notes = [line.split()[0] for line in diary.read_text().splitlines()] if diary.exists() else []
    allowed = 1 + site.ledger.again[job.url]
    if notes.count("began") > allowed:
        site.ledger.find("broken", f"{job.url} was begun {notes.count('began')} times, not {allowed}")
    if phase == "COMPLETED" and "ended" not in notes:
        site.ledger.find("broken", f"{job.url} is COMPLETED and its core has not ended")
    undisturbed = not (job.harmed or job.aborted or job.overstays)
    if undisturbed and phase != "COMPLETED":
        survived = " and outlived its server" if job.survived else ""
        site.ledger.find("broken", f"nothing happened to {job.url}{survived}, and it is {phase} {message}")


def _check_results(site: Site, job: Known, phase: str, results: list) -> None:
    """Every result that is listed is served with its size and checksum; what completed has one."""
    sizes = [int(result.get("size")) for result in results]
    if sizes not in ([job.size], [] if phase != "COMPLETED" else [job.size]):
        site.ledger.find("broken", f"{job.url} is {phase} and lists results of {sizes}, not {job.size} bytes")
    for result in results:
        served = http.get(result.get(HREF))
        wanted = content_of(job.job_id, job.size).encode()
        checksum = hashlib.sha256(wanted).hexdigest()
        if served.status_code != 200 or served.content != wanted:
            site.ledger.find("broken", f"a result of {job.url} is not what was made ({served.status_code})")
        elif not checksum.startswith(served.headers["ETag"].strip('"')):
            site.ledger.find("broken", f"a result of {job.url} has the checksum {served.headers['ETag']}")
