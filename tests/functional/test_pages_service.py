"""The page of a service: what it says, examples that can be tried, and texts to copy, which are tried here."""

import shutil
import subprocess
import sys

import pytest
from lxml import html

from tests.support import table_cores
from tests.support.http import http, wait_for_phase
from tests.support.server import Server

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server of services with examples, with tables, and with neither."""
    sections = {
        "uws:service:countdown": {
            "title": "pyramid_uws.demo.countdown:TITLE",
            "description": "pyramid_uws.demo.countdown:DESCRIPTION",
            "examples": "pyramid_uws.demo.countdown:EXAMPLES",
            "renderers": "async sync",
            "max_memory": "2G",
        },
        "uws:service:returning": table_cores.SERVICES["uws:service:returning"] | {"renderers": "async sync"},
    }
    with Server(tmp_path_factory.mktemp("pages"), services=["countdown", "failing"], sections=sections) as site:
        yield site


def look(url):
    answer = http.get(url, headers={"Accept": BROWSER})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    tree = html.document_fromstring(answer.text)
    tree.make_links_absolute(answer.url)
    return tree


def rows_of(tree, heading):
    """Return the rows of the table below a heading, as lists of texts."""
    (table,) = tree.xpath(f"//*[@id='{heading}']/following::table[1]")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in table.xpath("./tbody/tr")]


def text_for(tree, program, title):
    """Return the text to copy of that label."""
    return tree.xpath(f"string(//pre[@aria-label='{program}: {title}'])")


class TestDescription:
    def test_parameters_are_told_with_type_unit_limits_and_default(self, site):
        rows = rows_of(look(f"{site.url}/countdown"), "parameters")

        name, about, kind, unit, allowed, default = rows[0]
        assert (name, kind, unit, allowed, default) == ("SECONDS", "double", "s", "0 to 86400", "10")
        assert about

    def test_limits_are_told(self, site):
        said = " ".join(look(f"{site.url}/countdown").text_content().split())

        assert "A job may run for1 h; 1 d at most, if asked for" in said
        assert "Memory of a job2.1 GB" in said

    def test_there_is_a_way_to_the_form_the_jobs_and_what_is_for_programs(self, site):
        links = set(look(f"{site.url}/countdown").xpath("//a/@href"))

        own = {f"{site.url}/countdown/{name}" for name in ("form", "async", "capabilities", "openapi.json")}
        assert own <= links

    @pytest.mark.spec("U-12", "U-13", "U-16", "C-32")
    @pytest.mark.parametrize("accept", [None, "*/*", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"])
    def test_programs_get_what_they_always_got(self, accept, site):
        answer = http.get(f"{site.url}/countdown", headers={"Accept": accept})

        assert (answer.headers["Content-Type"], answer.headers["Vary"]) == ("text/plain; charset=UTF-8", "Accept")

    def test_all_endpoints_of_observations_are_told(self, observations):
        told = look(f"{observations.url}/observations").xpath("//dl/dd/code/text()")

        service = f"{observations.url}/observations"
        assert {f"{service}/{name}" for name in ("links", "links/list", "soda", "dlasync")} == set(told)


class TestExamples:
    def test_a_click_makes_the_job_and_runs_it(self, site):
        form = look(f"{site.url}/countdown").forms[0]

        (button,) = form.iter("button")
        data = [*form.form_values(), (button.get("name"), button.get("value"))]
        answer = http.request(form.method, form.action, data=data)

        assert answer.status_code == 303
        wait_for_phase(answer.headers["Location"], "COMPLETED")


class TestProgramsAsTheyAreCopied:
    """Each is run as it stands on the page."""

    def run(self, command, tmp_path):
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=90, stdin=subprocess.DEVNULL
        ).stdout

    def test_curl_makes_a_job_and_waits_for_it(self, site, tmp_path):
        text = text_for(look(f"{site.url}/countdown"), "curl", "a job")

        assert "<uws:phase>COMPLETED</uws:phase>" in self.run(["bash", "-euc", text], tmp_path)

    def test_curl_is_answered_at_once(self, site, tmp_path):
        self.run(["bash", "-euc", text_for(look(f"{site.url}/countdown"), "curl", "an answer at once")], tmp_path)

        (answer,) = tmp_path.iterdir()
        assert answer.read_text().startswith("Result 1 of")

    def test_pyvo_makes_a_job_and_waits_for_it(self, site, tmp_path):
        text = text_for(look(f"{site.url}/countdown"), "pyvo", "a job")

        assert f"{site.url}/countdown/async/" in self.run([sys.executable, "-W", "ignore", "-c", text], tmp_path)

    def test_pyvo_reads_a_table(self, site, tmp_path):
        text = text_for(look(f"{site.url}/returning"), "pyvo", "a table at once")

        assert "name" in self.run([sys.executable, "-W", "ignore", "-c", text], tmp_path)

    def test_pyvo_reads_links(self, observations, tmp_path):
        text = text_for(look(f"{observations.url}/observations"), "pyvo", "the links of an observation")

        assert "#this" in self.run([sys.executable, "-W", "ignore", "-c", text], tmp_path)

    @pytest.mark.skipif(shutil.which("stilts") is None, reason="stilts is not installed")
    def test_stilts_reads_a_table(self, site, tmp_path):
        text = text_for(look(f"{site.url}/returning"), "STILTS", "a table at once")

        assert "name" in self.run(["bash", "-euc", text], tmp_path)


class TestAtOnce:
    def test_a_browser_is_told_of_an_error_on_a_page_and_a_program_in_a_votable(self, site):
        url = f"{site.url}/countdown/sync?SECONDS=x"

        page = http.get(url, headers={"Accept": BROWSER})
        votable = http.get(url)

        assert (page.status_code, page.headers["Content-Type"]) == (400, "text/html; charset=UTF-8")
        assert (votable.status_code, votable.headers["Content-Type"].partition(";")[0]) == (
            400,
            "application/x-votable+xml",
        )
        assert page.headers["Vary"] == votable.headers["Vary"] == "Accept"
        assert "SECONDS=" in html.document_fromstring(page.text).text_content()
