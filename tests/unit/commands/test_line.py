"""Command lines: split once, filled word by word, whatever values hold; mistakes are found when they are read."""

import shlex
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyramid_uws.commands import Command, CommandLine, Takes
from pyramid_uws.exceptions import BadValue
from pyramid_uws.parameters import Parameter, Upload, complete

DECLARED = (
    Parameter(name="NAME", required=True),
    Parameter(name="Radius", type="double", minimum=0.0),
    Parameter(name="DEC", type="double", default=0.0),
    Parameter(name="COUNT", type="int", default=3),
    Parameter(name="FLAG", type="boolean", default=False),
    Parameter(name="MANY", multiple=True),
    Parameter(name="SOME", type="int", multiple=True, default=(1, 2)),
    Parameter(name="POS", type="circle", default=(83.6, -22.0, 0.5)),
    Parameter(name="WHEN", type="timestamp", default=0),
    Parameter(name="ID", type="uuid"),
    Parameter(name="TABLE"),
    Parameter(name="SET", type="double", condition=True),
)
ALL = frozenset(parameter.key for parameter in DECLARED)
FACTS = {"job.id": "abc", "job.directory": "/scratch"}


def words(line, *pairs, files=(), declared=DECLARED):
    """Return the arguments behind the program, as texts, for what a client sends."""
    command = Command(program="/bin/p", line=CommandLine(f"p {line}"))
    command.check(Takes(declared, unused=ALL))
    named = () if any(name == "NAME" for name, _ in pairs) else (("NAME", "n"),)
    values = complete(declared, (*named, *pairs), files)
    filled = command.arguments(declared, values, {name: f"/store/{name}" for name in files}, FACTS)
    assert filled[0] == b"p"
    return [word.decode() for word in filled[1:]]


class TestSplitting:
    def test_it_is_split_as_a_shell_would_over_lines_too(self):
        assert words("a 'b c' \"d 'e'\"\n   f\\ g ''") == ["a", "b c", "d 'e'", "f g", ""]

    def test_nothing_else_of_a_shell_happens(self):
        line = "$HOME ~ * a|b ; `id` $(id) > out # x"

        assert words(line) == shlex.split(line)

    def test_braces_and_brackets_are_doubled_to_be_themselves(self):
        assert words("{{}} a{{b}}c [[ ]] x[1] [x]") == ["{}", "a{b}c", "[", "]", "x[1]", "[x]"]


class TestValues:
    @pytest.mark.parametrize(
        ("placeholder", "pairs", "written"),
        [
            ("{NAME}", [], "n"),
            ("{name}", [], "n"),
            ("a{NAME}b{NAME}", [], "anbn"),
            ("{COUNT}", [("COUNT", "0x10")], "16"),
            ("x={DEC}", [("DEC", "-1e3")], "x=-1000.0"),
            ("{FLAG}", [], "false"),
            ("{POS}", [], "83.6 -22.0 0.5"),
            ("{POS:1},{POS:2}", [], "83.6,-22.0"),
            ("{WHEN}", [("WHEN", "2026-01-31T12:00:00.5Z")], "2026-01-31T12:00:00.500000Z"),
            ("{job.id}", [], "abc"),
            ("{job.directory}/x", [], "/scratch/x"),
        ],
    )
    def test_a_value_is_written_as_the_literal_of_its_type(self, placeholder, pairs, written):
        assert words(placeholder, *pairs) == [written]

    def test_a_uuid_too(self):
        text = str(uuid.UUID(int=7))

        assert words("[ {ID} ]", ("ID", text.upper())) == [text]

    @pytest.mark.parametrize(
        "value",
        [
            "; rm -rf / #",
            "$(id) `id` ${HOME}",
            "' \" \\",
            "a b\tc\nd\r",
            "{NAME} {{ }} {job.directory}",
            "[ ] [[ ]]",
            "*",
            "größer ☃ \U0001f30c",
            "",
            "%s %(here)s",
            "../../etc/passwd",
        ],
    )
    def test_whatever_it_holds_it_stays_in_its_word(self, value):
        assert words("--name={NAME} last", ("NAME", value)) == [f"--name={value}", "last"]

    @given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
    def test_any_text_does(self, value):
        assert words("--name={NAME} {COUNT} x", ("NAME", value)) == [f"--name={value}", "3", "x"]

    def test_the_path_of_a_file_takes_the_place_of_its_name(self):
        assert words("in={TABLE:input}", files=["TABLE"], declared=required_table()) == ["in=/store/TABLE"]


