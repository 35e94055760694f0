"""The OpenAPI document: valid, made of the declarations, and never narrower than what the server takes."""

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from pyramid_uws.datalink.declarations import LINKS_PARAMETERS, LIST_PARAMETERS
from pyramid_uws.demo import countdown, crossmatch
from pyramid_uws.documents.openapi import Api, openapi_document
from pyramid_uws.documents.openapi.parameters import schema_of
from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters import Parameter
from pyramid_uws.parameters.types import TYPES

URL = "https://vo.example.org/probe"
PARAMETERS = (
    *(Parameter(name=f"P_{name.upper()}", type=name) for name in TYPES),
    Parameter(name="Mixed", type="int", required=True, unit="s", ucd="time", minimum=1, maximum=5),
    Parameter(name="SET", type="double", condition=True),
    Parameter(name="MANY", options=("a", "b"), multiple=True, default=("a",)),
    Parameter(name="WHEN", type="timestamp", default=0, minimum=0),
    Parameter(name="WIDE", type="double", default=float("inf"), maximum=float("inf"), description="How wide"),
)


def written(parameters=PARAMETERS, lists=("async",), syncs=("sync",), **facts):
    api = Api(
        title="Probe",
        description="Tries things",
        version="1.0",
        parameters=parameters,
        lists=lists,
        syncs=syncs,
        **({"examples": True} | facts),
    )
    return json.loads(openapi_document(api, URL))


@pytest.fixture(scope="module")
def document():
    return written()


def fields(document, path="/async", kind="application/x-www-form-urlencoded"):
    return document["paths"][path]["post"]["requestBody"]["content"][kind]["schema"]


@pytest.mark.spec("O-01")
@pytest.mark.parametrize("parameters", [PARAMETERS, (), crossmatch.PARAMETERS, countdown.PARAMETERS])
@pytest.mark.parametrize("endpoints", [(("async",), ("sync",)), (("async", "dlasync"), ()), ((), ("sync",))])
def test_it_is_valid(parameters, endpoints):
    found = written(parameters, *endpoints)

    assert found["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(found).validate()


@pytest.mark.spec("O-01")
def test_it_has_every_resource_of_a_job_and_what_may_be_done_to_it(document):
    job = "/async/{job_id}"
    assert {
        (path, method)
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith("/async") and method != "parameters"
    } == {
        ("/async", "get"),
        ("/async", "post"),
        *((job, method) for method in ("get", "post", "delete")),
        *((f"{job}/{name}", "get") for name in ("quote", "owner", "log", "error", "results", "results/{result}")),
        *((f"{job}/{name}", "get") for name in ("phase", "destruction", "executionduration", "parameters")),
        *((f"{job}/{name}", "post") for name in ("phase", "destruction", "executionduration", "parameters")),
        *((f"{job}/parameters/{{parameter}}", method) for method in ("get", "put")),
    }


@pytest.mark.spec("O-01")
def test_changes_are_answered_by_a_location(document):
    for path, methods in document["paths"].items():
        for method in set(methods) & {"post", "put", "delete"} if "job_id" in path or path == "/async" else ():
            see_other = document["components"]["responses"]["SeeOther"]
            assert methods[method]["responses"]["303"] == {"$ref": "#/components/responses/SeeOther"}
            assert see_other["headers"]["Location"]["required"]


@pytest.mark.spec("O-01")
@pytest.mark.parametrize("name", ["phase", "quote", "destruction", "executionduration", "owner"])
def test_single_values_are_plain_text(document, name):
    content = document["paths"][f"/async/{{job_id}}/{name}"]["get"]["responses"]["200"]["content"]

    assert set(content) == {"text/plain"}


@pytest.mark.spec("O-01")
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_the_form_has_the_declared_names_and_forbids_no_others(document, kind):
    schema = fields(document, kind=kind)

    assert {parameter.name for parameter in PARAMETERS} <= set(schema["properties"])
    assert "required" not in schema
    assert "additionalProperties" not in schema
    assert "case-insensitive" in document["info"]["description"]


@pytest.mark.spec("O-01")
def test_a_sync_endpoint_takes_the_same_by_get_and_post(document):
    found = document["paths"]["/sync"]
    query = {each["name"]: each for each in found["get"]["parameters"]}

    assert set(fields(document, "/sync")["properties"]) - set(query) == {"P_FILE"}
    assert not any(each.get("required") for each in query.values())


@pytest.mark.spec("O-01", "C-43")
@pytest.mark.parametrize("method", ["get", "post"])
def test_errors_of_a_sync_endpoint_are_documents_whatever_their_status(document, method):
    responses = document["paths"]["/sync"][method]["responses"]

    assert set(responses) == {"200", "303", "default"}
    assert "application/x-votable+xml" in responses["default"]["content"]


@pytest.mark.spec("O-01")
def test_a_table_of_links_takes_ids_and_a_format_and_nothing_else():
    found = written(
        (), (), (), links=("links",), link_parameters=LINKS_PARAMETERS, list_parameters=LIST_PARAMETERS
    )

    OpenAPIV31SpecValidator(found).validate()
    taken = found["paths"]["/links"]
    assert [each["name"] for each in taken["get"]["parameters"]] == ["ID", "RESPONSEFORMAT"]
    assert set(fields(found, "/links")["properties"]) == {"ID", "RESPONSEFORMAT"}
    assert set(taken["get"]["responses"]) == {"200", "default"}


@pytest.mark.spec("O-01")
def test_the_table_of_all_observations_takes_a_number_of_rows_and_a_format():
    found = written(
        (), (), (), links=("links",), link_parameters=LINKS_PARAMETERS, list_parameters=LIST_PARAMETERS
    )

    taken = found["paths"]["/links/list"]
    assert [each["name"] for each in taken["get"]["parameters"]] == ["MAXREC", "RESPONSEFORMAT"]
    assert taken["get"]["operationId"] == "get_links_list"
    assert set(fields(found, "/links/list")["properties"]) == {"MAXREC", "RESPONSEFORMAT"}


@pytest.mark.spec("O-01")
@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("int", ["0x2a", "", "+5", " 7 "]),
        ("double", ["NaN", "+Inf", "1e5", ""]),
        ("boolean", ["T", "f", "1", "TRUE", "?", ""]),
        ("timestamp", ["2026", "2026-01-31 12:00", "20260131", ""]),
        ("format", ["VOTable", "text/csv; header=absent", ""]),
        ("circle", ["  1  2\t3 ", ""]),
        ("shape", ["Circle 1 2 3"]),
    ],
)
def test_what_the_server_takes_is_allowed(kind, texts):
    parameter = Parameter(name="X", type=kind)
    validator = Draft202012Validator(schema_of(parameter))

    for text in texts:
        assert parameter.is_absent(text) or parameter.read(text) is not None
        assert validator.is_valid(text), text


