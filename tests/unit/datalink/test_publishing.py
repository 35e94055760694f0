"""A section of an ini file, or a directive, publishes data."""

import dataclasses
import subprocess
import sys

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError

from pyramid_uws.config import add_services_from_ini
from pyramid_uws.datalink.declarations import SODA_PARAMETERS
from pyramid_uws.datalink.pieces import Datalink, assemble
from pyramid_uws.definition import definitions_of
from tests.support import observatory


@pytest.fixture
def config():
    config = Configurator()
    config.include("pyramid_uws.config")
    return config


@pytest.fixture
def published(config, tmp_path):
    """Return a function that publishes a section of these lines, and returns the definition."""

    def published(*lines):
        ini = tmp_path / "site.ini"
        ini.write_text("\n".join(["[app:main]", "use = egg:pyramid_uws", "[uws:service:data]", *lines]))
        add_services_from_ini(config, str(ini), {})
        config.commit()
        return definitions_of(config.registry)["data"]

    return published


def test_a_folder_is_enough(published, tmp_path):
    definition = published(f"datalink_folder = {tmp_path}")

    assert definition.datalink == Datalink(folder=str(tmp_path))
    assert definition.renderers == ("links", "soda", "dlasync")
    assert definition.parameters == SODA_PARAMETERS
    assert definition.core == "pyramid_uws.datalink.core:core"
    assert definition.preload == "pyramid_uws.datalink:preload"
    assert definition.options == dataclasses.asdict(definition.datalink)


def test_all_pieces_may_be_others(published):
    lines = [f"{key} = {value}" for key, value in observatory.SECTIONS["uws:service:plates"].items()]

    definition = published(*lines, "renderers = links", "datalink_max_sync = 1M", "datalink_max_ids = 7")

    assert definition.datalink == Datalink(**observatory.PIECES, max_sync=1024**2, max_ids=7)
    assert definition.renderers == ("links",)
    assert assemble(definition.datalink).access is observatory.may_see


def test_core_and_parameters_may_be_others(published, tmp_path):
    definition = published(
        f"datalink_folder = {tmp_path}",
        "core = pyramid_uws.demo.countdown:core",
        "parameters = pyramid_uws.demo.countdown:PARAMETERS",
    )

    assert definition.core == "pyramid_uws.demo.countdown:core"
    assert definition.parameters[0].name == "SECONDS"


def test_a_directive_does_the_same(config, tmp_path):
    config.add_uws_service("data", datalink=Datalink(folder=str(tmp_path)), title="Data")
    config.commit()

    definition = definitions_of(config.registry)["data"]
    assert (definition.title, definition.renderers) == ("Data", ("links", "soda", "dlasync"))


def test_a_service_without_it_tells_its_core_nothing(config):
    config.add_uws_service("count", core="pyramid_uws.demo.countdown:core")
    config.commit()

    assert definitions_of(config.registry)["count"].options == {}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["datalink_folder = /nonexistent"], "datalink_folder = /nonexistent: there is no such folder"),
        (["datalink_max_ids = 5"], "datalink_folder is missing"),
        (["datalink_max_ids = 0", "datalink_folder = /"], "datalink_max_ids = 0: expected at least 1"),
        (
            ["datalink_max_sync = much", "datalink_folder = /"],
            "datalink_max_sync = much: expected a number of bytes",
        ),
        (["datalink_pieces = x"], "unknown setting"),
        (
            ["datalink_folder = /", "datalink_links = pyramid_uws.datalink.links:this nothing"],
            "datalink_links = nothing: expected package.module:function",
        ),
        (
            ["datalink_folder = /", "datalink_function = pyramid_uws.datalink.cutting:slice"],
            "datalink_function = pyramid_uws.datalink.cutting:slice: ",
        ),
    ],
)
def test_what_cannot_be_is_told_at_the_start(published, lines, told):
    with pytest.raises(ConfigurationError) as caught:
        published(*lines)

    assert told in str(caught.value)


def test_a_datalink_of_another_kind_is_refused(config):
    with pytest.raises(ConfigurationError, match="expected a Datalink"):
        config.add_uws_service("data", datalink="/data")


def test_pieces_come_back_from_the_json_of_a_job():
    datalink = Datalink(folder="/x", max_sync=5)

    assert Datalink.from_mapping(dataclasses.asdict(datalink) | {"links": list(datalink.links)}) == datalink


def test_there_is_at_least_one_link_maker():
    with pytest.raises(ValueError, match="there is no link maker"):
        Datalink(links=())


def test_the_definition_loads_nothing_heavy():
    script = "import sys, pyramid_uws.datalink.pieces, pyramid_uws.publishing; print('numpy' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "False\n"