def required_table():
    return (*DECLARED[:-2], Parameter(name="TABLE", required=True))


class TestOptions:
    """What a client sends is no option of the program."""

    @pytest.mark.parametrize("value", ["-rf", "--output=/etc/passwd", "-", "-1"])
    def test_a_word_that_is_a_value_must_not_begin_with_a_dash(self, value):
        with pytest.raises(BadValue, match=f"^NAME='{value}': a value must not begin with - here.$"):
            words("{NAME}", ("NAME", value))

    def test_nor_must_a_number(self):
        with pytest.raises(BadValue, match=r"DEC='-5\.0': a value must not begin with -"):
            words("{DEC}", ("DEC", "-5"))

    def test_nor_does_an_empty_value_hide_one(self):
        with pytest.raises(BadValue, match="must not begin with -"):
            words("{NAME}{DEC}", ("NAME", ""), ("DEC", "-5"))

    def test_nor_several(self):
        with pytest.raises(BadValue, match="MANY='-x'"):
            words("[ {MANY} ]", ("MANY", "a"), ("MANY", "-x"))

    def test_unless_the_placeholder_allows_it(self):
        assert words("{DEC:dash} {POS:2:dash} -- {NAME:dash}", ("DEC", "-5"), ("NAME", "-x")) == [
            "-5.0",
            "-22.0",
            "--",
            "-x",
        ]

    def test_allowing_it_for_one_does_not_allow_it_for_another(self):
        with pytest.raises(BadValue, match="NAME"):
            words("{NAME}{DEC:dash}", ("NAME", "-x"))

    def test_behind_something_a_dash_is_just_a_dash(self):
        assert words("x={DEC}", ("DEC", "-5")) == ["x=-5.0"]


class TestWhatCannotBe:
    def test_a_nul_is_refused(self):
        with pytest.raises(BadValue, match=r"NAME='a.*NUL"):
            words("x{NAME}", ("NAME", "a\0b"))

    def test_a_word_that_is_too_long_for_the_system_is_refused(self):
        assert len(words("{NAME}", ("NAME", "x" * (128 * 1024 - 1)))[0]) == 128 * 1024 - 1
        with pytest.raises(BadValue, match=r"NAME='xxx.*it has to be shorter than 128 kB here"):
            words("{NAME}", ("NAME", "x" * 128 * 1024))

    def test_characters_count_as_the_bytes_they_take(self):
        with pytest.raises(BadValue, match="shorter than 128 kB"):
            words("{NAME}", ("NAME", "☃" * 50_000))

    def test_a_parameter_of_type_file_has_its_path_as_value(self):
        declared = (Parameter(name="F", type="file", required=True),)
        command = Command(program="/bin/p", line=CommandLine("p {F:input} [ {F:if} x ]"))
        command.check(Takes(declared))

        assert command.arguments(declared, {"F": Path("/f")}, {"F": "/f"}) == [b"p", b"/f", b"x"]
        assert command.arguments(declared, {"F": None}, {"F": "/"}) == [b"p", b"/", b"x"]
        with pytest.raises(ValueError, match=r"\{F\}: this parameter is a file, \{F:input\}"):
            Command(program="/bin/p", line=CommandLine("p {F}")).check(Takes(declared))

    def test_a_file_for_a_text_is_refused_and_a_text_for_a_file(self):
        command = Command(program="/bin/p", line=CommandLine("p {NAME}"))

        with pytest.raises(BadValue, match=r"^NAME='': this is sent as a text, not as a file"):
            command.arguments(DECLARED, {"NAME": None}, {"NAME": "/x"})
        with pytest.raises(BadValue, match=r"^TABLE='a,b': this is sent as a file, not as a text"):
            words("[ {TABLE:input} ]", ("TABLE", "a,b"))


