"""What the documents of a job say, in every phase (UWS 1.1, sections 2.1 and 2.2.2)."""

import re
from datetime import datetime

import pytest

from pyramid_uws.uws.phases import PHASES
from tests.support import exhibits
from tests.support.http import (
    NAMESPACES,
    abort,
    create,
    http,
    job_document,
    parse,
    run,
    text,
    wait_for_phase,
    xpath,
)
from tests.support.traces import below

UWS = f"{{{NAMESPACES['uws']}}}"
XLINK = f"{{{NAMESPACES['xlink']}}}"
NIL = f"{{{NAMESPACES['xsi']}}}nil"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TEXT_CHILDREN = ("phase", "executionduration", "destruction", "quote", "owner")
DOCUMENTS = {"": "job", "/results": "results", "/parameters": "parameters"}
#: The schema's order; those with a question mark may be missing.
ELEMENTS = [
    "jobId",
    "runId?",
    "ownerId",
    "phase",
    "quote",
    "creationTime",
    "startTime",
    "endTime",
    "executionDuration",
    "destruction",
    "parameters",
    "results",
    "errorSummary?",
    "jobInfo?",
]

in_all_phases = pytest.mark.parametrize("phase", PHASES)


def nil_or_instant(element):
    return (element.get(NIL) == "true" and element.text is None) or bool(INSTANT.fullmatch(element.text))


