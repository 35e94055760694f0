"""A server to take pictures of: the demonstration, where people log in, with a job in every phase."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.accounts import password_of, write_users
from tests.support.http import Session, abort, create, http, wait_for_phase
from tests.support.papers import PROJECT, site_from
from tests.support.server import Server

#: Alice has the jobs, and root looks after the site.
OWNER, OPERATOR, NOBODY = "alice", "root", ""

SETTINGS = {
    "uws.auth": "basic token cookie",
    "uws.auth.admins": OPERATOR,
    "uws.max_running": "1",
    "uws.title": "Example Observatory",
    "uws.worker_timeout": "30",
}

#: What is run of the cross-match: bright stars only, which takes seconds.
STARS = {"LEFT": "hipparcos", "RIGHT": "gaia", "RADIUS": "2", "MAG": "/5", "RUNID": "bright stars"}


@dataclass(frozen=True)
class Exhibition:
    """The server, and its pages: name -> who looks at it, and its URL."""

    server: Server
    pages: dict[str, tuple[str, str]]


@contextmanager
def opened(folder: Path) -> Iterator[Exhibition]:
    """Have the server run."""
    server = Server(folder, services=[])
    site_from(PROJECT / "development.ini", server)
    text = server.ini.read_text(encoding="utf-8")
    more = "".join(f"{name} = {value}\n" for name, value in SETTINGS.items())
    server.ini.write_text(text.replace("[app:main]\n", f"[app:main]\n{more}"), encoding="utf-8")
    write_users(server.var)
    with server:
        yield Exhibition(server, dict(pages_of(server)))


def pages_of(server: Server) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield all pages, having made the jobs that they show."""
    jobs = jobs_of(server)
    for name, path in (("site", "/"), ("login", "/login"), ("error-404", "/crossmatch/async/nothing")):
        yield name, (NOBODY, server.url + path)
    for service in ("crossmatch", "countdown", "observations"):
        yield f"service-{service}", (OWNER, f"{server.url}/{service}")
    for service in ("crossmatch", "countdown"):
        yield f"form-{service}", (OWNER, f"{server.url}/{service}/form")
        yield f"examples-{service}", (OWNER, f"{server.url}/{service}/examples")
        yield f"joblist-{service}", (OWNER, f"{server.url}/{service}/async")
    yield "joblist-nobody", (NOBODY, f"{server.url}/countdown/async")
    yield "error-401", (NOBODY, jobs["completed"])
    yield "error-403", ("bob", jobs["completed"])
    for phase, url in jobs.items():
        yield f"job-{phase}", (OWNER, url)
    yield "draft", (OWNER, f"{jobs['pending']}/edit")
    for result in ("matches", "summary", "sky"):
        yield f"preview-{result}", (OWNER, f"{jobs['completed']}/results/{result}/preview")
    yield "whoami", (OWNER, f"{server.url}/whoami")
    yield "tokens", (OWNER, f"{server.url}/tokens")
    yield "operator", (OPERATOR, f"{server.url}/operator")


def jobs_of(server: Server) -> dict[str, str]:
    """Return jobs of alice's by phase: name -> URL. One runs and one waits for as long as the server is there."""
    alice = Session()
    alice.auth = (OWNER, password_of(OWNER))
    matching, counting = server.joblist("crossmatch"), server.joblist("countdown")
    jobs = {
        "completed": create(matching, session=alice, PHASE="RUN", **STARS),
        "image": create(
            server.joblist("observations", "dlasync"), session=alice, ID="m13.fits", PHASE="RUN", RUNID="M 13"
        ),
        "error": create(counting, session=alice, SECONDS=0.1, FAIL="The moon is too bright.", PHASE="RUN"),
    }
    for name, url in jobs.items():
        wait_for_phase(url, "ERROR" if name == "error" else "COMPLETED", session=alice)
    jobs["pending"] = create(matching, session=alice, **STARS)
    jobs["executing"] = create(counting, session=alice, SECONDS=3000, RESULTS=100, PHASE="RUN", RUNID="long")
    wait_for_phase(jobs["executing"], "EXECUTING", session=alice)
    jobs["queued"] = create(counting, session=alice, SECONDS=3000, PHASE="RUN")
    jobs["aborted"] = create(counting, session=alice, SECONDS=3000, PHASE="RUN")
    abort(jobs["aborted"], session=alice)
    create(counting, session=http, SECONDS=1)
    return jobs
