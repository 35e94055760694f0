"""The core makes a result for each combination, in a job's own directory."""

import dataclasses
import json

import pytest
from lxml import etree

from pyramid_uws.datalink.declarations import SODA_PARAMETERS
from pyramid_uws.datalink.pieces import Datalink
from pyramid_uws.exceptions import CoreError
from pyramid_uws.execution.child import run_core
from pyramid_uws.execution.jobdir import JobDirectory, JobSpec
from tests.support import observatory

VOT = "{http://www.ivoa.net/xml/VOTable/v1.3}"
URL = "http://x/observations/dlasync/j"


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the core and returns results by id: media type and text."""

    def run(*pairs, owner=None, groups=()):
        directory = JobDirectory(tmp_path / "attempt")
        spec = JobSpec(
            job_id="j",
            attempt=1,
            service="observations",
            core="pyramid_uws.datalink.core:core",
            declarations=SODA_PARAMETERS,
            parameters=pairs,
            owner=owner,
            groups=groups,
            options=dataclasses.asdict(Datalink(**observatory.PIECES)),
            url=URL,
            value_labels={"BadValue": "UsageError", "TooManyValues": "MultiValuedParamNotSupported"},
        )
        directory.create(spec)
        run.directory = directory
        try:
            run_core(directory, directory.spec(), log_to=2)
        finally:
            run.results = {
                name: (media_type, (directory.results_folder / name).read_text())
                for name, media_type, _, _ in directory.results()
            }
        return run.results

    return run


def rows(manifest):
    root = etree.fromstring(manifest.encode())
    names = [field.get("name") for field in root.iter(VOT + "FIELD")]
    return [dict(zip(names, [cell.text for cell in row], strict=True)) for row in root.iter(VOT + "TR")]


def test_the_product_has_its_format_and_the_url_of_its_job(run):
    results = run(("ID", "a"), ("CIRCLE", "1 2 3"))

    assert list(results) == ["result", "manifest"]
    media_type, text = results["result"]
    assert media_type == "text/x-plate"
    assert text.splitlines() == ["a", "POS=circle 1.0 2.0 3.0", f"Cut out by {URL}"]


@pytest.mark.spec("S-20")
def test_a_combination_without_a_product_has_a_result_that_says_so(run):
    results = run(("ID", "a"), ("CIRCLE", "0 0 0"), ("CIRCLE", "1 2 3"))

    assert results["result-1"] == ("text/plain", "Error: no overlap: there is a hole.\n")
    assert results["result-2"][0] == "text/x-plate"


@pytest.mark.spec("S-20")
def test_it_completes_even_if_nothing_lies_within_any_of_them(run):
    assert run(("ID", "a"), ("CIRCLE", "0 0 0"))["result"][1].startswith("Error: no overlap")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lost", "UsageError: ID='lost': there is no such observation here."),
        ("wet", "ServiceUnavailable: OSError: the shelf is under water"),
        ("cursed", "Error: RuntimeError: nobody foresaw this"),
        ("secret", "AuthenticationError: ID='secret': these data are not for everybody."),
    ],
)
@pytest.mark.spec("S-15", "S-20")
def test_one_observation_that_brings_trouble_leaves_the_others_alone(run, name, told):
    results = run(("ID", name), ("ID", "a"))

    assert results["result-1"] == ("text/plain", f"{told}\n")
    assert results["result-2"][1].startswith("a\n")


@pytest.mark.spec("S-21")
def test_it_fails_if_none_could_even_be_tried(run):
    with pytest.raises(CoreError, match=r"^UsageError: ID='lost': there is no such observation here") as caught:
        run(("ID", "lost"), ("ID", "cursed"))

    assert caught.value.transient is False
    assert list(run.results) == ["result-1", "result-2", "manifest"]


def test_a_reason_that_may_pass_is_transient(run):
    with pytest.raises(CoreError, match=r"^ServiceUnavailable: The light is on") as caught:
        run(("ID", "a"), ("CIRCLE", "0 0 1"))

    assert caught.value.transient is True


def test_out_of_memory_is_for_the_whole_job(run):
    with pytest.raises(MemoryError):
        run(("ID", "a"), ("CIRCLE", "0 0 2"), ("CIRCLE", "1 2 3"))


def test_who_may_see_it_gets_it(run):
    assert run(("ID", "secret"), owner="alice")["result"][0] == "text/x-plate"


def test_who_may_not_is_told_so(run):
    with pytest.raises(CoreError, match=r"^AuthorizationError: "):
        run(("ID", "secret"), owner="bob")


@pytest.mark.spec("S-06", "S-15", "S-17")
@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ((("CIRCLE", "1 2 3"),), "UsageError: ID='': this parameter is required"),
        ((("ID", "a"), ("CIRCLE", "1")), "UsageError: CIRCLE='1': expected three numbers"),
        ((("ID", "a"), ("BAND", "2 1")), "UsageError: BAND='2 1': the lower end"),
        (
            (("ID", "a"), ("POS", "BOX 1 2 3 4")),
            "UsageError: unsupported-xtype: BOX; POS='BOX 1 2 3 4': expected",
        ),
        ((("ID", "a"), ("POL", "X")), "UsageError: POL='X': expected one of I, Q"),
        (
            (("ID", "a"), ("RESPONSEFORMAT", "a"), ("RESPONSEFORMAT", "b")),
            "MultiValuedParamNotSupported: RESPONSEFORMAT=",
        ),
    ],
)
def test_bad_values_are_told_by_the_job_behind_a_label(run, pairs, told):
    with pytest.raises(CoreError) as caught:
        run(*pairs)

    assert str(caught.value).startswith(told)


def test_the_manifest_tells_which_result_is_what(run):
    results = run(("ID", "a"), ("ID", "lost"), ("CIRCLE", "1 2 3"), ("BAND", "1 2"), ("POL", "I"), ("POL", "Q"))

    found, lost = rows(results["manifest"][1])
    assert found == {
        "result": "result-1",
        "ID": "a",
        "POS": "circle 1.0 2.0 3.0",
        "BAND": "1.0 2.0",
        "TIME": None,
        "POL": "I Q",
        "content_type": "text/x-plate",
        "content_length": str(len(results["result-1"][1])),
        "error_message": None,
    }
    assert (lost["result"], lost["ID"], lost["content_type"]) == ("result-2", "lost", "text/plain")
    assert lost["error_message"].startswith("UsageError: ")
    assert lost["content_length"] == str(len(results["result-2"][1]))


def test_the_manifest_is_a_votable(run, uws_schema):
    manifest = run(("ID", "a<&>\u00e5\x00"), ("CIRCLE", "0 0 0"))["manifest"][1]

    uws_schema.assertValid(etree.fromstring(manifest.encode()))


def test_progress_tells_which_one_is_made(run):
    run(("ID", "a"), ("CIRCLE", "1 2 3"), ("CIRCLE", "4 5 6"))

    fraction, text = run.directory.progress()
    assert (fraction, text) == (1.0, "2 of 2: a, POS=circle 4.0 5.0 6.0")


def test_a_spec_comes_back_as_it_was(tmp_path):
    options = dataclasses.asdict(Datalink(folder="/x"))
    spec = JobSpec(job_id="j", attempt=1, service="s", core="m:f", options=options, url=URL)

    back = JobSpec.from_json(spec.to_json())

    assert Datalink.from_mapping(back.options) == Datalink(folder="/x")
    assert json.loads(back.to_json()) == json.loads(spec.to_json())


def test_what_tells_who_may_have_it_knows_the_groups_of_the_job(run, monkeypatch):
    monkeypatch.setitem(observatory.PIECES, "access", f"{__name__}:for_members")

    results = run(("ID", "open"), ("ID", "for carol"), ("ID", "for staff"), owner="bob", groups=("staff",))

    assert results["result-1"][1].startswith("open")
    assert results["result-2"][1].startswith("AuthorizationError: ")
    assert results["result-3"][1].startswith("for staff")


def for_members(observation, user):
    return observation.id == "open" or observation.id.removeprefix("for ") in user.groups
