"""Job lists and starts, with databases of growing size."""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator

from . import filling
from .bench import ARCHIVE, OWNED, OWNED_FROM, Bench
from .client import Answer, Client, get
from .samples import Figure, Sample, timed
from .servers import Demonstration, Site

#: What is asked for: the name of the case and the query. {after} leaves about a hundred jobs.
QUERIES = {
    "LAST=10": "?LAST=10",
    "PHASE=COMPLETED&LAST=10": "?PHASE=COMPLETED&LAST=10",
    "PHASE=EXECUTING": "?PHASE=EXECUTING",
    "PHASE=ERROR&LAST=10": "?PHASE=ERROR&LAST=10",
    "AFTER, 100 jobs": "?AFTER={after}",
}
EXECUTING = 10
WARMING = 20
LARGE = 100_000

#: Lists read before memory is measured: what is cached by then is no cost of the next one.
WHOLE = 10


def measure_start(bench: Bench) -> None:
    """From starting the process to its first answer; and what it occupies a while later."""
    smallest = 0.0
    for size in bench.options.sizes:
        storage = bench.database(size)
        seconds, memory = [], []
        for _ in range(bench.options.starts):
            site = Site(bench.new_folder("start"), storage)
            try:
                seconds.append(site.start())
                site.settle(10)
                memory.append(site.rss())
            finally:
                site.stop()
        more = {"rss_mb": statistics.median(memory) / 1e6, "file_mb": storage.stat().st_size / 1e6}
        figure = Figure.of("start", f"{size:,} jobs", Sample(seconds, sum(seconds)), **more)
        smallest = smallest or statistics.median(seconds)
        figure.ratio = statistics.median(seconds) / smallest
        figure.against = f"the median at {min(bench.options.sizes):,} jobs"
        bench.add(figure)


def measure_idle(bench: Bench) -> None:
    """Memory of the web process of the demonstration site, idle after its start."""
    seconds, memory = [], []
    for _ in range(bench.options.starts):
        site = Demonstration(bench.new_folder("idle"))
        try:
            seconds.append(site.start())
            time.sleep(2)
            site.settle(20)
            memory.append(site.rss())
        finally:
            site.stop()
    sample = Sample(seconds, sum(seconds))
    bench.add(Figure.of("idle", "development.ini", sample, rss_mb=statistics.median(memory) / 1e6))


def measure_lists(bench: Bench) -> None:
    """All the lists; ratios are to the smallest database."""
    with contextlib.ExitStack() as stack:
        sites = {size: stack.enter_context(_archive(bench, size)) for size in bench.options.sizes}
        for name, query in QUERIES.items():
            _measure_short(bench, name, query, sites)
        for size, site in sites.items():
            _measure_scan(bench, size, site)
            owned = OWNED if size >= OWNED_FROM else 0
            if owned:
                case = f"an owner's {owned:,} of {size:,} jobs"
                _measure_whole(bench, case, site, get(ARCHIVE, X_Owner=filling.OWNER), owned)
            _measure_whole(bench, f"whole list, {size:,} jobs", site, get(ARCHIVE), size - owned)


def _measure_short(bench: Bench, name: str, query: str, sites: dict[int, Site]) -> None:
    """A short list, with all databases in turn."""
    with contextlib.ExitStack() as stack:
        clients = {size: stack.enter_context(Client(site.port)) for size, site in sites.items()}
        samples, ratios = _in_turn(bench, clients, query)
    for size, sample in samples.items():
        figure = Figure.of("lists", f"{name}, {size:,} jobs", sample, **sites[size].state())
        figure.ratio = statistics.median(ratios[size])
        figure.against = f"the median at {min(sites):,} jobs"
        bench.add(figure)


def _in_turn(
    bench: Bench, clients: dict[int, Client], query: str
) -> tuple[dict[int, Sample], dict[int, list[float]]]:
    asking = {size: _asking(client, query) for size, client in clients.items()}
    for ask in asking.values():
        timed(ask, count=WARMING)
    samples = {size: Sample() for size in clients}
    ratios: dict[int, list[float]] = {size: [] for size in clients}
    for _ in range(bench.options.rounds):
        turn = {size: timed(ask, seconds=bench.options.seconds / 3) for size, ask in asking.items()}
        for size, sample in turn.items():
            samples[size] += sample
            ratios[size].append(sample.p50 / turn[min(turn)].p50)
    return samples, ratios


def _asking(client: Client, query: str) -> Callable[[], Answer]:
    """Return what sends the query, {after} being when the hundred-and-first newest job was made."""
    if "{after}" in query:
        oldest = client.ask(get(f"{ARCHIVE}?LAST=101")).body.rpartition(b"<uws:creationTime>")[2]
        query = query.format(after=oldest.partition(b"<")[0].decode())
    request = get(ARCHIVE + query)
    return lambda: client.ask(request)


def _measure_scan(bench: Bench, size: int, site: Site) -> None:
    """Ten jobs in a final phase that is rare have to be looked for."""
    request = get(f"{ARCHIVE}?PHASE=ABORTED&LAST={filling.RARE}")
    with Client(site.port) as client:
        timed(lambda: client.ask(request), count=2)
        sample = timed(lambda: client.ask(request), count=20, seconds=10)
    bench.add(Figure.of("lists", f"PHASE=ABORTED&LAST=10 (rare), {size:,} jobs", sample, **site.state()))


def _measure_whole(bench: Bench, case: str, site: Site, request: bytes, size: int) -> None:
    """A whole list, warm, and by how much it raises the peak of the server's memory; the largest only once."""
    with Client(site.port) as client:
        if size <= LARGE:
            timed(lambda: client.ask(request), count=WHOLE)
        before = site.reset_peak()
        begun = time.perf_counter()
        body = client.ask(request).body
        seconds = time.perf_counter() - begun
        sample = Sample([seconds], seconds)
        more = {"extra_mb": (site.peak() - before) / 1e6, "answer_mb": len(body) / 1e6}
        found = body.count(b"<uws:jobref ")
        if found != size:
            raise RuntimeError(f"the list has {found} of {size} jobs")
        if size <= LARGE:
            sample += timed(lambda: client.ask(request), count=4 * WHOLE, seconds=20)
    bench.add(Figure.of("lists", case, sample, **more, **site.state()))


@contextlib.contextmanager
def _archive(bench: Bench, size: int) -> Iterator[Site]:
    """Serve a filled database with some EXECUTING jobs, but no dispatcher that would look for them."""
    storage = bench.database(size)
    filling.let_execute(storage, EXECUTING)
    settings = {"uws.dispatcher": "none", "uws.includes": "benchmarks.site"}
    with bench.site("lists", storage, settings=settings) as site:
        yield site
