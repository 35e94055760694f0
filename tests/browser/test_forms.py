"""Forms as people fill them in: what is wrong is mended, files are sent, drafts are changed."""

import re

import pytest

from tests.support.browser import assert_accessible, assert_fits
from tests.support.http import create, http, phase
from tests.support.server import Server
from tests.support.upload_cores import SECTIONS

DECLARED = {
    "uws:service:light": {
        "core": "tests.support.upload_cores:carrier",
        "title": "Light curves",
        "parameters": (
            "\n RADIUS double required unit=arcsec minimum=0 maximum=5 -- How far out"
            "\n BAND options=u,g,r,i,z multiple -- Filters"
            "\n SURVEY required options=gaia,ztf -- Where from"
            "\n SINCE timestamp minimum=2014-01-01 -- The first night"
            "\n CIRCLE circle -- Where"
            "\n CURVE file -- The light curve"
        ),
        "max_upload": "3000000",
    },
}
TABLE = {"name": "curve.csv", "mimeType": "text/csv", "buffer": b"t,mag\n1,2\n"}
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@pytest.fixture(scope="module")
def observatory(browser, tmp_path_factory):
    """A server with a service that asks for all kinds of things, and those that take uploads."""
    with Server(tmp_path_factory.mktemp("observatory"), services=[], sections=SECTIONS | DECLARED) as server:
        yield server


@pytest.fixture
def look(visit):
    """Return a function that looks at a form; a form that comes back is no error of the page."""

    def look(url, **options):
        somebody = visit(**options)
        somebody.forgive("the server responded with a status of 400")
        somebody.page.goto(url)
        return somebody.page

    return look


def fill(page, radius):
    """Fill in what is required."""
    page.get_by_label(re.compile("^RADIUS")).fill(radius)
    page.get_by_role("radio", name="ztf").check()


def press(page, name):
    """Press a button, and wait for what comes of it."""
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state()


def beside(page, name):
    """Return what is said to be wrong with a field."""
    return page.locator(f"[id='field-{name}-error']").inner_text()


def parameters(job):
    answer = http.get(f"{job}/parameters", headers={"Accept": "application/json"})
    return {each["id"]: each.get("value") for each in answer.json()["parameters"]}


@SCRIPTS
def test_what_is_wrong_is_mended(observatory, look, scripts):
    page = look(f"{observatory.url}/light/form", scripts=scripts)
    fill(page, "1")
    page.get_by_label(re.compile("^CIRCLE")).fill("10 20")
    press(page, "Run")

    assert beside(page, "CIRCLE").startswith("Expected three numbers")
    assert page.get_by_label(re.compile("^RADIUS")).input_value() == "1"
    assert page.get_by_role("radio", name="ztf").is_checked()

    page.get_by_role("link", name="CIRCLE", exact=True).click()
    page.get_by_label(re.compile("^CIRCLE")).fill("10 20 0.5")
    press(page, "Run")
    page.wait_for_url("**/light/async/*")

    assert phase(page.url) != "PENDING"


def test_the_first_wrong_field_has_the_focus(observatory, look):
    page = look(f"{observatory.url}/light/form")
    page.get_by_label(re.compile("^RADIUS")).fill("9")
    press(page, "Save as draft")

    page.locator("input[name=RADIUS]:focus").wait_for()
    assert beside(page, "RADIUS") == "The largest value allowed is 5.0."


@SCRIPTS
def test_a_file_is_sent(observatory, look, scripts):
    page = look(f"{observatory.url}/light/form", scripts=scripts)
    fill(page, "1")
    page.get_by_label(re.compile("^CURVE")).set_input_files(TABLE)
    press(page, "Save as draft")
    page.wait_for_url("**/light/async/*")

    assert http.get(f"{page.url}/parameters/CURVE").content == TABLE["buffer"]


def test_with_script_a_file_stays_chosen_when_the_form_comes_back(observatory, look):
    page = look(f"{observatory.url}/light/form")
    fill(page, "9")
    page.get_by_label(re.compile("^CURVE")).set_input_files(TABLE)
    press(page, "Save as draft")
    page.locator("input[name=RADIUS]:focus").wait_for()

    page.get_by_label(re.compile("^RADIUS")).fill("2")
    press(page, "Save as draft")
    page.wait_for_url("**/light/async/*")

    assert http.get(f"{page.url}/parameters/CURVE").content == TABLE["buffer"]


def test_without_script_the_form_says_that_the_file_has_to_be_chosen_again(observatory, look):
    page = look(f"{observatory.url}/light/form", scripts=False)
    page.get_by_label(re.compile("^CIRCLE")).fill("nowhere")
    page.get_by_label(re.compile("^CURVE")).set_input_files(TABLE)
    press(page, "Save as draft")

    assert "Please choose the file again" in beside(page, "CURVE")


