"""The one command, and the names that lead to it."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.support.process import ROOT

_DEV = (ROOT / "dev").read_text()


def _dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "dev", *arguments], cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def _commands() -> set[str]:
    return set(re.findall(r"^    ([a-z]+)\)", _DEV, re.MULTILINE))


def test_help_names_every_command() -> None:
    """Without an argument, too; each command of the script is told, and no other."""
    told = _dev("help").stdout
    assert _dev().stdout == told
    assert set(re.findall(r"^\./dev ([a-z]+)", told, re.MULTILINE)) == _commands()


def test_an_unknown_command_is_an_error() -> None:
    """It is named, and the commands are told."""
    outcome = _dev("no-such-thing")
    assert outcome.returncode != 0
    assert "unknown: no-such-thing" in outcome.stderr
    assert "./dev test" in outcome.stderr


@pytest.mark.parametrize("file", ["README.md", ".ci/run", "Makefile"])
def test_what_leads_there_leads_somewhere(file: str) -> None:
    """Commands that the README, CI and make name are commands of the script."""
    text = (ROOT / file).read_text()
    named = set(re.findall(r"\./dev ([a-z]+)", text))
    if file == "Makefile":
        (targets,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
        named |= set(targets.split())
    assert named
    assert named <= _commands() | {"help"}


def test_the_readme_opens_with_the_two_commands() -> None:
    """The first block of it runs the main job and the tests."""
    blocks = re.findall(r"(?:^    .+\n)+", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert [line.split()[:2] for line in blocks[0].splitlines()] == [["./dev", "demo"], ["./dev", "test"]]


def test_ci_runs_the_command_for_the_tests() -> None:
    """Nothing is tested in CI that people cannot run by the same command."""
    lines = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[-1] == "exec ./dev test"