class TestEveryPhase:
    @pytest.mark.spec("U-05", "U-06", "U-07", "U-08", "U-33")
    @in_all_phases
    @pytest.mark.parametrize(("child", "root"), DOCUMENTS.items())
    def test_documents_are_valid(self, child, root, phase, in_every_phase, uws_schema):
        answer = http.get(in_every_phase[phase] + child)

        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/xml")
        document = parse(answer)
        uws_schema.assertValid(document)
        assert document.tag == UWS + root

    @pytest.mark.spec("U-05", "U-57")
    @in_all_phases
    def test_the_phase_is_the_bare_name(self, phase, in_every_phase):
        assert text(job_document(in_every_phase[phase]), "uws:phase") == phase

    @pytest.mark.spec("U-24")
    @in_all_phases
    def test_a_job_is_served_whatever_became_of_it(self, phase, in_every_phase):
        assert http.get(in_every_phase[phase]).status_code == 200

    @pytest.mark.spec("U-54", "U-64", "C-11")
    @in_all_phases
    def test_elements_stand_in_the_order_of_the_schema(self, phase, in_every_phase):
        names = [child.tag.removeprefix(UWS) for child in job_document(in_every_phase[phase])]

        assert names == [
            name.rstrip("?") for name in ELEMENTS if not name.endswith("?") or name.rstrip("?") in names
        ]

    @pytest.mark.spec("U-32", "C-14")
    @in_all_phases
    def test_the_job_says_version_1_1(self, phase, in_every_phase):
        assert job_document(in_every_phase[phase]).get("version") == "1.1"

    @pytest.mark.spec("U-28", "U-58", "U-60", "U-63", "C-13")
    @in_all_phases
    @pytest.mark.parametrize("name", ["quote", "creationTime", "startTime", "endTime", "destruction"])
    def test_times_are_utc_or_nil(self, name, phase, in_every_phase):
        (element,) = xpath(job_document(in_every_phase[phase]), f"uws:{name}")

        assert nil_or_instant(element)

    @pytest.mark.spec("U-62", "C-12")
    @in_all_phases
    def test_the_execution_duration_is_a_whole_number(self, phase, in_every_phase):
        duration = text(job_document(in_every_phase[phase]), "uws:executionDuration")

        assert re.fullmatch(r"\d+", duration)
        assert int(duration) <= 2147483647

    @pytest.mark.spec("U-01", "U-09", "U-10", "C-28")
    @in_all_phases
    @pytest.mark.parametrize("child", TEXT_CHILDREN)
    def test_single_values_are_plain_text_and_nothing_else(self, child, phase, in_every_phase):
        answer = http.get(f"{in_every_phase[phase]}/{child}")

        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text == answer.text.strip()

    @pytest.mark.spec("U-10", "C-28")
    @in_all_phases
    def test_the_phase_alone_is_the_bare_word(self, phase, in_every_phase):
        assert http.get(f"{in_every_phase[phase]}/phase").content == phase.encode()

    @pytest.mark.spec("U-29")
    @in_all_phases
    @pytest.mark.parametrize(
        ("child", "element"),
        [
            ("phase", "phase"),
            ("executionduration", "executionDuration"),
            ("destruction", "destruction"),
            ("quote", "quote"),
            ("owner", "ownerId"),
        ],
    )
    def test_a_value_is_the_same_alone_and_in_the_document(self, child, element, phase, in_every_phase):
        job = in_every_phase[phase]

        assert http.get(f"{job}/{child}").text == text(job_document(job), f"uws:{element}")

    @pytest.mark.spec("U-06", "U-07")
    @in_all_phases
    @pytest.mark.parametrize("name", ["results", "parameters"])
    def test_a_list_is_the_same_alone_and_in_the_document(self, name, phase, in_every_phase):
        job = in_every_phase[phase]

        alone = parse(http.get(f"{job}/{name}"))

        (inside,) = xpath(job_document(job), f"uws:{name}")
        assert [(each.attrib, each.text) for each in alone] == [(each.attrib, each.text) for each in inside]

    @pytest.mark.spec("U-70", "C-18")
    @in_all_phases
    def test_only_a_failed_job_has_an_error_summary(self, phase, in_every_phase):
        messages = xpath(job_document(in_every_phase[phase]), "uws:errorSummary/uws:message/text()")

        assert [bool(message.strip()) for message in messages] == ([True] if phase == "ERROR" else [])

    @pytest.mark.spec("U-145")
    @in_all_phases
    def test_the_owner_of_an_anonymous_job_is_an_empty_text(self, phase, in_every_phase):
        answer = http.get(in_every_phase[phase] + "/owner")

        assert (answer.status_code, answer.content) == (200, b"")

    @pytest.mark.spec("U-55")
    @in_all_phases
    def test_the_owner_of_an_anonymous_job_is_nil(self, phase, in_every_phase):
        (owner,) = xpath(job_document(in_every_phase[phase]), "uws:ownerId")

        assert (owner.get(NIL), owner.text) == ("true", None)

    @pytest.mark.spec("U-73", "C-09", "C-10")
    @in_all_phases
    @pytest.mark.parametrize(("child", "root"), DOCUMENTS.items())
    def test_prefixes_are_the_usual_ones_and_declared_on_the_root(self, child, root, phase, in_every_phase):
        tag = re.search(rb"<uws:%b [^>]*>" % root.encode(), http.get(in_every_phase[phase] + child).content)[0]

        for prefix in ("uws", "xlink", "xsi"):
            assert f'xmlns:{prefix}="{NAMESPACES[prefix]}"'.encode() in tag

    @pytest.mark.spec("U-74")
    @in_all_phases
    @pytest.mark.parametrize("child", DOCUMENTS)
    def test_documents_are_utf8_and_say_so(self, child, phase, in_every_phase):
        body = http.get(in_every_phase[phase] + child).content

        assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
        assert body.decode("utf-8")


class TestIdentity:
    @pytest.mark.spec("U-02", "U-03")
    def test_the_id_is_one_url_segment_and_that_of_the_url(self, server):
        job = create(server.joblist("quick"))

        segment = job.rpartition("/")[2]
        assert re.fullmatch(r"[A-Za-z0-9._~-]+", segment)
        assert text(job_document(job), "uws:jobId") == segment

    @pytest.mark.spec("U-59")
    def test_the_creation_time_stays_what_it_was(self, server):
        job = create(server.joblist("quick"))
        before = text(job_document(job), "uws:creationTime")

        run(job)
        wait_for_phase(job, "COMPLETED")

        assert INSTANT.fullmatch(before)
        assert text(job_document(job), "uws:creationTime") == before

    @pytest.mark.spec("U-56")
    @pytest.mark.parametrize("runid", [" a<&b ", "Größe", "x" * 64, "]]>", "a\tb\r\nc"])
    def test_the_run_id_is_returned_untouched(self, runid, server):
        job = create(server.joblist("quick"), RUNID=runid)

        assert text(job_document(job), "uws:runId") == runid

    @pytest.mark.spec("U-56")
    def test_there_is_no_run_id_when_none_was_given(self, server):
        assert xpath(job_document(create(server.joblist("quick"))), "uws:runId") == []


