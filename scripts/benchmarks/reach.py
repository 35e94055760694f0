"""What is wanted, what was measured, and whether that is enough; all of one run."""

from collections.abc import Callable
from typing import NamedTuple

from .samples import Figure


class Row(NamedTuple):
    """One line of the table; ``met`` is None where nothing was measured, or nothing as large as is wanted."""

    what: str
    wanted: str
    measured: str
    met: bool | None


class Figures:
    """The figures of a run."""

    def __init__(self, figures: list[Figure]) -> None:
        self._figures = figures

    def all(self, scenario: str, case: str = "") -> list[Figure]:
        """Return the figures of a scenario whose case begins with that; ``LookupError`` if there are none."""
        of_scenario = [figure for figure in self._figures if figure.scenario == scenario]
        found = [figure for figure in of_scenario if figure.case.startswith(case)]
        if not found:
            raise LookupError(scenario)
        return found

    def last(self, scenario: str, case: str = "") -> Figure:
        """Return the last of them, which is the one with the largest database or crowd."""
        return self.all(scenario, case)[-1]

    def worst_ratio(self, scenario: str) -> Figure:
        """Return the figure of a scenario with the smallest ratio, of what is asked for again and again."""
        return min((figure for figure in self.all(scenario) if "another" not in figure.case), key=_ratio)

    def largest_crowds(self) -> list[Figure]:
        """Return the figures of the most waiters on one job and, if there were as many, on as many jobs."""
        crowds = [figure for name in ("wait-job", "wait-jobs") for figure in self._crowds(name)]
        if not crowds:
            raise LookupError("wait-job")
        most = max(figure.count for figure in crowds)
        return [figure for figure in crowds if figure.count == most]

    def _crowds(self, scenario: str) -> list[Figure]:
        return [figure for figure in self._figures if figure.scenario == scenario]


#: What is shown, and whether it is enough; None if that cannot be told.
Verdict = tuple[str, bool | None]

#: How many jobs and waiters the wishes are about, and how long a soak.
JOBS = "1,000,000 jobs"
WAITERS = 10_000
SOAK = "600 s"


def _ratio(figure: Figure) -> float:
    assert figure.ratio is not None, figure
    return figure.ratio


def _create(figures: Figures) -> Verdict:
    figure = figures.last("create", "32 clients")
    return f"{_ratio(figure):.2f} ({figure.rate:,.0f}/s)", _ratio(figure) >= 1 / 3


def _create_errors(figures: Figures) -> Verdict:
    errors = sum(figure.errors for figure in figures.all("create"))
    count = sum(figure.count for figure in figures.all("create"))
    return f"{errors} in {count:,} creations", errors == 0


def _requests(scenario: str, least: float) -> Callable[[Figures], Verdict]:
    def verdict(figures: Figures) -> Verdict:
        worst = figures.worst_ratio(scenario)
        shown = ", ".join(f"{_ratio(figure):.2f} ({figure.case})" for figure in figures.all(scenario))
        return shown, _ratio(worst) >= least

    return verdict


def _run(figures: Figures) -> Verdict:
    figure = figures.all("run")[0]
    return f"{_ratio(figure):.2f} ({figure.p50_ms:.1f} ms)", _ratio(figure) <= 2


def _queue(figures: Figures) -> Verdict:
    figure = figures.last("queue")
    return f"{_ratio(figure):.2f} ({figure.rate:,.0f}/s)", _ratio(figure) >= 2 / 3


def _list(query: str) -> Callable[[Figures], Verdict]:
    def verdict(figures: Figures) -> Verdict:
        figure = figures.last("lists", f"{query}, ")
        shown = f"{_ratio(figure):.2f} ({figure.case}: {figure.p50_ms:.1f} ms)"
        return shown, _of_the_largest(figure, _ratio(figure) <= 1.5)

    return verdict


def _of_the_largest(figure: Figure, enough: bool) -> bool | None:
    """Return the verdict if the database was as large as it has to be."""
    return enough if figure.case.endswith(JOBS) else None


def _pages(figures: Figures) -> Verdict:
    figure = max(figures.all("pages"), key=_ratio)
    return f"{_ratio(figure):.1f} x ({figure.case})", _ratio(figure) <= 3


def _whole_list(figures: Figures) -> Verdict:
    figure = figures.last("lists", "an owner's")
    return f"{figure.p50_ms:.0f} ms ({figure.case})", (figure.p50_ms or 0) <= 100


def _whole_list_memory(figures: Figures) -> Verdict:
    extra = figures.last("lists", "an owner's").more["extra_mb"]
    return f"{extra:.1f} MB", extra < 5


def _crowd(name: str, unit: str, most: float) -> Callable[[Figures], Verdict]:
    def verdict(figures: Figures) -> Verdict:
        crowds = figures.largest_crowds()
        shown = "; ".join(f"{figure.more[name]:,.1f} {unit} ({figure.case})" for figure in crowds)
        return shown, _of_many(crowds, all(figure.more[name] <= most for figure in crowds))

    return verdict


def _held(figures: Figures) -> Verdict:
    crowds = figures.largest_crowds()
    shown = "; ".join(f"{figure.more['held']:,} of {figure.count:,}" for figure in crowds)
    return shown, _of_many(crowds, all(figure.more["held"] == figure.count for figure in crowds))


