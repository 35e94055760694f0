"""The life of jobs under web calls, steps of a dispatcher, ends of children and restarts, in any order.

A dispatcher with real children is stepped by hand, in this process, so the model knows what must have happened.
"""

import shutil
import tempfile
import time
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pyramid_uws.execution.dispatcher import Dispatcher
from pyramid_uws.execution.processes import alive
from pyramid_uws.execution.recovery import recover
from pyramid_uws.execution.runs import Address
from pyramid_uws.tree import find_joblist
from pyramid_uws.uws.phases import PHASES
from tests.support.examples import examples
from tests.support.http import parse, wait_for, xpath
from tests.support.inside import Inside

CORE = {
    "core": "tests.support.fault_cores:obedient",
    "parameters": "tests.support.fault_cores:PARAMETERS_OBEDIENT",
}
SECTIONS = {
    "uws:service:once": CORE,
    "uws:service:again": CORE | {"retries": "1", "retry_pause": "0"},
    "uws:service:kept": CORE | {"on_destruction": "archive"},
}
SERVICES = ("once", "again", "kept")
SLOTS = 2
RESTARTS = 2

#: What a core may be ordered to do.
ENDS = ("return", "raise", "exit", "kill")

#: The model's word for a job that waits for its turn or has it.
WANTED = "wanted"
FINAL = {"COMPLETED", "ERROR", "ABORTED"}


