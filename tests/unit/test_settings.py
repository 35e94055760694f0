"""The settings: read once, from a table, into a frozen object."""

import dataclasses
from pathlib import Path

import pytest
from pyramid.exceptions import ConfigurationError

from pyramid_uws.datalink.pieces import Datalink
from pyramid_uws.definition import ServiceDefinition
from pyramid_uws.sections import SERVICE_TABLE
from pyramid_uws.settings import PREFIX, TABLE, Settings, read_settings
from pyramid_uws.settings.converters import (
    choice,
    read_count,
    read_flag,
    read_integer,
    read_names,
    read_seconds,
    read_size,
)
from pyramid_uws.settings.keys import Key, convert_section
from pyramid_uws.uws.limits import Limits
from pyramid_uws.uws.registration import Registration
from pyramid_uws.uws.rights import Rights


class TestReadSize:
    @pytest.mark.parametrize(
        ("text", "size"),
        [
            ("0", 0),
            ("4096", 4096),
            ("64k", 65536),
            ("512 MB", 512 * 1024**2),
            ("2G", 2 * 1024**3),
            ("1tb", 1024**4),
        ],
    )
    def test_it_reads_bytes_and_multiples_of_1024(self, text, size):
        assert read_size(text) == size

    @pytest.mark.parametrize("text", ["", "-1", "1.5G", "G", "5X", "5 k b", "٣", "1" * 19])
    def test_others_are_refused(self, text):
        with pytest.raises(ValueError, match="number of bytes"):
            read_size(text)


class TestLeast:
    @pytest.mark.parametrize(
        ("name", "value"), [("max_memory", 4096), ("max_open_files", 3), ("max_disk", 1), ("max_log", 0)]
    )
    def test_what_no_core_could_begin_with_is_refused(self, name, value):
        with pytest.raises(ValueError, match=f"{name} = {value}: expected at least"):
            Limits(**{name: value})


