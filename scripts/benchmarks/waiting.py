"""WAIT: many clients that wait for one job, or each for another; and one who waits alone."""

import re
import time
from dataclasses import dataclass, field
from datetime import datetime

from . import filling
from .bench import ARCHIVE, Bench, job_ids
from .client import PATIENCE, Answer, Client, Connection, Loop, drive, get, post
from .probe import Probe
from .samples import Figure, Sample, percentile
from .servers import Site

#: The threads of the server with the waiters; what is wanted of it is stated for four.
THREADS = 4

#: Longer than the scenario takes, so that nobody is answered because the time is up.
SETTINGS = {"uws.max_wait": "600"}

#: Those who wait first and are not counted, so that what is made once is not charged to the others.
WARMING = 100

#: Where everybody waits for another job, so many of them are ended, by so many clients: half the threads are
#: left to others. Who is not told hangs up in the end.
ENDED = 1_000
CHANGERS = 2

ALONE = 60
PAUSE_BEFORE_CHANGE = 0.03
LOOK_SECONDS = 4.0
SETTLE_SECONDS = 60.0

#: The share of a core that the probe keeps the server busy with at most.
PROBE_BUSY = 0.35

_END = re.compile(rb"<uws:endTime>([^<]+)<")
_FINAL = b"<uws:phase>ABORTED</uws:phase>"


@dataclass
class Crowd:
    """What becomes of those who wait: when the end of each one's job was asked for, and when he was told."""

    asked: dict[int, float] = field(default_factory=dict)
    told: dict[int, float] = field(default_factory=dict)
    early: int = 0
    wrong: int = 0


def measure_wait_one(bench: Bench) -> None:
    """One waiter: from the end time written in the job, which is just before the commit, to his answer."""
    with bench.site("wait", threads=THREADS, settings=SETTINGS) as site, Loop(site.port) as loop:
        delays: list[float] = []
        waiter = Connection(loop, lambda _connection, answer, _: delays.append(time.time() - _end_of(answer)))
        with Client(site.port) as client:
            for number in range(1, ALONE + 1):
                path = client.ask(post("/archive/async", RA="10.6847")).location
                waiter.send(get(f"{path}?WAIT=-1&PHASE=PENDING"))
                time.sleep(PAUSE_BEFORE_CHANGE)
                client.ask(post(f"{path}/phase", PHASE="ABORT"))
                loop.run(PATIENCE, lambda number=number: len(delays) == number)
        bench.add(Figure.of("wait-one", "one waiter", Sample(delays, 0.0), **site.state()))


def _end_of(answer: Answer) -> float:
    found = _END.search(answer.body)
    if found is None or _FINAL not in answer.body:
        raise RuntimeError(f"who waits was told too early: {answer.body.decode()}")
    return datetime.fromisoformat(found[1].decode()).timestamp()


def measure_wait_job(bench: Bench) -> None:
    """Many who wait for one job."""
    for count in bench.options.waiters:
        if not _measure(bench, "wait-job", f"{count:,} waiters on one job", count, shared=True):
            return


def measure_wait_jobs(bench: Bench) -> None:
    """Many who wait, each for another job."""
    for count in bench.options.waiters:
        if not _measure(bench, "wait-jobs", f"{count:,} waiters on as many jobs", count, shared=False):
            return


def _measure(bench: Bench, scenario: str, case: str, count: int, *, shared: bool) -> bool:
    """Measure one crowd; tell whether the server held all of it, so that a larger one makes sense."""
    storage = bench.new_folder("waiting") / "uws.fs"
    filling.fill(storage, (1 if shared else count) + WARMING + 1, pending=True)
    with bench.site("wait", storage, threads=THREADS, settings=SETTINGS) as site:
        probed, *ids = job_ids(site, count + WARMING + 1)
        warming, ids = ids[:WARMING], ids[WARMING:]
        _warm(site, warming)
        figure = Figure(scenario, case, count=count)
        _hold_and_tell(site, figure, ids * count if shared else ids, probed)
        bench.add(figure)
        return figure.more["held"] == count


