"""The directives: checked at start, loud when two want the same, and told to whoever looks."""

import re
import shutil
import sys
import textwrap

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError, ConfigurationExecutionError
from pyramid.response import Response
from pyramid.testing import DummyRequest

from pyramid_uws.application import main
from pyramid_uws.commands import Command, CommandLine, ExitCode, ResultRule, Stdout
from pyramid_uws.config import IAttributeFactory, IRendererFactory, add_services_from_ini, factories
from pyramid_uws.definition import COMMAND_CORE, definitions_of
from pyramid_uws.demo import countdown
from pyramid_uws.execution.worker_system import WorkerSystem
from pyramid_uws.interfaces import IAttribute, IService
from pyramid_uws.parameters import Example, Parameter, Upload
from pyramid_uws.tree import STANDARD_ATTRIBUTES, AsyncRenderer, Attribute, Renderer, SyncRenderer
from pyramid_uws.uws.limits import Limits
from pyramid_uws.views.exchange import Exchange, exchange_of
from tests.support import own_types
from tests.support.papers import DOCS

CORE = "pyramid_uws.demo.countdown:core"

#: Modules that ini files name, by name.
MODULES = {
    "sound": """
        from pyramid_uws.parameters import Parameter, Upload
        TITLE = "The sound service"
        CREDITS = ("Somebody", "Somebody else")
        PARAMETERS = [Parameter(name="A"), Parameter(name="B", multiple=True)]
        TWICE = (Parameter(name="A"), Parameter(name="a"))
        NAMES = ("A", "B")
        ONE = Parameter(name="A")
        NUMBER = 3
        NUMBERED = [Parameter(name="N", type="int")]
        UPLOADS = [Upload(name="mine")]
        def core(job): ...
        def preload(): ...
    """,
    "unsound": """
        from pyramid_uws.parameters import Parameter, Upload
        PARAMETERS = (Parameter(name="A", type="strnig"),)
    """,
    "empty": "",
}


@pytest.fixture(autouse=True)
def _on_the_path(monkeypatch, tmp_path):
    """Let the modules above and the example packages be imported."""
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(DOCS / "examples")
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def config(tmp_path):
    config = Configurator(settings={"uws.var": str(tmp_path / "var")})
    config.include("pyramid_uws")
    return config


@pytest.fixture
def ini(tmp_path):
    """Return a function that writes an ini file and returns its path: ``ini("core = …", name="x")``."""

    def ini(*lines, name="probe", head=""):
        path = tmp_path / "site.ini"
        path.write_text("\n".join([head, "[app:main]", "use = egg:pyramid_uws", f"[uws:service:{name}]", *lines]))
        return str(path)

    return ini


def definition(config, name="probe"):
    config.commit()
    return definitions_of(config.registry)[name]


