"""A soak: minutes of waiting clients that come, drop dead and are told, over jobs that come and go."""

import random
import time
from dataclasses import dataclass, field

from .bench import Bench
from .client import Answer, Client, Connection, Loop, delete, get, post
from .samples import Figure, percentile
from .servers import Site

JOBLIST = "/small/async"

WAITERS = 2_000
JOBS = 200
ENDED = 200

#: The longest a request is held (s), and how long an answer may take that is due.
MAX_WAIT = 20
LATE = 5.0

#: How often something happens to a job (s), and of how many waiters the clients drop dead in each second.
PERIOD = 0.05
DROPPED = 20

#: Memory is looked at so many times, and counts from the middle on: its caches have filled by then.
LOOKS = 20
FILLING = 10

SETTINGS = {"uws.max_wait": str(MAX_WAIT), "uws.dispatcher": "none"}


@dataclass
class Story:
    """What was done to the jobs, and what those who waited were told; ``changed`` is when (monotonic s)."""

    changed: dict[str, float] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    alive: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    answers: int = 0
    wrong: int = 0
    late: int = 0
    dropped: int = 0

    def judge(self, job: str, answer: Answer, sent: float) -> None:
        """Count an answer to one who waited for a PENDING job, and what is wrong with it."""
        self.answers += 1
        now, changed = time.monotonic(), self.changed.get(job)
        is_gone = answer.status == 404
        has_ended = b"<uws:phase>ABORTED</uws:phase>" in answer.body
        is_unchanged = answer.status == 200 and b"<uws:phase>PENDING</uws:phase>" in answer.body
        if is_unchanged:
            self.wrong += now - sent < MAX_WAIT - 0.5
        elif not (is_gone and job in self.deleted) and not (has_ended and changed is not None):
            self.wrong += 1
        if changed is not None and not is_unchanged:
            delay = now - max(changed, sent)
            self.delays.append(delay)
            self.late += delay > LATE


def measure_soak(bench: Bench) -> None:
    """Hold and tell for as long as the option says."""
    seconds = bench.options.soak
    with bench.site("soak", threads=4, settings=SETTINGS) as site:
        idle = site.sockets()
        looks: list[int] = []
        story = Story()
        with Loop(site.port) as loop, Client(site.port) as changer:
            _soak(site, loop, changer, story, seconds, looks)
        site.settle(10)
        leaked = max(site.sockets() - idle, 0)
        memory = looks[FILLING:]
        figure = Figure(
            "soak", f"{WAITERS:,} waiters for {seconds:.0f} s", count=story.answers, errors=story.wrong
        )
        figure.p50_ms, figure.p99_ms = percentile(story.delays, 50) * 1000, percentile(story.delays, 99) * 1000
        figure.rate = story.answers / seconds
        figure.more = {
            "late": story.late,
            "dropped": story.dropped,
            "jobs": len(story.changed) + len(story.alive),
            "cut": loop.cut,
            "leaked": leaked,
            "rss_first_mb": memory[0] / 1e6,
            "rss_last_mb": memory[-1] / 1e6,
            **site.state(),
        }
        bench.add(figure)


def _soak(site: Site, loop: Loop, changer: Client, story: Story, seconds: float, looks: list[int]) -> None:
    chance = random.Random(WAITERS)  # noqa: S311 - no secret
    for _ in range(JOBS):
        story.alive.append(changer.ask(post(JOBLIST)).location)
    waiting = [_wait(loop, story, chance) for _ in range(WAITERS)]
    begun = time.monotonic()
    turn = 0
    while (passed := time.monotonic() - begun) < seconds:
        _change_a_job(changer, story, chance)
        if turn % round(1 / PERIOD) == 0:
            for place in chance.sample(range(WAITERS), DROPPED):
                waiting[place].close()
                waiting[place] = _wait(loop, story, chance)
                story.dropped += 1
        if passed >= len(looks) * seconds / LOOKS:
            looks.append(site.rss())
        turn += 1
        loop.run(max(0.0, begun + turn * PERIOD - time.monotonic()))
    overdue = time.monotonic() - MAX_WAIT - LATE
    story.late += sum(connection.sent < overdue for connection in waiting)


def _wait(loop: Loop, story: Story, chance: random.Random) -> Connection:
    """Open a connection on which somebody waits for one job after the other."""
    job = ""

    def ask(connection: Connection) -> None:
        nonlocal job
        job = chance.choice(story.alive)
        connection.send(get(f"{job}?WAIT=-1&PHASE=PENDING"))

    def on_answer(connection: Connection, answer: Answer, latency: float) -> None:
        story.judge(job, answer, time.monotonic() - latency)
        ask(connection)

    connection = Connection(loop, on_answer)
    ask(connection)
    return connection


def _change_a_job(changer: Client, story: Story, chance: random.Random) -> None:
    """End or delete one job, and make another in its place; jobs that have ended are deleted after a while."""
    job = story.alive.pop(chance.randrange(len(story.alive)))
    story.changed[job] = time.monotonic()
    if chance.random() < 0.5:
        story.deleted.add(job)
        changer.ask(delete(job))
    else:
        changer.ask(post(f"{job}/phase", PHASE="ABORT"))
        story.ended.append(job)
    if len(story.ended) > ENDED:
        old = story.ended.pop(0)
        story.deleted.add(old)
        changer.ask(delete(old))
    story.alive.append(changer.ask(post(JOBLIST)).location)
