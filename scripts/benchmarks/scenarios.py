"""Plain requests: the yardsticks themselves, create, GET job, GET phase, DELETE."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator

from . import yardsticks
from .bench import ARCHIVE, Bench, job_ids
from .client import Answer, delete, drive, get, post
from .samples import Figure, Sample, compare
from .servers import Server, Site

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
    """DELETE jobs that have no files."""
    with bench.site("delete") as site:
        for clients in (1, 8, 32):
            count = 100 if clients == 1 else 240
            made: list[Answer] = []
            creation = post("/trivial/async", **FORM)
            drive(site.port, itertools.repeat(creation, count * bench.options.rounds), 32, keep=made)
            deletions = iter([delete(answer.location) for answer in made])
            _compare(bench, "delete", site, _slices(site, deletions, count, clients), clients)


def _slices(site: Site, requests: Iterator[bytes], count: int, clients: int) -> Callable[[], Sample]:
    """Return what sends the next so many of the requests."""
    return lambda: drive(site.port, list(itertools.islice(requests, count)), clients)


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
    cpu = CpuTime()
    bench.hello(clients, 0.2)
    sample, reference, ratio = compare(
        cpu.measured("cpu_us", site, ours),
        cpu.measured("hello_cpu_us", bench.hello_server, lambda: bench.hello(clients)),
        bench.options.rounds,
    )
    figure = Figure.of(scenario, _clients(clients) + note, sample, **cpu.per_request(), **site.state())
    figure.ratio, figure.against = ratio, f"hello's rate ({reference.rate:,.0f}/s)"
    bench.add(figure)


class CpuTime:
    """Processor time of servers while they are driven, which other work disturbs less than their rates."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()

    def measured(self, name: str, server: Server, drive_it: Callable[[], Sample]) -> Callable[[], Sample]:
        """Return what drives the server and notes under that name how much it had to do."""

        def measure() -> Sample:
            before = server.cpu_seconds()
            sample = drive_it()
            self._seconds[name] += server.cpu_seconds() - before
            self._requests[name] += sample.count
            return sample

        return measure

    def per_request(self) -> dict[str, float]:
        """Return the microseconds per request, by name."""
        return {name: self._seconds[name] / count * 1e6 for name, count in self._requests.items()}


def _clients(number: int) -> str:
    return "1 client" if number == 1 else f"{number} clients"
