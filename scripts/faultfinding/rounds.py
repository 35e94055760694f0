"""Rounds: clients at work, some faults at random moments, a start, rest, and all checks."""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.support.disks import CannotMount, mounted_disk
from tests.support.http import http

from .checks import check
from .faults import FAULTS
from .ledger import Ledger
from .site import SECTIONS, SETTINGS, Site, SteppedServer

MEGABYTES = 96
MOST_FAULTS = 6  # in one round

#: So many jobs are kept from one round to the next; the others are deleted, to keep rounds short.
KEPT = 30


@contextlib.contextmanager
def make_site(folder: Path, ledger: Ledger, chance: random.Random) -> Iterator[Site]:
    """Make a site on a small disk, or on that of the folder if none can be mounted; end it afterwards."""
    with contextlib.ExitStack() as stack:
        server = SteppedServer(folder, settings=SETTINGS, services=[], sections=SECTIONS)
        try:
            disk = stack.enter_context(mounted_disk(server.var, MEGABYTES))
        except CannotMount:
            disk = None
        stack.callback(server.close)
        server.start()
        site = Site(server, disk, ledger, chance)
        stack.callback(site.rest)
        yield site


def play(
    site: Site, names: Iterable[str], rounds: int, deadline: float, tell: Callable[[Counter[str]], None]
) -> None:
    """Play rounds until there were so many, or that time (monotonic clock) has come; tell what struck in each."""
    for _ in range(rounds):
        tell(_play_one(site, sorted(names)))
        if time.monotonic() > deadline:
            break
    _end(site)


def _play_one(site: Site, names: list[str]) -> Counter[str]:
    chance = site.chance
    struck: Counter[str] = Counter()
    site.work()
    back_up_before = chance.randrange(MOST_FAULTS)
    for number in range(chance.randint(2, MOST_FAULTS)):
        time.sleep(chance.uniform(0.02, 0.6))  # the moment itself is what is tried
        if number == back_up_before:
            site.back_up()
        name = chance.choice(names)
        struck[name] += FAULTS[name](site)
        if chance.random() < 0.7:  # otherwise the next one strikes while there is no server
            site.start()
    time.sleep(chance.uniform(0.02, 0.6))
    site.rest()
    site.start()
    check(site)
    _delete_most(site)
    return struck


def _delete_most(site: Site) -> None:
    """Delete all but some jobs, those included that nobody knows of, and forget those that are gone."""
    ledger = site.ledger
    kept = set(site.chance.sample(sorted(ledger.jobs), min(KEPT, len(ledger.jobs))))
    for url, job in list(ledger.jobs.items()):
        if url in kept and not job.spoilt:
            continue
        if not job.deleted:
            answer = http.delete(url)
            if answer.status_code != 303:
                ledger.find("broken", f"DELETE {url} was answered {answer.status_code}: {answer.text[:300]}")
        del ledger.jobs[url]


def _end(site: Site) -> None:
    """Start once more, when all that was the future is past: now nothing at all may be left over."""
    site.server.kill()
    site.step(site.latest - site.offset + 60)
    site.start()
    check(site)