def _told(figures: Figures) -> Verdict:
    figure = figures.last("wait-job")
    seconds, lost = figure.more["last_told_ms"] / 1000, figure.more["lost"] + figure.errors
    shown = f"{seconds:.1f} s, {lost} lost or wrong ({figure.case})"
    return shown, _of_many([figure], seconds <= 5 and lost == 0)


def _of_many(crowds: list[Figure], enough: bool) -> bool | None:
    """Return the verdict if the crowds were as large as they have to be."""
    return enough if all(figure.count >= WAITERS for figure in crowds) else None


def _one(figures: Figures) -> Verdict:
    figure = figures.last("wait-one")
    return f"p50 {figure.p50_ms:.1f} ms, p99 {figure.p99_ms:.1f} ms", (figure.p50_ms or 0) <= 20


def _start(figures: Figures) -> Verdict:
    figure = figures.last("start")
    shown = f"{(figure.p50_ms or 0) / 1000:.2f} s ({figure.case})"
    return shown, _of_the_largest(figure, (figure.p50_ms or 0) <= 2000)


def _soak(figures: Figures) -> Verdict:
    figure = figures.last("soak")
    more = figure.more
    grown = more["rss_last_mb"] - more["rss_first_mb"]
    shown = (
        f"{figure.errors} wrong, {more['late']} late, {more['cut']} cut, {more['leaked']} leaked,"
        f" {grown:+.1f} MB ({figure.case}, {figure.count:,} answers)"
    )
    wrong = figure.errors or more["late"] or more["cut"] or more["leaked"]
    enough = figure.count > 0 and not wrong and grown < GROWTH
    return shown, enough if figure.case.endswith(SOAK) else None


def _idle(figures: Figures) -> Verdict:
    megabytes = figures.last("idle").more["rss_mb"]
    return f"{megabytes:.0f} MB", megabytes <= 130


def _cuts(figures: Figures) -> Verdict:
    worst = max(figures.all("cutouts"), key=lambda figure: figure.more["extra_mb"])
    return f"{worst.more['extra_mb']:.0f} MB ({worst.case})", worst.more["extra_mb"] < 100


def _table(form: str, least: float) -> Callable[[Figures], Verdict]:
    def verdict(figures: Figures) -> Verdict:
        figure = figures.last("tables", form)
        shown = f"{figure.rate:,.0f} rows/s, {_ratio(figure):.0f} times astropy's ({figure.case})"
        return shown, (figure.rate or 0) >= least

    return verdict


def _table_memory(figures: Figures) -> Verdict:
    found = figures.all("tables")
    shown = "; ".join(f"{figure.more['extra_mb']:+.1f} MB ({figure.case})" for figure in found)
    return shown, all(figure.more["extra_mb"] < GROWTH for figure in found)


#: What the memory may grow by in the second half of the soak, and with four times the rows (MB).
GROWTH = 5.0

WISHES: tuple[tuple[str, str, Callable[[Figures], Verdict]], ...] = (
    ("create, 32 clients", "1/3 of hello's rate", _create),
    ("create: errors that reach a client", "none", _create_errors),
    ("GET job document", "1/2 of hello's rate", _requests("get-job", 1 / 2)),
    ("GET phase", "2/3 of hello's rate", _requests("get-phase", 2 / 3)),
    ("trivial job, RUN to COMPLETED, p50", "2 x a bare fork-server child", _run),
    ("queued trivial jobs", "2/3 of the rate of bare children", _queue),
    ("LAST=10, warm, at 10^6 jobs", "1.5 x the time at 10^3", _list("LAST=10")),
    ("PHASE=EXECUTING, warm, at 10^6 jobs", "1.5 x the time at 10^3", _list("PHASE=EXECUTING")),
    ("whole list of an owner's 10,000 jobs, warm", "100 ms", _whole_list),
    ("the same: extra memory", "under 5 MB", _whole_list_memory),
    ("pages: the server's time", "3 x that of the XML", _pages),
    ("10,000 waiters, 4 threads", "all held", _held),
    ("memory of a waiter", "8 kB", _crowd("kb_each", "kB", 8)),
    ("ordinary GET meanwhile, p99", "20 ms", _crowd("get_p99_held_ms", "ms", 20)),
    ("ordinary GET during the wake-up, p99", "60 ms", _crowd("get_p99_waking_ms", "ms", 60)),
    ("waking 10,000 waiters of one job", "all told within 5 s, none lost", _told),
    ("one waiter, after the commit", "20 ms", _one),
    ("soak of 10 minutes", "nothing wrong, late or leaked; under 5 MB more", _soak),
    ("VOTable of ten columns, BINARY2", "200,000 rows/s", _table("BINARY2", 200_000)),
    ("VOTable of ten columns, TABLEDATA", "100,000 rows/s", _table("TABLEDATA", 100_000)),
    ("the same: memory for four times the rows", "under 5 MB", _table_memory),
    ("start with 10^6 jobs", "2 s", _start),
    ("cuts of large observations: extra memory", "under 100 MB, limit 300 MB", _cuts),
    ("web process, idle after start", "130 MB", _idle),
)


def rows(figures: list[Figure]) -> list[Row]:
    """Return the whole table."""
    run = Figures(figures)
    table = []
    for what, wanted, judge in WISHES:
        try:
            measured, met = judge(run)
        except LookupError:
            table.append(Row(what, wanted, "not measured", None))
        else:
            table.append(Row(what, wanted, measured, met))
    return table
