"""What people come for, from the first look to the end: with scripts and without, on a desk and on a phone."""

import pytest

from tests.support.browser import PATIENCE, assert_fits
from tests.support.http import create, wait_for_phase

VISITORS = {"with scripts": {}, "without scripts": {"scripts": False}, "phone": {"phone": True}}
STARS = "name,ra,dec\nSirius,101.2885,-16.7131\nVega,279.2341,38.783\nnothing,10,89\n"


@pytest.fixture(params=VISITORS.values(), ids=VISITORS)
def somebody(request, visit):
    """A visitor, in each of the ways to be one."""
    return visit(**request.param)


def wait_until(page, phase):
    """Wait until the page of a job shows the phase; without scripts, it loads itself again."""
    page.locator("#job-head .badge", has_text=phase).wait_for(timeout=2 * PATIENCE)


def new_job(page, site, service, **values):
    """Fill the form of a service; selects and inputs go by what their labels begin with."""
    page.goto(f"{site.url}/{service}")
    page.get_by_role("link", name="New job").click()
    for name, value in values.items():
        field = page.locator(f"[name='{name}']:not([type=hidden])").first
        kind = field.evaluate("each => each.tagName + each.type")
        if kind.startswith("SELECT"):
            field.select_option(value)
        elif kind == "INPUTradio":
            page.locator(f"[name='{name}'][value='{value}']").check()
        else:
            field.fill(value)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


class TestCrossmatch:
    def test_from_the_first_visit_to_the_plot(self, site, somebody):
        page = somebody.page
        page.goto(site.url)
        page.get_by_role("link", name="Crossmatch", exact=True).click()
        new_job(page, site, "crossmatch", LEFT="hipparcos", RIGHT="gaia", MAG="/4")

        press(page, "Run")
        wait_until(page, "COMPLETED")

        assert_fits(page)
        assert page.get_by_role("link", name="matches", exact=True).is_visible()
        if somebody.scripts:  # it is fetched as soon as it is seen
            page.locator("div[hx-get$='/matches/preview']").scroll_into_view_if_needed()
        else:
            page.get_by_role("link", name="Preview of matches").click()
        page.locator(".plot svg, .plot canvas").first.wait_for()
        page.get_by_role("table").filter(has_text="hipparcos_hip").first.wait_for()

    def test_a_table_of_ones_own_is_sent_and_matched(self, site, visit):
        page = visit().page
        new_job(page, site, "crossmatch", RIGHT="hipparcos", RADIUS="60")

        page.locator("input[type=file]").first.set_input_files(
            [{"name": "stars.csv", "mimeType": "text/csv", "buffer": STARS.encode()}]
        )
        press(page, "Run")
        wait_until(page, "COMPLETED")

        assert "2 pairs" in page.get_by_role("main").inner_text()


class TestForms:
    def test_wrong_input_is_mended(self, site, visit):
        somebody = visit()
        page = somebody.page
        somebody.forgive("status of 400")
        new_job(page, site, "crossmatch", LEFT="hipparcos", RIGHT="gaia", MAG="bright")

        press(page, "Run")
        page.get_by_role("alert").get_by_text("MAG").first.wait_for()

        wrong = page.locator("[name='MAG']")
        assert wrong.get_attribute("aria-invalid") == "true"
        assert wrong.input_value() == "bright"
        assert_fits(page)
        wrong.fill("/3")
        press(page, "Run")
        wait_until(page, "COMPLETED")

    def test_a_draft_is_edited_and_then_run(self, site, visit):
        page = visit().page
        new_job(page, site, "countdown", SECONDS="600")
        press(page, "Save as draft")
        wait_until(page, "PENDING")
        draft = page.url

        page.get_by_role("link", name="Edit parameters").first.click()
        page.locator("[name='SECONDS']").fill("0")
        press(page, "Save and run")

        wait_until(page, "COMPLETED")
        assert page.url == draft


class TestJobs:
    def test_a_job_is_aborted_while_it_runs(self, site, somebody):
        page = somebody.page
        new_job(page, site, "countdown", SECONDS="600")
        press(page, "Run")
        wait_until(page, "EXECUTING")

        page.get_by_role("group").filter(has_text="Abort").locator("summary").first.click()
        press(page, "Abort the job")

        wait_until(page, "ABORTED")
        assert page.get_by_text("Abort", exact=True).count() == 0


class TestPhone:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def jobs(cls, site):
        """A job that has a table, and one that has failed."""
        cls.matched = create(site.joblist("crossmatch"), LEFT="hipparcos", RIGHT="gaia", MAG="/3", PHASE="RUN")
        cls.failed = create(
            site.joblist("countdown"), SECONDS=0, FAIL="The moon is too bright. " * 20, PHASE="RUN"
        )
        wait_for_phase(cls.matched, "COMPLETED")
        wait_for_phase(cls.failed, "ERROR")

    def test_no_page_has_to_be_scrolled_sideways(self, site, visit):
        somebody = visit(phone=True, dark=True)
        somebody.forgive("status of 404")
        somebody.log_in(site, "root")
        paths = ("", "/crossmatch", "/crossmatch/form", "/crossmatch/examples", "/crossmatch/async", "/login")
        paths += ("/whoami", "/tokens", "/operator", f"/{'nothing' * 30}")
        results = [f"{self.matched}/results/{name}/preview" for name in ("matches", "summary", "sky")]

        for url in [*(site.url + path for path in paths), self.matched, self.failed, *results]:
            somebody.page.goto(url)
            assert_fits(somebody.page)
