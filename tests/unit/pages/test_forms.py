"""The form of a service: any declaration has one, and what stands in it is what a client would send."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.pages.fields import Held
from pyramid_uws.pages.filled import Filled, contradictions, linked, pairs_sent, texts_sent, typed
from pyramid_uws.pages.forms import Around, form_of
from pyramid_uws.parameters import ANY_UPLOADS, Parameter, Upload, complete, wrong_ones
from pyramid_uws.uws.limits import Limits

WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=8)
DOUBLES = st.floats(allow_nan=False)
DEGREES = st.floats(0, 359.5)
LATITUDES = st.floats(-90, 90)
INSTANTS = st.integers(0, 4_000_000_000_000_000)
ENDS = st.tuples(DOUBLES, DOUBLES).map(lambda pair: tuple(sorted(pair)))

#: Type -> values of the type.
VALUES = {
    "string": WORDS,
    "int": st.integers(-(2**63), 2**63 - 1),
    "double": DOUBLES,
    "boolean": st.booleans(),
    "timestamp": INSTANTS,
    "interval": ENDS,
    "point": st.tuples(DEGREES, LATITUDES),
    "circle": st.tuples(DEGREES, LATITUDES, st.floats(0, 180)),
    "polygon": st.lists(st.tuples(DEGREES, LATITUDES), min_size=3, max_size=5).map(tuple),
    "json": st.lists(st.integers()),
    "format": st.sampled_from(["text/csv", "application/fits", "text/csv;header=absent"]),
    "uuid": st.uuids(),
}


@st.composite
def declarations(draw):
    """A parameter of any kind, with whatever can be said of it."""
    kind = draw(st.sampled_from(sorted(VALUES)))
    facts = {"name": "P", "type": kind, "unit": draw(st.none() | WORDS), "description": draw(WORDS)}
    values = VALUES[kind]
    if kind in {"string", "int", "double", "timestamp"} and draw(st.booleans()):
        return Parameter(**facts, condition=True, required=draw(st.booleans()))
    multiple = draw(st.booleans())
    if draw(st.booleans()):
        facts["options"] = tuple(draw(st.lists(values, min_size=1, max_size=8)))
        values = st.sampled_from(facts["options"])
    elif kind in {"int", "double", "timestamp"}:
        least, most = sorted([draw(values), draw(values)])
        facts |= {"minimum": least, "maximum": most}
        values = st.sampled_from([least, most])
    one = st.lists(values, min_size=1, max_size=3).map(tuple) if multiple else values
    return Parameter(**facts, multiple=multiple, default=draw(one))


def define(*parameters, **facts):
    return ServiceDefinition(name="s", core="m:f", parameters=parameters, **facts)


def fields_of(definition, filled=None, **around):
    form = form_of(definition, filled or Filled(), Around(**around))
    return {field.name: field for field in form.fields}


def one(parameter, *texts, style="dali"):
    """Return the field of a parameter in which these texts stand."""
    filled = linked(define(parameter), [(parameter.name, text) for text in texts])
    return fields_of(define(parameter), filled, style=style)[parameter.name]


def submitted(form):
    """Return what a browser sends of a form that nobody has touched; line ends are those of networks."""
    for field in (*form.fields, form.name, *form.limits):
        if field.choices:
            yield from ((field.name, choice.value) for choice in field.choices if choice.chosen)
        elif field.widget not in {"file", "upload"}:
            yield field.name, field.text.replace("\n", "\r\n")


@given(declarations(), st.sampled_from(["pql", "dali"]))
def test_what_a_form_says_by_itself_is_what_the_declaration_says(parameter, style):
    definition = define(parameter)

    form = form_of(definition, Filled(), Around(style=style))

    sent = pairs_sent(definition, typed(submitted(form)), ())
    assert not wrong_ones(definition.parameters, sent, style=style, whole=False)
    if not parameter.required:
        said, meant = (complete(definition.parameters, pairs, style=style)["P"] for pairs in (sent, ()))
        if parameter.multiple:  # what is chosen has no order, and is not chosen twice
            assert all(each in meant for each in said)
            assert all(each in said for each in meant)
        else:
            assert said == meant


@given(declarations())
def test_what_was_typed_stands_in_the_form_that_comes_back(parameter):
    definition = define(parameter)
    first = typed(submitted(form_of(definition, Filled(), Around())))

    again = typed(submitted(form_of(definition, first, Around())))

    assert texts_sent(parameter, again) == texts_sent(parameter, first)


@given(declarations(), WORDS)
def test_nonsense_stands_in_the_form_that_comes_back(parameter, nonsense):
    definition = define(parameter)

    nonsense = f"…{nonsense}"
    form = form_of(definition, typed([("P", nonsense)]), Around())

    assert nonsense in [text for name, text in submitted(form) if name == "P"]


class TestWidgets:
    @pytest.mark.parametrize(
        ("facts", "widget"),
        [
            ({}, "text"),
            ({"type": "int"}, "number"),
            ({"type": "double", "default": math.inf}, "text"),
            ({"type": "timestamp"}, "instant"),
            ({"type": "boolean"}, "radio"),
            ({"options": ("a", "b")}, "radio"),
            ({"options": tuple("abcdef")}, "select"),
            ({"options": ("a", "b"), "multiple": True}, "checks"),
            ({"type": "circle", "multiple": True}, "lines"),
            ({"type": "circle"}, "text"),
            ({"type": "json"}, "area"),
            ({"default": "two\nlines"}, "area"),
            ({"type": "format"}, "select"),
            ({"type": "file"}, "file"),
            ({"type": "double", "condition": True}, "text"),
        ],
    )
    def test_each_kind_of_value_has_its_own(self, facts, widget):
        assert one(Parameter(name="P", **facts)).widget == widget

    def test_a_number_says_its_limits_to_browsers_and_to_people(self):
        field = one(Parameter(name="P", type="double", unit="arcsec", minimum=0.5, maximum=10.0, default=2.0))

        assert (field.minimum, field.maximum, field.step, field.unit) == ("0.5", "10.0", "any", "arcsec")
        assert (field.text, field.hint) == ("2.0", "A number, from 0.5 to 10.0.")

    def test_a_number_that_browsers_cannot_read_stays_as_it_is(self):
        assert one(Parameter(name="P", type="int"), "0x2a").text == "0x2a"

    def test_an_instant_is_shown_as_browsers_write_it(self):
        field = one(Parameter(name="P", type="timestamp"), "2026-01-31T12:00:00.000000Z")

        assert (field.widget, field.text, field.unit) == ("instant", "2026-01-31T12:00:00", "UTC")

    @pytest.mark.parametrize("text", ["2026-01-31", "2026-01-31T12:00:00.5Z", "today"])
    def test_an_instant_that_browsers_cannot_show_stays_as_it_is(self, text):
        field = one(Parameter(name="P", type="timestamp"), text)

        assert (field.widget, field.text) == ("text", text)

    def test_a_choice_is_made_by_value_not_by_how_it_is_written(self):
        field = one(Parameter(name="P", type="double", options=(1.0, 2.0)), "2")

        assert [choice.value for choice in field.choices if choice.chosen] == ["2.0"]

    def test_nothing_is_chosen_in_place_of_somebody(self):
        field = one(Parameter(name="P", options=tuple("abcdef"), required=True))

        assert [choice.value for choice in field.choices if choice.chosen] == [""]

    def test_a_value_that_is_not_offered_is_not_lost(self):
        field = one(Parameter(name="P", options=("a", "b")), "c")

        assert field.widget == "select"
        assert [choice.value for choice in field.choices if choice.chosen] == ["c"]

    @pytest.mark.parametrize(("style", "hint"), [("pql", "a range a/b"), ("dali", "with a blank between")])
    def test_a_condition_is_explained_in_its_style(self, style, hint):
        assert hint in one(Parameter(name="P", type="double", condition=True), style=style).hint

    def test_several_values_are_one_a_line(self):
        parameter = Parameter(name="P", type="circle", multiple=True)

        field = one(parameter, "1 2 3", "4 5 6")

        assert field.text == "1 2 3\n4 5 6"
        assert texts_sent(parameter, typed([("P", "1 2 3\r\n\r\n4 5 6\r\n")])) == ("1 2 3", "4 5 6")


class TestDefaults:
    DEFINITION = define(Parameter(name="P", type="double", default=2.0))

    def test_they_are_shown_as_long_as_nobody_was_asked(self):
        assert fields_of(self.DEFINITION)["P"].text == "2.0"

    def test_what_was_emptied_comes_back_empty(self):
        assert fields_of(self.DEFINITION, typed([("P", "")]))["P"].text == ""


class TestUploads:
    LEFT = Parameter(name="LEFT", options=("a", "b"), required=True)
    FILES = (Upload(name="Left", media_types=("text/csv",)), Upload(name="more", required=True))
    BESIDE = define(LEFT, uploads=FILES)
    ANY = define(uploads=ANY_UPLOADS, limits=Limits(max_upload=2000))

    def test_one_in_place_of_a_parameter_stands_beside_it(self):
        assert list(fields_of(self.BESIDE)) == ["LEFT", "Left:", "more:"]
        assert fields_of(self.BESIDE)["LEFT"].choices[0].label == "a file, as below"
        assert fields_of(self.BESIDE)["Left:"].accept == "text/csv"

    def test_files_and_urls_are_sent_as_dali_has_it(self):
        filled = typed([("Left:file", ""), ("more:url", "http://x.org/a")])

        assert pairs_sent(self.BESIDE, filled, {"Left:file"}) == (
            ("UPLOAD", "Left,param:Left:file"),
            ("UPLOAD", "more,http://x.org/a"),
        )

    def test_a_link_with_a_url_fills_its_field(self):
        field = fields_of(self.BESIDE, linked(self.BESIDE, [("UPLOAD", "LEFT,http://x.org/a;more,param:b")]))[
            "Left:"
        ]

        assert field.url.text == "http://x.org/a"

    def test_no_url_is_asked_for_where_none_is_fetched(self):
        assert fields_of(self.BESIDE, fetches=False)["Left:"].url is None

    def test_free_names_are_asked_for(self):
        filled = typed([("*2:name", "stars"), ("*2:url", "http://x.org/a")])

        assert pairs_sent(self.ANY, filled, {}) == (("UPLOAD", "stars,http://x.org/a"),)
        assert fields_of(self.ANY, filled)["*2:"].called.text == "stars"
        assert fields_of(self.ANY)["*1:"].hint == "At most 2.0 kB."

    def test_those_of_free_names_that_are_there_have_fields_and_two_more(self):
        filled = linked(self.ANY, [("UPLOAD", "a,http://x.org/a;b,param:p"), ("UPLOAD", "c,param:p")])

        assert list(fields_of(self.ANY, filled)) == ["*1:", "*2:", "*3:", "*4:", "*5:"]

    @pytest.mark.parametrize(
        ("pairs", "files", "problem"),
        [
            ([("Left:url", "http://x.org")], {"Left:file"}, "Give a file or a URL"),
            ([("LEFT", "a")], {"Left:file"}, "Choose a value of Left or give a file"),
        ],
    )
    def test_one_thing_is_given_in_one_way(self, pairs, files, problem):
        assert contradictions(self.BESIDE, typed(pairs), files)["Left"].startswith(problem)

    def test_a_file_of_a_free_name_needs_one(self):
        assert contradictions(self.ANY, typed([]), {"*1:file"}) == {"*1": "Give this file a name."}

    def test_a_file_that_is_there_is_shown(self):
        held = Held(url="/x", size=3)

        fields = fields_of(self.BESIDE, held={"LEFT:": held})

        assert fields["Left:"].held == held
        assert [choice.label for choice in fields["LEFT"].choices if choice.chosen] == ["a file, as below"]


class TestWhatIsWrong:
    DEFINITION = define(Parameter(name="a"), Parameter(name="B", type="int"))

    def test_it_stands_beside_its_field_and_in_the_list(self):
        form = form_of(self.DEFINITION, typed([]), Around(errors={"A": "Not this.", "RUNID": "Too long."}))

        assert [(field.name, field.error) for field in form.wrong] == [("a", "Not this."), ("RUNID", "Too long.")]

    def test_each_field_says_by_what_it_is_described(self):
        definition = define(Parameter(name="B", type="int", description="How many"))

        field = fields_of(definition, errors={"B": "No."})["B"]

        assert field.described_by == "field-B-help field-B-hint field-B-error"

    def test_a_field_whose_file_is_lost_says_so(self):
        assert fields_of(define(Parameter(name="F", type="file")), lost={"F"})["F"].lost


class TestLimits:
    def test_they_say_what_there_is(self):
        definition = define(limits=Limits(execution_duration=60, max_execution_duration=0, lifetime=0))
        duration, destruction = form_of(definition, Filled(), Around()).limits

        assert "Left empty: 1 min." in duration.help
        assert "The most there is: no limit." in duration.help
        assert "Left empty: never." in destruction.help
        assert destruction.widget == "instant"

    def test_those_of_a_draft_stay_as_they_are(self):
        form = form_of(define(), Filled(), Around(is_draft=True))

        assert all("Left empty: as it is." in field.help for field in form.limits)
