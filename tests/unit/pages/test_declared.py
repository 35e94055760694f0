"""What people are told of parameters, uploads and limits."""

import pytest

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.pages.declared import limit_rows, parameter_rows, upload_rows
from pyramid_uws.parameters import Parameter, Upload
from pyramid_uws.tree import AsyncRenderer, SyncRenderer
from pyramid_uws.uws.limits import Limits

SERVICE = {"async": AsyncRenderer(), "sync": SyncRenderer()}


def row_of(**facts):
    definition = ServiceDefinition(name="s", core="m:f", parameters=(Parameter(name="P", **facts),))
    (row,) = parameter_rows(definition)
    return row


@pytest.mark.parametrize(
    ("facts", "allowed"),
    [
        ({}, ""),
        ({"minimum": 0.5, "maximum": 3.0}, "0.5 to 3"),
        ({"minimum": 0.0}, "at least 0"),
        ({"maximum": 0.0}, "at most 0"),
        ({"options": (1.0, 2.0)}, "one of 1, 2"),
    ],
)
def test_what_is_allowed_is_said_as_it_is_written(facts, allowed):
    assert row_of(type="double", **facts).allowed == allowed


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"type": "int"}, "int"),
        ({"type": "int", "multiple": True}, "int, several"),
        ({"type": "double", "condition": True}, "set of double"),
    ],
)
def test_the_type_tells_of_several_values_and_of_sets(facts, kind):
    assert row_of(**facts).kind == kind


@pytest.mark.parametrize(
    ("facts", "default"),
    [
        ({"type": "int"}, ""),
        ({"type": "int", "default": 0}, "0"),
        ({"type": "boolean", "default": False}, "false"),
        ({"type": "int", "multiple": True, "default": (1, 2)}, "1, 2"),
    ],
)
def test_the_default_is_said_as_it_is_written(facts, default):
    assert row_of(**facts).default.lower() == default


def test_an_upload_of_any_name_says_so():
    uploads = (Upload(name="*"), Upload(name="mine", media_types=("text/csv", "image/png"), required=True))

    rows = upload_rows(ServiceDefinition(name="s", core="m:f", uploads=uploads))

    assert [(row.name, row.kinds, row.required) for row in rows] == [
        ("any name", "", False),
        ("mine", "text/csv, image/png", True),
    ]


def limits_of(*renderers, **limits):
    definition = ServiceDefinition(name="s", core="m:f", renderers=renderers, limits=Limits(**limits))
    return dict(limit_rows(SERVICE, definition))


@pytest.mark.parametrize(
    ("usual", "most", "said"),
    [
        (60, 60, "1 min"),
        (60, 3600, "1 min; 1 h at most, if asked for"),
        (60, 0, "1 min, or as long as is asked for"),
        (0, 0, "as long as it likes"),
    ],
)
def test_how_long_a_job_runs_is_told_with_what_can_be_asked_for(usual, most, said):
    found = limits_of("async", execution_duration=usual, max_execution_duration=most)

    assert found["A job may run for"] == said


def test_limits_are_told_of_what_there_is():
    assert "A job may run for" not in limits_of("sync")
    assert "An answer at once is waited for" not in limits_of("async")
    assert "Memory of a job" not in limits_of("async")
    assert limits_of("async", max_memory=2 * 10**9, max_queued=5) == {
        **limits_of("async"),
        "Memory of a job": "2.0 GB",
        "Jobs that wait": "5",
    }
