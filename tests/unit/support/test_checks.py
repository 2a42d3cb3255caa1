"""The second try forgives a bad moment, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.outcomes import Outcomes
from tests.support.process import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_FAILS_ONCE = """
import pathlib, os
def once(name):
    seen = pathlib.Path(__file__).with_name(name)
    first = not seen.exists()
    seen.touch()
    return first
"""


def _check(what: str, folder: Path, source: str, *arguments: str) -> tuple[int, list[str]]:
    """Run the checks on one test file of this source: the exit status, and the lines printed."""
    file = folder / "test_it.py"
    file.write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    plugins = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    command = [sys.executable, "-m", "tests.support.checks", what, str(file), "-n", "0", *plugins]
    outcome = subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        # A folder of its own for temporary ones: sessions that tidy up one and the same get in each other's way.
        env=os.environ | {"PYTEST_DEBUG_TEMPROOT": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return outcome.returncode, outcome.stdout.splitlines()


def test_what_passes_at_once_is_run_once(tmp_path: Path) -> None:
    """Two tests that pass are two that passed, and no word is said of a second try."""
    status, lines = _check("unit", tmp_path, "def test_a(): pass\ndef test_b(): pass\n")
    assert (status, lines[-1]) == (0, "2 passed, 0 failed")
    assert not [line for line in lines if "again" in line or "unsteady" in line]


def test_what_fails_once_is_named_as_unsteady(tmp_path: Path) -> None:
    """Only the failed test is run again; it passes, and the run with it, and it is named."""
    source = _FAILS_ONCE + "def test_a(): assert not once('a')\ndef test_b(): assert once('b')\n"
    status, lines = _check("unit", tmp_path, source)
    assert (status, lines[-1]) == (0, "2 passed, 0 failed")
    assert "unsteady: the second try passed: test_it.py::test_a" in lines


def test_what_fails_twice_has_failed(tmp_path: Path) -> None:
    """The other one's second try does not help it."""
    source = _FAILS_ONCE + "def test_a(): assert not once('a')\ndef test_b(): assert False\n"
    status, lines = _check("unit", tmp_path, source)
    assert (status, lines[-1]) == (1, "1 passed, 1 failed")
    assert "failed: test_it.py::test_b" in lines


def test_a_crashed_worker_is_a_failure_to_be_tried_again(tmp_path: Path) -> None:
    """A test that ends its whole process is run again alone; so are those that never came to run."""
    source = _FAILS_ONCE + "def test_a():\n    if once('a'): os._exit(1)\ndef test_b(): pass\n"
    status, lines = _check("unit", tmp_path, source, "-n", "1", "--max-worker-restart", "0")
    assert (status, lines[-1]) == (0, "2 passed, 0 failed")
    assert any(line.startswith("unsteady:") for line in lines)


def test_a_crash_in_the_second_try_passes_nothing(tmp_path: Path) -> None:
    """The test that ended pytest itself, and the one after it, have failed."""
    source = "import os\ndef test_a(): os._exit(0)\ndef test_b(): assert False\n"
    status, lines = _check("unit", tmp_path, source)
    assert (status, lines[-1]) == (1, "0 passed, 2 failed")


@pytest.mark.parametrize("source", ["", "this is no Python\n", "raise SystemExit(0)\n"], ids=["none", "syntax", "exit"])
def test_nothing_collected_is_a_failure(tmp_path: Path, source: str) -> None:
    """No test, or none that can be read, is one failure."""
    status, lines = _check("unit", tmp_path, source)
    assert (status, lines[-1]) == (1, "0 passed, 1 failed")


def test_a_failing_end_of_a_fixture_is_a_failure(tmp_path: Path) -> None:
    """What a test leaves behind counts like the test itself."""
    source = "import pytest\n@pytest.fixture\ndef f():\n    yield\n    assert False\ndef test_a(f): pass\n"
    status, lines = _check("unit", tmp_path, source)
    assert (status, lines[-1]) == (1, "0 passed, 1 failed")


def test_a_skip_fails_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    """With `--no-skips` the reason is given; an expected failure stays none."""
    source = "import pytest\ndef test_a(): pytest.skip('no moon')\n@pytest.mark.xfail\ndef test_b(): assert False\n"
    status, lines = _check("unit", tmp_path, source, "--no-skips")
    assert (status, lines[-1]) == (1, "1 passed, 1 failed")
    assert any("no moon" in line for line in lines)


def test_outcomes_that_were_cut_off_are_read_up_to_there(tmp_path: Path) -> None:
    """A run that was killed in the middle of a line has shown what the lines before it say."""
    file = tmp_path / "outcomes"
    file.write_text('{"collected": ["a", "b", "c"]}\n{"passed": "a"}\n{"failed": "b"}\n{"passed": "b"}\n{"pas')
    outcomes = Outcomes.read(file)
    assert outcomes.passed == {"a"}
    assert outcomes.open == {"b", "c"}
    assert not outcomes.finished
    assert Outcomes.read(tmp_path / "none") == Outcomes(frozenset(), frozenset(), frozenset(), finished=False)
