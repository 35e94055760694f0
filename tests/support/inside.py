"""The application inside this very process, for what no client can bring about: a job in any phase.

Nothing is ever started in there, so jobs stay in the phase they are put into.
"""

from pathlib import Path
from urllib.parse import urlsplit

import plaster
from webob import Request, Response

from pyramid_uws.tree import find_joblist
from pyramid_uws.uws import phases

from .server import Server

#: How a job comes into a phase, from PENDING on.
WAYS = {
    phases.PENDING: (),
    phases.HELD: (phases.HELD,),
    phases.QUEUED: (phases.QUEUED,),
    phases.EXECUTING: (phases.QUEUED, phases.EXECUTING),
    phases.SUSPENDED: (phases.QUEUED, phases.EXECUTING, phases.SUSPENDED),
    phases.UNKNOWN: (phases.QUEUED, phases.EXECUTING, phases.UNKNOWN),
    phases.COMPLETED: (phases.QUEUED, phases.EXECUTING, phases.COMPLETED),
    phases.ERROR: (phases.QUEUED, phases.EXECUTING, phases.ERROR),
    phases.ABORTED: (phases.ABORTED,),
    phases.ARCHIVED: (phases.ABORTED, phases.ARCHIVED),
}


class Inside:
    """The application of an ini file as `Server` writes it, with the same options, but no process."""

    def __init__(self, folder: Path, **options):
        settings = {"uws.dispatcher": "none"} | options.pop("settings", {})
        server = Server(folder, settings=settings, **options)
        self.var = server.var
        self.app = plaster.get_loader(str(server.ini), protocols=["wsgi"]).get_wsgi_app()
        self.site = self.app.registry.uws

    def close(self) -> None:
        self.site.close()

    def request(self, method: str, url: str, **parameters: str) -> Response:
        options = {"POST": parameters} if method == "POST" else {}
        return Request.blank(url, method=method, **options).get_response(self.app)

    def create(self, service: str, **parameters: str) -> str:
        """Create a job and return its path."""
        answer = self.request("POST", f"/{service}/async", **parameters)
        assert answer.status_code == 303, answer.text
        return urlsplit(answer.location).path

    def put_into(self, job: str, phase: str) -> str:
        """Take a job that is PENDING to a phase; return its path."""
        service, renderer, job_id = job.strip("/").split("/")

        def change(root, _journal):
            joblist = find_joblist(root, service, renderer)
            for step in WAYS[phase]:
                joblist.move(joblist[job_id], joblist[job_id].phase, step, queued=1)

        self.site.writer.do(change)
        return job

    def phase(self, job: str) -> str:
        return self.request("GET", f"{job}/phase").text
