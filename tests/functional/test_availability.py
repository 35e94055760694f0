"""Availability where jobs are run by workers and the database is another process: true only if both are there."""

import pytest

from tests.support.http import NAMESPACES, http, parse, wait_for
from tests.support.server import Server
from tests.support.zeo import Worker, zeo

AVAILABILITY = f"{{{NAMESPACES['avail']}}}"


def told(url):
    """Return whether it is available, and what else is said; the answer is always 200."""
    answer = http.get(url, timeout=60)
    assert answer.status_code == 200
    document = parse(answer)
    return document.findtext(f"{AVAILABILITY}available"), [
        each.text for each in document.iter(f"{AVAILABILITY}note")
    ]


@pytest.mark.spec("V-08", "V-09", "D-15")
def test_it_follows_workers_and_database(tmp_path):
    with zeo(tmp_path) as storage:
        settings = {"uws.storage": storage.uri, "uws.dispatcher": "none", "uws.worker_timeout": "5"}
        with Server(tmp_path / "web", settings=settings, services=["quick"]) as web:
            pages = [f"{web.url}/availability", f"{web.url}/quick/availability"]
            nobody = ("false", ["No worker is there at present that would start jobs."])
            assert [told(page) for page in pages] == [nobody, nobody]

            with Worker(web, "only"):
                wait_for(lambda: [told(page) for page in pages] == [("true", [])] * 2, what="the worker is seen")
            wait_for(lambda: told(pages[0]) == nobody, what="the worker has said goodbye")

            storage.stop()
            wait_for(lambda: "database" in told(pages[0])[1][0], what="the database is missed")
            assert {told(page)[0] for page in pages} == {"false"}
            storage.start()
            wait_for(lambda: told(pages[0]) == nobody, 40, what="the database is back")
