"""Killed at each step between render and acknowledgement, and started again: nobody misses the last content."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.killed_at import STEPS
from tests.support.running_program import NO_RESYNC, ProgramStarter, ReaderContainer, RunningProgram

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.real_engine import RealEngine

#: Who is told, and how: one signal by `docker kill`, one by exec, one restart.
NOTIFICATIONS = ("--signal", "killed", "HUP", "--signal", "executed", "HUP", "--restart", "restarted")
OPTIONS = (*NO_RESYNC, "--interval", "0", *NOTIFICATIONS)
#: Shows a container's name only, so that nothing of the readers' own changes is in the file.
TEMPLATE = "{% for c in containers if c.labels.shown %}{{ c.name }}\n{% endfor %}"


def make_readers(engine: RealEngine, starter: ProgramStarter) -> list[ReaderContainer]:
    """One for each way."""
    return [
        ReaderContainer(engine, starter.shared, "killed"),
        ReaderContainer(engine, starter.shared, "executed", restart_policy="always"),
        ReaderContainer(engine, starter.shared, "restarted"),
    ]


def start_to_die(starter: ProgramStarter, step: str, armed: Path) -> RunningProgram:
    """Start the program such that it is killed at this step once it is armed."""
    return starter.start(*OPTIONS, command=(sys.executable, "-m", "tests.support.killed_at", step, armed))


def assert_killed(running: RunningProgram) -> None:
    """It ended by its own SIGKILL: the step was reached."""
    assert running.program.wait_for_end() == -signal.SIGKILL, running.program.log()


def assert_all_told(starter: ProgramStarter, readers: list[ReaderContainer], content: str) -> None:
    """After the next start everybody has read the last content; after another one nobody hears anything."""
    running = starter.start(*OPTIONS)
    running.await_content(content)
    running.await_settled()
    for reader in readers:
        reader.await_told(content)
    assert running.program.stop() == 0
    assert_quiet_restart(starter, readers)


def assert_quiet_restart(starter: ProgramStarter, readers: list[ReaderContainer]) -> None:
    """Nothing has changed, so that nobody is told."""
    before = [(reader.signals_until_now(), reader.starts()) for reader in readers]
    status, running = starter.one_shot(*OPTIONS)
    assert status == 0, running.program.log()
    assert "delivered" not in running.program.log()
    assert [(reader.signals_until_now(), reader.starts()) for reader in readers] == before


def shares(steps: Sequence[str], count: int) -> list[list[str]]:
    """The steps in so many groups, which share their containers."""
    return [list(steps[start::count]) for start in range(count)]


@pytest.mark.parametrize("steps", shares(list(STEPS), 5), ids=", ".join)
def test_killed_while_a_change_is_applied(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path, steps: list[str]
) -> None:
    """The file was true and everybody told; then something changed, and the program died at the step."""
    starter = make_starter(TEMPLATE)
    readers = make_readers(engine, starter)
    engine.run("v0", labels={"shown": "yes"})
    armed = tmp_path / "armed"
    for number, step in enumerate(steps):
        running = start_to_die(starter, step, armed)
        running.await_content(f"v{number}")
        running.await_settled()
        armed.touch()
        engine.rename(f"v{number}", f"v{number + 1}")
        assert_killed(running)
        armed.unlink()
        assert_all_told(starter, readers, f"v{number + 1}")


@pytest.mark.parametrize("steps", shares(list(STEPS), 5), ids=", ".join)
def test_killed_before_the_first_content_is_told(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path, steps: list[str]
) -> None:
    """There was neither file nor state, and the program died at the step of its first pass."""
    starter = make_starter(TEMPLATE)
    readers = make_readers(engine, starter)
    engine.run("v0", labels={"shown": "yes"})
    armed = tmp_path / "armed"
    for number, step in enumerate(steps, start=1):
        engine.rename(f"v{number - 1}", f"v{number}")
        for left in starter.shared.iterdir():
            left.unlink()
        armed.touch()
        assert_killed(start_to_die(starter, step, armed))
        armed.unlink()
        status, running = starter.one_shot(*OPTIONS)
        assert status == 0, running.program.log()
        for reader in readers:
            reader.await_told(f"v{number}")
        assert_quiet_restart(starter, readers)


def test_killed_again_and_again_at_the_same_content(
    engine: RealEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path
) -> None:
    """Dying before anybody is told, at start after start, forgets nobody."""
    starter = make_starter(TEMPLATE)
    readers = make_readers(engine, starter)
    engine.run("one", labels={"shown": "yes"})
    armed = tmp_path / "armed"
    armed.touch()
    for step in ("the file is replaced", "before the delivery is recorded", "the delivery is recorded"):
        assert_killed(start_to_die(starter, step, armed))
    assert all(reader.signals_until_now() == 0 for reader in readers)
    assert_all_told(starter, readers, "one")