class TestGroups:
    def test_a_group_is_there_if_its_value_is(self):
        assert words("[ --radius {Radius} ] x", ("RADIUS", "1.5")) == ["--radius", "1.5", "x"]
        assert words("[ --radius {Radius} ] x") == ["x"]

    def test_it_needs_all_of_them(self):
        assert words("[ {Radius} {TABLE} ]", ("RADIUS", "1")) == []

    def test_it_is_repeated_for_each_of_several_values(self):
        line = "[ --many {MANY} {COUNT} ] x"

        assert words(line, ("MANY", "a"), ("MANY", "b")) == ["--many", "a", "3", "--many", "b", "3", "x"]
        assert words(line) == ["x"]

    def test_so_is_a_word_of_its_own(self):
        assert words("s={SOME}") == ["s=1", "s=2"]

    def test_a_flag_is_there_if_it_is_true(self):
        line = "[ {FLAG:if} --verbose ]"

        assert words(line, ("FLAG", "1")) == ["--verbose"]
        assert words(line, ("FLAG", "0")) == words(line) == []

    def test_a_condition_on_another_parameter_asks_whether_it_was_given(self):
        assert words("[ {TABLE:if} --with-table ]", ("TABLE", "x")) == ["--with-table"]
        assert words("[ {TABLE:if} --with-table ]", files=["TABLE"]) == ["--with-table"]
        assert words("[ {COUNT:if} --zero ]", ("COUNT", "0")) == ["--zero"]
        assert words("[ {TABLE:if} --with-table ]") == []

    def test_an_optional_file_is_a_group(self):
        assert words("[ -t {TABLE:input} ]", files=["TABLE"]) == ["-t", "/store/TABLE"]
        assert words("[ -t {TABLE:input} ]") == []


class TestMistakes:
    """An operator's mistakes: said when the server starts."""

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("", "expected a program"),
            ("p 'a", r"No closing quotation \(a quote or a backslash that has no partner\)"),
            ("p a\\", "No escaped character"),
            ("{NAME} x", "expected a program here, and one that no job chooses"),
            ("p{NAME} x", "expected a program here"),
            ("[ p ]", "expected a program here"),
            ("'' x", "expected a program here"),
            ("p {NAME", r"\{NAME: a single \{; a brace itself is written \{\{"),
            ("p NAME}", r"NAME\}: a single \}"),
            ("p {NAME:inptu}", r"\{NAME:inptu\}: 'inptu' is none of input, if, dash, 1, 2, 3, 4"),
            ("p {NAME:0}", "is none of"),
            ("p {NAME:}", "is none of"),
            ("p {NAME:input:dash}", "these do not go together"),
            ("p {NAME:1:2}", "these do not go together"),
            ("p {job.id:dash}", "job.id is taken as it is"),
            ("p [ a", r"\[ without \] behind it; a word that is to be \[ itself is written \[\["),
            ("p a ]", r"\] without \[ before it"),
            ("p [ [ a ] ]", "groups do not hold groups"),
            (
                "p [--radius {NAME}]",
                r"\[--radius: the brackets of a group are words of their own",
            ),
        ],
    )
    def test_what_cannot_be_read(self, line, message):
        with pytest.raises(ValueError, match=message):
            CommandLine(line)

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("p {NMAE}", r"command = p ...: \{NMAE\} stands for nothing; there is NAME, Radius, "),
            ("p {}", r"\{\} stands for nothing"),
            ("p {job.owner}", "stands for nothing; there is .*job.id, job.directory"),
            ("p {SET}", r"\{SET\}: a condition is a set of values"),
            ("p {COUNT:input}", "a file is sent for a single parameter of type string"),
            ("p {MANY:input}", "a file is sent for a single parameter of type string"),
            ("p {POS:4}", "a value of type circle does not have so many numbers"),
            ("p {NAME:1}", "a value of type string does not have so many numbers"),
            (
                "p --radius {Radius}",
                r"\{Radius\} may be missing: put it, with what belongs to it, betw",
            ),
            ("p {MANY}", r"\{MANY\} may be missing"),
            ("p {TABLE:input}", r"\{TABLE\} may be missing"),
            ("p [ a ]", r"a group \[ \] without a placeholder of a parameter would always be there"),
            ("p [ {job.id} ]", "would always be there"),
            ("p [ {MANY}{SOME} ]", "only one multiple parameter"),
            ("p {FLAG:if}", r"\{FLAG:if\} is a word of its own, and in a group"),
            ("p [ x{FLAG:if} ]", r"\{FLAG:if\} is a word of its own, and in a group"),
        ],
    )
    def test_what_does_not_fit_the_parameters(self, line, message):
        with pytest.raises(ValueError, match=message):
            Command(program="/bin/p", line=CommandLine(line)).check(Takes(DECLARED, unused=ALL))

    @pytest.mark.parametrize(
        "line",
        [
            "sh -c 'grep {NAME} /data'",
            "/bin/bash -lc {NAME}",
            "nice -n 5 bash -c 'echo {COUNT}'",
            "env python3.11 -c 'print({NAME})'",
            "perl -ne '{{print if {NAME}}}' x",
            "sh -c [ {Radius} ]",
            "sh -ceu 'grep {NAME} /data'",
            "bash -euo pipefail -c 'grep {NAME} /data | sort'",
            "sh -c -x 'grep {NAME} /data'",
            "python3 '-cprint({NAME})'",
            "nice perl '-eprint {NAME}'",
            "node --eval 'print({NAME})'",
            "awk -v x={COUNT} '/{NAME}/'",
            "sed -n s/{NAME}//p file",
            "su nobody -c 'grep {NAME} /data'",
            "ssh -p 22 host grep {NAME} /data",
        ],
    )
    def test_a_value_in_the_code_of_a_shell(self, line):
        with pytest.raises(ValueError, match=r"stands in code that \S+ runs, and what a client sends would be"):
            Command(program="/bin/p", line=CommandLine(line)).check(Takes(DECLARED, unused=ALL))

    @pytest.mark.parametrize(
        "line",
        [
            """sh -c 'grep "$1" /data' - {NAME}""",
            "sh script {NAME}",
            "python3 -c 'import sys' {NAME}",
            "wc -c {NAME}",
            "sh -c 'ls {job.directory}'",
            "bash -euo pipefail script {NAME}",
            "python3 prog.py -r {COUNT} -dec {NAME} -c{NAME}",
            "python3 -m prog -r {COUNT}",
            "python3 -W ignore prog.py -e {NAME}",
            "awk -v x={COUNT} -f prog.awk {NAME}",
            "plot sed {NAME}",
        ],
    )
    def test_a_value_beside_it_is_none(self, line):
        Command(program="/bin/p", line=CommandLine(line)).check(Takes(DECLARED, unused=ALL))

    def test_a_parameter_that_does_nothing(self):
        command = Command(program="/bin/p", line=CommandLine("p {NAME}"))

        with pytest.raises(ValueError, match="COUNT is declared, but has no place in the command line"):
            command.check(Takes((DECLARED[0], DECLARED[3])))
        command.check(Takes((DECLARED[0], DECLARED[3]), unused=frozenset({"COUNT"})))

    def test_a_default_that_is_to_be_a_file(self):
        with pytest.raises(ValueError, match="a default is no file"):
            Command(program="/bin/p", line=CommandLine("p {T:input}")).check(
                Takes((Parameter(name="T", default="x"),))
            )


