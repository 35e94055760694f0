"""A package that is not ours adds to a site without touching ours, and a site is part of an application not ours.

The packages are those of docs/examples, and what docs/extend-the-tree.md prints of them is typed here.
"""

import json
import re

import pytest

from tests.support import papers
from tests.support.http import FINAL, create, http, parse, phase, run, wait_for, xpath
from tests.support.papers import DOCS
from tests.support.server import SETTINGS, Server

EXAMPLES = DOCS / "examples"
SGR_A = {"RA": "266.405", "DEC": "-28.936", "RUNID": "sgrA"}


@pytest.fixture(scope="module", autouse=True)
def _on_the_path():
    """Let servers find the example packages, as if they were installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(EXAMPLES))
        yield


@pytest.fixture(scope="module")
def sky(tmp_path_factory):
    """The site of docs/examples/skyplugin.ini."""
    server = Server(tmp_path_factory.mktemp("sky"), services=[])
    papers.site_from(EXAMPLES / "skyplugin.ini", server)
    with server:
        yield server


@pytest.fixture(scope="module")
def observatory(tmp_path_factory):
    """The application of docs/examples/observatory."""
    folder = tmp_path_factory.mktemp("observatory")
    with Server(folder, services=[], settings={"use": "call:observatory:main"}) as server:
        yield server


def finished(job):
    """Run the job and wait for its end; return its URL."""
    run(job)
    wait_for(lambda: phase(job) in FINAL)
    assert phase(job) == "COMPLETED"
    return job


class TestTheSynchronousRenderer:
    def test_it_answers_with_the_result(self, sky):
        answer = http.get(sky.joblist("galactic", "terse"), params=SGR_A)

        assert answer.json() == {"l": 0.0002, "b": 0.0001}

    def test_it_tells_errors_in_its_own_way(self, sky):
        answer = http.get(sky.joblist("galactic", "terse"), params=SGR_A | {"DEC": "-128.936"})

        assert answer.status_code == 400
        assert answer.text == "Error: DEC='-128.936': the smallest value allowed is -90.0."


class TestTheService:
    def test_is_there_beside_those_of_the_ini_file(self, sky):
        services = http.get(sky.url, headers={"Accept": "application/json"}).json()["services"]

        assert [service["name"] for service in services] == ["countdown", "galactic"]

    def test_describes_itself(self, sky):
        page = http.get(f"{sky.url}/galactic", headers={"Accept": "application/json"}).json()

        assert page["title"] == "Galactic coordinates"
        assert page["limits"]["execution_duration"] == 60
        assert [parameter["name"] for parameter in page["parameters"]] == ["RA", "DEC"]
        assert list(page["renderers"]) == ["async", "landmarks", "nightly", "terse"]

    def test_does_its_work(self, sky):
        job = finished(create(sky.joblist("galactic"), **SGR_A))

        position = http.get(f"{job}/results/position").json()

        assert position == {"l": pytest.approx(0, abs=0.001), "b": pytest.approx(0, abs=0.001)}

    def test_checks_its_parameters(self, sky):
        answer = http.post(sky.joblist("galactic"), data=SGR_A | {"DEC": "91"})

        assert (answer.status_code, answer.text) == (400, "DEC='91': the largest value allowed is 90.0.")


class TestTheWorkerSystem:
    def test_has_a_say(self, sky):
        answer = http.post(sky.joblist("galactic"), data={"RA": "1"})

        assert answer.status_code == 403
        assert answer.text.startswith("Please give the job a name")

    def test_has_none_over_other_services(self, sky):
        assert http.post(sky.joblist("countdown")).status_code == 303


class TestTheRenderer:
    def test_has_a_job_list_of_its_own(self, sky):
        job = finished(create(sky.joblist("galactic", "nightly"), **SGR_A))

        assert job.startswith(sky.joblist("galactic", "nightly") + "/")
        elsewhere = job.replace("/nightly/", "/async/")
        assert http.get(elsewhere).status_code == 404

    def test_has_all_that_async_has(self, sky):
        job = create(sky.joblist("galactic", "nightly"), **SGR_A)

        for child in ("phase", "executionduration", "destruction", "quote", "owner", "parameters", "results"):
            assert http.get(f"{job}/{child}").status_code == 200, child
        assert http.delete(job).headers["Location"] == sky.joblist("galactic", "nightly")

    def test_answers_to_its_alias_but_never_shows_it(self, sky):
        job = create(sky.joblist("galactic", "pipeline"), **SGR_A)

        assert "/galactic/nightly/" in job
        assert http.get(sky.joblist("galactic", "pipeline")).status_code == 200

    def test_has_the_aliases_of_its_own_class_only(self, sky):
        listed = http.get(sky.joblist("galactic", "uws.xml"))

        assert listed.status_code == 200
        assert "/nightly/" not in listed.text

    def test_is_for_services_of_the_ini_file_too(self, sky):
        job = finished(create(sky.joblist("countdown", "nightly"), SECONDS="0"))

        assert http.get(f"{job}/results/result1").status_code == 200

    def test_is_among_the_capabilities(self, sky):
        capabilities = parse(http.get(f"{sky.url}/galactic/capabilities"))

        urls = [url.text for url in xpath(capabilities, "//accessURL[@use='base']")]
        assert urls == [sky.joblist("galactic"), sky.joblist("galactic", "nightly")]

    def test_has_a_named_view(self, sky):
        answer = http.get(f"{sky.url}/galactic/nightly/queue")

        assert answer.status_code == 200
        assert re.fullmatch(r"\d queued, \d executing", answer.text)

    def test_its_named_view_is_not_one_of_others(self, sky):
        assert http.get(f"{sky.url}/galactic/async/queue").status_code == 404

    def test_without_jobs_makes_its_own_children(self, sky):
        assert http.get(f"{sky.url}/galactic/landmarks/pole").text == "192.859 27.128"

    @pytest.mark.parametrize("path", ["landmarks", "landmarks/edge", "landmarks/pole/star"])
    def test_without_jobs_has_nothing_else(self, sky, path):
        assert http.get(f"{sky.url}/galactic/{path}").status_code == 404


class TestTheAttribute:
    def test_is_a_child_of_every_job(self, sky):
        job = finished(create(sky.joblist("countdown"), SECONDS="0"))

        answer = http.get(f"{job}/progress")

        assert (answer.text, answer.headers["Content-Type"]) == ("1", "text/plain; charset=UTF-8")

    def test_may_be_missing(self, sky):
        job = create(sky.joblist("galactic"), **SGR_A)

        assert http.get(f"{job}/progress").status_code == 404


class TestTheNamedView:
    def test_is_there_for_its_own_service(self, sky):
        assert "ESA SP-1200" in http.get(f"{sky.url}/galactic/credits").text

    def test_is_there_for_other_services(self, sky):
        assert http.get(f"{sky.url}/countdown/credits").status_code == 200

    def test_has_nothing_below(self, sky):
        assert http.get(f"{sky.url}/galactic/credits/more").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["credits", "nightly/queue", "landmarks/pole", "{job}/progress"])
def test_other_methods_are_refused_with_those_there_are(sky, method, path):
    if "{job}" in path:
        job = finished(create(sky.joblist("galactic"), **SGR_A))
        path = path.format(job=job.removeprefix(f"{sky.url}/galactic/"))

    answer = http.request(method, f"{sky.url}/galactic/{path}")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["credits", "nightly/queue", "landmarks/pole"])
def test_head_is_answered_where_get_is(sky, path):
    answer = http.head(f"{sky.url}/galactic/{path}")

    assert (answer.status_code, answer.text) == (200, "")


def test_a_listener_hears_of_every_change_of_phase_in_order(sky):
    job = finished(create(sky.joblist("galactic"), **SGR_A))
    http.delete(job)
    job_id = job.rpartition("/")[2]

    def heard():
        return re.findall(rf"{job_id} of galactic: (\w+) -> (\w+)", sky.log)

    wait_for(lambda: ("COMPLETED", "None") in heard())
    assert heard() == [
        ("None", "PENDING"),
        ("PENDING", "QUEUED"),
        ("QUEUED", "EXECUTING"),
        ("EXECUTING", "COMPLETED"),
        ("COMPLETED", "None"),
    ]


def test_the_page_on_extending_prints_what_its_commands_print(sky, tmp_path):
    page = DOCS / "extend-the-tree.md"

    assert not papers.differences(page, papers.play(page, tmp_path, sky.port))


class TestStartingAndStopping:
    @pytest.fixture
    def site(self, tmp_path):
        server = Server(tmp_path / "site", services=["quick"], settings={"uws.includes": "skyplugin"})
        with server:
            yield server

    def test_jobs_are_where_they_were_after_a_restart(self, site):
        job = finished(create(site.joblist("galactic", "nightly"), **SGR_A))

        site.stop()
        site.start()

        assert phase(job) == "COMPLETED"
        assert json.loads(http.get(f"{job}/results/position").text)["l"] < 1

    def test_a_site_without_the_package_goes_on(self, site, monkeypatch):
        site.stop()
        monkeypatch.delenv("PYTHONPATH")
        ini = site.ini.read_text()
        site.ini.write_text(ini.replace("uws.includes = skyplugin", ""))
        site.start()

        page = http.get(f"{site.url}/galactic", headers={"Accept": "application/json"}).json()
        assert list(page["renderers"]) == ["async"]
        assert http.get(f"{site.url}/galactic/nothing").status_code == 404
        assert http.get(f"{site.url}/galactic/capabilities").status_code == 200

    def test_a_renderer_that_its_service_names_no_longer_takes_no_new_jobs(self, tmp_path):
        section = {"core": "pyramid_uws.demo.countdown:core", "renderers": "async nightly"}
        settings = {"uws.includes": "skyplugin"}
        options = {"services": [], "settings": settings, "sections": {"uws:service:countdown": section}}
        with Server(tmp_path / "site", **options) as site:
            job = create(site.joblist("countdown", "nightly"))
            site.stop()
            site.ini.write_text(site.ini.read_text().replace("renderers = async nightly", "renderers = async"))
            site.start()

            assert http.get(job).status_code == 200
            assert http.post(site.joblist("countdown", "nightly")).status_code == 403

    def test_two_packages_with_the_same_service_stop_the_start(self, tmp_path):
        (tmp_path / "rival.py").write_text(
            "def includeme(config):\n    config.add_uws_service('galactic', core='json:dumps')\n"
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", f"{EXAMPLES}:{tmp_path}")
            server = Server(tmp_path / "site", services=[], settings={"uws.includes": "skyplugin rival"})

            with pytest.raises(AssertionError, match="exit status 1 at start"):
                server.start()

        assert "Conflicting configuration actions\n  For: ('uws service', 'galactic')" in server.log
        assert "rival.py" in server.log
        assert "skyplugin/web.py" in server.log


class TestInsideAnotherApplication:
    def test_its_own_pages_come_first(self, observatory):
        assert http.get(f"{observatory.url}/weather").text == "Clear, seeing 0.9 arcsec.\n"

    @pytest.mark.parametrize(
        ("service", "parameters"),
        [("countdown", {"SECONDS": "0"}), ("galactic", SGR_A)],
        ids=["countdown", "galactic"],
    )
    def test_its_services_work(self, observatory, service, parameters):
        finished(create(observatory.joblist(service), **parameters))

    def test_its_settings_are_those_of_the_ini_file(self, observatory):
        listed = parse(http.get(observatory.joblist("countdown")))

        assert SETTINGS["uws.list_anonymous"] == "true"
        assert xpath(listed, "uws:jobref")

    def test_what_is_nowhere_is_answered_by_ours(self, observatory):
        answer = http.get(f"{observatory.url}/weather/tomorrow")

        assert answer.status_code == 404
        assert answer.text.startswith("There is nothing at /weather/tomorrow")
