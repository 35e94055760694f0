"""All templates, and the files that come with them: nothing is inline, and nothing from elsewhere."""

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from lxml import html

from pyramid_uws import pages
from pyramid_uws.pages.environment import environment
from pyramid_uws.pages.files import read_statics, statics
from pyramid_uws.pages.frame import Frame

FOLDER = Path(pages.__file__).parent
TEMPLATES = sorted(path.name for path in (FOLDER / "templates").iterdir())
SOURCES = [
    *(FOLDER / "templates").iterdir(),
    *(path for path in (FOLDER / "static").iterdir() if path.is_file()),
]

#: What the policy of pages would have a browser ignore.
FORBIDDEN = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|\bhx-on", re.IGNORECASE)
ELSEWHERE = re.compile(r"(?:src|href|url|import|action)\s*[=(]?\s*['\"(]?(?:https?:)?//", re.IGNORECASE)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_can_be_compiled(name):
    assert environment().get_template(name)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(path):
    text = path.read_text()

    assert not FORBIDDEN.findall(text)
    assert not ELSEWHERE.findall(text)


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_is_exempt_from_escaping(name):
    source = (FOLDER / "templates" / name).read_text()

    assert not re.search(r"\|\s*safe\b|autoescape|Markup", source)


def test_what_is_shown_is_escaped():
    made = environment().from_string('<p title="{{ text }}">{{ text }}</p>')

    assert made.render(text='"<b>&') == '<p title="&#34;&lt;b&gt;&amp;">&#34;&lt;b&gt;&amp;</p>'


def test_what_a_model_lacks_is_an_error_not_a_gap():
    with pytest.raises(UndefinedError):
        environment().from_string("{{ nonesuch }}").render()


def test_what_is_vendored_has_its_licence_beside_it():
    vendored = {name for name in statics().contents if name.startswith("vendor/")}

    programs = {name.removeprefix("vendor/").partition(".")[0] for name in vendored}
    assert {f"vendor/{program}.LICENSE.txt" for program in programs} <= vendored


def test_files_have_other_urls_when_one_of_them_changes(tmp_path):
    (tmp_path / "vendor").mkdir()
    (tmp_path / "a.css").write_text("a")
    (tmp_path / "vendor/b.js").write_text("b")
    before = read_statics(tmp_path)

    (tmp_path / "vendor/b.js").write_text("c")
    after = read_statics(tmp_path)

    assert set(before.contents) == {"a.css", "vendor/b.js"}
    assert before.path("a.css") == f"static/{before.version}/a.css"
    assert before.version != after.version


def test_only_files_of_known_kinds_are_given_out(tmp_path):
    (tmp_path / "secret.ini").write_text("x")

    assert read_statics(tmp_path).contents == {}


def test_a_page_that_names_a_file_that_is_not_there_is_an_error():
    with pytest.raises(KeyError):
        statics().path("nonesuch.js")


@pytest.fixture
def frame():
    return Frame(site="Site", root="/mnt", user=None, has_login=False, has_logout=False, here="/mnt/")


def written(frame, content, **model):
    """Return what a page has as its content."""
    source = f"{{% extends 'layout.html' %}}{{% block content %}}{content}{{% endblock %}}"
    text = environment().from_string(source).render(frame=frame, **model)
    return html.document_fromstring(text).get_element_by_id("content")


def test_marks_are_there_in_every_page(frame):
    content = written(
        frame,
        "{{ 'ERROR' | badge }}, {{ 0 | when }}, {{ 2000 | sized }}, {{ 90 | lasting }}, "
        "{{ none | when }}{{ none | sized }}{{ none | lasting }}",
    )

    said = " ".join(content.text_content().split())
    assert re.fullmatch(r"ERROR, 1970-01-01 00:00:00 UTC \(\d+ d ago\), 2\.0 kB, 1 min 30 s, \N{EN DASH}{3}", said)
    assert content.xpath("string(.//time/@datetime)") == "1970-01-01T00:00:00.000000Z"


def test_what_cannot_be_undone_is_asked_for_first(frame):
    content = written(frame, "<form>{{ ui.confirm('Delete', 'All of it?', 'ACTION', 'DELETE') }}</form>")

    (button,) = content.iter("button")
    assert (button.get("name"), button.get("value")) == ("ACTION", "DELETE")
    assert button.xpath("ancestor::details[not(@open)]/summary/text()") == ["Delete"]


def test_scripts_of_others_are_no_modules(frame):
    ours, theirs = written(
        frame, "{{ 'site.js' | script(frame.root) }}{{ 'vendor/htmx.min.js' | script(frame.root) }}"
    ).iter("script")

    assert (ours.get("type"), "defer" in ours.attrib) == ("module", False)
    assert (theirs.get("type"), "defer" in theirs.attrib) == (None, True)
