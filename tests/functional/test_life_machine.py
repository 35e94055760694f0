"""The life of jobs on a running server against a model of a few lines: whatever is done to them, in any order."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.support.examples import examples
from tests.support.http import create, http, job_document, parse, text, wait_for_phase, xpath

TEXTS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=5)

#: The model's word for a job that has been run and whose end nobody has seen yet.
STARTED = "started"
WHILE_STARTED = ["QUEUED", "EXECUTING", "COMPLETED"]


class Life(RuleBasedStateMachine):
    """Jobs of the service `quick`, each known by its URL."""

    jobs = Bundle("jobs")

    def __init__(self, joblist: str):
        super().__init__()
        self.joblist = joblist
        self.phase = {}
        self.text = {}
        self.seen = {}

    # What is done

    @rule(target=jobs, sent=TEXTS, at_once=st.booleans())
    def create(self, sent, at_once):
        job = create(self.joblist, TEXT=sent, PHASE="RUN" if at_once else "")
        self.phase[job] = STARTED if at_once else "PENDING"
        self.text[job] = sent
        return job

    @rule(job=jobs)
    def run(self, job):
        answer = http.post(f"{job}/phase", data={"PHASE": "RUN"})
        if self.phase[job] == "PENDING":
            assert answer.status_code == 303
            self.phase[job] = STARTED
        else:
            assert answer.status_code == 403

    @rule(job=jobs)
    def abort(self, job):
        answer = http.post(f"{job}/phase", data={"PHASE": "ABORT"})
        if self.phase[job] == STARTED:  # either is the first
            assert answer.status_code in {303, 403}
            self.phase[job] = wait_for_phase(job)
            assert self.phase[job] == ("ABORTED" if answer.status_code == 303 else "COMPLETED")
        elif self.phase[job] == "COMPLETED":
            assert answer.status_code == 403
        else:
            assert answer.status_code == 303
            self.phase[job] = "ABORTED"

    @rule(job=jobs, sent=TEXTS)
    def change_text(self, job, sent):
        answer = http.post(f"{job}/parameters", data={"text": sent})
        if self.phase[job] == "PENDING":
            assert answer.status_code == 303
            self.text[job] = sent
        else:
            assert answer.status_code == 403

    @rule(job=jobs)
    def wait(self, job):
        if self.phase[job] == STARTED:
            self.phase[job] = wait_for_phase(job)
            assert self.phase[job] == "COMPLETED"

    @rule(job=consumes(jobs), by_post=st.booleans())
    def delete(self, job, by_post):
        answer = http.post(job, data={"ACTION": "DELETE"}) if by_post else http.delete(job)
        assert (answer.status_code, answer.headers["Location"]) == (303, self.joblist)
        assert http.get(job).status_code == 404
        del self.phase[job]

    def teardown(self):
        for job in self.phase:
            http.delete(job)

    # What holds

    @invariant()
    def each_job_is_where_the_model_has_it(self):
        for job, expected in self.phase.items():
            document = job_document(job)
            found = text(document, "uws:phase")
            if expected == STARTED:
                assert WHILE_STARTED.index(found) >= WHILE_STARTED.index(self.seen.get(job, "QUEUED"))
                self.seen[job] = found
            else:
                assert found == expected
            assert "".join(xpath(document, "uws:parameters/uws:parameter/text()")) == self.text[job]
            self.check_times_and_results(job, document, found)

    def check_times_and_results(self, job, document, phase):
        nil = {name for name in ("startTime", "endTime") if not text(document, f"uws:{name}")}
        assert ("endTime" in nil) == (phase in {"PENDING", "QUEUED", "EXECUTING"})
        if phase in {"PENDING", "QUEUED"}:
            assert "startTime" in nil
        if phase in {"EXECUTING", "COMPLETED"}:
            assert "startTime" not in nil
        results = xpath(document, "uws:results/uws:result/@xlink:href")
        if phase == "COMPLETED":
            assert [http.get(href).content for href in results] == [self.text[job].encode()]
        elif phase != "ABORTED":
            assert results == []

    @invariant()
    def the_list_agrees(self):
        listed = {
            row.get("{http://www.w3.org/1999/xlink}href"): text(row, "uws:phase")
            for row in xpath(parse(http.get(self.joblist)), "uws:jobref")
        }
        for job, expected in self.phase.items():
            assert listed[job] in (WHILE_STARTED if expected == STARTED else {expected})


@pytest.mark.spec(
    "U-75", "U-76", "U-79", "U-82", "U-83", "U-85", "U-87", "U-130", "U-134", "U-135", "U-136", "D-07"
)
def test_jobs_live_as_the_model_has_it(server):
    run_state_machine_as_test(
        lambda: Life(server.joblist("quick")),
        settings=examples(15, stateful_step_count=12),
    )
