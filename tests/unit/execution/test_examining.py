"""All that is wrong with a request, at once."""

import pytest

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.execution.arriving import NOTHING, Kept, Sent
from pyramid_uws.execution.examining import problems
from pyramid_uws.parameters import Parameter, Upload, wrong_ones
from pyramid_uws.parameters.hosts import Fetching

RADIUS = Parameter(name="Radius", type="double", required=True, maximum=5.0)
PRIORITY = Parameter(name="PRIORITY", type="int")
MAG = Parameter(name="MAG", type="double", condition=True)
DEFINITION = ServiceDefinition(
    name="s",
    core="m:f",
    parameters=(RADIUS, PRIORITY, MAG),
    uploads=(Upload(name="one", required=True), Upload(name="two")),
    priority=3,
    priority_parameter="PRIORITY",
)


def reasons(*pairs, references=(), before=NOTHING, whole=True, style="pql"):
    """Return what is said of each."""
    found = problems(DEFINITION, style, Fetching(), before, Sent(pairs, references), whole=whole)
    return {key: getattr(problem, "reason", problem.message) for key, problem in found.items()}


def test_each_parameter_and_upload_tells_its_own():
    found = reasons(
        ("RADIUS", "9"), ("MAG", "x"), ("PRIORITY", "7"), ("UPLOAD", "two,ftp://x"), ("UPLOAD", "three,param:p")
    )

    assert list(found) == ["RADIUS", "MAG", "PRIORITY", "UPLOAD/ONE", "UPLOAD/TWO", "UPLOAD/THREE"]
    assert found["RADIUS"] == "the largest value allowed is 5.0"
    assert found["UPLOAD/ONE"] == "this file is required"


def test_a_draft_may_have_gaps_but_nothing_unreadable():
    assert list(reasons(("MAG", "x"), whole=False)) == ["MAG"]


def test_a_good_request_has_no_problems():
    references = (("p", "text/csv", 3, "1"),)

    assert reasons(("RADIUS", "2"), ("UPLOAD", "one,param:p"), references=references) == {}


def test_what_a_job_has_counts():
    before = Kept((("Radius", "2"), ("UPLOAD", "one,param:p")), (("UPLOAD/one", "text/csv", 3, "1"),))

    assert reasons(before=before) == {}


def test_several_values_of_a_single_one_are_a_problem_of_its_own():
    assert reasons(("RADIUS", "1"), ("RADIUS", "2"), whole=False) == {"RADIUS": "this parameter takes one value"}


@pytest.mark.parametrize(("style", "text"), [("pql", "1/2"), ("dali", "1 2")])
def test_conditions_are_read_in_their_style(style, text):
    assert wrong_ones((MAG,), (("MAG", text),), style=style) == {}
    assert list(wrong_ones((MAG,), (("MAG", text),), style={"pql": "dali", "dali": "pql"}[style])) == ["MAG"]
