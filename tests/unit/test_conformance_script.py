"""scripts/conformance: which numbered lines of the standards are cited by which tests."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/conformance"
SPEC = """\
# Tiny 1.0, for testing

- **U-01** MUST (2.2) the tree has leaves. Test: GET leaf -> 200.
- **U-02** MUST† one of `a|b`.
- **U-03** SHOULD (2.2.1) leaves are green.
Prose in between that names U-99 and **U-98**.
- **U-04** MAY {filler}
"""


@pytest.fixture(scope="module")
def conformance():
    loader = importlib.machinery.SourceFileLoader("conformance_script", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("conformance_script", loader))
    # dataclasses look up the module they are in.
    sys.modules["conformance_script"] = module
    loader.exec_module(module)
    yield module
    del sys.modules["conformance_script"]


@pytest.fixture
def run(conformance, tmp_path, capsys):
    """Return a function that runs the script over the files below tmp_path: (status, output, errors)."""
    (tmp_path / "spec").mkdir()
    (tmp_path / "tests/unit").mkdir(parents=True)
    (tmp_path / "spec/tiny.md").write_text(SPEC.format(filler="leaves may `fall` " * 20))
    (tmp_path / "spec/notes.md").write_text("# Notes\n\nNothing is numbered here.\n")

    def run(*arguments):
        places = {"--spec": "spec", "--tests": "tests", "--document": "conformance.md"}
        options = [word for option, name in places.items() for word in (option, str(tmp_path / name))]
        status = conformance.main([*options, *arguments])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def write_test(tmp_path):
    def write_test(text, name="unit/test_leaf.py"):
        (tmp_path / "tests" / name).write_text(text)

    return write_test


class TestCitations:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("@pytest.mark.spec('U-01', 'U-03')\ndef test_it(): ...", "::test_it", id="on a function"),
            pytest.param("@pytest.mark.spec('U-01')\nasync def test_it(): ...", "::test_it", id="async"),
            pytest.param("@pytest.mark.spec('U-01')\nclass TestIt: ...", "::TestIt", id="on a class"),
            pytest.param(
                "class TestIt:\n @pytest.mark.spec('U-01')\n def test_it(self): ...",
                "::TestIt::test_it",
                id="on a method",
            ),
            pytest.param(
                "class TestIt:\n pytestmark = pytest.mark.spec('U-01')", "::TestIt", id="in a class body"
            ),
            pytest.param("pytestmark = [pytest.mark.slow, pytest.mark.spec('U-01')]", "", id="on a module"),
            pytest.param(
                "@pytest.mark.parametrize('x', [1, pytest.param(2, marks=pytest.mark.spec('U-01'))])\n"
                "def test_it(x): ...",
                "::test_it",
                id="on a parameter set",
            ),
            pytest.param(
                "CASES: list = [pytest.param(2, marks=[pytest.mark.spec('U-01')])]\n"
                "@pytest.mark.parametrize('x', CASES)\ndef test_it(x): ...\n"
                "def test_other(): ...",
                "::test_it",
                id="on a parameter set with a name of its own",
            ),
        ],
    )
    def test_a_citation_is_found(self, run, write_test, text, expected):
        write_test(text)

        status, output, _ = run()

        rows = output.splitlines()
        cited = rows.index("  U-01 MUST (2.2) the tree has leaves. Test: GET leaf -> 200.")
        assert status == 0
        assert rows[cited + 1] == f"      tests/unit/test_leaf.py{expected}"
        assert rows[cited + 2].startswith("  U-02")

    def test_what_is_not_a_citation_is_left_alone(self, run, write_test):
        write_test("'''mark.spec('U-01')'''\nname = x = 'U-01'\nleaf.colour = 'U-02'\nother.spec('U-03')")

        _, output, _ = run()

        assert "tiny.md: 0 of 4 lines have tests" in output

    def test_each_test_is_named_once(self, run, write_test):
        write_test("@pytest.mark.spec('U-01')\n@pytest.mark.spec('U-01')\ndef test_it(): ...")

        _, output, _ = run()

        assert output.count("test_leaf.py::test_it") == 1

    def test_a_computed_number_is_refused_with_the_name_of_the_test(self, run, write_test):
        write_test("@pytest.mark.spec(NUMBER)\ndef test_it(): ...")

        status, _, errors = run()

        assert status == 2
        assert "tests/unit/test_leaf.py::test_it: mark.spec takes words like 'U-17', not NUMBER." in errors

    def test_a_file_that_is_not_python_is_named(self, run, write_test):
        write_test("def test_it(:")

        status, _, errors = run()

        assert status == 2
        assert "tests/unit/test_leaf.py is not Python" in errors


class TestListing:
    def test_every_numbered_line_is_there_with_its_tests_or_their_absence(self, run, write_test):
        write_test("@pytest.mark.spec('U-01')\ndef test_it(): ...")

        _, output, _ = run()

        assert output.splitlines()[:5] == [
            "tiny.md: 1 of 4 lines have tests",
            "  U-01 MUST (2.2) the tree has leaves. Test: GET leaf -> 200.",
            "      tests/unit/test_leaf.py::test_it",
            "  U-02 MUST† one of `a|b`.",
            "      no test",
        ]

    def test_files_without_numbered_lines_are_left_out(self, run):
        _, output, _ = run()

        assert "notes.md" not in output

    def test_citing_a_line_that_does_not_exist_is_a_warning(self, run, write_test):
        write_test("@pytest.mark.spec('U-99')\ndef test_it(): ...")

        status, _, errors = run()

        assert status == 0
        assert errors == "tests/unit/test_leaf.py::test_it cites U-99, which is no numbered line.\n"

    @pytest.mark.parametrize("content", [None, "# Notes without numbers\n"])
    def test_a_missing_or_empty_spec_folder_is_said(self, run, tmp_path, content):
        for path in (tmp_path / "spec").iterdir():
            path.unlink()
        if content is None:
            (tmp_path / "spec").rmdir()
        else:
            (tmp_path / "spec/notes.md").write_text(content)

        status, output, errors = run()

        assert status == 2
        assert output == ""
        assert str(tmp_path / "spec") in errors


class TestMissing:
    def test_the_must_lines_without_a_test_are_listed(self, run, write_test):
        write_test("@pytest.mark.spec('U-01')\ndef test_it(): ...")

        _, output, _ = run("--missing")

        assert output.split("\n") == [
            "tiny.md: 1 of 2 MUST lines have no test",
            "  U-02 MUST† one of `a|b`.",
            "",
            "",
        ]

    def test_another_level_can_be_asked_for(self, run):
        _, output, _ = run("--missing", "SHOULD")

        assert output.splitlines()[:2] == [
            "tiny.md: 1 of 1 SHOULD lines have no test",
            "  U-03 SHOULD (2.2.1) leaves are green.",
        ]


class TestMarkdown:
    def test_a_row_gives_line_level_requirement_and_tests(self, run, write_test):
        write_test(
            "@pytest.mark.spec('U-01')\ndef test_it(): ...\n@pytest.mark.spec('U-01')\ndef test_more(): ..."
        )

        _, output, _ = run("--markdown")

        tests = "`tests/unit/test_leaf.py::test_it`<br>`tests/unit/test_leaf.py::test_more`"
        assert f"| U-01 | MUST | (2.2) the tree has leaves. | {tests} |\n" in output
        assert "| U-02 | MUST† | one of `a\\|b`. |  |\n" in output

    def test_it_counts_and_says_how_it_is_made(self, run, write_test):
        write_test("@pytest.mark.spec('U-01')\ndef test_it(): ...")

        _, output, _ = run("--markdown")

        assert "| tiny.md | 1 of 4 | 1 of 2 | 0 of 1 | 0 of 1 |\n" in output
        assert "`scripts/conformance --markdown > docs/conformance.md`" in output

    def test_a_long_requirement_is_cut_and_its_code_closed(self, run):
        _, output, _ = run("--markdown")

        row = next(row for row in output.splitlines() if row.startswith("| U-04"))
        assert row.count("`") % 2 == 0
        assert "…" in row
        assert len(row) < 170


class TestCheck:
    @pytest.fixture
    def document(self, run, tmp_path):
        document = tmp_path / "conformance.md"
        document.write_text(run("--markdown")[1])
        return document

    def test_an_up_to_date_document_passes(self, run, document):
        assert run("--check")[0] == 0

    def test_a_stale_document_is_named(self, run, document, write_test):
        write_test("@pytest.mark.spec('U-01')\ndef test_it(): ...")

        status, output, _ = run("--check")

        assert status == 1
        assert f"{document} is stale" in output

    def test_a_missing_document_is_named(self, run, tmp_path):
        status, output, _ = run("--check")

        assert status == 1
        assert f"{tmp_path / 'conformance.md'} is stale" in output

    def test_citing_a_line_that_does_not_exist_fails(self, run, document, write_test):
        write_test("@pytest.mark.spec('U-99')\ndef test_it(): ...")

        status, output, _ = run("--check")

        assert status == 1
        assert "tests/unit/test_leaf.py::test_it cites U-99" in output
