import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyramid_uws.exceptions import BadValue, CoreError
from pyramid_uws.execution import child, linux
from pyramid_uws.execution.jobdir import JobDirectory, JobSpec
from pyramid_uws.parameters.own import find_callable
from pyramid_uws.uws.limits import Limits
from tests.unit.execution import rogues

MODULE = rogues.__name__


@pytest.fixture
def make(tmp_path):
    """Return a function that makes an attempt's directory."""

    def make(core, **spec):
        spec = JobSpec(job_id="job", attempt=1, service="test", core=f"{MODULE}:{core}", **spec)
        directory = JobDirectory(tmp_path / "work" / spec.name)
        directory.create(spec)
        return directory

    return make


class TestLoad:
    def test_a_dotted_name_stands_for_a_callable(self):
        assert find_callable(f"{MODULE}:nothing") is rogues.nothing

    def test_the_callable_may_be_part_of_something(self):
        assert find_callable("pathlib:Path.home").__name__ == "home"

    @pytest.mark.parametrize(
        ("name", "error"),
        [
            ("no.such.module:core", ModuleNotFoundError),
            (f"{MODULE}:missing", AttributeError),
            (f"{MODULE}:TEXT", TypeError),
            (MODULE, AttributeError),
        ],
    )
    def test_what_stands_for_nothing_is_an_error(self, name, error):
        with pytest.raises(error):
            find_callable(name)


class TestRunningACore:
    def test_it_says_that_the_core_has_returned(self, make):
        directory = make("nothing")

        assert child.run_core(directory, directory.spec(), -1) == {"ended": "returned"}

    def test_a_required_parameter_must_be_there(self, make):
        directory = make("nothing", declarations=(rogues.NUMBER,))

        with pytest.raises(BadValue, match="required"):
            child.run_core(directory, directory.spec(), -1)

    def test_a_required_parameter_may_be_a_file(self, make):
        directory = make("nothing", declarations=(rogues.NUMBER,), uploads={"NUMBER": "/a/b"})

        assert child.run_core(directory, directory.spec(), -1) == {"ended": "returned"}


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (ValueError("no such star"), "ValueError: no such star"),
        (ValueError(), "ValueError."),
        (KeyError("RA"), "KeyError: 'RA'"),
        (CoreError("There is no such star."), "There is no such star."),
        (BadValue("RADIUS", "x", "expected a number"), "RADIUS='x': expected a number."),
    ],
)
def test_an_error_is_a_sentence_for_the_user(problem, sentence):
    assert child._said_by_error(problem, Limits())["message"] == sentence


def test_an_error_whose_traceback_cannot_be_shown_is_told_without():
    class Evil(Exception):
        def __str__(self):
            raise RuntimeError

        @property
        def __notes__(self):
            raise RuntimeError

    said = child._said_by_error(Evil(), Limits())

    assert said["message"] == "Evil: (its text cannot be shown)"


def test_a_forked_process_takes_its_place_before_others_when_memory_runs_out():
    script = (
        "from pyramid_uws.execution import linux; linux.volunteer_for_oom(); linux.volunteer_for_oom();"
        "print(open('/proc/self/oom_score_adj').read())"
    )

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert int(said) >= linux._OOM_SCORE


class TestByHand:
    """Running a job once more, for debugging."""

    @pytest.fixture
    def run(self, tmp_path):
        environment = os.environ | {"TMPDIR": str(tmp_path)}

        def run(*arguments):
            command = [sys.executable, "-m", child.__name__, *map(str, arguments)]
            return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

        return run

    def test_it_runs_in_a_new_directory_and_tells_which(self, run, make):
        directory = make("generous")

        ran = run(directory.path)

        assert ran.returncode == 0
        lines = ran.stdout.splitlines()
        made = JobDirectory(Path(lines[lines.index("printed") + 1]))
        assert made.path != directory.path
        assert len(made.results()) == 4
        assert directory.results() == ()
        assert "it begins" in ran.stderr

    def test_an_error_is_shown_as_it_is(self, run, make):
        ran = run(make("regretting").path)

        assert ran.returncode == 1
        assert "CoreError: There are no stars in that circle." in ran.stderr

    def test_without_a_directory_it_tells_how_to_use_it(self, run):
        ran = run()

        assert ran.returncode == 2
        assert ran.stderr.startswith("usage: ")
