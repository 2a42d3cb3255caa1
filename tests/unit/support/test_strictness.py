"""The second try forgives a bad moment, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.process import ROOT
from tests.support.strictness import SECOND_TRIES_MAX

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processes

_FAILS_ONCE = """
import pathlib, os
def once(name):
    seen = pathlib.Path(__file__).with_name(name)
    first = not seen.exists()
    seen.touch()
    return first
"""


def _run(folder: Path, source: str, *arguments: str) -> tuple[int, list[str]]:
    """Run one test file of this source as ./dev does: the exit status, and the lines printed."""
    file = folder / "test_it.py"
    file.write_text(source)
    (folder / "pytest.ini").write_text("[pytest]\n")
    plugins = ["-p", "tests.support.strictness", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    command = [sys.executable, "-m", "pytest", *plugins, "--reruns", "1", "-c", str(folder / "pytest.ini"), str(file)]
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


def _named(lines: list[str]) -> list[str]:
    return [line.rpartition("::")[2] for line in lines if line.startswith("needed a second try: ")]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_fails_once_is_named(tmp_path: Path, workers: str) -> None:
    """Only the failed test is run again; it passes, and the run with it."""
    source = _FAILS_ONCE + "def test_a(): assert not once('a')\ndef test_b(): assert once('b')\n"
    status, lines = _run(tmp_path, source, "-n", workers)
    assert (status, _named(lines)) == (0, ["test_a"])
    assert "2 passed, 1 rerun" in lines[-1]


def test_what_fails_twice_has_failed(tmp_path: Path) -> None:
    """The other one's second try does not help it."""
    source = _FAILS_ONCE + "def test_a(): assert not once('a')\ndef test_b(): assert False\n"
    status, lines = _run(tmp_path, source)
    assert (status, _named(lines)) == (1, ["test_a", "test_b"])
    assert "1 failed, 1 passed" in lines[-1]


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(("unsteady", "expected"), [(SECOND_TRIES_MAX, 0), (SECOND_TRIES_MAX + 1, 1)])
def test_too_many_second_tries_are_a_failure(tmp_path: Path, unsteady: int, expected: int, workers: str) -> None:
    """A run in which many tests needed luck has failed, although each passed in the end."""
    source = _FAILS_ONCE + "".join(f"def test_{n}(): assert not once('{n}')\n" for n in range(unsteady))
    status, lines = _run(tmp_path, source, "-n", workers)
    assert status == expected
    assert len(_named(lines)) == unsteady
    assert any("the run has failed" in line for line in lines) is bool(expected)


def test_a_crashed_worker_is_a_failure_to_be_tried_again(tmp_path: Path) -> None:
    """A test that ends its whole process once is run again, and the one after it is run, too."""
    source = _FAILS_ONCE + "def test_a():\n    if once('a'): os._exit(1)\ndef test_b(): pass\n"
    status, lines = _run(tmp_path, source, "-n", "1")
    assert (status, _named(lines)) == (0, ["test_a"])
    assert "2 passed" in lines[-1]


def test_a_worker_that_crashes_twice_has_failed(tmp_path: Path) -> None:
    """Nothing passes because its process is gone."""
    status, lines = _run(tmp_path, "import os\ndef test_a(): os._exit(0)\n", "-n", "1")
    assert status == 1
    assert "1 failed" in lines[-1]


@pytest.mark.parametrize("source", ["", "this is no Python\n", "raise SystemExit(0)\n"], ids=["none", "syntax", "exit"])
def test_nothing_collected_is_a_failure(tmp_path: Path, source: str) -> None:
    """No test, or none that can be read, is a failure."""
    assert _run(tmp_path, source)[0] != 0


def test_a_failing_end_of_a_fixture_is_a_failure(tmp_path: Path) -> None:
    """What a test leaves behind counts like the test itself."""
    source = "import pytest\n@pytest.fixture\ndef f():\n    yield\n    assert False\ndef test_a(f): pass\n"
    assert _run(tmp_path, source)[0] == 1


def test_a_skip_fails_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    """With `--no-skips` the reason is given; an expected failure stays none."""
    source = "import pytest\ndef test_a(): pytest.skip('no moon')\n@pytest.mark.xfail\ndef test_b(): assert False\n"
    assert _run(tmp_path, source)[0] == 0
    status, lines = _run(tmp_path, source, "--no-skips")
    assert status == 1
    assert any("no moon" in line for line in lines)