class TestTimes:
    @pytest.mark.spec("U-60")
    def test_a_job_that_waits_has_neither_started_nor_ended(self, server):
        document = job_document(create(server.joblist("quick")))

        assert [each.get(NIL) for each in xpath(document, "uws:startTime | uws:endTime")] == ["true", "true"]

    @pytest.mark.spec("U-60", "U-61")
    @pytest.mark.parametrize("service", ["quick", "failing"])
    def test_a_job_that_ran_has_started_after_its_creation_and_ended_after_its_start(self, service, server):
        job = create(server.joblist(service), PHASE="RUN")
        wait_for_phase(job, "COMPLETED", "ERROR")

        document = job_document(job)

        created, started, ended = (
            datetime.fromisoformat(text(document, f"uws:{name}Time")) for name in ("creation", "start", "end")
        )
        assert created < started < ended

    @pytest.mark.spec("U-61")
    def test_a_job_aborted_before_it_ran_has_ended_and_never_started(self, server):
        job = create(server.joblist("quick"))

        abort(job)

        document = job_document(job)
        assert INSTANT.fullmatch(text(document, "uws:endTime"))
        assert xpath(document, "uws:startTime")[0].get(NIL) == "true"

    @pytest.mark.spec("U-28", "U-63")
    def test_a_job_to_be_destroyed_says_when(self, server):
        job = create(server.joblist("quick"), DESTRUCTION="2026-12-31T23:59:59Z")

        assert INSTANT.fullmatch(text(job_document(job), "uws:destruction"))


class TestParameters:
    @pytest.mark.spec("U-65")
    def test_a_text_comes_back_as_it_was_sent(self, in_every_phase):
        document = parse(http.get(in_every_phase["COMPLETED"] + "/parameters"))

        (note,) = xpath(document, "uws:parameter[@id='NOTE']")
        assert note.text == exhibits.TEXTS["NOTE"]
        assert note.attrib == {"id": "NOTE"}

    @pytest.mark.spec("U-66")
    @pytest.mark.parametrize(
        ("name", "content"), [("BINARY", exhibits.TEXTS["BINARY"].encode()), ("TABLE", exhibits.FILE[1])]
    )
    def test_what_xml_cannot_carry_is_found_at_a_url(self, name, content, in_every_phase):
        (reference,) = xpath(
            job_document(in_every_phase["COMPLETED"]), f"uws:parameters/uws:parameter[@id='{name}']"
        )

        assert reference.attrib == {"id": name, "byReference": "true"}
        assert http.get(reference.text).content == content

    @pytest.mark.spec("U-66")
    @pytest.mark.parametrize("name", ["a b", "<script>", "Größe", "100%", "?a=b#c", "...", "a@@", "a\x00b"])
    def test_a_reference_leads_to_the_value_whatever_its_name(self, name, server):
        job = create(server.joblist("quick"), **{name: "\x00"})

        (reference,) = xpath(job_document(job), "uws:parameters/uws:parameter[@byReference='true']")

        assert http.get(reference.text).content == b"\x00"

    @pytest.mark.spec("U-66", "D-24")
    @pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "@@", "@@view"])
    def test_a_name_that_would_lead_elsewhere_is_not_kept(self, name, server):
        job = create(server.joblist("quick"), TEXT="kept", **{name: "\x00"})

        assert xpath(job_document(job), "uws:parameters/*/@id") == ["TEXT"]

    @pytest.mark.spec("U-98")
    @pytest.mark.parametrize("name", ["..", "a/b", "@@view", "PHASE", "runid", "Action"])
    def test_a_file_of_such_a_name_or_one_of_ours_is_refused(self, name, server):
        answer = http.post(server.joblist("quick"), files={name: exhibits.FILE})

        assert answer.status_code == 400
        assert repr(name) in answer.text

    @pytest.mark.spec("U-150")
    def test_the_name_of_a_file_never_becomes_a_path(self, in_every_phase, museum):
        assert in_every_phase["COMPLETED"]

        assert [path for path in below(museum.folder) if path.name.endswith("name.csv")] == []


