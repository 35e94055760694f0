"""Plain requests: the yardsticks themselves, create, GET job, GET phase, DELETE."""

import itertools
from collections.abc import Callable, Iterator

from . import yardsticks
from .bench import ARCHIVE, Bench, job_ids
from .client import Answer, delete, drive, get, post
from .samples import Figure, Sample, compare
from .servers import Site

#: The jobs that are asked for again and again, as those who poll do.
POLLED = 200

FORM = {"RA": "10.6847", "DEC": "41.2687", "SIZE": "0.25"}


def measure_yardsticks(bench: Bench) -> None:
    """What the machine can do: requests, durable writes, children."""
    seconds = bench.options.seconds
    for clients in (1, 8, 16, 32, 64):
        bench.add(Figure.of("yardstick", f"hello, {_clients(clients)}", bench.hello(clients, 2 * seconds)))
    sample = yardsticks.append_and_sync(bench.folder, 2 * seconds)
    bench.add(Figure.of("yardstick", "append 4 kB and fsync", sample))
    with yardsticks.Children(bench.new_folder("children")) as children:
        bench.add(Figure.of("yardstick", "our fork server, one at a time", children.one_by_one(50)))
        sample = children.at_once(50)
        bench.add(Figure.of("yardstick", f"our fork server, {yardsticks.SLOTS} at once", sample))
    sample = yardsticks.multiprocessing_children(30)
    bench.add(Figure.of("yardstick", "multiprocessing's fork server, one at a time", sample))


def measure_create(bench: Bench) -> None:
    """POST to the job list: a new job with three parameters."""
    request = post("/trivial/async", **FORM)
    with bench.site("create") as site:
        for clients in (1, 8, 32):
            _against_hello(bench, "create", site, itertools.repeat(request), clients)


def measure_get_job(bench: Bench) -> None:
    """GET a job: of a few that are polled, and each another."""
    with bench.site("get", bench.database(10_000)) as site:
        ids = job_ids(site, 10_000)
        polled = itertools.cycle([get(f"{ARCHIVE}/{job_id}") for job_id in ids[:POLLED]])
        for clients in (1, 16, 64):
            _against_hello(bench, "get-job", site, polled, clients)
        fresh = itertools.cycle([get(f"{ARCHIVE}/{job_id}") for job_id in ids[POLLED:]])
        _against_hello(bench, "get-job", site, fresh, 16, ", each another job")


def measure_get_phase(bench: Bench) -> None:
    """GET the phase of jobs that are polled."""
    with bench.site("get", bench.database(10_000)) as site:
        polled = itertools.cycle([get(f"{ARCHIVE}/{job_id}/phase") for job_id in job_ids(site, POLLED)])
        for clients in (1, 16, 64):
            _against_hello(bench, "get-phase", site, polled, clients)


def measure_delete(bench: Bench) -> None:
    """DELETE jobs that have no files; those of a round are made before it."""
    with bench.site("delete") as site:
        for clients in (1, 8, 32):
            _compare(bench, "delete", site, lambda clients=clients: _delete_some(site, clients), clients)


def _delete_some(site: Site, clients: int) -> Sample:
    answers: list[Answer] = []
    creation = post("/trivial/async", **FORM)
    drive(site.port, itertools.repeat(creation, 150 if clients == 1 else 400), 32, keep=answers)
    return drive(site.port, [delete(answer.location) for answer in answers], clients)


def _against_hello(
    bench: Bench, scenario: str, site: Site, requests: Iterator[bytes], clients: int, note: str = ""
) -> None:
    """Let so many clients send the requests for a while."""
    drive(site.port, requests, clients, 0.5)
    seconds = bench.options.seconds
    _compare(bench, scenario, site, lambda: drive(site.port, requests, clients, seconds), clients, note)


def _compare(
    bench: Bench, scenario: str, site: Site, ours: Callable[[], Sample], clients: int, note: str = ""
) -> None:
    sample, reference, ratio = compare(ours, lambda: bench.hello(clients), bench.options.rounds)
    figure = Figure.of(scenario, _clients(clients) + note, sample, **site.state())
    figure.ratio, figure.against = ratio, f"hello's rate ({reference.rate:,.0f}/s)"
    bench.add(figure)


def _clients(number: int) -> str:
    return "1 client" if number == 1 else f"{number} clients"
