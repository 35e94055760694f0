"""The command; see ``scripts/bench --help``."""

import argparse
import contextlib
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from . import cutouts, jobs, lists, pages, scenarios, soak, waiting
from .bench import Bench, Options
from .report import Report, machine, put_into, read, tables
from .tables import measure_tables

SCENARIOS: dict[str, Callable[[Bench], None]] = {
    "yardsticks": scenarios.measure_yardsticks,
    "create": scenarios.measure_create,
    "get-job": scenarios.measure_get_job,
    "get-phase": scenarios.measure_get_phase,
    "delete": scenarios.measure_delete,
    "run": jobs.measure_run,
    "queue": jobs.measure_queue,
    "cutouts": cutouts.measure_cutouts,
    "idle": lists.measure_idle,
    "start": lists.measure_start,
    "lists": lists.measure_lists,
    "pages": pages.measure_pages,
    "wait-one": waiting.measure_wait_one,
    "wait-job": waiting.measure_wait_job,
    "wait-jobs": waiting.measure_wait_jobs,
    "tables": measure_tables,
    "soak": soak.measure_soak,
}

#: What takes long is measured if it is asked for, or with --full.
LONG = ("soak",)
MILLION = 1_000_000
QUICK = Options(rounds=3, seconds=0.4, sizes=(1_000, 10_000), waiters=(100, 1_000), queued=40, starts=2)


def main() -> int:
    given = _arguments()
    if given.read is not None:
        facts, figures = read(given.read)
    else:
        facts, figures = _measure(given)
    if given.into is not None:
        put_into(given.into, tables(facts, figures, markdown=True))
    else:
        print("\n".join(tables(facts, figures, markdown=given.markdown)))
    return 0


def _measure(given: argparse.Namespace) -> tuple[dict, list]:
    """Run the scenarios; whatever happens, what was started is ended."""
    signal.signal(signal.SIGTERM, _end)
    # Ten thousand waiters are as many files, here and in the server.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.ExitStack() as stack:
        lines = None if given.json is None else stack.enter_context(given.json.open("a", encoding="utf-8"))
        report = Report(lines, quiet=given.silent)
        facts = machine()
        report.begin(facts)
        bench = stack.enter_context(Bench(_options(given), given.folder, report.show))
        for name in given.scenario or [name for name in SCENARIOS if given.full or name not in LONG]:
            SCENARIOS[name](bench)
        return facts, bench.figures


def _options(given: argparse.Namespace) -> Options:
    base = QUICK if given.quick else Options()
    sizes = given.sizes or (*base.sizes, *([MILLION] if given.full else []))
    return Options(
        rounds=given.rounds or base.rounds,
        seconds=given.seconds or base.seconds,
        sizes=tuple(sorted(sizes)),
        waiters=tuple(given.waiters or base.waiters),
        threads=given.threads,
        queued=base.queued,
        starts=base.starts,
        soak=given.soak or base.soak,
    )


def _end(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(143)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(float(number)) for number in text.split(","))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure pyramid_uws on this machine, with servers and databases of its own.",
        epilog="Figures are ratios to what the machine does at that moment; nothing else should run meanwhile.",
    )
    add = parser.add_argument
    add(
        "scenario",
        nargs="*",
        metavar="SCENARIO",
        help=f"one or more of {', '.join(SCENARIOS)}; default: all but soak",
    )
    add("--quick", action="store_true", help="short rounds, small databases and crowds: two minutes")
    add("--full", action="store_true", help="with a database of 10^6 jobs and the soak: nearly an hour")
    add("--json", type=Path, metavar="FILE", help="append the figures to this file, a line of JSON each")
    add("--markdown", action="store_true", help="print the tables as Markdown")
    add("--into", type=Path, metavar="FILE", help="put the tables into this Markdown file, below its marker")
    add("--read", type=Path, metavar="FILE", help="measure nothing, print the tables of what --json has written")
    add("--silent", action="store_true", help="do not show the figures as they come")
    add("--folder", type=Path, metavar="DIR", help="where the databases are made (TMPDIR)")
    add("--sizes", type=_numbers, metavar="N,…", help="jobs in the databases of start and lists, e.g. 1e3,1e6")
    add("--waiters", type=_numbers, metavar="N,…", help="how many wait at once, e.g. 100,10000")
    add("--rounds", type=int, metavar="N", help="rounds of each case; the ratio is their median")
    add("--seconds", type=float, metavar="S", help="how long a round is")
    add("--soak", type=float, metavar="S", help="how long the soak is (600)")
    add("--threads", type=int, default=32, metavar="N", help="threads of the server (32); for WAIT always 4")
    given = parser.parse_args()
    for name in given.scenario:
        if name not in SCENARIOS:
            parser.error(f"there is no scenario {name!r}; there are {', '.join(SCENARIOS)}")
    return given


if __name__ == "__main__":
    sys.exit(main())
