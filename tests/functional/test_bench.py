"""scripts/bench in brief: it starts its servers, measures, prints what was wanted, and leaves nothing behind."""

import json
import os
import subprocess
import sys

from benchmarks import reach

from tests.support.papers import PROJECT


def test_a_short_run_measures_and_leaves_nothing_behind(tmp_path):
    folder, figures = tmp_path / "databases", tmp_path / "figures.jsonl"
    folder.mkdir()
    short = ["--rounds", "1", "--seconds", "0.1", "--silent", "--folder", str(folder), "--json", str(figures)]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "create", "wait-one", *short],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert all(what in done.stdout for what, _, _ in reach.WISHES)
    measured = [json.loads(line) for line in figures.read_text().splitlines()]
    assert [value["figure"]["scenario"] for value in measured[1:]] == ["create"] * 3 + ["wait-one"]
    assert all(value["figure"]["errors"] == 0 for value in measured[1:])
    assert list(folder.iterdir()) == []