class TestReadSettings:
    def test_it_has_a_default_for_every_key(self):
        settings = read_settings({})

        assert settings.dispatcher == "embedded"
        assert settings.on_stop == "requeue"
        assert settings.max_wait == 60
        assert settings.grace == 0.5
        assert settings.title == "Asynchronous services"
        assert settings.includes == ()

    def test_it_keeps_jobs_to_those_who_know_them_unless_told_otherwise(self):
        settings = read_settings({})

        assert settings.list_anonymous is False
        assert settings.development is False

    def test_it_puts_everything_below_var(self):
        settings = read_settings({"uws.var": "/srv/uws"})

        assert settings.storage == "file:///srv/uws/uws.fs"
        assert settings.results == Path("/srv/uws/results")
        assert settings.work == Path("/srv/uws/work")
        assert settings.socket == Path("/srv/uws/uws.socket")

    def test_it_takes_paths_from_the_current_folder_and_from_home(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", "/home/astronomer")

        settings = read_settings({"uws.var": "here", "uws.results": "~/results"})

        assert settings.var == tmp_path / "here"
        assert settings.results == Path("/home/astronomer/results")

    def test_it_takes_what_is_given(self):
        given = {
            "uws.storage": "zeo://db:8090",
            "uws.dispatcher": "none",
            "uws.max_running": "4",
            "uws.on_stop": "leave",
            "uws.grace": "2.5",
            "uws.list_anonymous": "Yes",
            "uws.includes": "one\n two.three",
        }

        settings = read_settings(given)

        assert settings.storage == "zeo://db:8090"
        assert settings.dispatcher == "none"
        assert settings.max_running == 4
        assert settings.on_stop == "leave"
        assert settings.grace == 2.5
        assert settings.list_anonymous is True
        assert settings.includes == ("one", "two.three")

    def test_it_leaves_the_keys_of_others_alone(self):
        read_settings({"pyramid.debug_all": "true", "skyplugin.anything": "goes", "uwsx": "too"})

    def test_it_takes_values_that_are_no_text(self):
        settings = read_settings({"uws.var": Path("/srv/uws"), "uws.max_running": 3, "uws.development": True})

        assert (settings.var, settings.max_running, settings.development) == (Path("/srv/uws"), 3, True)

    def test_it_refuses_a_key_that_nobody_knows(self):
        with pytest.raises(ConfigurationError, match=r"unknown setting uws\.titel; known are .*, title"):
            read_settings({"uws.titel": "Sky"})

    @pytest.mark.parametrize(
        ("key", "text", "expected"),
        [
            ("dispatcher", "both", "expected one of embedded, none"),
            ("on_stop", "explode", "expected one of requeue, error, leave"),
            ("grace", "-1", "a number of seconds that is not negative"),
            ("max_wait", "-1", "expected a whole number that is not negative"),
            ("list_anonymous", "perhaps", "expected true or false"),
        ],
    )
    def test_it_says_which_key_has_which_value_and_what_was_expected(self, key, text, expected):
        with pytest.raises(ConfigurationError) as caught:
            read_settings({f"uws.{key}": text})

        assert str(caught.value).startswith(f"setting uws.{key} = {text}: ")
        assert expected in str(caught.value)

    def test_what_it_returns_stays_as_it_is(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            read_settings({}).title = "another"


class TestTheTable:
    def test_it_has_the_fields_of_the_settings(self):
        assert [key.name.replace(".", "_") for key in TABLE] == [
            field.name for field in dataclasses.fields(Settings)
        ]

    @pytest.mark.parametrize("key", [*TABLE, *SERVICE_TABLE], ids=lambda key: key.name)
    def test_it_says_what_each_key_means(self, key):
        assert key.meaning[0].isupper()
        assert key.meaning.endswith(".")
        assert "|" not in key.meaning

    def test_that_of_services_has_what_a_definition_takes(self):
        of_a_command = {"results", "stdout", "exit_codes", "progress"}
        of_datalink = {f"datalink_{field.name}" for field in dataclasses.fields(Datalink)}
        kinds = (ServiceDefinition, Limits, Registration, Rights)
        taken = {field.name for kind in kinds for field in dataclasses.fields(kind)}

        names = {key.name for key in SERVICE_TABLE} - of_a_command - of_datalink
        assert names == taken - {"name", "limits", "registration", "rights", "datalink"}

    def test_that_of_services_has_the_defaults_of_the_pieces_of_datalink(self):
        keys = {key.name: key for key in SERVICE_TABLE}

        for field in dataclasses.fields(Datalink):
            key = keys[f"datalink_{field.name}"]
            assert key.convert(key.default) == field.default, key.name

    def test_that_of_services_has_the_defaults_of_limits(self):
        limits = Limits()

        for key in SERVICE_TABLE:
            if hasattr(limits, key.name):
                assert key.convert(key.default) == getattr(limits, key.name), key.name


class TestConvertSection:
    def test_a_default_may_use_what_was_read_before(self):
        table = (Key("a", str, "x", ""), Key("b", str, "{a}/y", ""))

        assert convert_section(table, {"a": "z"}, PREFIX) == {"a": "z", "b": "z/y"}

    def test_a_given_value_is_taken_as_it_is(self):
        assert convert_section((Key("a", str, "", ""),), {"a": " {b} "}, PREFIX) == {"a": "{b}"}


class TestConverters:
    @pytest.mark.parametrize("text", ["true", "True", "yes", "on", "1", "t", "y", " TRUE "])
    def test_a_flag_is_up(self, text):
        assert read_flag(text) is True

    @pytest.mark.parametrize("text", ["false", "no", "off", "0", "F", "n"])
    def test_a_flag_is_down(self, text):
        assert read_flag(text) is False

    @pytest.mark.parametrize("text", ["", "maybe", "2"])
    def test_a_flag_is_nothing_else(self, text):
        with pytest.raises(ValueError, match="expected true or false"):
            read_flag(text)

    def test_a_count_is_a_whole_number(self):
        assert read_count("12") == 12

    @pytest.mark.parametrize("text", ["-1", "1.5", "many", ""])
    def test_a_count_is_nothing_else(self, text):
        with pytest.raises(ValueError, match=r".+"):
            read_count(text)

    def test_an_integer_may_be_negative(self):
        assert [read_integer(text) for text in ("12", "-3", "+0")] == [12, -3, 0]

    @pytest.mark.parametrize("text", ["--1", "1.5", "-", "", "1" * 19])
    def test_an_integer_is_nothing_else(self, text):
        with pytest.raises(ValueError, match="expected a whole number"):
            read_integer(text)

    def test_seconds_may_have_fractions(self):
        assert read_seconds("0.25") == 0.25

    @pytest.mark.parametrize("text", ["-1", "nan", "inf", "1e9", "soon"])
    def test_seconds_are_nothing_else(self, text):
        with pytest.raises(ValueError, match=r".+"):
            read_seconds(text)

    def test_names_are_separated_by_blanks_of_any_kind(self):
        assert read_names(" one two\n\tthree ") == ("one", "two", "three")

    def test_a_choice_takes_one_of_its_options(self):
        convert = choice("left", "right")

        assert convert("left") == "left"
        with pytest.raises(ValueError, match="expected one of left, right"):
            convert("up")
