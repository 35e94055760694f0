"""What scripts/bench says of its figures: all that is wanted is judged, and only by figures that can tell."""

import dataclasses

import pytest
from benchmarks import reach, report
from benchmarks.samples import Figure

MILLION = "1,000,000 jobs"
CROWD = {"held": 10_000, "lost": 0, "last_told_ms": 5000.0, "kb_each": 8.0} | {
    "get_p99_held_ms": 20.0,
    "get_p99_waking_ms": 60.0,
}
SOAK = {"late": 0, "cut": 0, "leaked": 0, "rss_first_mb": 100.0, "rss_last_mb": 104.0}

#: As bad as they may be.
ENOUGH = (
    Figure("create", "32 clients", count=100, rate=900, ratio=0.34),
    Figure("get-job", "16 clients", ratio=0.5),
    Figure("get-job", "16 clients, each another job", ratio=0.1),
    Figure("get-phase", "16 clients", ratio=0.67),
    Figure("run", "one at a time", p50_ms=40, ratio=2.0),
    Figure("queue", "200 trivial jobs", rate=30, ratio=0.67),
    Figure("idle", "development.ini", more={"rss_mb": 130.0}),
    Figure("start", MILLION, p50_ms=2000),
    Figure("lists", f"LAST=10, {MILLION}", p50_ms=1, ratio=1.5),
    Figure("lists", f"PHASE=EXECUTING, {MILLION}", p50_ms=1, ratio=1.5),
    Figure("lists", f"an owner's 10,000 of {MILLION}", p50_ms=100, more={"extra_mb": 4.9}),
    Figure("pages", "a job, 1,000 jobs", ratio=3.0),
    Figure("wait-one", "one waiter", p50_ms=20, p99_ms=25),
    Figure("wait-job", "10,000 waiters on one job", count=10_000, more=CROWD),
    Figure("wait-jobs", "10,000 waiters on as many jobs", count=10_000, more=CROWD),
    Figure("soak", "2,000 waiters for 600 s", count=50_000, more=SOAK),
    Figure("cutouts", "100 planes of 4 GB", p50_ms=500, more={"extra_mb": 99.0}),
    Figure("tables", "BINARY2, 2,000,000 rows", rate=200_000, ratio=30.0, more={"extra_mb": 4.9}),
    Figure("tables", "TABLEDATA, 1,000,000 rows", rate=200_000, ratio=15.0, more={"extra_mb": 4.9}),
)

#: What spoils a figure -> how many wishes it breaks.
SPOILED = [
    ("create", {"ratio": 0.33}, 1),
    ("create", {"errors": 1}, 1),
    ("get-job", {"ratio": 0.49}, 1),
    ("get-phase", {"ratio": 0.66}, 1),
    ("run", {"ratio": 2.01}, 1),
    ("queue", {"ratio": 0.66}, 1),
    ("idle", {"more": {"rss_mb": 131.0}}, 1),
    ("start", {"p50_ms": 2001}, 1),
    ("lists", {"ratio": 1.51, "p50_ms": 101}, 3),
    ("lists", {"more": {"extra_mb": 5.0}}, 1),
    ("pages", {"ratio": 3.01}, 1),
    ("wait-one", {"p50_ms": 20.1}, 1),
    ("wait-job", {"more": CROWD | {"held": 9_999}}, 1),
    ("wait-job", {"more": CROWD | {"lost": 1}}, 1),
    ("wait-job", {"more": CROWD | {"last_told_ms": 5001.0}}, 1),
    ("wait-jobs", {"more": CROWD | {"kb_each": 8.1}}, 1),
    ("wait-jobs", {"more": CROWD | {"get_p99_held_ms": 20.1}}, 1),
    ("wait-jobs", {"more": CROWD | {"get_p99_waking_ms": 60.1}}, 1),
    ("soak", {"errors": 1}, 1),
    ("cutouts", {"more": {"extra_mb": 100.0}}, 1),
    ("tables", {"rate": 199_999}, 1),
    ("tables", {"rate": 99_999}, 2),
    ("tables", {"more": {"extra_mb": 5.0}}, 1),
    ("soak", {"count": 0}, 1),
    ("soak", {"more": SOAK | {"leaked": 1}}, 1),
    ("soak", {"more": SOAK | {"rss_last_mb": 106.0}}, 1),
]


def verdicts(figures):
    return [row.met for row in reach.rows(list(figures))]


def test_what_is_enough_is_enough():
    assert verdicts(ENOUGH) == [True] * len(reach.WISHES)


@pytest.mark.parametrize(("scenario", "change", "broken"), SPOILED)
def test_what_is_not_enough_is_told(scenario, change, broken):
    figures = [
        dataclasses.replace(figure, **change) if figure.scenario == scenario else figure for figure in ENOUGH
    ]

    assert verdicts(figures).count(False) == broken


def test_nothing_is_said_of_what_was_not_measured():
    assert verdicts([]) == [None] * len(reach.WISHES)


def test_a_small_database_a_small_crowd_and_a_short_soak_tell_nothing():
    small = [
        dataclasses.replace(
            figure,
            case=figure.case.replace(MILLION, "1,000 jobs").replace("600 s", "60 s"),
            count=min(figure.count, 1000),
        )
        for figure in ENOUGH
        if figure.scenario in {"start", "lists", "wait-job", "wait-jobs", "soak"}
        and not figure.case.startswith("an owner's")
    ]

    assert set(verdicts(small)) == {None}


def test_the_tables_are_put_below_the_marker_and_show_every_figure(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"above\n\n{report.MARKER}\n\nof a former run\n")

    report.put_into(page, report.tables(report.machine(), list(ENOUGH), markdown=True))

    text = page.read_text()
    assert text.startswith(f"above\n\n{report.MARKER}\n")
    assert "former run" not in text
    assert all(f"| {figure.scenario} | {figure.case} |" in text for figure in ENOUGH)
    assert text.count("| yes |") == len(reach.WISHES)


def test_lines_of_text_are_as_long_as_those_of_other_papers():
    packages = {f"package_{number}": "1.2.3" for number in range(20)}
    facts = report.machine() | {"packages": packages}

    lines = [*report.tables(facts, [], markdown=True)]

    described = lines[: lines.index("")]
    assert len(described) > 1
    assert all(len(line) <= report.WIDTH for line in described)
    assert all(f"{name} 1.2.3" in " ".join(described) for name in packages)


def test_figures_that_were_kept_are_read_again(tmp_path):
    file = tmp_path / "figures.jsonl"
    with file.open("w") as lines:
        kept = report.Report(lines, quiet=True)
        kept.begin({"cores": 2})
        for figure in ENOUGH:
            kept.show(figure)

    assert report.read(file) == ({"cores": 2}, list(ENOUGH))