class TestAddService:
    def test_it_is_known_by_its_name(self, config):
        config.add_uws_service("probe", core=CORE)

        found = definition(config)

        assert (found.name, found.core, found.renderers) == ("probe", CORE, ("async",))

    def test_a_core_is_a_function_or_its_dotted_name(self, config):
        config.add_uws_service("probe", core=countdown.core)

        assert definition(config).core == CORE

    def test_limits_are_given_by_their_names(self, config):
        config.add_uws_service("probe", core=CORE, execution_duration=5, max_lifetime=0)

        assert definition(config).limits == Limits(execution_duration=5, max_lifetime=0)

    def test_preload_and_worker_system_are_dotted_names(self, config):
        config.add_uws_service("probe", core=CORE, preload="sound:preload", worker_system="skyplugin.web:Named")

        found = definition(config)

        assert found.preload == "sound:preload"
        assert issubclass(found.worker_system, WorkerSystem)

    def test_a_renderer_may_be_added_later(self, config):
        config.add_uws_service("probe", core=CORE, renderers=("async", "late"))
        config.add_uws_renderer("late", AsyncRenderer)

        assert definition(config).renderers == ("async", "late")

    @pytest.mark.parametrize(
        ("facts", "message"),
        [
            ({"core": "nowhere:core"}, r"service probe: core = nowhere:core: No module named 'nowhere'"),
            ({"core": "sound:nothing"}, r"core = sound:nothing: module 'sound' has no attribute 'nothing'"),
            ({"core": "sound:NUMBER"}, r"core = sound:NUMBER: this is not callable"),
            ({"core": "sound"}, r"core = sound: expected package\.module:function"),
            ({"core": CORE, "preload": "sound:nothing"}, r"service probe: preload = sound:nothing: "),
            ({"core": CORE, "worker_system": "nowhere:X"}, r"service probe: .*No module named 'nowhere'"),
            ({"core": CORE, "renderers": ()}, r"service probe: it has no renderer"),
            ({"core": CORE, "renderers": ("async", "async")}, r"service probe: renderer async is named twice"),
            ({"core": CORE, "titel": "?"}, r"service probe: .*unexpected keyword argument 'titel'"),
            ({"core": CORE, "parameters": (Parameter(name="A"), Parameter(name="a"))}, r"A is declared twice"),
            ({"core": CORE, "uploads": (Upload(name="a"), Upload(name="A"))}, r"upload a is declared twice"),
            ({"core": CORE, "uploads": (3,)}, r"uploads = .*: expected any, or the dotted name"),
            (
                {"core": CORE, "uploads": (Upload(name="x"),), "parameters": (Parameter(name="Upload"),)},
                r"a service with uploads has no parameter UPLOAD of its own",
            ),
            (
                {"core": CORE, "uploads": (Upload(name="x"),), "parameters": (Parameter(name="X", type="int"),)},
                r"in place of X if that is a single string",
            ),
            (
                {
                    "core": CORE,
                    "uploads": (Upload(name="x", required=True),),
                    "parameters": (Parameter(name="X"),),
                },
                r"parameter X may be sent as an upload: it is what is required",
            ),
        ],
        ids=lambda value: "" if isinstance(value, str) else ",".join(value),
    )
    def test_what_cannot_be_is_refused_at_once(self, config, facts, message):
        with pytest.raises(ConfigurationError, match=message):
            config.add_uws_service("probe", **facts)

    @pytest.mark.parametrize("name", ["", "a/b", "a b", "1st", ".", "Größe", "a\n"])
    def test_a_name_has_to_be_a_path_segment(self, config, name):
        with pytest.raises(ConfigurationError, match="cannot be the name of a service"):
            config.add_uws_service(name, core=CORE)

    def test_a_renderer_has_to_be_known_when_all_is_said(self, config):
        config.add_uws_service("probe", core=CORE, renderers=("asnyc",))

        with pytest.raises(ConfigurationExecutionError, match="service probe: there is no renderer 'asnyc'"):
            config.commit()


class TestAddParameterType:
    AXIS = (Parameter(name="AXIS", type="geom:vector3d", default=(1.0, 2.0, 3.0)),)

    @pytest.mark.spec("D-69")
    def test_a_service_may_take_it_wherever_it_is_added(self, config):
        config.add_uws_service("probe", core=CORE, parameters=self.AXIS)
        config.add_uws_parameter_type("geom:vector3d", own_types.read_vector, own_types.write_vector)

        (axis,) = definition(config).parameters

        assert axis.read("1 2 3") == own_types.Vector(1, 2, 3)
        assert axis.own.read == "tests.support.own_types:read_vector"
        (told,) = config.registry.introspector.get_category("uws parameter types")
        assert told["introspectable"]["type"] == axis.own

    def test_a_type_that_nobody_adds_is_missed_when_all_is_said(self, config):
        config.add_uws_service("probe", core=CORE, parameters=self.AXIS)

        with pytest.raises(ConfigurationExecutionError, match="probe: parameter AXIS: there is no type 'geom:vec"):
            config.commit()

    def test_values_of_declarations_are_held_to_it(self, config):
        config.add_uws_service("probe", core=CORE, parameters=(Parameter(name="A", type="a:b", default="no"),))
        config.add_uws_parameter_type("a:b", own_types.read_vector, own_types.write_vector)

        with pytest.raises(ConfigurationExecutionError, match="parameter A: default = 'no' is no value of type"):
            config.commit()

    def test_two_of_one_name_are_a_conflict(self, config):
        config.add_uws_parameter_type("a:b", own_types.read_vector)
        config.add_uws_parameter_type("a:b", own_types.write_vector)

        with pytest.raises(ConfigurationConflictError, match="uws parameter type"):
            config.commit()

    @pytest.mark.parametrize(
        ("name", "read", "message"),
        [
            ("vector", own_types.read_vector, "own ones are written PREFIX:NAME"),
            ("a:b", "nowhere:read", "parameter type a:b: read = nowhere:read: No module named"),
            ("a:b", lambda text: text, "parameter type a:b: read = .*lambda"),
        ],
        ids=["name", "module", "lambda"],
    )
    def test_what_the_processes_of_jobs_could_not_find_is_refused(self, config, name, read, message):
        with pytest.raises(ConfigurationError, match=message):
            config.add_uws_parameter_type(name, read)


