"""The command line of uws-admin: what is understood, and what is wrong usage."""

import pytest

from pyramid_uws.admin.arguments import parse
from pyramid_uws.admin.commands import COMMANDS
from pyramid_uws.uws.instants import parse_instant


@pytest.fixture
def ini(tmp_path):
    path = tmp_path / "site.ini"
    path.write_text("[app:main]\n")
    return str(path)


@pytest.fixture
def refused(ini, capsys):
    """Return a function that returns the complaint about wrong usage."""

    def refused(*words):
        with pytest.raises(SystemExit) as end:
            parse([ini, *words])
        assert end.value.code == 2
        return capsys.readouterr().err

    return refused


class TestIniAndVariables:
    def test_variables_of_the_ini_file_stand_behind_it(self, ini):
        options = parse([ini, "var=/data/a=b", "http.port=", "status"])

        assert options.command == "status"
        assert options.variables == {"var": "/data/a=b", "http.port": ""}

    def test_there_need_not_be_any(self, ini):
        assert parse([ini, "status"]).variables == {}

    def test_variables_behind_the_command_are_none(self, refused):
        assert "unrecognized arguments: var=/data" in refused("status", "var=/data")

    def test_a_section_may_be_named_behind_the_ini_file(self, ini):
        assert parse([f"{ini}#inner", "status"]).ini == f"{ini}#inner"

    def test_an_ini_file_that_is_not_there_is_wrong_usage(self, capsys, tmp_path):
        with pytest.raises(SystemExit) as end:
            parse([str(tmp_path / "none.ini"), "status"])

        assert end.value.code == 2
        assert f"there is no ini file {tmp_path / 'none.ini'}" in capsys.readouterr().err

    @pytest.mark.parametrize("words", [[], ["dance"], ["status", "--loud"]])
    def test_no_command_and_unknown_ones_are_wrong_usage(self, refused, words):
        assert refused(*words).startswith("usage: uws-admin SITE.INI [NAME=VALUE ...]")


class TestHelp:
    @pytest.mark.parametrize("words", [["--help"], *(["x.ini", name, "--help"] for name in COMMANDS)])
    def test_every_command_has_help_with_its_own_usage(self, capsys, words):
        with pytest.raises(SystemExit) as end:
            parse(words)

        help_text = capsys.readouterr().out
        assert end.value.code == 0
        assert help_text.startswith(f"usage: uws-admin SITE.INI [NAME=VALUE ...] {words[1] if words[1:] else ''}")

    def test_the_help_of_all_names_every_command(self, capsys):
        with pytest.raises(SystemExit):
            parse(["--help"])

        help_text = capsys.readouterr().out
        assert all(f"\n    {name} " in help_text for name in COMMANDS)

    def test_the_version_is_told(self, capsys):
        with pytest.raises(SystemExit):
            parse(["--version"])

        assert capsys.readouterr().out.startswith("uws-admin ")


class TestJobs:
    def test_all_conditions_are_read(self, ini):
        words = ["--service", "s", "--phase", "error", "ABORTED", "--phase", "PENDING", "--owner", "anna"]
        options = parse([ini, "jobs", *words, "--after", "2026-01-02", "--last", "5"])

        assert options.phase == ["ERROR", "ABORTED", "PENDING"]
        assert (options.service, options.owner, options.last) == ("s", "anna", 5)
        assert options.after == parse_instant("2026-01-02")

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (["--phase", "DONE"], "invalid choice: 'DONE'"),
            (["--after", "yesterday"], "'yesterday': expected a UTC instant"),
            (["--last", "0"], "'0': expected a whole number greater than 0"),
            (["--last", "²"], "'²': expected a whole number"),
            (["--owner", "anna", "--all"], "not allowed with argument"),
        ],
    )
    def test_unreadable_conditions_are_named(self, refused, words, complaint):
        assert complaint in refused("jobs", *words)


class TestActing:
    @pytest.mark.parametrize("words", [["abcdef", "--yes", "ghijkl"], ["--yes", "abcdef", "ghijkl"]])
    @pytest.mark.parametrize("command", ["abort", "delete"])
    def test_jobs_may_stand_on_both_sides_of_an_option(self, ini, command, words):
        options = parse([ini, command, *words])

        assert options.jobs == ["abcdef", "ghijkl"]
        assert options.yes

    @pytest.mark.parametrize("words", [["abcde"], ["abcdef", "--yes", "abcde"]])
    def test_a_job_is_named_by_six_characters_at_least(self, refused, words):
        assert "'abcde' is too short: a job is named by at least 6 characters" in refused("abort", *words)

    def test_abort_needs_a_job(self, refused):
        assert "the following arguments are required: JOB" in refused("abort")

    @pytest.mark.parametrize(
        "words", [[], ["abcdef", "--phase", "ERROR"], ["--older-than", "1", "--yes", "abcdef"]]
    )
    def test_delete_takes_either_jobs_or_conditions(self, refused, words):
        assert "delete takes either jobs, or --phase, --older-than and --service" in refused("delete", *words)

    @pytest.mark.parametrize("words", [["--phase", "ERROR"], ["--older-than", "0"], ["--service", "s"]])
    def test_one_condition_is_enough_for_delete(self, ini, words):
        assert parse([ini, "delete", *words]).jobs == []

    def test_days_may_be_parts_of_days(self, ini):
        assert parse([ini, "pack", "--days", "0.5"]).days == 0.5

    @pytest.mark.parametrize("days", ["-1", "nan", "inf", "many", "1e9"])
    def test_days_are_bounded(self, refused, days):
        assert "expected a number of days from 0 to 36500" in refused("pack", f"--days={days}")
