"""Forms for people, over HTTP as a browser without scripts sends them: SERVICE/form and JOB/edit."""

import re

import pytest
from lxml import html

from tests.support.headerpolicy import HEADER
from tests.support.http import Session, create, http, job_document, parse, phase, run, wait_for_phase, xpath
from tests.support.server import Server
from tests.support.traces import stored
from tests.support.upload_cores import SECTIONS

TABLE = b"ra,dec\n1.5,2.5\n"
DECLARED = {
    "uws:service:all": {
        "core": "tests.support.upload_cores:carrier",
        "renderers": "async sync",
        "execution_duration": "60",
        "max_execution_duration": "600",
        "parameters": (
            "\n RADIUS double required unit=arcsec minimum=0 maximum=5 -- How far <b>out</b>"
            "\n BOX circle multiple -- Where"
            "\n MAG double condition -- How bright"
            "\n NOTE -- What for"
            "\n CURVE file -- The light"
        ),
    },
    "uws:service:atonce": {"core": "pyramid_uws.demo.countdown:core", "renderers": "sync"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of services that take all kinds of things, uploads among them."""
    sections = SECTIONS | DECLARED
    settings = {"uws.includes": "tests.support.headerpolicy"}
    with Server(tmp_path_factory.mktemp("forms"), settings=settings, services=[], sections=sections) as server:
        yield server


def jobs_of(server, service="all", renderer="async"):
    return xpath(parse(http.get(f"{server.url}/{service}/{renderer}")), "//uws:jobref")


def send(url, files=None, **fields):
    """Send a form as a browser does that has fields for files: what was not chosen is empty and has no name."""
    parts = [
        (name, (None, text))
        for name, texts in fields.items()
        for text in ([texts] if isinstance(texts, str) else texts)
    ]
    parts += [(name, content) for name, content in (files or {"CURVE": ("", b"")}).items()]
    return http.post(url, files=parts)


class Shown:
    """A form as it was answered."""

    def __init__(self, answer):
        self.answer = answer
        self.tree = html.document_fromstring(answer.text)

    def field(self, name):
        (field,) = self.tree.xpath("//form[@data-form]//*[@name=$name]", name=name)
        return field

    def value(self, name):
        field = self.field(name)
        return field.text_content().strip() if field.tag == "textarea" else field.get("value")

    def values(self):
        """Return what a browser would send of it."""
        return dict(self.tree.forms[-1].form_values())

    def problem(self, name):
        """Return what is said beside a field, by what a screen reader is told to read."""
        field = self.tree.get_element_by_id(f"field-{name}")
        said = [self.tree.get_element_by_id(part) for part in field.get("aria-describedby", "").split()]
        return " ".join(" ".join(each.text_content().split()) for each in said if each.get("class") == "problem")

    @property
    def summary(self):
        """Return the links of the list of problems."""
        return [link.get("href") for link in self.tree.xpath("//*[@id='problems']//a")]


def form(server, path):
    answer = http.get(f"{server.url}/{path}")
    assert answer.status_code == 200, answer.text
    return Shown(answer)


class TestTheForm:
    def test_each_parameter_has_a_field_with_a_label(self, server):
        shown = form(server, "all/form")

        for name in ("RADIUS", "BOX", "MAG", "NOTE", "CURVE", "RUNID", "EXECUTIONDURATION", "DESTRUCTION"):
            field = shown.field(name)
            assert shown.tree.xpath("//label[@for=$id]", id=field.get("id")), name
        assert shown.field("RADIUS").get("max") == "5.0"

    def test_what_a_declaration_says_is_text(self, server):
        shown = form(server, "all/form")

        assert "How far <b>out</b>" in shown.tree.text_content()
        assert not shown.tree.xpath("//form//b")

    def test_a_link_fills_it(self, server):
        shown = form(server, "all/form?radius=3&BOX=1+2+3&BOX=4+5+6&RUNID=%3Cmine%3E")

        assert (shown.value("RADIUS"), shown.value("BOX")) == ("3", "1 2 3\n4 5 6")
        assert shown.value("RUNID") == "<mine>"

    def test_a_service_without_jobs_of_its_own_has_none(self, server):
        assert http.get(f"{server.url}/atonce/form").status_code == 404

    def test_it_is_a_page_for_browsers(self, server):
        answer = http.get(f"{server.url}/all/form")

        assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]

    def test_nothing_in_it_is_script_or_style(self, server):
        shown = form(server, "all/form")

        assert not shown.tree.xpath("//style | //script[not(@src)] | //@style | //@*[starts-with(name(), 'on')]")


class TestMaking:
    def test_a_draft_is_pending_and_a_job_that_is_run_is_not(self, server):
        draft = send(f"{server.url}/all/form", RADIUS="2.5", BOX="1 2 3\r\n4 5 6", RUNID="mine", PHASE="")
        job = send(f"{server.url}/all/form", RADIUS="2", PHASE="RUN")

        assert (draft.status_code, job.status_code) == (303, 303)
        assert phase(draft.headers["Location"]) == "PENDING"
        assert phase(job.headers["Location"]) != "PENDING"
        found = xpath(job_document(draft.headers["Location"]), "//uws:parameter")
        assert [(each.get("id"), each.text) for each in found] == [
            ("RADIUS", "2.5"),
            ("BOX", "1 2 3"),
            ("BOX", "4 5 6"),
            ("RUNID", "mine"),
        ]

    def test_a_draft_may_have_gaps(self, server):
        assert send(f"{server.url}/all/form", RADIUS="", PHASE="").status_code == 303

    def test_limits_are_those_that_were_asked_for(self, server):
        answer = send(f"{server.url}/all/form", EXECUTIONDURATION="77", DESTRUCTION="2126-01-01T00:00", PHASE="")

        document = job_document(answer.headers["Location"])
        assert xpath(document, "uws:executionDuration")[0].text == "77"

    def test_a_file_comes_along(self, server):
        answer = send(f"{server.url}/all/form", files={"CURVE": ("c.csv", TABLE)}, RADIUS="1", PHASE="")

        assert http.get(f"{answer.headers['Location']}/parameters/CURVE").content == TABLE

    def test_uploads_are_sent_as_dali_has_it(self, server):
        files = {"Left:file": ("t.csv", TABLE), "right:file": ("", b"")}
        fields = {"LEFT": "", "Left:url": "", "right:url": "https://example.org/a"}

        job = send(f"{server.url}/some/form", files=files, **fields, PHASE="").headers["Location"]

        told = [each.text for each in xpath(job_document(job), "//uws:parameter[@id='UPLOAD']")]
        assert told == ["Left,param:Left:file", "right,https://example.org/a"]
        assert http.get(f"{job}/parameters/UPLOAD/Left").content == TABLE

    def test_an_upload_of_a_free_name_has_that_name(self, server):
        files = {"*2:file": ("t.csv", TABLE)}

        job = send(f"{server.url}/any/form", files=files, **{"*2:name": "stars"}, PHASE="RUN").headers["Location"]

        wait_for_phase(job, "COMPLETED")
        assert http.get(f"{job}/results/result").json()["uploads"]["stars"][0] == len(TABLE)


class TestWhatIsWrong:
    WRONG = {
        "RADIUS": "9",
        "BOX": "1 2 3\r\n4 5",
        "MAG": "1/<2>",
        "NOTE": 'kept "as" <it> is',
        "RUNID": "x" * 65,
        "EXECUTIONDURATION": "soon",
        "DESTRUCTION": "2001-01-01",
    }

    def test_all_of_it_is_told_at_once_and_at_its_place(self, server):
        answer = send(f"{server.url}/all/form", **self.WRONG, PHASE="RUN")

        shown = Shown(answer)
        assert answer.status_code == 400
        assert shown.problem("RADIUS") == "The largest value allowed is 5.0."
        assert "BOX='4 5': expected three numbers" in shown.problem("BOX")
        assert "Expected a number" in shown.problem("MAG")
        assert "at most 64" in shown.problem("RUNID")
        assert "whole number of seconds" in shown.problem("EXECUTIONDURATION")
        assert "in the future" in shown.problem("DESTRUCTION")
        assert shown.problem("NOTE") == ""
        assert [href.removeprefix("#field-") for href in shown.summary] == [
            name for name in self.WRONG if name != "NOTE"
        ]

    def test_what_was_typed_is_there_again_as_text(self, server):
        shown = Shown(send(f"{server.url}/all/form", **self.WRONG, PHASE=""))

        typed = {name: text.replace("\r", "") for name, text in self.WRONG.items()}
        assert {name: shown.value(name) for name in typed} == typed

    def test_wrong_fields_are_marked(self, server):
        shown = Shown(send(f"{server.url}/all/form", **self.WRONG, PHASE=""))

        marked = [field.get("name") for field in shown.tree.xpath("//*[@aria-invalid='true']")]
        assert marked == [name for name in self.WRONG if name != "NOTE"]

    def test_nothing_is_made_or_kept(self, server):
        before = stored(server)
        count = len(jobs_of(server))

        answer = send(f"{server.url}/all/form", files={"CURVE": ("c.csv", TABLE)}, RADIUS="9", PHASE="RUN")

        assert answer.status_code == 400
        assert "choose the file again" in Shown(answer).problem("CURVE")
        assert len(jobs_of(server)) == count
        assert stored(server) == before

    def test_what_is_required_is_told_when_it_is_run(self, server):
        shown = Shown(send(f"{server.url}/all/form", RADIUS="", PHASE="RUN"))

        assert shown.problem("RADIUS") == "This parameter is required."

    def test_it_is_mended_with_what_came_back(self, server):
        shown = Shown(send(f"{server.url}/all/form", RADIUS="9", BOX="1 2 3", PHASE="RUN"))

        answer = http.post(f"{server.url}/all/form", data=shown.values() | {"RADIUS": "4", "PHASE": ""})

        found = xpath(job_document(answer.headers["Location"]), "//uws:parameter")
        assert [(each.get("id"), each.text) for each in found] == [("RADIUS", "4"), ("BOX", "1 2 3")]

    def test_what_is_wrong_with_uploads_is_told_of_each(self, server):
        files = {"Left:file": ("t.csv", TABLE), "right:file": ("big", b"x" * 2000)}

        answer = send(f"{server.url}/some/form", files=files, LEFT="a", PHASE="RUN", TEXT="kept")

        shown = Shown(answer)
        assert answer.status_code == 400
        assert "Choose a value of Left or give a file, not both." in shown.problem("Left:")
        assert "This file has more than 1000 bytes, the most that some takes." in shown.problem("right:")
        assert shown.value("TEXT") == "kept"

    def test_a_url_that_cannot_be_fetched_is_told_of(self, server):
        shown = Shown(send(f"{server.url}/some/form", **{"right:url": "ftp://x.org/a", "LEFT": "c"}, PHASE=""))

        assert "http: and https: only" in shown.problem("right:")
        assert shown.value("right:url") == "ftp://x.org/a"
        assert "Expected one of a, b" in shown.problem("LEFT")

    def test_a_file_that_is_required_is_told_of(self, server):
        assert "required" in Shown(send(f"{server.url}/some/form", LEFT="a", PHASE="RUN")).problem("right:")

    def test_more_uploads_than_there_may_be_are_told_of_together(self, server):
        fields = {f"*{number}:name": f"n{number}" for number in (1, 2, 3)}
        fields |= {f"*{number}:url": "https://example.org/a" for number in (1, 2, 3)}

        answer = send(f"{server.url}/few/form", **fields, PHASE="")

        assert answer.status_code == 413
        assert "at most 2" in Shown(answer).tree.get_element_by_id("problems").text_content()


class TestDrafts:
    @pytest.fixture
    def draft(self, server):
        """A draft with a bit of everything, and something that no field asks for."""
        return create(
            server.joblist("all"),
            RADIUS="2",
            BOX=["1 2 3", "4 5 6"],
            NOTE="old",
            OTHER="untouched",
            RUNID="mine",
            files={"CURVE": ("c.csv", TABLE)},
        )

    def parameters(self, job):
        return [(each.get("id"), each.text) for each in xpath(job_document(job), "//uws:parameter")]

    def test_the_form_has_what_the_job_has(self, draft):
        shown = Shown(http.get(f"{draft}/edit"))

        assert (shown.value("RADIUS"), shown.value("BOX"), shown.value("NOTE")) == ("2", "1 2 3\n4 5 6", "old")
        assert (shown.value("RUNID"), shown.value("EXECUTIONDURATION")) == ("mine", "60")
        assert shown.field("CURVE:keep").get("checked") is not None

    def test_a_draft_that_is_saved_as_it_is_stays_as_it_is(self, draft):
        before = sorted(self.parameters(draft))
        destruction = http.get(f"{draft}/destruction").text

        answer = http.post(f"{draft}/edit", data=Shown(http.get(f"{draft}/edit")).values())

        assert answer.headers["Location"] == draft
        assert sorted(self.parameters(draft)) == before
        assert http.get(f"{draft}/destruction").text == destruction

    def test_what_is_emptied_is_gone_and_what_is_changed_is_changed(self, draft):
        answer = send(
            f"{draft}/edit", RADIUS="3", BOX="7 8 9", NOTE="", RUNID="", EXECUTIONDURATION="99", PHASE=""
        )

        assert answer.status_code == 303
        assert self.parameters(draft) == [
            ("OTHER", "untouched"),
            ("RADIUS", "3"),
            ("BOX", "7 8 9"),
            ("RUNID", None),
        ]
        assert http.get(f"{draft}/executionduration").text == "99"

    def test_another_file_takes_the_place_of_the_one_that_is_there(self, draft, server):
        fields = {"RADIUS": "3", "CURVE:keep": "yes", "PHASE": ""}

        send(f"{draft}/edit", files={"CURVE": ("d.csv", b"other")}, **fields)

        assert http.get(f"{draft}/parameters/CURVE").content == b"other"
        job_id = draft.rpartition("/")[2]
        assert len([*(server.var / "results" / job_id[-2:] / job_id / "references").iterdir()]) == 1

    def test_what_is_wrong_changes_nothing(self, draft):
        before = http.get(draft).content

        answer = send(f"{draft}/edit", files={"CURVE": ("d.csv", b"other")}, RADIUS="9", BOX="", PHASE="RUN")

        assert answer.status_code == 400
        assert Shown(answer).value("RADIUS") == "9"
        assert http.get(draft).content == before
        assert http.get(f"{draft}/parameters/CURVE").content == TABLE

    def test_it_is_run_from_there(self, draft):
        answer = send(f"{draft}/edit", RADIUS="3", **{"CURVE:keep": "yes"}, PHASE="RUN")

        assert answer.status_code == 303
        assert phase(draft) != "PENDING"
        assert http.get(f"{draft}/parameters/CURVE").content == TABLE

    def test_a_job_that_is_no_draft_is_not_edited(self, draft):
        run(draft)

        for method in ("GET", "POST"):
            answer = http.request(method, f"{draft}/edit")
            assert answer.status_code == 403
            assert "while it is PENDING" in answer.text

    def test_an_upload_and_its_parameter_change_places(self, server):
        job = create(server.joblist("some"), UPLOAD="left,param:p", files={"p": ("t.csv", TABLE)})
        assert Shown(http.get(f"{job}/edit")).field("Left:keep").get("checked") is not None

        assert send(f"{job}/edit", LEFT="a", **{"right:url": "https://example.org/a"}, PHASE="").status_code == 303

        assert self.parameters(job) == [("UPLOAD", "right,https://example.org/a"), ("LEFT", "a")]


class TestRunningAgain:
    def test_the_form_has_what_the_earlier_job_had(self, server):
        job = create(server.joblist("all"), RADIUS="2", BOX=["1 2 3", "4 5 6"], RUNID="mine")

        shown = form(server, f"all/form?from={job.rpartition('/')[2]}&RADIUS=4")

        assert (shown.value("RADIUS"), shown.value("BOX")) == ("4", "1 2 3\n4 5 6")
        assert shown.value("RUNID") == "mine"

    def test_the_file_of_the_earlier_job_is_sent_again(self, server):
        job = create(server.joblist("all"), RADIUS="2", files={"CURVE": ("c.csv", TABLE)})
        shown = form(server, f"all/form?from={job.rpartition('/')[2]}")
        assert "Send the file of the earlier job again" in shown.tree.text_content()

        again = http.post(f"{server.url}/all/form", data=shown.values()).headers["Location"]

        assert again != job
        http.delete(job)
        assert http.get(f"{again}/parameters/CURVE").content == TABLE

    def test_an_upload_of_the_earlier_job_is_sent_again_unless_another_comes(self, server):
        job = create(server.joblist("any"), UPLOAD="stars,param:p", files={"p": ("t.csv", TABLE)})
        shown = form(server, f"any/form?from={job.rpartition('/')[2]}")

        kept = http.post(f"{server.url}/any/form", data=shown.values()).headers["Location"]
        files = {"*1:file": ("u.csv", b"other")}
        other = send(f"{server.url}/any/form", files=files, **shown.values()).headers["Location"]

        assert http.get(f"{kept}/parameters/UPLOAD/stars").content == TABLE
        assert http.get(f"{other}/parameters/UPLOAD/stars").content == b"other"

    def test_a_job_of_somebody_else_fills_nobodys_form(self, server):
        alice, bob = Session(), Session()
        alice.headers[HEADER], bob.headers[HEADER] = "alice", "bob"
        job_id = create(
            server.joblist("all"), session=alice, NOTE="secret", files={"CURVE": ("c.csv", TABLE)}
        ).rpartition("/")[2]

        seen = bob.get(f"{server.url}/all/form?from={job_id}")
        taken = bob.post(f"{server.url}/all/form", data={"from": job_id, "CURVE:keep": "yes", "PHASE": ""})

        assert "secret" not in seen.text
        assert (seen.status_code, taken.status_code) == (403, 403)
        assert alice.get(f"{server.url}/all/form?from={job_id}").status_code == 200

    def test_a_job_that_is_not_there_is_not_found(self, server):
        assert http.get(f"{server.url}/all/form?from=ucv3ab7akp37uughk6548bbp").status_code == 404


class TestRights:
    def test_another_ones_draft_is_not_seen(self, server):
        alice, bob = Session(), Session()
        alice.headers[HEADER], bob.headers[HEADER] = "alice", "bob"
        job = create(server.joblist("all"), session=alice, NOTE="secret")

        for method in ("GET", "POST"):
            assert bob.request(method, f"{job}/edit").status_code == 403
        assert alice.get(f"{job}/edit").status_code == 200


def test_an_input_in_which_no_file_was_chosen_is_no_file_for_programs_either(server):
    body = (
        b'--b\r\nContent-Disposition: form-data; name="CURVE"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}

    job = http.post(server.joblist("all"), data=body, headers=headers).headers["Location"]

    assert not re.search("CURVE", http.get(job).text)


def test_pieces_of_observations_are_asked_for_by_a_form(observations):
    shown = form(observations, "observations/form?ID=m13.fits")

    assert shown.value("ID") == "m13.fits"
    answer = http.post(f"{observations.url}/observations/form", data=shown.values() | {"CIRCLE": "1 2"})
    assert "three numbers" in Shown(answer).problem("CIRCLE")
    answer = http.post(f"{observations.url}/observations/form", data={"ID": "m13.fits", "PHASE": ""})
    assert "/observations/dlasync/" in answer.headers["Location"]