class TestResults:
    @pytest.mark.spec("U-67", "U-69", "C-16", "C-17")
    def test_results_are_links_with_size_and_type_that_hold(self, in_every_phase):
        job = in_every_phase["COMPLETED"]

        results = parse(http.get(f"{job}/results"))

        assert [each.get("id") for each in results] == ["result-0", "result-1", "result-2"]
        for result in results:
            assert set(result.attrib) == {"id", XLINK + "type", XLINK + "href", "size", "mime-type"}
            answer = http.get(result.get(XLINK + "href"))
            assert answer.headers["Content-Type"] == result.get("mime-type")
            assert answer.headers["Content-Length"] == result.get("size")
            assert len(answer.content) == int(result.get("size"))

    @pytest.mark.spec("U-68")
    def test_no_two_results_have_the_same_id(self, tap):
        job = create(f"{tap}/async", QUERY="TWICE", PHASE="RUN")
        wait_for_phase(job, "ERROR")

        assert xpath(job_document(job), "uws:results/uws:result/@id") == ["result"]
        assert "already a result" in text(job_document(job), "uws:errorSummary/uws:message")

    @pytest.mark.spec("U-06")
    @pytest.mark.parametrize("phase", ["PENDING", "QUEUED", "HELD", "ARCHIVED"])
    def test_a_job_without_results_has_an_empty_list(self, phase, in_every_phase):
        assert len(parse(http.get(in_every_phase[phase] + "/results"))) == 0


class TestErrors:
    @pytest.mark.spec("U-70")
    def test_the_summary_says_what_went_wrong_and_whether_to_try_again(self, in_every_phase):
        (summary,) = xpath(job_document(in_every_phase["ERROR"]), "uws:errorSummary")

        assert "no such star" in text(summary, "uws:message")
        assert summary.get("type") == "fatal"

    @pytest.mark.spec("U-71")
    def test_a_summary_that_promises_detail_is_less_than_the_error_document(self, in_every_phase):
        job = in_every_phase["ERROR"]
        (summary,) = xpath(job_document(job), "uws:errorSummary")

        told = text(parse(http.get(f"{job}/error")), "//vot:INFO[@name='QUERY_STATUS']")

        assert summary.get("hasDetail") == "true"
        assert told.startswith(text(summary, "uws:message"))
        assert "Traceback" in told

    @pytest.mark.spec("U-71")
    def test_a_summary_that_promises_none_is_all_there_is(self, server):
        job = create(server.joblist("failing"), PHASE="RUN")
        wait_for_phase(job, "ERROR")
        (summary,) = xpath(job_document(job), "uws:errorSummary")

        told = text(parse(http.get(f"{job}/error")), "//vot:INFO[@name='QUERY_STATUS']")

        assert summary.get("hasDetail") == "false"
        assert told == text(summary, "uws:message")

    def test_the_error_document_is_a_valid_votable(self, in_every_phase, uws_schema):
        answer = http.get(in_every_phase["ERROR"] + "/error")

        assert answer.headers["Content-Type"].startswith("application/x-votable+xml")
        uws_schema.assertValid(parse(answer))


class TestJobInfo:
    @pytest.mark.spec("U-72")
    def test_a_job_tells_more_in_elements_without_text_around_them(self, in_every_phase, uws_schema):
        document = job_document(in_every_phase["COMPLETED"])

        (info,) = xpath(document, "uws:jobInfo")
        uws_schema.assertValid(document)
        assert len(info) >= 1
        assert info.attrib == {}
