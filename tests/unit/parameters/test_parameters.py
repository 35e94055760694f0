import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters import Parameter, complete, merge

RADIUS = Parameter(name="RADIUS", type="double", unit="arcsec", default=2.0, minimum=0.1, maximum=10.0)
LEFT = Parameter(name="LEFT", options=("gaia", "hipparcos"), required=True)
POL = Parameter(name="POL", multiple=True)
DECLARED = (RADIUS, LEFT, POL)


@pytest.mark.spec("D-17", "D-18")
def test_names_are_folded_and_kept_as_declared():
    assert merge(DECLARED, (), [("radius", "3")]) == (("RADIUS", "3"),)


@pytest.mark.spec("U-132")
def test_a_single_valued_parameter_is_replaced_when_sent_again():
    kept = merge(DECLARED, (), [("RADIUS", "3"), ("OTHER", "x")])

    assert set(merge(DECLARED, kept, [("Radius", "4"), ("other", "y")])) == {("RADIUS", "4"), ("other", "y")}


@pytest.mark.spec("D-19")
def test_a_multiple_parameter_keeps_its_values_in_order():
    kept = merge(DECLARED, (), [("POL", "I"), ("pol", "Q")])

    assert merge(DECLARED, kept, [("POL", "I")]) == (("POL", "I"), ("POL", "Q"), ("POL", "I"))
    assert complete(DECLARED, (*kept, ("LEFT", "gaia")))["POL"] == ("I", "Q")


@pytest.mark.spec("D-20", "C-31")
def test_several_values_for_a_single_valued_parameter_are_refused_but_equal_ones_collapse():
    with pytest.raises(BadValue, match="RADIUS="):
        merge(DECLARED, (), [("RADIUS", "1"), ("radius", "2")])
    assert merge(DECLARED, (), [("FORMAT", "votable"), ("format", "votable")]) == (("FORMAT", "votable"),)


@pytest.mark.spec("D-24")
def test_unknown_parameters_are_kept_and_ignored():
    kept = merge(DECLARED, (), [("FOO", "1"), ("LEFT", "gaia")])

    assert ("FOO", "1") in kept
    assert set(complete(DECLARED, kept)) == {"RADIUS", "LEFT", "POL"}


@pytest.mark.spec("U-94")
def test_gaps_are_fine_until_the_job_is_run():
    kept = merge(DECLARED, (), [])

    with pytest.raises(BadValue, match=r"LEFT='': this parameter is required"):
        complete(DECLARED, kept)


@pytest.mark.spec("D-22")
def test_an_empty_number_counts_as_not_given():
    kept = merge(DECLARED, (), [("RADIUS", " "), ("LEFT", "gaia")])

    assert complete(DECLARED, kept)["RADIUS"] == 2.0


@pytest.mark.parametrize("text", ["x", "0.05", "11", "NaN", "1 2", "--1", "1_0", "٣"])
def test_an_unreadable_value_names_parameter_and_value(text):
    with pytest.raises(BadValue, match=f"RADIUS='{text}'"):
        merge(DECLARED, (), [("RADIUS", text)])


@pytest.mark.spec("D-60")
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_read_back(number):
    assert Parameter(name="X", type="double").read(repr(number)) == number


@pytest.mark.spec("D-60")
@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_integers_read_back_in_decimal_and_hexadecimal(number):
    parameter = Parameter(name="X", type="int")

    assert parameter.read(str(number)) == number
    if number >= 0:
        assert parameter.read(hex(number)) == number


@pytest.mark.spec("D-60")
def test_special_numbers_are_those_of_votable():
    parameter = Parameter(name="X", type="double")

    assert math.isnan(parameter.read("NaN"))
    assert parameter.read("+Inf") == -parameter.read("-Inf") == math.inf


@pytest.mark.parametrize("text", ["1e400", "-1e400", "1" * 400])
def test_a_number_that_no_double_holds_is_refused_not_taken_for_infinity(text):
    with pytest.raises(BadValue, match=r"up to 1\.8e308"):
        Parameter(name="X", type="double").read(text)


@pytest.mark.parametrize("text", ["NaN NaN", "NaN 1", "1 NaN"])
def test_nan_is_no_end_of_an_interval_and_that_is_what_is_said(text):
    with pytest.raises(BadValue, match="NaN is no end of an interval"):
        Parameter(name="BAND", type="interval").read(text)


@pytest.mark.spec("D-61")
def test_booleans_are_those_of_votable():
    parameter = Parameter(name="X", type="boolean")

    assert [parameter.read(text) for text in ("T", "f", "1", "0", "true", "FALSE")] == [True, False] * 3
    assert [complete([parameter], [("X", text)])["X"] for text in ("?", " ", " ? ")] == [None] * 3


@pytest.mark.spec("D-66", "D-70")
def test_a_circle_is_three_numbers_with_a_radius_that_is_not_negative():
    circle = Parameter(name="CIRCLE", type="circle")

    assert circle.read(" 370  -10\t0.5 ") == (10.0, -10.0, 0.5)
    for text in ("1 2", "1 2 -3", "1 91 3", "1 NaN 3", "a b c", "1 2 3 4"):
        with pytest.raises(BadValue, match="CIRCLE="):
            circle.read(text)


@given(st.text())
def test_whatever_is_sent_is_read_or_refused_with_a_sentence(text):
    for kind in ("string", "int", "double", "boolean", "circle", "timestamp"):
        with contextlib.suppress(BadValue):
            Parameter(name="X", type=kind).read(text)


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "a b"},
        {"name": "PHASE"},
        {"name": "X", "type": "complex"},
        {"name": "X", "type": "boolean", "minimum": 0},
        {"name": "X", "required": True, "default": "y"},
        {"name": "X", "type": "int", "default": "y"},
        {"name": "X", "type": "double", "minimum": "y"},
        {"name": "X", "type": "circle", "default": (1.0, 2.0)},
        {"name": "X", "type": "int", "options": (1, 2.5)},
        {"name": "X", "type": "file", "default": "a.txt"},
        {"name": "X", "type": "boolean", "multiple": True, "default": True},
    ],
)
def test_wrong_declarations_are_refused_when_they_are_made(facts):
    with pytest.raises(ValueError, match=facts["name"]):
        Parameter(**facts)