def test_a_file_is_dropped_onto_its_field(observatory, look):
    page = look(f"{observatory.url}/light/form")
    page.evaluate("""() => {
        const data = new DataTransfer();
        data.items.add(new File(["1,2"], "dropped.csv"));
        const box = document.querySelector("[data-drop]");
        box.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
    }""")

    assert page.get_by_label(re.compile("^CURVE")).evaluate("input => input.files[0].name") == "dropped.csv"


def test_one_sees_how_much_of_a_file_is_sent_and_can_stop(observatory, look):
    page = look(f"{observatory.url}/light/form")
    page.route("**/light/form", lambda _route: None)  # the server never answers
    page.get_by_label(re.compile("^CURVE")).set_input_files(TABLE)
    page.get_by_role("button", name="Save as draft").click()

    page.get_by_role("progressbar").wait_for()
    assert page.get_by_role("button", name="Run").is_disabled()

    page.get_by_role("button", name="Stop sending").click()
    page.get_by_role("progressbar").wait_for(state="hidden")
    assert page.get_by_role("button", name="Run").is_enabled()


def test_whoever_clicks_twice_sends_a_form_once(site, look):
    page = look(f"{site.url}/countdown/form?SECONDS=1")
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    page.evaluate(
        "() => {"
        " const button = document.querySelector('form[data-form] button.strong');"
        " button.click(); button.click();"
        " }"
    )
    page.wait_for_url("**/countdown/async/*")

    assert len(sent) == 1


def test_what_is_filled_in_stays_while_the_server_does_not_answer(observatory, visit):
    somebody = visit()
    somebody.forgive("ERR_FAILED")
    page = somebody.page
    page.goto(f"{observatory.url}/light/form")
    fill(page, "2")

    page.route("**/*", lambda route: route.abort())
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("alert").get_by_text("The server does not answer.").wait_for()
    assert page.get_by_label(re.compile("^RADIUS")).input_value() == "2"
    page.unroute("**/*")
    page.get_by_role("button", name="Run", exact=True).click()

    page.wait_for_url("**/light/async/*")
    assert parameters(page.url)["RADIUS"] == "2"


def test_what_is_out_of_bounds_is_told_before_it_is_sent(observatory, look):
    page = look(f"{observatory.url}/light/form")
    large = {"name": "large.csv", "mimeType": "text/csv", "buffer": b"x" * 3_000_001}

    page.get_by_label(re.compile("^CURVE")).set_input_files(large)
    page.get_by_label(re.compile("^RADIUS")).fill("7")
    page.get_by_text("large.csv is larger than what is taken.").wait_for()
    page.get_by_text("The largest value allowed is 5.0.").wait_for()

    page.get_by_label(re.compile("^RADIUS")).fill("3")
    page.get_by_text("The largest value allowed is 5.0.").wait_for(state="hidden")


@SCRIPTS
def test_a_draft_is_changed_and_run(observatory, look, scripts):
    files = {"CURVE": ("curve.csv", TABLE["buffer"])}
    job = create(observatory.joblist("light"), RADIUS="1", SURVEY="gaia", BAND=["g", "r"], files=files)
    page = look(f"{job}/edit", scripts=scripts)
    assert page.get_by_role("checkbox", name="g", exact=True).is_checked()

    page.get_by_label(re.compile("^RADIUS")).fill("4")
    page.get_by_role("checkbox", name="g", exact=True).uncheck()
    page.get_by_label(re.compile("^SINCE")).fill("2020-01-31T12:00:30")
    press(page, "Save and run")
    page.wait_for_url(job)

    assert phase(job) != "PENDING"
    has = parameters(job)
    assert (has["RADIUS"], has["BAND"], has["SINCE"]) == ("4", "r", "2020-01-31T12:00:30")
    assert http.get(f"{job}/parameters/CURVE").content == TABLE["buffer"]


@pytest.mark.parametrize("options", [{}, {"phone": True, "dark": True}], ids=["computer", "phone"])
@pytest.mark.parametrize("service", ["light", "any"])
def test_forms_shut_nobody_out(observatory, look, service, options):
    page = look(f"{observatory.url}/{service}/form", **options)
    assert_accessible(page)
    assert_fits(page)

    page.get_by_text("Limits: how long").click()
    page.get_by_label(re.compile("^Time to run")).fill("-1")
    press(page, "Run")
    page.locator("#problems").wait_for()

    assert_accessible(page)
    assert_fits(page)
