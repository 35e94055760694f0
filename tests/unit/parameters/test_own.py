"""Types that a site adds, and declarations on their way to the process of a job."""

import json
from uuid import UUID

import pytest

from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters import OwnType, Parameter
from pyramid_uws.parameters.own import find_callable
from pyramid_uws.tables import TABLE_PARAMETERS
from tests.support import own_types

VECTOR = OwnType(
    name="geom:vector3d", read="tests.support.own_types:read_vector", write="tests.support.own_types:write_vector"
)


@pytest.mark.spec("D-69")
@pytest.mark.parametrize("name", ["vector3d", "double", ":x", "geom:", "geom:vector 3d", "a:b:c", ""])
def test_an_own_type_has_a_prefix(name):
    with pytest.raises(ValueError, match="PREFIX:NAME"):
        OwnType(name=name, read="tests.support.own_types:read_vector")


@pytest.mark.spec("D-69")
def test_its_xtype_is_its_name_unless_it_has_another():
    assert VECTOR.type.xtype == "geom:vector3d"
    assert OwnType(name="a:b", read=VECTOR.read, xtype="c:d").type.xtype == "c:d"


def test_it_reads_and_writes_as_it_is_told():
    parameter = Parameter(name="X", type="geom:vector3d", own=VECTOR)

    assert parameter.read("1 2 3") == own_types.Vector(1, 2, 3)
    assert parameter.write(own_types.Vector(1, 2, 3)) == "1.0 2.0 3.0"
    assert parameter.is_absent(" ")
    with pytest.raises(BadValue, match="X='1 2': expected three numbers"):
        parameter.read("1 2")


def test_without_a_writer_str_is_one():
    assert OwnType(name="a:b", read=VECTOR.read).type.write(5) == "5"


def test_values_of_a_declaration_are_checked_once_the_type_is_known():
    parameter = Parameter(name="X", type="geom:vector3d", default="no vector")

    with pytest.raises(ValueError, match="X: default = 'no vector' is no value of type 'geom:vector3d'"):
        Parameter(name="X", type="geom:vector3d", default="no vector", own=VECTOR)
    with pytest.raises(ValueError, match="X: there is no type 'geom:vector3d'; add_uws_parameter_type"):
        parameter.read("1 2 3")


def test_only_an_ordered_one_has_limits():
    with pytest.raises(ValueError, match="have no minimum"):
        Parameter(name="X", type="geom:vector3d", own=VECTOR, minimum=own_types.Vector(0, 0, 0))


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter(name="X", type="geom:vector3d", own=VECTOR, default=own_types.Vector(1, 2, 3)),
        Parameter(name="X", type="geom:vector3d", own=VECTOR, multiple=True, default=(own_types.Vector(1, 2, 3),)),
        Parameter(name="X", type="uuid", default=UUID(int=5)),
        Parameter(name="X", type="json", default={"a": [1, 2]}),
        Parameter(name="X", type="polygon", default=((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))),
        Parameter(name="X", type="double", default=float("inf"), minimum=float("-inf")),
        Parameter(name="X", type="timestamp", minimum=0, maximum=10**15),
        Parameter(name="X", type="int", options=(1, 2), required=True),
        Parameter(name="X", multiple=True, default=("a", "b")),
        Parameter(name="X", type="int", condition=True),
        *TABLE_PARAMETERS,
    ],
)
def test_a_declaration_survives_json(parameter):
    assert Parameter.from_plain(json.loads(json.dumps(parameter.to_plain()))) == parameter


@pytest.mark.parametrize("name", ["tests.support.own_types:NUMBER", "tests.support.own_types:nothing"])
def test_what_cannot_be_called_is_not_found(name):
    with pytest.raises((TypeError, AttributeError)):
        find_callable(name)