class Life(RuleBasedStateMachine):
    """The model: phases of jobs (None: it is gone), ends of cores nobody has looked at yet, who was run again."""

    jobs = Bundle("jobs")

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.phase, self.end, self.retried = {}, {}, {}
        self.restarts = 0
        self.start()

    # The server, stepped by hand

    def start(self):
        limits = {"uws.max_running": str(SLOTS), "uws.on_stop": "leave", "uws.grace": "0.05"}
        own = {"uws.archive.uri": f"file://{self.folder}/archive.fs"}
        self.inside = Inside(self.folder, services=[], sections=SECTIONS, settings=limits | own)
        site = self.inside.site
        self.dispatcher = Dispatcher(site.settings, site.definitions, site.database, site.writer, site.store)
        self.dispatcher.home.open()
        self.dispatcher._nurseries.start()
        own = self.dispatcher
        recover(own.reader, own.home, own.runs, own.harvester)
        wait_for(self.dispatcher._nurseries.all_ready)

    def stop(self):
        self.dispatcher._nurseries.close()
        self.dispatcher.reader.close()
        self.dispatcher.home.close()
        self.inside.close()

    def working(self):
        """Return the jobs whose cores are at work."""
        runs = self.dispatcher.runs
        paths = [f"/{address.service}/{address.renderer}/{address.job_id}" for address in runs]
        return [path for path in paths if self.phase.get(path) == WANTED and path not in self.end]

    def step_until(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline
            self.step()

    # What is done

    @initialize(target=jobs)
    def begin(self):
        """Have more jobs than slots, some of each service."""
        made = [self.create(service, at_once) for service in SERVICES for at_once in (True, False)]
        self.step()
        return multiple(*made)

    @rule(target=jobs, service=st.sampled_from(SERVICES), at_once=st.booleans())
    def create(self, service, at_once):
        job = self.inside.create(service, FOLDER=str(self.folder), **({"PHASE": "RUN"} if at_once else {}))
        self.phase[job] = WANTED if at_once else "PENDING"
        return job

    @rule(job=jobs)
    def run(self, job):
        answer = self.inside.request("POST", f"{job}/phase", PHASE="RUN")
        assert answer.status_code == {"PENDING": 303, None: 404}.get(self.phase[job], 403)
        if self.phase[job] == "PENDING":
            self.phase[job] = WANTED

    @rule(job=jobs)
    def abort(self, job):
        with mock.patch("pyramid_uws.views.job.ABORT_PATIENCE", 0):
            answer = self.inside.request("POST", f"{job}/phase", PHASE="ABORT")
        before = self.phase[job]
        assert answer.status_code == {None: 404, "COMPLETED": 403, "ERROR": 403, "ARCHIVED": 403}.get(before, 303)
        if before in {"PENDING", WANTED}:
            self.end.pop(job, None)
            self.phase[job] = "ABORTED"
            self.step_until(lambda: self.inside.phase(job) == "ABORTED")

    @rule(job=consumes(jobs))
    def delete(self, job):
        answer = self.inside.request("DELETE", job)
        assert answer.status_code == (404 if self.phase[job] is None else 303)
        self.phase[job] = None
        self.end.pop(job, None)

    @rule(job=jobs)
    def expire(self, job):
        """The destruction time comes, unless it came before."""
        if self.phase[job] in {None, "ARCHIVED"}:
            return
        address = Address(*job.strip("/").split("/"))
        self.inside.site.writer.do(
            lambda root, _j: address.joblist(root).update(address.joblist(root).get(address.job_id), destruction=1)
        )
        self.phase[job] = "ARCHIVED" if job.startswith("/kept/") else None
        self.end.pop(job, None)
        self.step()

    @precondition(lambda self: WANTED in self.phase.values())
    @rule()
    def step(self):
        """The dispatcher does what there is to do, and looks at every core that has ended."""
        with mock.patch.object(self.dispatcher, "_timeout", return_value=0.01):
            self.dispatcher._pass()
            self.dispatcher.harvester.conclude()
        for job, how in self.end.items():
            job_id = job.rpartition("/")[2]
            is_retried = how == "kill" and job.startswith("/again/") and job_id not in self.retried
            if is_retried:
                self.retried[job_id] = 1
            self.phase[job] = WANTED if is_retried else "COMPLETED" if how == "return" else "ERROR"
        self.end.clear()

    @precondition(lambda self: self.working())
    @rule(
        pick=st.integers(0, SLOTS - 1),
        how=st.sampled_from(["return", "raise", "exit", "kill"]),
        seen=st.booleans(),
    )
    def end_core(self, pick, how, seen):
        """A core ends, and the dispatcher looks, or something else happens first."""
        job = self.working()[pick % len(self.working())]
        order = self.folder / f"{job.rpartition('/')[2]}.order"
        draft = order.with_suffix(".draft")
        draft.write_text(how)
        draft.rename(order)
        run = self.dispatcher.runs[Address(*job.strip("/").split("/"))]
        wait_for(lambda: not alive(run.keeper))
        self.end[job] = how
        if seen:
            self.step()

    @precondition(lambda self: self.restarts < RESTARTS and WANTED in self.phase.values())
    @rule()
    def restart(self):
        """The server stops and starts; what runs goes on, what has ended meanwhile is looked at."""
        self.restarts += 1
        self.stop()
        self.start()
        self.step()

    def teardown(self):
        for job in self.phase:
            self.inside.request("DELETE", job)
        self.step_until(lambda: not self.dispatcher.runs)
        leftovers = [*self.inside.site.settings.work.glob("*/"), *self.inside.site.settings.results.rglob("*/")]
        self.stop()
        shutil.rmtree(self.folder)
        assert [path.name for path in leftovers if len(path.name) > 2] == []

    # What holds

    @invariant()
    def each_job_is_where_the_model_has_it(self):
        with self.dispatcher.reader.reading() as root:
            for job, expected in self.phase.items():
                service, renderer, job_id = job.strip("/").split("/")
                joblist = find_joblist(root, service, renderer)
                assert (job_id in joblist) == (expected is not None)
                if expected is not None:
                    self.check(joblist[job_id], expected)
            working = [
                job for service in SERVICES for job in find_joblist(root, service, "async").in_phase("EXECUTING")
            ]
            assert len(working) <= SLOTS

    def check(self, job, expected):
        assert job.phase in ({"QUEUED", "EXECUTING"} if expected == WANTED else {expected})
        assert (job.ended is not None) == (expected in {*FINAL, "ARCHIVED"})
        if expected != "ARCHIVED":
            assert (job.failure is not None) == (expected == "ERROR")
            assert len(job.results) == 1 or expected != "COMPLETED"
        assert job.attempt == self.retried.get(job.job_id, 0) + (job.started is not None)
        diary = self.folder / job.job_id
        runs = len(diary.read_text().splitlines()) if diary.exists() else 0
        assert job.attempt - 1 <= runs <= job.attempt

    @invariant()
    def lists_show_what_there_is(self):
        for service in SERVICES:
            everything = "&".join(f"PHASE={phase}" for phase in PHASES)
            listed = parse(self.inside.request("GET", f"/{service}/async?{everything}").body)
            found = [str(job_id) for job_id in xpath(listed, "uws:jobref/@id")]
            own = [
                job for job, phase in self.phase.items() if phase is not None and job.startswith(f"/{service}/")
            ]
            assert found == sorted(job.rpartition("/")[2] for job in own)


@pytest.mark.spec("U-75", "U-76", "U-79", "U-82", "U-83", "U-85", "U-87", "U-88", "U-134", "U-135", "U-136")
def test_jobs_live_as_the_model_has_it():
    run_state_machine_as_test(
        Life,
        settings=examples(5, stateful_step_count=25),
    )