class TestExamples:
    PARAMETERS = (
        Parameter(name="N", type="int", required=True, maximum=5),
        Parameter(name="SET", type="int", condition=True),
        Parameter(name="TABLE", type="file", required=True),
    )

    def add(self, config, *examples, **facts):
        config.add_uws_renderer("plain", Renderer)
        config.add_uws_service("probe", core=CORE, parameters=self.PARAMETERS, examples=examples, **facts)
        config.commit()

    @pytest.mark.parametrize(
        "example",
        [
            Example(name="One", parameters={"N": "1"}),
            Example(name="Many", parameters={"n": "0x5", "SET": "3"}),
            Example(name="Style", parameters={"N": "1", "set": ["1/3", "7"]}, renderer="async"),
            Example(name="Style", parameters={"N": "1", "SET": "1 3"}, renderer="plain"),
        ],
        ids=str,
    )
    def test_they_have_to_be_requests_that_can_be_run(self, config, example):
        self.add(config, example, renderers=("async", "plain"))

    @pytest.mark.parametrize(
        ("example", "message"),
        [
            (Example(name="One", parameters={}), "example 'One': N='': this parameter is required"),
            (Example(name="One", parameters={"N": "6"}), "example 'One': N='6': the largest value"),
            (Example(name="One", parameters={"N": "1", "M": "1"}), "example 'One': there is no parameter M"),
            (Example(name="One", parameters={"N": "1", "SET": "1/3"}), "renderer plain: example 'One': SET='1/3'"),
        ],
        ids=["missing", "too large", "unknown", "in another style"],
    )
    def test_one_that_could_not_be_run_stops_the_start(self, config, example, message):
        with pytest.raises(ConfigurationExecutionError, match=message):
            self.add(config, example, renderers=("async", "plain"))

    @pytest.mark.parametrize(
        ("examples", "message"),
        [
            ([Example(name="A b", parameters={}), Example(name="a-B", parameters={})], "another one of a name"),
            ([Example(name="A", parameters={}, renderer="sync")], "'A': the service has no renderer sync"),
        ],
        ids=["twice", "renderer"],
    )
    def test_what_makes_no_sense_is_refused_at_once(self, config, examples, message):
        with pytest.raises(ConfigurationError, match=message):
            self.add(config, *examples)


class TestAddRenderer:
    def test_it_is_known_by_its_name(self, config):
        config.add_uws_renderer("mine", Renderer)
        config.commit()

        known = {"async": AsyncRenderer, "sync": SyncRenderer, "mine": Renderer}
        assert factories(config.registry, IRendererFactory).items() >= known.items()

    def test_those_of_dachs_styles_of_parameters_hold(self):
        assert (AsyncRenderer.parameter_style, SyncRenderer.parameter_style) == ("pql", "dali")

    def test_it_may_be_a_dotted_name(self, config):
        config.add_uws_renderer("mine", "pyramid_uws.tree:Renderer")
        config.commit()

        assert factories(config.registry, IRendererFactory)["mine"] is Renderer

    @pytest.mark.parametrize("factory", [object, Attribute, countdown.core, 3])
    def test_it_has_to_be_a_class_of_renderers(self, config, factory):
        with pytest.raises(ConfigurationError, match="expected a class derived from Renderer, not "):
            config.add_uws_renderer("mine", factory)


