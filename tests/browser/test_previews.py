"""Previews as people see them: the plot of a table, with and without script, and what a screen reader finds."""

import pytest

from tests.support.browser import assert_accessible, assert_fits
from tests.support.http import create, wait_for_phase
from tests.support.server import Server
from tests.support.shown import SERVICE


@pytest.fixture(scope="module")
def results(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("previews")
    with Server(folder, services=[], sections={"uws:service:shown": SERVICE}) as server:
        job = create(server.joblist("shown"), PHASE="RUN")
        wait_for_phase(job, "COMPLETED")
        yield f"{job}/results"


def test_a_plot_is_looked_at_closely(visit, results):
    page = visit().page
    page.goto(f"{results}/field/preview")
    page.wait_for_selector(".canvas canvas")

    page.click("text=Zoom in")
    box = page.locator(".u-over").bounding_box()
    assert_told(page, box)
    page.focus(".canvas")
    for key in ("+", "-", "ArrowLeft", "0"):
        page.keyboard.press(key)

    assert_told(page, box)
    assert_accessible(page)


def assert_told(page, box):
    """Find a point with the pointer, which is told."""
    for step in range(1, 200):
        page.mouse.move(box["x"] + box["width"] * (step % 14) / 14, box["y"] + box["height"] * (step // 14) / 14)
        if page.locator(".tools output").text_content().startswith("Row "):
            return
    raise AssertionError("no point is told anywhere")


def test_nothing_moves_when_script_takes_over(visit, results):
    without = visit(scripts=False).page
    without.goto(f"{results}/field/preview")
    page = visit().page
    page.goto(f"{results}/field/preview")
    page.wait_for_selector(".canvas canvas")

    drawn, closer = without.locator(".plot svg").bounding_box(), page.locator(".plot .canvas").bounding_box()
    assert closer == pytest.approx(drawn, abs=1)


def test_the_whole_sky_is_a_map_until_somebody_wants_to_zoom(visit, results):
    page = visit(dark=True).page
    page.goto(f"{results}/sky/preview")

    assert page.locator(".plot svg .grid").count() == 1
    page.click("text=Zoom")
    page.wait_for_selector(".canvas canvas")
    assert_accessible(page)


def test_without_script_columns_are_chosen_by_a_form(visit, results):
    page = visit(scripts=False).page
    page.goto(f"{results}/field/preview")

    page.select_option("select[name=x]", "mag")
    page.click("text=Plot")

    assert page.locator("svg").get_attribute("aria-label") == "Plot of 200 points: dec over mag"


@pytest.mark.parametrize("result", ["field", "sky", "image", "numbers", "page", "drawing", "lie", "noise"])
def test_every_preview_fits_a_phone_and_shuts_nobody_out(visit, results, result):
    page = visit(phone=True).page
    page.goto(f"{results}/{result}/preview")

    assert_accessible(page)
    assert_fits(page)
