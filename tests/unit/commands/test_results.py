"""Which files become results, under which ids; what an operator writes of that and of exit statuses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.commands import Command, CommandLine, ExitCode, ResultRule, Stdout
from pyramid_uws.commands.results import choose, safe_id
from pyramid_uws.commands.written import read_exit_code, read_output, read_result
from pyramid_uws.uws.results import RESULT_ID


class TestPatterns:
    @pytest.mark.parametrize(
        ("glob", "path"),
        [
            ("out.vot", "out.vot"),
            ("*.png", "a.png"),
            ("plots/*.png", "plots/a.png"),
            ("*/*.png", "plots/a.png"),
            ("**/*.png", "a.png"),
            ("**/*.png", "a/b/c.png"),
            ("a/**/b", "a/x/y/b"),
            ("a?[0-9].txt", "ab7.txt"),
            ("[!a]", "b"),
            ("[]]", "]"),
            (".hidden", ".hidden"),
        ],
    )
    def test_what_matches(self, glob, path):
        assert ResultRule(glob, "text/plain").matches(path)

    @pytest.mark.parametrize(
        ("glob", "path"),
        [
            ("*.png", "plots/a.png"),
            ("*.png", ".a.png"),
            ("**/*", ".cache/x"),
            ("*", ".x"),
            ("*.PNG", "a.png"),
            ("out.vot", "out.vot.tmp"),
            ("a.c", "abc"),
            ("*/x", "x"),
        ],
    )
    def test_what_does_not(self, glob, path):
        assert not ResultRule(glob, "text/plain").matches(path)

    @pytest.mark.parametrize("glob", ["/etc/passwd", "../x", "a/../b", "./a", "a//b", "a/", "", "a\0b"])
    def test_they_stay_in_the_folder_of_the_job(self, glob):
        with pytest.raises(ValueError, match="is no pattern of files within the job's folder"):
            ResultRule(glob, "text/plain")

    @pytest.mark.parametrize(
        ("glob", "message"),
        [
            ("a**", r"\*\* stands for folders"),
            ("x/**", r"\*\* stands for folders"),
            ("[ab", r"\[ab: \[ without \] behind it"),
            ("a[]", r"\[ without \]"),
        ],
    )
    def test_what_cannot_match_is_a_mistake(self, glob, message):
        with pytest.raises(ValueError, match=message):
            ResultRule(glob, "text/plain")


class TestIds:
    @pytest.mark.parametrize(
        ("name", "result_id"),
        [
            ("sky.png", "sky.png"),
            (".hidden", "hidden"),
            ("-rf", "rf"),
            ("a b/ü.txt", "a_b_.txt"),
            ("☃", "result"),
            ("x" * 300, "x" * 100),
        ],
    )
    def test_a_file_name_is_made_safe(self, name, result_id):
        assert safe_id(name) == result_id

    @given(name=st.text())
    def test_whatever_it_is(self, name):
        assert RESULT_ID.fullmatch(safe_id(name))

    def test_files_get_ids_of_their_names_in_the_order_of_the_rules(self):
        rules = [ResultRule("b*", "text/plain"), ResultRule("**/*", "image/png", "plot", optional=True)]

        found = choose(rules, ["a", "b2", "b1", "x/b1", "c"], taken=["b2"])

        assert [(each.path, each.id) for each in found] == [
            ("b1", "b1"),
            ("b2", "b2-2"),
            ("a", "plot"),
            ("c", "plot-2"),
            ("x/b1", "plot-3"),
        ]

    def test_a_long_id_leaves_room_for_a_number(self):
        (one, two) = choose([ResultRule("**/x*", "a/b")], ["a/" + "x" * 100, "b/" + "x" * 100])

        assert one.id != two.id
        assert RESULT_ID.fullmatch(two.id)


class TestWritten:
    @pytest.mark.parametrize(
        ("line", "rule"),
        [
            ("out.vot application/x-votable+xml", ResultRule("out.vot", "application/x-votable+xml")),
            ("*.png image/png plot", ResultRule("*.png", "image/png", "plot")),
            ("*.png  image/png  optional", ResultRule("*.png", "image/png", optional=True)),
            ("*.png image/png plot optional", ResultRule("*.png", "image/png", "plot", optional=True)),
            ("'my file' 'text/plain; x=\"y\"'", ResultRule("my file", 'text/plain; x="y"')),
        ],
    )
    def test_a_result_is_a_line(self, line, rule):
        assert read_result(line) == rule

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("out.vot", "expected PATTERN MEDIA/TYPE"),
            ("out.vot optional", "'optional' is not a media type"),
            ("a text/plain b c", "expected PATTERN MEDIA/TYPE"),
            ("a plain", "'plain' is not a media type"),
            ("a text/plain /b", "'/b' cannot be the id of a result"),
            ("'a text/plain", "No closing quotation"),
        ],
    )
    def test_a_result_that_cannot_be(self, line, message):
        with pytest.raises(ValueError, match=message):
            read_result(line)

    def test_stdout_is_an_id_and_a_media_type(self):
        assert read_output("header text/plain") == Stdout("header", "text/plain")
        assert read_output("header text/plain optional") == Stdout("header", "text/plain", optional=True)
        assert read_output("") is None

    @pytest.mark.parametrize("text", ["header", "header text plain", "h/x text/plain", "header text"])
    def test_stdout_that_cannot_be(self, text):
        with pytest.raises(ValueError, match=r"expected ID MEDIA/TYPE|cannot be the id|is not a media type"):
            read_output(text)

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ("3 = fatal  No star there.", ExitCode(3, "fatal", "No star there.")),
            (
                "75=transient Try later: it sleeps.",
                ExitCode(75, "transient", "Try later: it sleeps."),
            ),
            ("1 = ok", ExitCode(1, "ok")),
            ("1 = ok Nothing found.", ExitCode(1, "ok", "Nothing found.")),
        ],
    )
    def test_an_exit_status_is_a_line(self, line, code):
        assert read_exit_code(line) == code

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("3 fatal x", "expected STATUS = "),
            ("three = fatal x", "expected STATUS = "),
            ("-1 = fatal x", "expected STATUS = "),
            ("0 = fatal x", "0: an exit status that needs words is a number from 1 to 255"),
            ("256 = fatal x", "256: an exit status"),
            ("3 = deadly x", "'deadly': expected one of fatal, transient, ok"),
            ("3 = fatal", "3: an error needs a sentence"),
        ],
    )
    def test_an_exit_status_that_cannot_be(self, line, message):
        with pytest.raises(ValueError, match=message):
            read_exit_code(line)


class TestCommand:
    def test_it_travels_as_json(self):
        command = Command(
            program="/bin/p",
            line=CommandLine("p [ {A} ] x"),
            results=(ResultRule("*", "text/plain", "x", optional=True),),
            stdout=Stdout("out", "text/plain"),
            exit_codes=(ExitCode(3, "fatal", "Three."),),
        )
        telling = Command(program="/bin/p", line=CommandLine("p"), progress=True)

        assert Command.from_plain(json.loads(json.dumps(command.to_plain()))) == command
        assert Command.from_plain(json.loads(json.dumps(telling.to_plain()))) == telling
        bare = Command(program="/bin/p", line=CommandLine("p"))
        assert Command.from_plain(json.loads(json.dumps(bare.to_plain()))) == bare

    def test_an_exit_status_without_words_names_program_and_status(self):
        command = Command(program="/bin/p", line=CommandLine("/opt/bin/p x"))

        assert command.meaning(4) == ExitCode(4, "fatal", "The program p ended with exit status 4.")

    @pytest.mark.parametrize(
        ("facts", "message"),
        [
            ({"exit_codes": (ExitCode(1, "ok"), ExitCode(1, "fatal", "x"))}, "exit status 1 is named 2 times"),
            (
                {"results": (ResultRule("a", "a/b", "x"), ResultRule("b", "a/b", "x"))},
                "result id x is named",
            ),
            (
                {"progress": True, "stdout": Stdout("x", "a/b")},
                "stdout tells of the progress, and can",
            ),
            ({"results": (ResultRule("a", "a/b"), ResultRule("a", "a/c"))}, "pattern a is named 2 times"),
            (
                {"results": (ResultRule("a", "a/b", "x"),), "stdout": Stdout("x", "a/b")},
                "result id x is named",
            ),
        ],
    )
    def test_it_does_not_contradict_itself(self, facts, message):
        with pytest.raises(ValueError, match=message):
            Command(program="/bin/p", line=CommandLine("p"), **facts)