class TestAddExchange:
    """How synchronous requests are answered is a matter of the kind of renderer."""

    class Mine(SyncRenderer):
        pass

    class Terse(Exchange):
        pass

    def exchange(self, config, renderer):
        request = DummyRequest()
        request.registry = config.registry
        return exchange_of(renderer(), request)

    def test_the_most_special_one_counts(self, config):
        config.add_uws_exchange(self.Mine, self.Terse)
        config.commit()

        assert type(self.exchange(config, self.Mine)) is self.Terse
        assert type(self.exchange(config, SyncRenderer)) is Exchange
        assert self.exchange(config, AsyncRenderer) is None

    @pytest.mark.parametrize("exchange", [object, countdown.core, 3])
    def test_it_is_a_class_derived_from_exchange(self, config, exchange):
        with pytest.raises(ConfigurationError, match="expected a class derived from Exchange"):
            config.add_uws_exchange(self.Mine, exchange)

    def test_two_for_one_kind_of_renderer_are_a_conflict(self, config):
        config.include(lambda config: config.add_uws_exchange(self.Mine, self.Terse))
        config.include(_other_exchange)

        with pytest.raises(ConfigurationConflictError):
            config.commit()


def _other_exchange(config):
    config.add_uws_exchange(TestAddExchange.Mine, Exchange)


class TestAddAttribute:
    def test_it_is_beside_the_standard_ones(self, config):
        config.add_uws_attribute("mine", Attribute)
        config.commit()

        assert factories(config.registry, IAttributeFactory) == {**STANDARD_ATTRIBUTES, "mine": Attribute}

    def test_it_may_be_a_function_or_a_dotted_name(self, config):
        config.add_uws_attribute("made", lambda job, name: Attribute(job, name.upper()))
        config.add_uws_attribute("named", "pyramid_uws.tree:Attribute")
        config.commit()

        found = factories(config.registry, IAttributeFactory)
        assert found["named"] is Attribute
        assert found["made"](None, "made").__name__ == "MADE"

    def test_it_has_to_be_callable(self, config):
        with pytest.raises(ConfigurationError, match="attribute mine: expected a callable, not 3"):
            config.add_uws_attribute("mine", 3)

    def test_its_views_need_a_class_to_be_for(self, config):
        with pytest.raises(ConfigurationError, match="attribute mine: views need a class"):
            config.add_uws_attribute("mine", lambda job, name: None, {"GET": lambda context, request: Response()})

    def test_its_views_are_registered(self, config):
        config.add_uws_attribute("mine", Attribute, {"GET": lambda context, request: Response()})
        config.commit()

        views = config.registry.introspector.get_category("views")
        assert [
            view["introspectable"]["request_methods"]
            for view in views
            if view["introspectable"]["context"] is Attribute
        ] == ["GET", None]


class TestConflicts:
    """Two packages, each included, want the same name."""

    @pytest.mark.parametrize(
        ("add", "what"),
        [
            (lambda config: config.add_uws_service("galactic", core=CORE), "('uws service', 'galactic')"),
            (lambda config: config.add_uws_renderer("nightly", AsyncRenderer), "('uws renderer', 'nightly')"),
            (lambda config: config.add_uws_attribute("progress", Attribute), "('uws attribute', 'progress')"),
        ],
    )
    def test_both_are_named(self, config, add, what):
        config.include("skyplugin")
        config.include(add)

        with pytest.raises(ConfigurationConflictError) as caught:
            config.commit()

        assert what in str(caught.value)
        assert "skyplugin/web.py" in str(caught.value)
        assert "test_config.py" in str(caught.value)

    @pytest.mark.parametrize(
        "add",
        [
            lambda config: config.add_uws_renderer("async", AsyncRenderer),
            lambda config: config.add_uws_attribute("phase", Attribute),
        ],
        ids=["async", "phase"],
    )
    def test_what_is_ours_is_not_for_packages_to_take(self, config, add):
        config.include(add)

        with pytest.raises(ConfigurationConflictError):
            config.commit()

    def test_two_views_for_the_same_name_and_method_are_one(self, config):
        def includeme(config):
            config.add_uws_resource_views(IService, {"GET": lambda context, request: Response()}, name="credits")

        config.include("skyplugin")
        config.include(includeme)

        with pytest.raises(ConfigurationConflictError):
            config.commit()

    def test_the_application_itself_overrides_its_packages(self, config):
        config.include("skyplugin")
        config.add_uws_service("galactic", core=CORE, title="Ours")

        assert definition(config, "galactic").title == "Ours"

    def test_and_so_does_the_ini_file(self, config, ini):
        add_services_from_ini(config, ini(f"core = {CORE}", "title = Ours", name="galactic"), {})
        config.include("skyplugin")

        assert definition(config, "galactic").title == "Ours"


