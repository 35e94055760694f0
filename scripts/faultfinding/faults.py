"""Faults, by name: each strikes once, at the moment it is called, and tells whether it met anything."""

import signal
import time
from collections.abc import Callable

from tests.support import processes
from tests.support.anatomy import jobs_of, named

from .site import Site

Fault = Callable[[Site], bool]

#: By how many seconds a clock is set forward or back.
STEPS = (-7200, -3600, -60, 60, 3600, 7200)

#: A full disk has room for no more than so many pages more.
MOST_PAGES = 40


def kill_web(site: Site) -> bool:
    """``kill -9`` of the web process."""
    if not site.server.is_running:
        return False
    site.kill_web()
    return True


def kill_everything(site: Site) -> bool:
    """``kill -9`` of the whole tree, as a power cut does but for what has not reached the disk."""
    site.kill_everything()
    return True


def kill_fork_server(site: Site) -> bool:
    """``kill -9`` of a fork server; what it has started goes on."""
    return _strike(site, signal.SIGKILL, named(site.server, "uws-forkserver"))


def kill_spare(site: Site) -> bool:
    """``kill -9`` of a keeper that waits for work; a job may just have reached it."""
    site.ledger.harm()
    return _strike(site, signal.SIGKILL, named(site.server, "uws-spare"))


def kill_keeper(site: Site) -> bool:
    """``kill -9`` of a keeper at work."""
    return _strike_job(site, signal.SIGKILL, "uws-keeper")


def kill_core(site: Site) -> bool:
    """``kill -9`` of a core at work."""
    return _strike_job(site, signal.SIGKILL, "uws-core")


def stop_keeper(site: Site) -> bool:
    """``kill -STOP`` of a keeper at work."""
    return _strike_job(site, signal.SIGSTOP, "uws-keeper")


def stop_core(site: Site) -> bool:
    """``kill -STOP`` of a core at work."""
    return _strike_job(site, signal.SIGSTOP, "uws-core")


def fill_disk(site: Site) -> bool:
    """Fill the disk of database, results and work, and give the room back a moment later."""
    if site.disk is None:
        return False
    with site.ledger.harming():
        site.disk.fill(site.chance.randrange(MOST_PAGES))
        time.sleep(site.chance.uniform(0.05, 0.6))
        site.disk.clear()
    return True


def step_clock(site: Site) -> bool:
    """Set the time of day forward or back."""
    site.step(site.chance.choice(STEPS))
    return True


def restore_database(site: Site) -> bool:
    """``kill -9`` of the web process, and an older copy of the database in place of the database."""
    return site.restore()


FAULTS: dict[str, Fault] = {
    "kill-web": kill_web,
    "kill-everything": kill_everything,
    "kill-fork-server": kill_fork_server,
    "kill-spare": kill_spare,
    "kill-keeper": kill_keeper,
    "kill-core": kill_core,
    "stop-keeper": stop_keeper,
    "stop-core": stop_core,
    "fill-disk": fill_disk,
    "step-clock": step_clock,
    "restore-database": restore_database,
}


def _strike_job(site: Site, number: signal.Signals, name: str) -> bool:
    """Send a signal to a process of a job, which may fail then."""
    victims = jobs_of(site.server, name)
    if not victims:
        return False
    pid = site.chance.choice(sorted(victims))
    site.ledger.harm({victims[pid]})
    return _strike(site, number, [pid])


def _strike(site: Site, number: signal.Signals, pids: list[int]) -> bool:
    """Send a signal to one of these processes, if it is still there and the site's."""
    if not pids:
        return False
    pid = site.chance.choice(sorted(pids))
    try:
        with processes.pidfd(pid) as descriptor:
            if not processes.belongs(pid, site.server.mark, site.server.folder):
                return False
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    return True
