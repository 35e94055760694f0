"""Jobs that run: from PHASE=RUN to COMPLETED, one at a time, and many that queue."""

import itertools
import time

from . import yardsticks
from .bench import Bench
from .client import PATIENCE, Answer, Client, drive, get, post
from .samples import Figure, Sample, compare, median_of
from .servers import Site

#: Jobs a round; the yardstick has as many children.
ONE_BY_ONE = 15
LOOK_SECONDS = 0.02


def measure_run(bench: Bench) -> None:
    """One job at a time: from sending PHASE=RUN until a waiting GET says COMPLETED."""
    with bench.site("run") as site, yardsticks.Children(bench.new_folder("children")) as children:
        for service, note in (("trivial", ""), ("small", ", one small result")):
            with Client(site.port) as client:
                _run(client, service)

                def ours(client: Client = client, service: str = service) -> Sample:
                    latencies = [_run(client, service) for _ in range(ONE_BY_ONE)]
                    return Sample(latencies, sum(latencies))

                sample, reference, ratio = compare(
                    ours, lambda: children.one_by_one(ONE_BY_ONE), bench.options.rounds, median_of
                )
            figure = Figure.of("run", f"one at a time{note}", sample, **site.state())
            figure.ratio, figure.against = ratio, f"a bare child's median ({reference.p50 * 1000:.1f} ms)"
            bench.add(figure)


def _run(client: Client, service: str) -> float:
    """Run a new job; return how many seconds that took."""
    path = client.ask(post(f"/{service}/async", RA="10.6847")).location
    begun = time.perf_counter()
    client.ask(post(f"{path}/phase", PHASE="RUN"))
    phase = b""
    while b">COMPLETED<" not in phase:
        phase = client.ask(get(f"{path}?WAIT=30")).body
        if b">ERROR<" in phase or time.perf_counter() - begun > PATIENCE:
            raise RuntimeError(f"the job did not become COMPLETED: {phase.decode()}")
    return time.perf_counter() - begun


def measure_queue(bench: Bench) -> None:
    """Many jobs set to run at once: from the first PHASE=RUN until none is left."""
    count = bench.options.queued
    with bench.site("queue") as site, yardsticks.Children(bench.new_folder("children")) as children:
        with Client(site.port) as client:
            _run(client, "trivial")
        rounds = max(bench.options.rounds // 2, 1)
        # A round of bare children is shorter: one is as good as another.
        sample, reference, ratio = compare(
            lambda: _queue(site, count), lambda: children.at_once(count // 4), rounds
        )
        figure = Figure.of("queue", f"{count} trivial jobs", sample, **site.state())
        figure.p50_ms = figure.p99_ms = None
        figure.ratio = ratio
        figure.against = f"the rate of bare children, {yardsticks.SLOTS} at once ({reference.rate:,.0f}/s)"
        bench.add(figure)


def _queue(site: Site, count: int) -> Sample:
    made: list[Answer] = []
    drive(site.port, itertools.repeat(post("/trivial/async", RA="10.6847"), count), 32, keep=made)
    begun = time.perf_counter()
    drive(site.port, [post(f"{answer.location}/phase", PHASE="RUN") for answer in made], 8)
    with Client(site.port) as client:
        unfinished = get("/trivial/async?PHASE=QUEUED&PHASE=EXECUTING&LAST=1")
        while b"jobref" in client.ask(unfinished).body:
            time.sleep(LOOK_SECONDS)
            if time.perf_counter() - begun > PATIENCE:
                raise RuntimeError("the queue does not become empty")
        seconds = time.perf_counter() - begun
        phases = client.ask(get(f"/trivial/async?LAST={count}")).body
    if phases.count(b">COMPLETED<") != count:
        raise RuntimeError(f"not all jobs became COMPLETED: {phases[:2000]!r}")
    return Sample([seconds / count] * count, seconds)