class TestIntrospection:
    @pytest.mark.parametrize(
        ("category", "name", "key"),
        [
            ("uws services", "galactic", "definition"),
            ("uws renderers", "nightly", "factory"),
            ("uws renderers", "async", "factory"),
            ("uws attributes", "progress", "factory"),
            ("uws attributes", "phase", "factory"),
        ],
    )
    def test_everything_is_told(self, config, category, name, key):
        config.include("skyplugin")
        config.commit()

        entry = config.registry.introspector.get(category, name)

        assert entry.title == name
        assert entry[key] is not None


class TestResourceViews:
    def test_names_are_resolved(self, config):
        config.add_uws_resource_views(
            "pyramid_uws.interfaces:IService", {"GET": "skyplugin.web:show_credits"}, name="thanks"
        )
        config.commit()

        views = config.registry.introspector.get_category("views")
        assert any(view["introspectable"]["name"] == "thanks" for view in views)

    def test_they_are_for_interfaces_too(self, config):
        config.add_uws_resource_views(IAttribute, {"GET": lambda context, request: Response()}, name="more")

        config.commit()


class TestCommands:
    """Services that run a program: in the ini file, and from Python."""

    LINES = (
        "command = env [ A={A} ]",
        "    'x y'",
        "parameters =",
        "    # a comment",
        "    A  int minimum=1  -- How much, in %%",
        "    ;B",
        "results =",
        "    *.txt text/plain",
        "    x.png image/png x optional",
        "stdout = out text/plain",
        "exit_codes =",
        "    3 = transient It sleeps.",
    )

    def test_a_section_may_have_a_command(self, config, ini):
        add_services_from_ini(config, ini(*self.LINES), {})

        found = definition(config)

        assert found.core == COMMAND_CORE
        assert found.parameters == (Parameter(name="A", type="int", minimum=1, description="How much, in %"),)
        assert found.command == Command(
            program=shutil.which("env"),
            line=CommandLine("env [ A={A} ]\n'x y'"),
            results=(ResultRule("*.txt", "text/plain"), ResultRule("x.png", "image/png", "x", optional=True)),
            stdout=Stdout("out", "text/plain"),
            exit_codes=(ExitCode(3, "transient", "It sleeps."),),
        )

    def test_the_same_from_python(self, config, ini):
        add_services_from_ini(config, ini(*self.LINES), {})
        written = definition(config)
        config.add_uws_service(
            "python",
            command="env [ A={A} ]\n'x y'",
            parameters=["A int minimum=1 -- How much, in %"],
            results="*.txt text/plain\n\nx.png image/png x optional",
            stdout=Stdout("out", "text/plain"),
            exit_codes=[ExitCode(3, "transient", "It sleeps.")],
        )

        assert definition(config, "python").command == written.command
        assert definition(config, "python").parameters == written.parameters

    def test_a_core_in_python_may_have_its_parameters_in_the_ini_file(self, config, ini):
        add_services_from_ini(config, ini("core = sound:core", "parameters =", "    A", "    B multiple"), {})

        assert [parameter.name for parameter in definition(config).parameters] == ["A", "B"]

    @pytest.mark.parametrize(
        ("lines", "message"),
        [
            (
                ["command = no-such-program x"],
                r"service probe: command = no-such-program: there is no such program",
            ),
            (["command = /etc/passwd x"], r"command = /etc/passwd: there is no such program that could be exec"),
            (["command = bin/env x"], r"command = bin/env: expected the name of a program in PATH, or its whole"),
            (["command = env 'x"], r"\[uws:service:probe\] command = env 'x: No closing quotation"),
            (
                ["command = env {X}"],
                r"service probe: command = env \.\.\.: \{X\} stands for nothing; there is job",
            ),
            (["command = env", "parameters =", "  A", "  B"], r"command = env \.\.\.: A is declared, but has no"),
            (
                ["command = env", "parameters =", "  A", "  B duoble"],
                r"setting \[uws:service:probe\] parameters = B duoble: 'duoble' is neither a type \(string, ",
            ),
            (["command = env", "results = ../x a/b"], r"results = \.\./x a/b: '\.\./x' is no pattern of files"),
            (["command = env", "results =", "  a a/b", "  a a/b"], r"service probe: pattern a is named 2 times"),
            (["command = env", "stdout = x"], r"\[uws:service:probe\] stdout = x: expected ID MEDIA/TYPE"),
            (
                ["command = env", "exit_codes = 1 fatal x"],
                r"exit_codes = 1 fatal x: expected STATUS = fatal\|tran",
            ),
            (["command = env", "core = sound:core"], r"service probe has a core and a command"),
            (["core = sound:core", "stdout = x a/b"], r"service probe: stdout is for services with a command"),
            (["core = sound:core", "results = x a/b"], r"service probe: results is for services with a command"),
            (["command = env", "parameters = A:b"], r"parameters = A:b: No module named 'A'"),
            (["command = env", "parameters = sound:NAMES"], r"parameters = sound:NAMES: expected the dotted name"),
            (["command = env", "max_memory = much"], r"max_memory = much: expected a number of bytes"),
            (["command = date +%Y"], r"\[uws:service:probe\] command: .*found: '%Y'; a % itself is written %%"),
            (["command = date", "title = 5%"], r"\[uws:service:probe\] title: .*; a % itself is written %%"),
            (["comand = env"], r"unknown setting \[uws:service:probe\] comand; known are command, "),
        ],
    )
    def test_a_mistake_stops_the_start(self, config, ini, lines, message):
        with pytest.raises(ConfigurationError, match=message):
            add_services_from_ini(config, ini(*lines), {})

    @pytest.mark.parametrize(
        ("facts", "message"),
        [
            ({}, "service probe needs a core, the dotted name of a function, or a command"),
            ({"core": CORE, "command": "env"}, "service probe has a core and a command; it takes one of them"),
            ({"command": "env", "results": ["x"]}, "service probe: results = x: expected PATTERN MEDIA/TYPE"),
            ({"command": "env", "parameters": 3}, "service probe: parameters = 3: "),
            ({"command": 3}, "service probe: command = 3: expected a command line, as a text"),
            ({"command": ""}, "service probe: command = : expected a command line, as a text"),
        ],
    )
    def test_from_python_too(self, config, facts, message):
        with pytest.raises(ConfigurationError, match=message):
            config.add_uws_service("probe", **facts)


