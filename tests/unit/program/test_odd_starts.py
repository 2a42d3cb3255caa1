"""Starts as scripts and supervisors make them: without a standard descriptor, in a removed folder, hurried on."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.process import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.process import PygenProcess

pytestmark = pytest.mark.processes

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
PROGRAM = (sys.executable, "-m", "reconciler")

#: Sends a signal to the program itself at the moment when it begins to import the rest of itself.
INTERRUPTED = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path, target=None):
        if name == "reconciler.running":
            os.kill(os.getpid(), getattr(signal, sys.argv[1]))
sys.meta_path.insert(0, Finder())
from reconciler.dispatch import dispatch
sys.exit(dispatch(sys.argv[2:]))
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """One pass on an engine without containers."""
    state = tmp_path / "state.json"
    state.write_text("[]")
    return ["--one-shot", "--template", "#content", "--docker-address", f"file://{state}"]


def _run(folder: Path, script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A shell's script, whose `"$@"` are the words."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *words],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("target", ["-", "/dev/fd/1"])
def test_a_closed_stream_is_a_target_that_cannot_be_written(
    arguments: list[str], pygen: Callable[..., PygenProcess], target: str
) -> None:
    """The content does not go to whatever was opened next, which would be the engine's connection or a file."""
    without_output = ("sh", "-c", 'exec "$@" >&- <&-', "sh")
    program = pygen(*arguments[1:], "--target", target, prefix=without_output)
    program.wait_for_log(f"{target} can't be written")
    assert program.stop() == 0
    assert program.printed() == ""


def test_a_file_is_written_without_any_standard_descriptor(tmp_path: Path, arguments: list[str]) -> None:
    """And what would have been logged is not in it."""
    target = tmp_path / "target"
    ran = _run(tmp_path, '"$@" <&- >&- 2>&-', *PROGRAM, *arguments, "--target", str(target))
    assert ran.returncode == 0
    assert target.read_text() == "content"


@pytest.mark.parametrize("closing", [">&-", ">/dev/full", ">&3"])
@pytest.mark.parametrize("command", [["record", "--docker-address"], ["permissions"], ["--help"], ["--version"]])
def test_what_could_not_be_printed_is_no_success(
    tmp_path: Path, arguments: list[str], command: list[str], closing: str
) -> None:
    """A state or a list that nobody got is told in one line."""
    words = [*command, arguments[-1]] if command[-1] == "--docker-address" else command
    script = f'mkfifo pipe; : <pipe & exec 3>pipe; wait; "$@" {closing}'
    ran = _run(tmp_path, script, *PROGRAM, *words)
    assert ran.returncode == 1
    assert ran.stderr.startswith("pygen: standard output can't be written: ")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("closing", [">&-", ">/dev/full", "2>&- >&-"])
def test_a_health_check_needs_nobody_who_reads(tmp_path: Path, closing: str) -> None:
    """Its status is the answer."""
    ran = _run(tmp_path, f'"$@" {closing}', *PROGRAM, "healthcheck", "--metrics", "0")
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_removed_folder_is_no_obstacle(tmp_path: Path, arguments: list[str]) -> None:
    """Where nothing is named relative to it."""
    script = 'mkdir gone && cd gone && rmdir ../gone && "$@"'
    target = tmp_path / "target"
    ran = _run(tmp_path, script, *PROGRAM, *arguments, "--target", str(target))
    assert ran.returncode == 0, ran.stderr
    assert target.read_text() == "content"


@pytest.mark.parametrize("name", ["SIGHUP", "SIGTERM"])
def test_a_signal_during_the_start_is_taken(tmp_path: Path, arguments: list[str], name: str) -> None:
    """Neither a reload nor an end that comes too early kills the program on the way."""
    words = [sys.executable, "-c", INTERRUPTED, name, *arguments]
    ran = _run(tmp_path, '"$@"', *words)
    assert ran.returncode == 0, ran.stderr
    assert name in ran.stderr or ran.stdout == "content"
