"""Parameters of jobs: sent, shown, changed, as text and by reference (UWS 1.1, section 2.1.11; DALI 1.1, 4)."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.http import (
    Session,
    abort,
    create,
    http,
    job_document,
    parse,
    phase,
    post,
    run,
    text,
    wait_for_phase,
    xpath,
)
from tests.support.traces import files

NOT_TEXT = b"\x89\x00\xff binary \r\n"


class TestShown:
    @pytest.mark.spec("U-133")
    def test_one_is_told_as_it_is(self, server):
        job = create(server.joblist("echo"), TEXT=" a <b>&é \n c ")

        answer = http.get(f"{job}/parameters/TEXT")

        assert answer.content == " a <b>&é \n c ".encode()
        assert answer.headers["Content-Type"].startswith("text/plain")

    @pytest.mark.spec("U-133", "U-131", "D-17")
    def test_it_is_found_under_its_name_in_any_case(self, server):
        job = create(server.joblist("echo"), TEXT="x", Unknown="y")

        assert http.get(f"{job}/parameters/tExT").text == "x"
        assert http.get(f"{job}/parameters/UNKNOWN").text == "y"

    @pytest.mark.spec("U-133", "U-18", "D-49")
    @pytest.mark.parametrize("name", ["COUNT", "NONESUCH", "PHASE", "RUNID"])
    def test_what_was_not_sent_is_not_there(self, server, name):
        job = create(server.joblist("echo"), TEXT="x")

        assert http.get(f"{job}/parameters/{name}").status_code == 404

    @pytest.mark.spec("D-18", "D-17")
    def test_a_declared_name_is_shown_as_declared_whatever_was_sent(self, server):
        job = create(server.joblist("echo"), text="x", cOUNT="5")

        assert shown(job) == [("TEXT", "x"), ("COUNT", "5")]

    @pytest.mark.spec("D-19", "D-21", "U-132")
    def test_several_values_are_shown_in_their_order(self, server):
        job = create(server.joblist("echo"), COLOUR=["red", "green", "red"])

        assert shown(job) == [("COLOUR", "red"), ("COLOUR", "green"), ("COLOUR", "red")]

    @pytest.mark.spec("U-66", "U-133")
    def test_what_xml_cannot_carry_is_given_by_reference(self, server):
        job = create(server.joblist("echo"), TEXT="a\x01b")

        (parameter,) = xpath(job_document(job), "uws:parameters/uws:parameter")

        assert parameter.get("byReference") == "true"
        assert http.get(parameter.text).content == b"a\x01b"


class TestPosted:
    @pytest.mark.spec("U-128", "U-129", "D-05", "C-33")
    def test_they_lead_back_to_the_job_which_shows_them(self, server):
        job = create(server.joblist("echo"))

        answer = http.post(f"{job}/parameters", data={"TEXT": "x", "COUNT": "5"})

        assert (answer.status_code, answer.headers["Location"]) == (303, job)
        assert shown(job) == [("TEXT", "x"), ("COUNT", "5")]

    @pytest.mark.spec("U-128", "D-02", "C-33")
    def test_multipart_will_do(self, server):
        job = create(server.joblist("echo"))

        answer = http.post(f"{job}/parameters", files={"TEXT": (None, "x")})

        assert answer.status_code == 303
        assert shown(job) == [("TEXT", "x")]

    @pytest.mark.spec("U-132")
    def test_a_single_value_is_replaced_and_several_accumulate(self, server):
        job = create(server.joblist("echo"), TEXT="old", COLOUR="red", Unknown="old")

        post(f"{job}/parameters", Text="new", colour=["green", "red"], unknown="new")

        assert sorted(shown(job)) == [
            ("COLOUR", "green"),
            ("COLOUR", "red"),
            ("COLOUR", "red"),
            ("TEXT", "new"),
            ("unknown", "new"),
        ]

    @pytest.mark.spec("U-128", "U-129")
    def test_of_many_at_once_none_is_lost(self, server):
        job = create(server.joblist("echo"))

        with ThreadPoolExecutor(30) as pool:
            answers = pool.map(lambda n: Session().post(f"{job}/parameters", data={f"P{n}": n}), range(30))
            statuses = {answer.status_code for answer in answers}

        assert statuses == {303}
        assert sorted(shown(job)) == sorted((f"P{number}", str(number)) for number in range(30))

    @pytest.mark.spec("D-20", "U-23")
    @pytest.mark.parametrize(
        "sent",
        [{"COUNT": ["1", "2"]}, {"COUNT": "1", "count": "2"}, {"COUNT": "many"}, {"COLOUR": ["red", "blue"]}],
    )
    def test_too_many_and_unreadable_values_are_refused_by_name(self, server, sent):
        job = create(server.joblist("echo"), COUNT="7", COLOUR="green")

        answer = http.post(f"{job}/parameters", data=sent)

        assert answer.status_code == 400
        assert next(iter(sent)) in answer.text
        assert sorted(shown(job)) == [("COLOUR", "green"), ("COUNT", "7")]

    @pytest.mark.spec("C-31")
    def test_equal_values_collapse(self, server):
        job = create(server.joblist("echo"))

        post(f"{job}/parameters", COUNT=["7", "7"], count="7")

        assert shown(job) == [("COUNT", "7")]

    @pytest.mark.spec("D-24", "D-23")
    def test_unknown_ones_do_no_harm(self, server):
        job = create(server.joblist("echo"), FOO=["1", "2"], REQUEST="doQuery", TEXT="x", PHASE="RUN")

        wait_for_phase(job, "COMPLETED")

        assert result(job)["TEXT"] == "x"
        assert "FOO" not in result(job)

    @pytest.mark.spec("D-22")
    def test_an_empty_number_counts_as_not_given(self, server):
        job = create(server.joblist("echo"), COUNT="", RADIUS=" ", TEXT="", PHASE="RUN")

        wait_for_phase(job, "COMPLETED")

        assert result(job)["COUNT"] is None
        assert result(job)["RADIUS"] is None
        assert result(job)["TEXT"] == ""

    @pytest.mark.spec("U-23", "U-128")
    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"PHASE": "RUN"},
            {"ACTION": "DELETE", "TEXT": "y"},
            {"EXECUTIONDURATION": "5", "TEXT": "y"},
            {"DESTRUCTION": "2990-01-01", "TEXT": "y"},
        ],
    )
    def test_what_is_no_parameter_is_refused(self, server, sent):
        job = create(server.joblist("echo"), TEXT="x")
        before = http.get(job).content

        answer = http.post(f"{job}/parameters", data=sent)

        assert answer.status_code == 400
        assert http.get(job).content == before


class TestRunId:
    @pytest.mark.spec("D-41", "D-42", "U-132", "C-33")
    def test_it_is_shown_in_two_places_which_agree_also_after_a_change(self, server):
        job = create(server.joblist("echo"), RUNID="first")

        post(f"{job}/parameters", runId="B" * 64)

        document = job_document(job)
        assert text(document, "uws:runId") == "B" * 64
        assert shown(job) == [("RUNID", "B" * 64)]
        assert http.get(f"{job}/parameters/runid").text == "B" * 64

    @pytest.mark.spec("D-41")
    def test_it_has_at_most_64_characters(self, server):
        job = create(server.joblist("echo"), RUNID="mine")

        answer = http.post(f"{job}/parameters", data={"RUNID": "x" * 65})

        assert answer.status_code == 400
        assert "RUNID" in answer.text
        assert text(job_document(job), "uws:runId") == "mine"


class TestPut:
    @pytest.mark.spec("U-128", "U-129", "U-131")
    @pytest.mark.parametrize("name", ["TEXT", "tExT"])
    @pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain; charset=utf-8"}])
    def test_the_body_becomes_the_value(self, server, name, headers):
        job = create(server.joblist("echo"), TEXT="old", COUNT="5")

        answer = http.put(f"{job}/parameters/{name}", data="new é".encode(), headers=headers)

        assert (answer.status_code, answer.headers["Location"]) == (303, job)
        assert sorted(shown(job)) == [("COUNT", "5"), ("TEXT", "new é")]

    @pytest.mark.spec("U-131")
    def test_it_replaces_all_of_several_values(self, server):
        job = create(server.joblist("echo"), COLOUR=["red", "green"])

        http.put(f"{job}/parameters/COLOUR", data="green")

        assert shown(job) == [("COLOUR", "green")]

    @pytest.mark.spec("U-131", "U-128", "D-42")
    def test_the_run_id_can_be_put(self, server):
        job = create(server.joblist("echo"), RUNID="old")

        answer = http.put(f"{job}/parameters/runid", data="new")

        assert answer.status_code == 303
        assert text(job_document(job), "uws:runId") == "new"

    @pytest.mark.spec("U-131")
    def test_another_type_is_kept_by_reference(self, server):
        job = create(server.joblist("echo"), TEXT="old")

        answer = http.put(f"{job}/parameters/TEXT", data=NOT_TEXT, headers={"Content-Type": "image/png"})

        assert (answer.status_code, answer.headers["Location"]) == (303, job)
        assert references(job) == {"TEXT": f"{job}/parameters/TEXT"}
        assert http.get(f"{job}/parameters/TEXT").content == NOT_TEXT
        assert http.get(f"{job}/parameters/TEXT").headers["Content-Type"] == "image/png"

    @pytest.mark.spec("U-131")
    @pytest.mark.parametrize("name", ["NONESUCH", "COUNT"])
    def test_what_is_not_there_is_not_created(self, server, name):
        job = create(server.joblist("echo"), TEXT="x")

        answer = http.put(f"{job}/parameters/{name}", data="5")

        assert answer.status_code == 404
        assert shown(job) == [("TEXT", "x")]

    @pytest.mark.spec("U-23", "U-131")
    @pytest.mark.parametrize(("name", "body"), [("COUNT", b"many"), ("TEXT", b"\xff"), ("RUNID", b"x" * 65)])
    def test_an_unreadable_value_is_refused(self, server, name, body):
        job = create(server.joblist("echo"), TEXT="x", COUNT="5", RUNID="mine")
        before = http.get(job).content

        answer = http.put(f"{job}/parameters/{name}", data=body, headers={"Content-Type": "text/plain"})

        assert answer.status_code == 400
        assert http.get(job).content == before

    @pytest.mark.spec("U-19", "U-127")
    def test_one_cannot_be_deleted(self, server):
        job = create(server.joblist("echo"), TEXT="x")

        answer = http.delete(f"{job}/parameters/TEXT")

        assert answer.status_code == 405
        assert "PUT" in answer.headers["Allow"]
        assert shown(job) == [("TEXT", "x")]


class TestFiles:
    @pytest.mark.spec("U-133", "U-65")
    def test_a_file_is_listed_by_reference_and_given_back(self, server):
        answer = http.post(server.joblist("echo"), files={"Table": ("../../x", NOT_TEXT, "application/fits")})
        job = answer.headers["Location"]

        (parameter,) = xpath(job_document(job), "uws:parameters/uws:parameter")
        content = http.get(parameter.text)

        assert (parameter.get("id"), parameter.get("byReference")) == ("Table", "true")
        assert content.content == NOT_TEXT
        assert content.headers["Content-Type"] == "application/fits"
        assert int(content.headers["Content-Length"]) == len(NOT_TEXT)

    @pytest.mark.spec("U-128", "U-132", "D-05")
    def test_one_sent_later_takes_the_place_of_the_first(self, server):
        job = create(server.joblist("echo"), files={"table": ("a", b"first")})
        stored = len(files(server, job))

        answer = http.post(f"{job}/parameters", files={"TABLE": ("b", b"second")})

        assert answer.status_code == 303
        assert http.get(f"{job}/parameters/table").content == b"second"
        assert len(references(job)) == 1
        assert len(files(server, job)) == stored

    @pytest.mark.spec("U-132")
    def test_a_text_takes_the_place_of_a_file_and_a_file_that_of_a_text(self, server):
        job = create(server.joblist("echo"), TEXT="x", COLOUR="red")

        http.post(f"{job}/parameters", files={"TEXT": ("a", b"file"), "COLOUR": ("b", b"file")})
        assert sorted(references(job)) == ["COLOUR", "TEXT"]
        post(f"{job}/parameters", TEXT="y")

        assert http.get(f"{job}/parameters/TEXT").text == "y"
        assert sorted(references(job)) == ["COLOUR"]
        assert sorted(name for name, _ in shown(job)) == ["COLOUR", "TEXT"]

    @pytest.mark.spec("D-20", "U-101")
    @pytest.mark.parametrize(
        "sent",
        [
            [("COUNT", ("a", b"1")), ("count", ("b", b"2"))],
            [("COUNT", ("a", b"1")), ("COUNT", (None, b"2"))],
            [("table", ("a", b"1")), ("table", ("b", b"2"))],
        ],
    )
    def test_a_name_stands_for_one_file_or_for_texts(self, server, sent):
        job = create(server.joblist("echo"))
        stored = files(server, job)

        answer = http.post(f"{job}/parameters", files=sent)

        assert answer.status_code == 400
        assert sent[0][0] in answer.text
        assert shown(job) == []
        assert [path for path in files(server, job) if path.is_file()] == stored


class TestWhenTheyStay:
    @pytest.mark.spec("U-130", "D-07", "U-22")
    @pytest.mark.parametrize("sent", [{"data": {"SECONDS": "1"}}, {"files": {"table": ("a", b"x")}}])
    def test_once_the_job_has_been_run_they_cannot_be_changed(self, server, sent):
        job = create(server.joblist("sleeper"), SECONDS="30", PHASE="RUN")

        answer = http.post(f"{job}/parameters", **sent)

        assert answer.status_code == 403
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert shown(job) == [("SECONDS", "30")]
        abort(job)
        assert http.post(f"{job}/parameters", **sent).status_code == 403
        assert http.put(f"{job}/parameters/SECONDS", data="1").status_code == 403
        assert shown(job) == [("SECONDS", "30")]

    @pytest.mark.spec("U-130", "U-101")
    def test_a_file_that_comes_too_late_is_not_kept(self, server):
        job = create(server.joblist("echo"), TEXT="x")
        abort(job)

        put = http.put(f"{job}/parameters/TEXT", data=NOT_TEXT, headers={"Content-Type": "image/png"})
        posted = http.post(f"{job}/parameters", files={"table": ("a", b"x")})

        assert (put.status_code, posted.status_code) == (403, 403)
        assert not any(path.is_file() for path in files(server, job))


class TestRun:
    @pytest.mark.spec("U-94", "U-82")
    def test_a_job_that_lacks_a_required_one_is_not_run(self, server, tmp_path):
        job = create(server.joblist("stubborn"))

        answer = http.post(f"{job}/phase", data={"PHASE": "RUN"})

        assert answer.status_code == 400
        assert "PIDS" in answer.text
        assert phase(job) == "PENDING"
        post(f"{job}/parameters", PIDS=str(tmp_path))
        run(job)
        assert phase(job) != "PENDING"
        http.delete(job)

    @pytest.mark.spec("U-128", "D-05", "D-17", "D-19")
    def test_the_core_gets_what_the_job_shows(self, server):
        job = create(server.joblist("echo"), text="old", COUNT="0x10", COLOUR="red")
        post(f"{job}/parameters", TEXT="new", radius="1e-3", Flag="T", COLOUR="green", CIRCLE="10 -20 0.5")

        run(job)
        wait_for_phase(job, "COMPLETED")

        assert result(job) == {
            "TEXT": "new",
            "COUNT": 16,
            "RADIUS": 0.001,
            "FLAG": True,
            "CIRCLE": [10.0, -20.0, 0.5],
            "TIME": None,
            "COLOUR": ["red", "green"],
        }


@pytest.mark.spec("P-01", "P-02", "P-03", "P-04", "P-13", "D-67")
class TestSetsOfValues:
    UUID = "2b36d94a-5f4c-4c3b-9c0e-6f5a1f6f2a11"

    def test_the_core_gets_what_is_written_in_pql(self, server):
        job = create(
            server.joblist("within"), X=["1,4/9/2", "/0"], ID=self.UUID, where="Circle 370 2 0.5", PHASE="RUN"
        )
        wait_for_phase(job, "COMPLETED")

        assert result(job) == {"X": [0, 1, 4, 6, 8], "ID": self.UUID, "WHERE": ["circle", [10.0, 2.0, 0.5]]}

    def test_without_one_everything_is_meant(self, server):
        job = create(server.joblist("within"), PHASE="RUN")
        wait_for_phase(job, "COMPLETED")

        assert result(job)["X"] == list(range(10))

    @pytest.mark.spec("P-07", "D-68")
    @pytest.mark.parametrize(
        "sent", [{"X": "1 5"}, {"X": "/"}, {"X": "1/9/0"}, {"ID": "me"}, {"WHERE": "square 1"}]
    )
    def test_what_is_none_is_refused_by_name(self, server, sent):
        answer = http.post(server.joblist("within"), data=sent)

        (name,) = sent
        label = "unsupported-xtype: square; " if name == "WHERE" else ""
        assert (answer.status_code, answer.text.startswith(f"{label}{name}={sent[name]!r}: ")) == (400, True)


def shown(job: str) -> list[tuple[str, str]]:
    found = xpath(parse(http.get(f"{job}/parameters")), "uws:parameter")
    assert [parameter.get("id") for parameter in found] == xpath(job_document(job), "uws:parameters/*/@id")
    return [(parameter.get("id"), parameter.text or "") for parameter in found]


def references(job: str) -> dict[str, str]:
    found = xpath(job_document(job), "uws:parameters/uws:parameter[@byReference='true']")
    return {parameter.get("id"): parameter.text for parameter in found}


def result(job: str) -> dict:
    return json.loads(http.get(f"{job}/results/result").text)
