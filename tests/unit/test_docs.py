"""The papers hold together: links lead somewhere, code compiles, what is generated is current, names are right."""

import ast
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys

import plaster
import pytest

from pyramid_uws.auth.keys import TABLE as AUTH_TABLE
from pyramid_uws.sections import SECTION, SERVICE_TABLE
from pyramid_uws.settings import PREFIX, TABLE
from pyramid_uws.version import __version__
from tests.support import papers
from tests.support.papers import DOCS, PROJECT

PAPERS = papers.papers()
PACKAGE = PROJECT / "pyramid_uws"
EXAMPLES = DOCS / "examples"
SITES = [PROJECT / "development.ini", PROJECT / "production.ini", *sorted(EXAMPLES.rglob("*.ini"))]

#: What a block may be: run as a transcript, saved, compiled, or only read.
LANGUAGES = {"console", "python", "ini", "sh", "text", "xml", ""}

#: What looks like a key of the site, and is a permission.
PERMISSIONS = {"read", "change", "delete", "list", "create", "share", "oversee"}

KEYS = {key.name for key in (*TABLE, *AUTH_TABLE)}

LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
TEST = re.compile(r"`(tests/[\w/]+\.py(?:::\w+)*)`")
HEADING = re.compile(r"(?m)^#+ (.+)$")

HEADINGS_OF_CHANGES = ["Backwards-incompatible changes", "New features", "Bug fixes", "Other changes"]


def name_of(path):
    return str(path.relative_to(PROJECT))


def anchors(paper):
    """Return what can be linked to in a paper, as GitHub makes it of headings."""
    headings = HEADING.findall(papers.prose(paper))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def all_links():
    return [
        pytest.param(paper, link, id=f"{name_of(paper)}->{link}")
        for paper in PAPERS
        for link in dict.fromkeys(LINK.findall(papers.prose(paper)))
        if not link.startswith(("http:", "https:"))
    ]


def all_blocks(*languages):
    return [
        pytest.param(block, id=f"{name_of(paper)}:{block.line}")
        for paper in PAPERS
        for block in papers.blocks(paper)
        if block.language in languages
    ]


class TestLinks:
    @pytest.mark.parametrize(("paper", "link"), all_links())
    def test_a_link_leads_somewhere(self, paper, link):
        target, _, anchor = link.partition("#")
        path = (paper.parent / target).resolve() if target else paper

        assert path.exists()
        assert not anchor or anchor in anchors(path)

    @pytest.mark.parametrize("paper", sorted(DOCS.glob("*.md")), ids=name_of)
    def test_every_page_is_in_the_index(self, paper):
        index = DOCS / "index.md"
        linked = {(DOCS / link).resolve() for link in LINK.findall(papers.prose(index))}

        assert paper == index or paper.resolve() in linked

    @pytest.mark.parametrize("script", ["serve", "test", "conformance", "settings-doc", "faults"])
    def test_a_script_that_is_named_can_be_called(self, script):
        assert any(f"scripts/{script}" in paper.read_text() for paper in PAPERS)
        assert os.access(PROJECT / "scripts" / script, os.X_OK)


class TestTests:
    @pytest.mark.parametrize("test", sorted(set(TEST.findall((DOCS / "catastrophes.md").read_text()))))
    def test_a_test_that_is_named_exists(self, test):
        path, *names = test.split("::")
        scope = ast.parse((PROJECT / path).read_text()).body

        for name in names:
            (found,) = [node for node in scope if getattr(node, "name", None) == name]
            scope = found.body