class TestServicesFromIni:
    def test_a_section_is_a_service(self, config, ini):
        path = ini(
            "core = sound:core",
            "title = A sound service",
            "parameters = sound:PARAMETERS",
            "credits = First",
            "    Second: with a colon",
            "renderers = async late",
            "preload = sound:preload",
            "worker_system = skyplugin.web:Named",
            "execution_duration = 7",
            "on_stop = leave",
            "on_destruction = archive",
        )
        config.add_uws_renderer("late", AsyncRenderer)
        add_services_from_ini(config, path, {})

        found = definition(config)

        assert found.core == "sound:core"
        assert found.title == "A sound service"
        assert [parameter.name for parameter in found.parameters] == ["A", "B"]
        assert found.credits == ("First", "Second: with a colon")
        assert found.renderers == ("async", "late")
        assert found.preload == "sound:preload"
        assert found.worker_system.__name__ == "Named"
        assert found.limits.execution_duration == 7
        assert (found.on_stop, found.on_destruction) == ("leave", "archive")

    def test_texts_may_be_dotted_names(self, config, ini):
        add_services_from_ini(
            config, ini("core = sound:core", "title = sound:TITLE", "credits = sound:CREDITS"), {}
        )

        found = definition(config)

        assert found.title == "The sound service"
        assert found.credits == ("Somebody", "Somebody else")

    def test_what_is_not_said_has_its_default(self, config, ini):
        add_services_from_ini(config, ini("core = sound:core"), {})

        found = definition(config)

        assert found.limits == Limits()
        assert (found.title, found.parameters, found.credits) == ("", (), ())
        assert (found.preload, found.worker_system, found.on_stop) == (None, None, None)

    def test_the_queue_is_told_in_a_section(self, config, ini):
        limits = {"max_running_per_owner": 2, "max_queued": 3, "max_queued_per_owner": 4}
        others = {"when_full": "hold", "priority": -5, "priority_parameter": "n", "retries": 6, "retry_pause": 0.5}
        lines = [f"{key} = {value}" for key, value in (limits | others).items()]

        add_services_from_ini(config, ini("core = sound:core", "parameters = sound:NUMBERED", *lines), {})

        found = definition(config)
        assert found.limits == Limits(**limits)
        assert {key: getattr(found, key) for key in others} == others

    @pytest.mark.parametrize(("written", "names"), [("any", ["*"]), ("sound:UPLOADS", ["mine"])])
    def test_uploads_are_declared_by_a_dotted_name_or_are_any(self, config, ini, written, names):
        add_services_from_ini(config, ini("core = sound:core", f"uploads = {written}"), {})

        assert [upload.name for upload in definition(config).uploads] == names

    def test_variables_of_the_whole_file_are_no_keys_of_the_section(self, config, ini):
        path = ini("core = sound:core", "title = %(who)s", head="[DEFAULT]\nwho = We")

        add_services_from_ini(config, path, {"http_port": "7000", "here": "/", "__file__": path})

        assert definition(config).title == "We"

    @pytest.mark.parametrize(
        ("lines", "message"),
        [
            ([], r"\[uws:service:probe\] needs a core, the dotted name of a function, or a comm"),
            (["core = nowhere:core"], r"service probe: core = nowhere:core: No module named 'nowhere'"),
            (
                ["core = sound:core", "titel = x"],
                r"unknown setting \[uws:service:probe\] titel; known are .*title",
            ),
            (["core = sound:core", "lifetime = a day"], r"setting \[uws:service:probe\] lifetime = a day: "),
            (["core = sound:core", "sync_limit = 0"], r"service probe: sync_limit = 0: expected at least 1 s"),
            (
                ["core = sound:core", "lifetime = -1"],
                r"lifetime = -1: expected a whole number that is not neg",
            ),
            (
                ["core = sound:core", "on_stop = explode"],
                r"on_stop = explode: expected one of .*requeue, ",
            ),
            (["core = sound:core", "when_full = burst"], r"when_full = burst: expected one of refuse, hold"),
            (["core = sound:core", "priority = high"], r"priority = high: expected a whole number"),
            (
                ["core = sound:core", "priority_parameter = HASTE"],
                r"priority_parameter HASTE: no single parameter of type int has this name",
            ),
            (["core = sound:core", "on_destruction = x"], r"on_destruction = x: expected one of remove, archive"),
            (["core = sound:core", "parameters = sound:X"], r"parameters = sound:X: module 'sound' has no attr"),
            (
                ["core = sound:core", "parameters = nowhere:X"],
                r"parameters = nowhere:X: No module named",
            ),
            (["core = sound:core", "parameters = sound:TWICE"], r"service probe: parameter A is declared twice"),
            (["core = sound:core", "parameters = unsound:PARAMETERS"], r"parameter A: unknown type 'strnig'"),
            (["core = sound:core", "uploads = all"], r"uploads = all: expected any, or the dotted name"),
            (["core = sound:core", "uploads = sound:NUMBER"], r"uploads = sound:NUMBER: expected any, or "),
            (["core = sound:core", "examples = sound:NUMBER"], r"examples = sound:NUMBER: .*sequence of Example"),
            (["core = sound:core", "examples = sound:NAMES"], r"examples = sound:NAMES: .*sequence of Example"),
            (["core = sound:core", "identifier = x/y"], r"service probe: identifier = x/y: expected ivo://"),
        ],
    )
    def test_a_section_that_cannot_be_stops_the_start(self, ini, tmp_path, lines, message):
        with pytest.raises(ConfigurationError, match=message):
            main({"__file__": ini(*lines)}, **{"uws.var": str(tmp_path / "var")})

        assert not (tmp_path / "var").exists()