@pytest.mark.spec("O-01")
@pytest.mark.parametrize("number", [-1, 0, 1, 5, 6])
def test_limits_are_those_of_the_declaration(number):
    parameter = Parameter(name="X", type="int", minimum=1, maximum=5)
    schema = Draft202012Validator(schema_of(parameter))

    try:
        parameter.read(str(number))
    except BadValue:
        assert not schema.is_valid(number)
    else:
        assert schema.is_valid(number)


def test_a_schema_says_what_is_known_of_a_parameter(document):
    properties = fields(document)["properties"]

    mixed = properties["Mixed"]
    assert mixed["type"] == ["integer", "string"]
    assert (mixed["minimum"], mixed["maximum"], mixed["x-unit"], mixed["x-ucd"]) == (1, 5, "s", "time")
    assert "cannot be run without it" in mixed["description"]
    assert "Unit: s." in mixed["description"]
    assert properties["MANY"]["items"] == {"type": "string", "enum": ["a", "b"]}
    assert properties["MANY"]["default"] == ["a"]
    assert properties["WHEN"]["default"] == "1970-01-01T00:00:00.000000Z"
    assert "The minimum is 1970-01-01" in properties["WHEN"]["description"]
    assert properties["WIDE"]["default"] == "Inf"
    assert properties["P_CIRCLE"]["x-xtype"] == "circle"
    assert "1,3,7/9" in properties["SET"]["description"]


def test_what_describes_the_service_is_there_and_examples_only_if_there_are_any():
    assert {"/capabilities", "/availability", "/examples", "/openapi.json"} <= set(written()["paths"])
    assert "/examples" not in written(examples=False)["paths"]
