"""What a dispatcher may find when it starts: a real database and real job directories, planted by hand."""

import dataclasses
import json

from ZODB.DB import DB
from ZODB.FileStorage import FileStorage

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.execution.dispatcher import Dispatcher
from pyramid_uws.execution.jobdir import JobDirectory, JobSpec, Outcome
from pyramid_uws.execution.limiting import Limiter
from pyramid_uws.execution.processes import Identity
from pyramid_uws.execution.reading import Reader
from pyramid_uws.execution.recovery import recover
from pyramid_uws.execution.runs import Address, Run
from pyramid_uws.execution.store import ResultStore
from pyramid_uws.execution.writer import Writer
from pyramid_uws.settings import read_settings
from pyramid_uws.tree import AsyncRenderer, Job, find_joblist, match_tree
from pyramid_uws.uws import phases
from pyramid_uws.uws.ids import new_id
from pyramid_uws.uws.instants import now

SERVICE = "s"
HOUR = 3_600_000_000
DEAD = Identity(2**22 + 1, 1, "")


class Plantation:
    """A database with jobs and folders with attempts, as a dispatcher may find them."""

    def __init__(self, folder):
        self.settings = read_settings({"uws.var": str(folder)})
        for path in (self.settings.work, self.settings.results):
            path.mkdir()
        self.database = DB(FileStorage(str(folder / "uws.fs")))
        self.writer = Writer(self.database, lambda _journal: None)
        self.writer.start()
        self.writer.do(lambda root, _journal: match_tree(root, {SERVICE: {"async": AsyncRenderer}}))
        self.store = ResultStore(self.settings.results)
        self.reader = Reader(self.database)
        self.definitions = {SERVICE: ServiceDefinition(name=SERVICE, core="tests.support.cores:quick")}
        self.limiter = Limiter(self.settings, self.definitions)
        self.dispatcher = Dispatcher(self.settings, self.definitions, self.database, self.writer, self.store)

    def close(self):
        self.dispatcher.reader.close()
        self.reader.close()
        self.writer.stop()
        self.database.close()

    def job(self, phase=phases.EXECUTING, **facts):
        """Put a job into the database, in its first attempt; return its id."""
        created = now() - HOUR
        job_id = new_id(created)
        standard = {"phase": phase, "execution_duration": 0, "attempt": 1, "queued": created, "started": created}

        def change(root, _journal):
            find_joblist(root, SERVICE, "async").add(Job(job_id, created=created, **standard | facts))

        self.writer.do(change)
        return job_id

    def attempt(self, job_id, keeper=None, outcome=None, results=(), number=1):
        """Put a job directory there: of a keeper, with what that and the core have left."""
        directory = JobDirectory(self.settings.work / f"{job_id}.{number}")
        directory.create(JobSpec(job_id=job_id, attempt=number, service=SERVICE, core="x:y"))
        if keeper is not None:
            directory.claim(keeper)
        for name in results:
            (directory.results_folder / name).write_text(name)
            directory.list_result((name, "text/plain", len(name), "0"))
        if outcome is not None:
            facts = Outcome(ended=outcome, started=1, finished=2, message="x")
            (directory.path / "outcome.json").write_text(json.dumps(dataclasses.asdict(facts)))
        return directory

    def recover(self):
        """Have the dispatcher take over what it finds."""
        own = self.dispatcher
        recover(own.reader, own.home, own.runs, own.harvester)

    def remove(self, job_id):
        """Take a job out of the database."""
        self.writer.do(lambda root, _journal: find_joblist(root, SERVICE, "async").remove(job_id))

    def run(self, job_id, directory):
        """Return what a dispatcher that follows the attempt knows of it."""
        return Run(Address(SERVICE, "async", job_id), 1, directory, directory.keeper(), 0, 0.0)

    def has(self, job_id):
        """Tell whether the job is in the database."""
        with self.reader.reading() as root:
            return job_id in find_joblist(root, SERVICE, "async")

    def phase(self, job_id):
        return self.facts(job_id)["phase"]

    def facts(self, job_id):
        with self.reader.reading() as root:
            job = find_joblist(root, SERVICE, "async")[job_id]
            names = ("phase", "queued", "started", "ended", "reason", "failure", "results")
            return {name: getattr(job, name) for name in names}
