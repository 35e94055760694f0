"""Deleting jobs (UWS 1.1, section 2.2.3.2), and what else may be posted to a job."""

import pytest

from tests.support import processes
from tests.support.http import create, http, parse, phase, text, wait_for, wait_for_phase, xpath
from tests.support.traces import files, pids_of_stubborn

CHILDREN = ("phase", "executionduration", "destruction", "quote", "owner", "error", "parameters", "results", "log")


class TestDelete:
    @pytest.mark.spec("U-134", "U-140")
    def test_it_leads_to_the_job_list_where_the_job_is_no_more(self, server):
        joblist = server.joblist("quick")
        job, other = create(joblist), create(joblist)

        answer = http.delete(job)

        assert (answer.status_code, answer.headers["Location"]) == (303, joblist)
        listed = xpath(parse(http.get(joblist)), "uws:jobref/@xlink:href")
        assert job not in listed
        assert other in listed

    @pytest.mark.spec("U-135", "U-26", "C-33")
    @pytest.mark.parametrize("where", ["data", "params"])
    def test_a_post_of_action_delete_does_the_same(self, server, where):
        job = create(server.joblist("quick"))

        answer = http.post(job, **{where: {"ACTION": "DELETE"}})

        assert (answer.status_code, answer.headers["Location"]) == (303, server.joblist("quick"))
        assert http.get(job).status_code == 404

    @pytest.mark.spec("U-136", "U-17")
    def test_nothing_of_the_job_is_there_afterwards(self, server):
        job = create(server.joblist("quick"), TEXT="x", PHASE="RUN")
        wait_for_phase(job, "COMPLETED")

        http.delete(job)

        gone = [http.get(job), http.delete(job), http.post(job, data={"ACTION": "DELETE"})]
        gone += [http.get(f"{job}/{child}") for child in (*CHILDREN, "results/result", "parameters/TEXT")]
        gone += [http.post(f"{job}/phase", data={"PHASE": "RUN"}), http.put(f"{job}/parameters/TEXT", data="y")]
        assert {answer.status_code for answer in gone} == {404}

    @pytest.mark.spec("U-137")
    def test_its_files_are_gone_with_the_answer(self, server):
        job = create(server.joblist("several"), COUNT=3, PAUSE=0, files={"table": ("t", b"x")}, PHASE="RUN")
        wait_for_phase(job, "COMPLETED")
        assert files(server, job)

        http.delete(job)

        assert not files(server, job)

    @pytest.mark.spec("U-137", "U-136")
    def test_one_at_work_is_ended_with_all_it_has_started(self, server, tmp_path):
        job = create(server.joblist("stubborn"), PIDS=str(tmp_path), PHASE="RUN")
        pids = pids_of_stubborn(tmp_path)

        answer = http.delete(job)

        assert answer.status_code == 303
        assert http.get(job).status_code == 404
        wait_for(lambda: not any(map(processes.is_alive, pids)), timeout=3)
        wait_for(lambda: not files(server, job), timeout=3)

    @pytest.mark.spec("U-137")
    def test_results_that_come_afterwards_are_not_kept(self, server):
        job = create(server.joblist("several"), COUNT=100, PAUSE=0.05, PHASE="RUN")
        wait_for(lambda: any(path.name == "result-2" for path in files(server, job)))

        http.delete(job)

        wait_for(lambda: not files(server, job), timeout=3)

    @pytest.mark.spec("U-138", "U-19")
    @pytest.mark.parametrize("child", [name for name in CHILDREN if name != "error"])
    def test_no_part_of_a_job_can_be_deleted(self, server, child):
        job = create(server.joblist("quick"))

        answer = http.delete(f"{job}/{child}")

        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]
        assert phase(job) == "PENDING"

    @pytest.mark.spec("U-138", "U-19")
    def test_a_job_list_cannot_be_deleted(self, server):
        job = create(server.joblist("quick"))

        assert http.delete(server.joblist("quick")).status_code == 405
        assert phase(job) == "PENDING"


class TestPostToAJob:
    @pytest.mark.spec("U-139", "C-33")
    def test_it_can_be_run_and_aborted_there(self, server):
        job = create(server.joblist("sleeper"))

        answer = http.post(job, data={"PHASE": "RUN"})
        ran = phase(job)
        other = http.post(job, params={"PHASE": "ABORT"})

        assert (answer.status_code, answer.headers["Location"]) == (303, job)
        assert ran in {"QUEUED", "EXECUTING"}
        assert (other.status_code, other.headers["Location"]) == (303, job)
        assert wait_for_phase(job) == "ABORTED"

    @pytest.mark.spec("U-139", "D-06", "U-23")
    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"ACTION": ""},
            {"ACTION": "delete"},
            {"ACTION": "EXPLODE"},
            {"PHASE": "COMPLETED"},
            {"PHASE": "RUN", "ACTION": "DELETE"},
            {"ACTION": ["DELETE", "EXPLODE"]},
            {"TEXT": "y"},
            {"PHASE": "RUN", "TEXT": "y"},
            {"ACTION": "DELETE", "TEXT": "y"},
        ],
    )
    def test_other_wishes_are_refused_and_nothing_is_changed(self, server, sent):
        job = create(server.joblist("quick"), TEXT="x")
        before = http.get(job).content

        answer = http.post(job, data=sent)

        assert answer.status_code == 400
        assert http.get(job).content == before

    @pytest.mark.spec("U-139", "D-06", "U-101")
    def test_files_are_refused_and_not_kept(self, server):
        job = create(server.joblist("quick"))

        answer = http.post(job, data={"PHASE": "RUN"}, files={"table": ("t", b"x")})

        assert answer.status_code == 400
        assert text(parse(http.get(job)), "uws:phase") == "PENDING"
        assert not any(path.is_file() for path in files(server, job))