class TestGaps:
    """What is wrong but not, or not clearly, said at start; a mark goes when its gap is closed."""

    @pytest.mark.parametrize(
        ("lines", "message"),
        [
            # Accepted, though the process of a job finds a core by its colon: every job fails.
            (["core = sound.core"], r"service probe: core = sound\.core: "),
            # AttributeError or TypeError with nothing but its text.
            (["core = sound:core", "parameters = sound:NAMES"], r"probe.* parameters"),
            (["core = sound:core", "parameters = sound:ONE"], r"probe.* parameters"),
            (["core = sound:core", "parameters = SECONDS"], r"probe.* parameters"),
            # Accepted; each request fails.
            (["core = sound:core", "worker_system = sound:NUMBER"], r"probe.* worker_system"),
            # Python's words, and an empty option.
            (["core = sound:core", "lifetime = a day"], r"lifetime = a day: expected a whole number"),
            (["core = sound:core", "on_stop = explode"], r"expected one of requeue, error, leave"),
        ],
    )
    def test_a_section_that_cannot_be_stops_the_start(self, config, ini, lines, message):
        with pytest.raises(ConfigurationError, match=message):
            add_services_from_ini(config, ini(*lines), {})


class TestMain:
    @pytest.mark.parametrize(
        ("settings", "error", "message"),
        [
            ({"uws.titel": "x"}, ConfigurationError, r"unknown setting uws\.titel"),
            ({"uws.max_wait": "-1"}, ConfigurationError, r"setting uws\.max_wait = -1"),
            ({"max_wait": "9"}, ConfigurationError, r"unknown setting max_wait; write uws\.max_wait = 9"),
            ({"uws.includes": "nowhere"}, ConfigurationError, r"uws\.includes = nowhere"),
            ({"uws.includes": "empty"}, ConfigurationError, "module 'empty' has no attribute 'includeme'"),
        ],
    )
    def test_settings_that_cannot_be_stop_the_start(self, ini, tmp_path, settings, error, message):
        with pytest.raises(error, match=message):
            main({"__file__": ini(f"core = {CORE}")}, **{"uws.var": str(tmp_path / "var")}, **settings)

        assert not (tmp_path / "var").exists()

    @pytest.mark.parametrize(
        ("settings", "lines", "message"),
        [
            (
                {},
                ["renderers = asnyc"],
                r"service probe: there is no renderer 'asnyc'; add_uws_renderer makes one known",
            ),
            (
                {"uws.work": "{0}/file/work"},
                [],
                r"setting uws\.work: the folder \S+/file/work cannot be made \(Not a directory\)",
            ),
            (
                {"uws.archive.uri": "file://{0}/../{0.name}/var/uws.fs?create=true"},
                [],
                r"setting uws\.archive\.uri = \S+: this is the database of the jobs, uws\.storage; give .*",
            ),
        ],
    )
    def test_the_sentence_of_a_mistake_stands_alone(self, ini, tmp_path, settings, lines, message):
        (tmp_path / "file").touch()
        settings = {name: value.format(tmp_path) for name, value in settings.items()}

        with pytest.raises(ConfigurationError) as caught:
            main({"__file__": ini(f"core = {CORE}", *lines)}, **{"uws.var": str(tmp_path / "var")}, **settings)

        assert re.fullmatch(message, str(caught.value))

    def test_it_includes_what_the_ini_file_names(self, ini, tmp_path):
        settings = {"uws.var": str(tmp_path / "var"), "uws.dispatcher": "none", "uws.includes": "skyplugin"}

        application = main({"__file__": ini(f"core = {CORE}")}, **settings)

        try:
            assert set(application.registry.uws.definitions) == {"probe", "galactic"}
        finally:
            application.registry.uws.close()