def _warm(site: Site, ids: list[str]) -> None:
    """Let some wait and be told, and do what the server does for the first time."""
    drive(site.port, [get(f"{ARCHIVE}/{job_id}") for job_id in ids] * 5, 4)
    with Loop(site.port) as loop:
        crowd = Crowd()
        _gather(loop, crowd, ids)
        site.settle(10)
        drive(site.port, [_abortion(job_id) for job_id in ids], CHANGERS)
        loop.run(10, lambda: len(crowd.told) + crowd.early >= len(ids))
    site.settle(10)


def _hold_and_tell(site: Site, figure: Figure, jobs: list[str], probed: str) -> None:
    """Fill in the figure: let them wait, look how ordinary requests fare, end the jobs, see who is told."""
    count, crowd = len(jobs), Crowd()
    memory, sockets = site.rss(), site.sockets()
    with Loop(site.port) as loop, Probe(site.port, f"{ARCHIVE}/{probed}") as probe:
        begun = time.monotonic()
        _gather(loop, crowd, jobs)
        site.settle(SETTLE_SECONDS, busy=PROBE_BUSY)
        loop.run(0.2)
        parked, memory = time.monotonic(), site.rss() - memory
        held = count - crowd.early
        loop.run(LOOK_SECONDS)
        looked = time.monotonic()
        expected = min(_end_jobs(loop, crowd, jobs), held)
        loop.run(PATIENCE, lambda: len(crowd.told) >= expected)
        probe.end()
        closed = loop.cut
    ended = max(crowd.told.values(), default=looked)
    delays = [crowd.told[number] - crowd.asked[number] for number in crowd.told]
    figure.p50_ms, figure.p99_ms = percentile(delays, 50) * 1000, percentile(delays, 99) * 1000
    figure.rate = len(delays) / (ended - looked) if delays else None
    figure.errors = crowd.wrong
    waking = probe.between(looked, ended)
    figure.more = {
        "held": held,
        "told": len(crowd.told),
        "closed": closed,
        "lost": expected - len(crowd.told),
        "parking_s": parked - begun,
        "kb_each": memory / max(held, 1) / 1000,
        "last_told_ms": (ended - looked) * 1000,
        "get_p99_held_ms": percentile(probe.between(parked, looked), 99) * 1000,
        "get_p99_waking_ms": percentile(waking, 99) * 1000,
        "get_max_waking_ms": max(waking, default=0.0) * 1000,
        **site.state(),
    }
    site.settle(10)
    figure.more["leaked"] = max(site.sockets() - sockets, 0)


def _gather(loop: Loop, crowd: Crowd, jobs: list[str]) -> None:
    """Let everybody begin to wait, number n for the n-th job."""
    for number, job_id in enumerate(jobs):

        def on_answer(_connection: Connection, answer: Answer, _: float, number: int = number) -> None:
            if number not in crowd.asked:
                crowd.early += 1
                return
            crowd.told[number] = time.monotonic()
            crowd.wrong += _FINAL not in answer.body

        Connection(loop, on_answer).send(get(f"{ARCHIVE}/{job_id}?WAIT=-1&PHASE=PENDING"))
        if number % 20 == 0:
            loop.run(0.01)


def _end_jobs(loop: Loop, crowd: Crowd, jobs: list[str]) -> int:
    """Begin to end the jobs, the loop does the rest as the answers come; return how many wait for them."""
    waiting: dict[str, list[int]] = {}
    for number, job_id in enumerate(jobs):
        waiting.setdefault(job_id, []).append(number)
    to_end = list(waiting)[:ENDED]
    source = iter(to_end)

    def proceed(connection: Connection, *_: object) -> None:
        job_id = next(source, None)
        if job_id is None:
            connection.close()
            return
        crowd.asked |= dict.fromkeys(waiting[job_id], time.monotonic())
        connection.send(_abortion(job_id))

    for _ in range(min(CHANGERS, len(to_end))):
        proceed(Connection(loop, proceed))
    return sum(len(waiting[job_id]) for job_id in to_end)


def _abortion(job_id: str) -> bytes:
    return post(f"{ARCHIVE}/{job_id}/phase", PHASE="ABORT")