class TestUploads:
    """Files that are sent by UPLOAD, and are no parameters."""

    TAKES = Takes((), (Upload(name="stars", required=True), Upload(name="more"), Upload(name="*")))

    def test_their_paths_are_there_by_name(self):
        command = Command(
            program="/bin/p", line=CommandLine("p {STARS:input} [ -m {more:input} ] [ {more:if} x ]")
        )
        command.check(self.TAKES)

        assert command.arguments((), {}, {"stars": "/s"}) == [b"p", b"/s"]
        assert command.arguments((), {}, {"stars": "/s", "more": "/m"}) == [b"p", b"/s", b"-m", b"/m", b"x"]

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("p {stars:input}", "more is declared, but has no place in the command line"),
            ("p {stars} [ {more:input} ]", r"\{stars\}: an upload is a file, \{stars:input\}"),
            ("p {stars:input} {more:input}", r"\{more\} may be missing"),
            ("p {stars:input} [ {most:input} ]", r"\{most\} stands for nothing; there is stars, more, job.id"),
            ("p {*:input}", r"\{\*\} stands for nothing"),
        ],
    )
    def test_mistakes(self, line, message):
        with pytest.raises(ValueError, match=message):
            Command(program="/bin/p", line=CommandLine(line)).check(self.TAKES)

    def test_one_that_stands_in_for_a_parameter_is_that(self):
        takes = Takes((Parameter(name="T", required=True),), (Upload(name="T"),))

        Command(program="/bin/p", line=CommandLine("p {T:input}")).check(takes)
