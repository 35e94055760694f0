"""Jobs and their lists as a browser gets them, by real HTTP: links and forms alone, without any script."""

import threading
import time
from urllib.parse import urlsplit

import pytest
from lxml import html

from tests.support.accounts import basic, write_users
from tests.support.http import create, http, phase, run, wait_for, wait_for_phase
from tests.support.server import Server

#: What browsers say (Chromium, Firefox).
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PAGE = {"Accept": BROWSER}

SETTINGS = {
    "uws.auth": "basic token cookie",
    "uws.auth.admins": "group:ops",
    "uws.list_anonymous": "false",
    "uws.max_wait": "30",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server where people log in."""
    server = Server(
        tmp_path_factory.mktemp("site"), settings=SETTINGS, services=["countdown", "sleeper", "echo", "failing"]
    )
    write_users(server.var)
    with server:
        yield server


@pytest.fixture(scope="module")
def alice():
    return basic("alice")


@pytest.fixture(scope="module")
def bob():
    return basic("bob")


@pytest.fixture(scope="module")
def root():
    return basic("root")


@pytest.fixture(scope="module")
def carol():
    return basic("carol")


@pytest.fixture(scope="module")
def jobs(site, carol):
    """URLs of sixty jobs, the newest first."""
    made = [create(site.joblist("echo"), session=carol, RUNID=f"run {number:02}") for number in range(60)]
    return made[::-1]


def see(url, session=http, **headers):
    """Return the page at a URL."""
    answer = session.get(url, headers={**PAGE, **headers})
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    tree = html.document_fromstring(answer.text)
    tree.make_links_absolute(url)
    return tree


def said(tree):
    return " ".join(tree.find("body").text_content().split())


def press(tree, value, session=http, **more):
    """Press the button of that value, as a browser does without script."""
    (button,) = tree.xpath(f"//button[@value='{value}']")
    (form,) = button.iterancestors("form")
    fields = [*form.form_values(), (button.get("name"), value), *more.items()]
    return session.post(form.action, data=fields, headers=PAGE)


class TestJob:
    def test_a_browser_sees_a_page_and_a_program_the_document(self, site, alice):
        job = create(site.joblist("echo"), session=alice, RUNID="the night")

        answers = {
            accept: alice.get(job, headers={"Accept": accept}) for accept in (BROWSER, "*/*", "application/json")
        }

        kinds = [answer.headers["Content-Type"].partition(";")[0] for answer in answers.values()]
        assert kinds == ["text/html", "text/xml", "application/json"]
        assert len({answer.headers["ETag"] for answer in answers.values()}) == 3
        assert {answer.headers["Vary"] for answer in answers.values()} == {"Accept"}

    def test_what_is_known_of_one_form_is_not_taken_for_another(self, site, alice):
        job = create(site.joblist("echo"), session=alice)
        document = alice.get(job).headers["ETag"]

        answer = alice.get(job, headers={**PAGE, "If-None-Match": document})

        assert (answer.status_code, "<html" in answer.text) == (200, True)

    def test_a_draft_is_run_by_its_button(self, site, alice):
        job = create(site.joblist("echo"), session=alice)

        answer = press(see(job, alice), "RUN", alice)

        assert (answer.status_code, answer.headers["Location"]) == (303, job)
        wait_for_phase(job, "COMPLETED", session=alice)
        assert "Completed" in said(see(job, alice))

    def test_a_running_job_is_aborted_and_says_why_it_ended(self, site, alice):
        job = create(site.joblist("sleeper"), session=alice, PHASE="RUN", SECONDS="300")
        wait_for_phase(job, "EXECUTING", session=alice)

        press(see(job, alice), "ABORT", alice)

        wait_for_phase(job, "ABORTED", session=alice)
        assert "Aborted on request." in said(see(job, alice))

    def test_a_deleted_job_leads_to_the_list(self, site, alice):
        job = create(site.joblist("echo"), session=alice)

        answer = press(see(job, alice), "DELETE", alice)

        assert (answer.status_code, answer.headers["Location"]) == (303, site.joblist("echo"))
        gone = alice.get(job, headers=PAGE)
        assert (gone.status_code, gone.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")

    def test_a_job_is_kept_for_longer(self, site, alice):
        job = create(site.joblist("echo"), session=alice)
        before = alice.get(f"{job}/destruction").text
        (button, *_) = see(job, alice).xpath("//button[text()='1 week longer']")

        press(see(job, alice), button.get("value"), alice)

        assert alice.get(f"{job}/destruction").text == button.get("value") > before

    def test_an_error_is_told_with_what_to_do(self, site, alice):
        job = create(site.joblist("failing"), session=alice, PHASE="RUN")
        wait_for_phase(job, "ERROR", session=alice)

        (failure,) = see(job, alice).xpath("//ol/li[@class='failed']")

        assert "Run again with changes" in failure.text_content()

    def test_waiting_holds_a_page_as_it_holds_a_document(self, site, alice):
        job = create(site.joblist("sleeper"), session=alice, PHASE="RUN", SECONDS="300")
        wait_for_phase(job, "EXECUTING", session=alice)
        answers = {}
        began = time.monotonic()

        def wait(name, accept):
            answers[name] = basic("alice").get(f"{job}?WAIT=30&PHASE=EXECUTING", headers={"Accept": accept})

        waiting = [
            threading.Thread(target=wait, args=each)
            for each in (("page", BROWSER), ("xml", "text/xml"), ("json", "application/json"))
        ]
        for thread in waiting:
            thread.start()
        wait_for(lambda: time.monotonic() - began > 0.5)
        assert not answers
        alice.post(f"{job}/phase", data={"PHASE": "ABORT"})
        for thread in waiting:
            thread.join()

        assert '<span class="badge aborted">ABORTED</span>' in answers["page"].text
        assert answers["xml"].text.startswith("<?xml")
        assert answers["json"].json()["phase"] == "ABORTED"

    def test_what_changes_can_be_had_by_itself(self, site, alice):
        job = create(site.joblist("echo"), session=alice, RUNID="the night")

        (live,) = see(f"{job}/live", alice).xpath("//div[@id='live']")

        assert (live.get("data-phase"), live.get("data-url")) == ("PENDING", job)
        assert alice.get(f"{job}/live", headers={"Accept": "text/html"}).text.lstrip().startswith("<div")

    def test_the_log_is_shown_as_text(self, site, alice):
        job = create(site.joblist("countdown"), session=alice, PHASE="RUN", SECONDS="0", FAIL="<b>no</b>")
        wait_for_phase(job, "ERROR", session=alice)

        tree = see(job, alice)

        assert "counting down" in tree.xpath("string(//pre[@id='log'])")
        assert "<b>no</b>" in said(tree)
        assert not tree.xpath("//b")


class TestRights:
    def test_two_users_see_nothing_of_each_other(self, site, alice, bob):
        job = create(site.joblist("echo"), session=alice, RUNID="a secret")

        assert bob.get(job, headers=PAGE).status_code == 403
        assert bob.get(f"{job}/live", headers=PAGE).status_code == 403
        assert http.get(job, headers=PAGE).status_code == 401
        assert "a secret" not in said(see(site.joblist("echo"), bob))
        assert "a secret" in said(see(site.joblist("echo"), alice))

    def test_an_admin_sees_all_and_whose_they_are(self, site, alice, root):
        create(site.joblist("echo"), session=alice, RUNID="for all to see")

        tree = see(site.joblist("echo"), root)

        (row,) = tree.xpath("//tr[.//a[text()='for all to see']]")
        assert [cell.text_content() for cell in row.xpath("td")][2] == "alice"

    def test_a_job_is_shown_to_others_by_a_link_and_by_that_only_read(self, site, alice):
        job = create(site.joblist("echo"), session=alice, RUNID="shown", PHASE="RUN")
        wait_for_phase(job, "COMPLETED", session=alice)
        page = see(f"{job}/shares", alice)

        answer = alice.post(page.forms[-1].action, headers=PAGE)

        link = html.document_fromstring(answer.text).xpath("string(//pre)")
        assert answer.headers["Cache-Control"] == "no-store"
        tree = see(link)
        assert "shown" in said(tree)
        assert not tree.xpath("//main//button")

        assert len(alice.get(f"{job}/shares").json()) == 1
        ended = press(see(f"{job}/shares", alice), "DELETE", alice)
        assert (ended.status_code, ended.headers["Location"]) == (303, f"{job}/shares")
        assert http.get(link, headers=PAGE).status_code == 404

    def test_a_link_to_a_job_of_nobody_is_said_to_give_all_away(self, site, alice):
        job = create(site.joblist("countdown"), SECONDS="0")

        assert "belongs to nobody" in said(see(f"{job}/shares"))
        assert "nothing can be changed" not in said(see(f"{job}/shares"))
        job = create(site.joblist("countdown"), session=alice, SECONDS="0")
        assert "belongs to nobody" not in said(see(f"{job}/shares", alice))

    def test_a_link_to_a_result_is_shown_on_a_page(self, site, alice):
        job = create(site.joblist("countdown"), session=alice, PHASE="RUN", SECONDS="0")
        wait_for_phase(job, "COMPLETED", session=alice)
        (url,) = see(job, alice).xpath("//a[text()='Link for others']/@href")

        link = see(f"{url}?LIFETIME=600", alice).xpath("string(//pre)")

        assert http.get(link).status_code == 200
        assert http.get(job).status_code == 401

    def test_a_page_of_another_site_cannot_act_in_a_list(self, site, alice):
        job = create(site.joblist("echo"), session=alice)
        fields = {"ACTION": "DELETE", "CONFIRM": "yes", "JOB": job.rpartition("/")[2]}

        answer = alice.post(
            f"{site.joblist('echo')}/selected", data=fields, headers={**PAGE, "Sec-Fetch-Site": "cross-site"}
        )

        assert answer.status_code == 403
        assert alice.get(job).status_code == 200


class TestList:
    def links(self, tree):
        return tree.xpath("//tbody/tr[@id]/th/a/@href")

    def test_all_are_reached_by_links_newest_first(self, site, carol, jobs):
        found, url = [], site.joblist("echo")
        while url:
            tree = see(url, carol)
            found += self.links(tree)
            (url,) = tree.xpath("//tr[@class='more']//a/@href") or [None]

        assert found == jobs

    def test_filters_have_the_names_of_the_protocol(self, site, carol, jobs):
        url = site.joblist("echo")

        assert self.links(see(f"{url}?RUNID=RUN+1&LAST=3", carol)) == jobs[40:43]
        assert self.links(see(f"{url}?PHASE=COMPLETED", carol)) == []
        assert self.links(see(f"{url}?PHASE=PENDING&PHASE=ERROR&LAST=2", carol)) == jobs[:2]
        asked = carol.get(f"{url}?RUNID=RUN+1&LAST=3", headers={"Accept": "application/json"}).json()["jobs"]
        assert [each["href"] for each in asked] == jobs[40:43]

    def test_a_filter_that_cannot_be_read_is_told_on_a_page(self, site, carol):
        answer = carol.get(f"{site.joblist('echo')}?AFTER=yesterday", headers=PAGE)

        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html; charset=UTF-8")
        assert "AFTER=" in answer.text

    def test_rows_can_be_had_by_themselves(self, site, carol, jobs):
        answer = carol.get(f"{site.joblist('echo')}/rows?LAST=2", headers=PAGE)

        assert answer.text.count("<tr id=") == 2
        assert "<html" not in answer.text

    def test_several_are_deleted_once_that_is_confirmed(self, site, alice):
        doomed = [create(site.joblist("sleeper"), session=alice, RUNID=f"doomed {number}") for number in range(3)]
        ids = [job.rpartition("/")[2] for job in doomed]
        tree = see(f"{site.joblist('sleeper')}?RUNID=doomed", alice)
        (form,) = tree.xpath("//form[@method='post']")
        fields = [*form.form_values(), ("ACTION", "DELETE"), *(("JOB", job_id) for job_id in ids)]

        asked = alice.post(form.action, data=fields, headers=PAGE)
        assert [alice.get(job).status_code for job in doomed] == [200] * 3
        question = html.document_fromstring(asked.text)
        assert "Delete 3 jobs?" in said(question)
        answer = press(question, "DELETE", alice)

        assert (answer.status_code, answer.headers["Location"]) == (303, f"{site.joblist('sleeper')}?RUNID=doomed")
        assert [alice.get(job).status_code for job in doomed] == [404] * 3

    def test_a_single_one_is_spoken_of_as_one(self, site, alice):
        job = create(site.joblist("sleeper"), session=alice)
        fields = {"ACTION": "DELETE", "JOB": job.rpartition("/")[2]}

        asked = html.document_fromstring(
            alice.post(f"{site.joblist('sleeper')}/selected", data=fields, headers=PAGE).text
        )

        assert "Delete 1 job?" in said(asked)
        assert "It is gone then, with all its results" in said(asked)
        above = [urlsplit(href).path for href in asked.xpath("//nav[@class='trail']//a/@href")]
        assert above == ["/", "/sleeper", "/sleeper/async"]

    def test_one_that_has_ended_is_not_asked_about(self, site, alice):
        waiting = create(site.joblist("sleeper"), session=alice)
        ended = create(site.joblist("sleeper"), session=alice, PHASE="RUN", SECONDS="0")
        wait_for_phase(ended, "COMPLETED", session=alice)
        fields = {"ACTION": "ABORT", "JOB": [job.rpartition("/")[2] for job in (waiting, ended)]}

        asked = alice.post(f"{site.joblist('sleeper')}/selected", data=fields, headers=PAGE)

        tree = html.document_fromstring(asked.text)
        assert "Abort 1 job?" in said(tree)
        assert "It is COMPLETED; there is nothing left to abort." in said(tree)
        assert tree.xpath("//input[@name='JOB']/@value") == [waiting.rpartition("/")[2]]

    @pytest.mark.parametrize(
        ("action", "jobs", "heading"),
        [
            ("DELETE", ["0" * 24], "The job cannot be deleted"),
            ("ABORT", ["0" * 24, "../x"], "None of the jobs can be aborted"),
        ],
    )
    def test_nothing_is_asked_where_nothing_can_be_done(self, action, jobs, heading, site, alice):
        answer = alice.post(
            f"{site.joblist('sleeper')}/selected", data={"ACTION": action, "JOB": jobs}, headers=PAGE
        )

        tree = html.document_fromstring(answer.text)
        assert tree.xpath("string(//h1)") == heading
        assert "It is not there any more." in said(tree)
        assert "gone then" not in said(tree)
        assert not tree.xpath("//button[@name='ACTION']")

    def test_what_could_not_be_done_is_told_and_the_rest_is_done(self, site, alice, bob):
        waiting = create(site.joblist("sleeper"), session=alice)
        ended = create(site.joblist("sleeper"), session=alice, PHASE="RUN", SECONDS="0", RUNID="has <ended>")
        wait_for_phase(ended, "COMPLETED", session=alice)
        others = create(site.joblist("sleeper"), session=bob, RUNID="not yours")
        gone = "0" * 24
        ids = [*(job.rpartition("/")[2] for job in (waiting, ended, others)), gone, "../x"]

        answer = alice.post(
            f"{site.joblist('sleeper')}/selected",
            data=[("ACTION", "ABORT"), ("CONFIRM", "yes"), *(("JOB", job_id) for job_id in ids)],
            headers=PAGE,
        )

        told = said(html.document_fromstring(answer.text))
        assert "Aborted: 1 of 5" in told
        assert "has <ended>: Job" in told
        assert "COMPLETED; there is nothing left to abort" in told
        assert "not yours" not in told
        assert [phase(waiting, session=alice), phase(others, session=bob)] == ["ABORTED", "PENDING"]

    def test_what_was_done_is_told_once_in_the_list(self, site, alice):
        jobs = [create(site.joblist("sleeper"), session=alice, RUNID="told of") for _ in range(2)]
        url = f"{site.joblist('sleeper')}/selected"
        fields = [("ACTION", "ABORT"), ("CONFIRM", "yes"), *(("JOB", job.rpartition("/")[2]) for job in jobs)]

        led = alice.post(url, data=fields, headers=PAGE)
        cookie = led.headers["Set-Cookie"].partition(";")[0]
        answer = alice.get(led.headers["Location"], headers={**PAGE, "Cookie": cookie})

        assert "2 jobs were aborted." in said(html.document_fromstring(answer.text))
        assert answer.headers["Set-Cookie"].startswith("uws_done=; Max-Age=0;")
        assert "2 jobs were aborted." not in said(see(led.headers["Location"], alice))

    def test_one_that_is_deleted_on_its_page_is_told_of_in_the_list(self, site, alice):
        job = create(site.joblist("sleeper"), session=alice)

        led = press(see(job, alice), "DELETE", alice)

        assert (led.status_code, led.headers["Location"]) == (303, site.joblist("sleeper"))
        cookie = led.headers["Set-Cookie"].partition(";")[0]
        assert "1 job was deleted" in said(see(led.headers["Location"], alice, Cookie=cookie))

    @pytest.mark.parametrize("forged", ["DELETE.5.<b>", "RUN.1.0", "DELETE.9999999.0", "", "x"])
    def test_of_what_was_not_done_nothing_is_told(self, forged, site, alice):
        answer = alice.get(site.joblist("sleeper"), headers={**PAGE, "Cookie": f"uws_done={forged}"})

        assert "notice good" not in answer.text

    def test_a_thousand_are_deleted_at_once(self, site, alice):
        jobs = [create(site.joblist("echo"), session=alice, RUNID="one of many") for _ in range(3)]
        ids = [*(job.rpartition("/")[2] for job in jobs), *(f"{number:024}" for number in range(1000))]
        fields = [("ACTION", "DELETE"), ("CONFIRM", "yes"), *(("JOB", job_id) for job_id in ids)]

        answer = alice.post(f"{site.joblist('echo')}/selected", data=fields, headers=PAGE)

        told = said(html.document_fromstring(answer.text))
        assert "Deleted: 3 of 1003" in told
        assert "Nothing was done with 1000 jobs" in told
        assert [alice.get(job).status_code for job in jobs] == [404] * 3

    def test_more_than_can_be_selected_are_refused_and_nothing_is_done(self, site, alice):
        job = create(site.joblist("echo"), session=alice)
        ids = [job.rpartition("/")[2], *(f"{number:024}" for number in range(5000))]
        fields = [("ACTION", "DELETE"), ("CONFIRM", "yes"), *(("JOB", job_id) for job_id in ids)]

        answer = alice.post(f"{site.joblist('echo')}/selected", data=fields, headers=PAGE)

        assert answer.status_code == 400
        assert "5001 jobs were selected; at most 5000" in answer.text
        assert alice.get(job).status_code == 200

    def test_nothing_is_done_without_an_action_or_a_selection(self, site, alice):
        url = f"{site.joblist('sleeper')}/selected"

        assert alice.post(url, data={"ACTION": "RUN"}, headers=PAGE).status_code == 400
        assert alice.get(url, headers=PAGE).status_code == 405
        nothing = alice.post(url, data={"ACTION": "DELETE", "CONFIRM": "yes"}, headers=PAGE)
        assert "No job is selected" in nothing.text

    def test_who_has_not_logged_in_is_told_where_jobs_are(self, site):
        tree = see(site.joblist("echo"))

        assert "keep their URLs" in said(tree)
        (login,) = tree.xpath("//a[text()='Log in to see your jobs']/@href")
        assert urlsplit(login).path == "/login"

    def test_a_program_is_given_the_list_as_ever(self, site, carol, jobs):
        assert carol.get(site.joblist("echo")).text.count("<uws:jobref ") == len(jobs)


def test_a_job_that_nobody_owns_is_for_whoever_knows_its_url(site):
    job = create(site.joblist("echo"))
    run(job)
    wait_for_phase(job, "COMPLETED")

    tree = see(job)

    assert "whoever has the URL" in said(tree)
    assert tree.xpath("//button[@value='DELETE']")