class TestCode:
    @pytest.mark.parametrize("block", all_blocks("python"))
    def test_python_compiles(self, block):
        # An excerpt of a function body is indented.
        text = f"if True:\n{block.text}" if block.text.startswith(" ") else block.text

        compile(text, "block", "exec", dont_inherit=True)

    @pytest.mark.parametrize("paper", PAPERS, ids=name_of)
    def test_every_block_is_of_a_known_kind_and_closed(self, paper):
        assert {block.language for block in papers.blocks(paper)} <= LANGUAGES
        assert sum(line.startswith("```") for line in paper.read_text().splitlines()) % 2 == 0

    @pytest.mark.parametrize("block", all_blocks("console"))
    def test_a_transcript_begins_with_a_command(self, block):
        assert block.text.startswith("$ ")
        assert all(exchange.command.strip() for exchange in block.exchanges)

    def test_what_the_page_on_extending_shows_is_in_the_examples(self):
        sources = [path.read_text() for path in EXAMPLES.rglob("*.py")]
        shown = [block for block in papers.blocks(DOCS / "extend-the-tree.md") if block.language == "python"]

        missing = [block.line for block in shown if not any(block.text in source for source in sources)]

        # The last one, on introspection, is for the reader to type.
        assert missing == [shown[-1].line]

    def test_the_readmes_program_needs_what_the_demo_installs(self):
        (program,) = [block for block in papers.blocks(PROJECT / "README.md") if block.language == "python"]
        imported = {
            (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).partition(".")[0]
            for node in ast.walk(ast.parse(program.text))
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        setup = (PROJECT / "setup.py").read_text()
        demo = "".join(re.search(rf"{start} \[(.*?)\]", setup, re.DOTALL)[1] for start in ('"demo":', "TABLES ="))
        # requests comes with pyvo.
        installed = set(re.findall(r'"([a-z]+)', demo)) | ({"requests"} if "pyvo" in demo else set())

        assert imported <= installed


class TestWords:
    @pytest.mark.parametrize("paper", PAPERS, ids=name_of)
    def test_no_path_of_a_machine_is_printed(self, paper):
        assert not re.search(r"/(root|home|work|opt)/|/tmp/(?!skyplugin)", paper.read_text())

    @pytest.mark.parametrize("paper", PAPERS, ids=name_of)
    def test_lines_of_prose_are_as_long_as_lines_of_code(self, paper):
        if paper.name == "conformance.md":
            return  # generated, from lines of any length

        lines = [line for line in papers.prose(paper).splitlines() if not line.startswith("|")]

        assert [line for line in lines if len(line) > 120] == []

    def test_changes_have_the_fixed_headings_for_every_version(self):
        changes = papers.prose(PROJECT / "CHANGES.md")
        versions = re.split(r"(?m)^## ", changes)[1:]

        assert versions[0].startswith(__version__)
        assert [re.findall(r"(?m)^### (.+)$", version) for version in versions] == [
            HEADINGS_OF_CHANGES for _ in versions
        ]


class TestSettings:
    def test_the_page_is_up_to_date(self):
        loader = importlib.machinery.SourceFileLoader("settings_doc", str(PROJECT / "scripts/settings-doc"))
        script = importlib.util.module_from_spec(importlib.util.spec_from_loader("settings_doc", loader))
        loader.exec_module(script)

        assert (DOCS / "settings.md").read_text() == script.page(), "scripts/settings-doc > docs/settings.md"

    def test_the_script_prints_it(self):
        printed = subprocess.run(
            [sys.executable, PROJECT / "scripts/settings-doc"], capture_output=True, text=True, check=True
        ).stdout

        assert printed == (DOCS / "settings.md").read_text()

    def test_the_script_takes_no_arguments(self):
        done = subprocess.run(
            [sys.executable, PROJECT / "scripts/settings-doc", "x"], capture_output=True, check=False
        )

        assert (done.returncode, done.stdout) == (2, b"")

    @pytest.mark.parametrize(
        "name", [PREFIX + key.name for key in (*TABLE, *AUTH_TABLE)] + [key.name for key in SERVICE_TABLE]
    )
    def test_every_key_is_documented(self, name):
        assert f"| `{name}` |" in (DOCS / "settings.md").read_text()

    @pytest.mark.parametrize("site", SITES, ids=name_of)
    def test_the_sites_we_ship_use_keys_that_exist(self, site):
        loader = plaster.get_loader(str(site), protocols=["wsgi"])
        defaults = loader.get_settings("DEFAULT", {})
        sections = [name for name in loader.get_sections() if name.startswith(SECTION)]

        assert loader.get_settings("app:main")
        known = {key.name for key in SERVICE_TABLE} | defaults.keys() | {"here", "__file__"}
        assert {key for name in sections for key in loader.get_settings(name, {})} <= known

    @pytest.mark.parametrize(
        "name",
        sorted(set(re.findall(r"(?m)^#?(?:get )?uws\.(\w+) =", "".join(site.read_text() for site in SITES)))),
    )
    def test_their_keys_of_the_site_exist_those_commented_out_too(self, name):
        assert name in KEYS

    @pytest.mark.parametrize("paper", PAPERS, ids=name_of)
    def test_a_key_that_a_paper_names_exists(self, paper):
        named = set(re.findall(r"`(?:get )?uws\.([a-z_]+)\b(?!\.)", paper.read_text()))

        assert named - {"xml", "fs", "socket", *PERMISSIONS} <= KEYS


class TestDocstrings:
    @pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name_of)
    def test_what_is_public_says_what_it_is(self, path):
        tree = ast.parse(path.read_text())

        missing = [
            getattr(node, "name", "the module")
            for node in (tree, *public(tree))
            if not (ast.get_docstring(node) or "").strip()
        ]

        assert missing == []

    @pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name_of)
    def test_a_docstring_begins_with_a_sentence(self, path):
        tree = ast.parse(path.read_text())
        firsts = [(ast.get_docstring(node) or "").partition("\n\n")[0].rstrip() for node in (tree, *public(tree))]

        assert [first for first in firsts if not first.endswith((".", ":", "?"))] == []


def public(tree):
    """Yield the classes, functions and methods of a module whose names do not begin with an underscore."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)
