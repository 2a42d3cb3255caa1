"""Killed at each step between render and acknowledgement, and started again: nobody misses the last content."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.keeping import NO_RESYNC, Keeper, Kept, Reader
from tests.support.killed_at import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.real_engine import RealEngine

#: Who is told, and how: one signal by `docker kill`, one by exec, one restart.
NOTIFICATIONS = ("--signal", "killed", "HUP", "--signal", "executed", "HUP", "--restart", "restarted")
OPTIONS = (*NO_RESYNC, "--interval", "0", *NOTIFICATIONS)
#: Shows a container's name only, so that nothing of the readers' own changes is in the file.
TEMPLATE = "{% for c in containers if c.labels.shown %}{{ c.name }}\n{% endfor %}"


def make_readers(engine: RealEngine, keep: Keeper) -> list[Reader]:
    """One for each way."""
    return [
        Reader(engine, keep.shared, "killed"),
        Reader(engine, keep.shared, "executed", restart_policy="always"),
        Reader(engine, keep.shared, "restarted"),
    ]


def start_to_die(keep: Keeper, step: str, armed: Path) -> Kept:
    """Start the program such that it is killed at this step once it is armed."""
    return keep.start(*OPTIONS, command=(sys.executable, "-m", "tests.support.killed_at", step, armed))


def assert_killed(kept: Kept) -> None:
    """It ended by its own SIGKILL: the step was reached."""
    assert kept.program.wait_for_end() == -signal.SIGKILL, kept.program.log()


def assert_all_told(keep: Keeper, readers: list[Reader], content: str) -> None:
    """After the next start everybody has read the last content; after another one nobody hears anything."""
    kept = keep.start(*OPTIONS)
    kept.await_content(content)
    kept.await_settled()
    for reader in readers:
        reader.await_told(content)
    assert kept.program.stop() == 0
    assert_quiet_restart(keep, readers)


def assert_quiet_restart(keep: Keeper, readers: list[Reader]) -> None:
    """Nothing has changed, so that nobody is told."""
    before = [(reader.signals_until_now(), reader.starts()) for reader in readers]
    status, kept = keep.one_shot(*OPTIONS)
    assert status == 0, kept.program.log()
    assert "delivered" not in kept.program.log()
    assert [(reader.signals_until_now(), reader.starts()) for reader in readers] == before


def shares(steps: Sequence[str], count: int) -> list[list[str]]:
    """The steps in so many groups, which share their containers."""
    return [list(steps[start::count]) for start in range(count)]


@pytest.mark.parametrize("steps", shares(list(STEPS), 5), ids=", ".join)
def test_killed_while_a_change_is_applied(
    engine: RealEngine, keeper: Callable[[str], Keeper], tmp_path: Path, steps: list[str]
) -> None:
    """The file was true and everybody told; then something changed, and the program died at the step."""
    keep = keeper(TEMPLATE)
    readers = make_readers(engine, keep)
    engine.run("v0", labels={"shown": "yes"})
    armed = tmp_path / "armed"
    for number, step in enumerate(steps):
        kept = start_to_die(keep, step, armed)
        kept.await_content(f"v{number}")
        kept.await_settled()
        armed.touch()
        engine.rename(f"v{number}", f"v{number + 1}")
        assert_killed(kept)
        armed.unlink()
        assert_all_told(keep, readers, f"v{number + 1}")


@pytest.mark.parametrize("steps", shares(list(STEPS), 5), ids=", ".join)
def test_killed_before_the_first_content_is_told(
    engine: RealEngine, keeper: Callable[[str], Keeper], tmp_path: Path, steps: list[str]
) -> None:
    """There was neither file nor state, and the program died at the step of its first pass."""
    keep = keeper(TEMPLATE)
    readers = make_readers(engine, keep)
    engine.run("v0", labels={"shown": "yes"})
    armed = tmp_path / "armed"
    for number, step in enumerate(steps, start=1):
        engine.rename(f"v{number - 1}", f"v{number}")
        for left in keep.shared.iterdir():
            left.unlink()
        armed.touch()
        assert_killed(start_to_die(keep, step, armed))
        armed.unlink()
        status, kept = keep.one_shot(*OPTIONS)
        assert status == 0, kept.program.log()
        for reader in readers:
            reader.await_told(f"v{number}")
        assert_quiet_restart(keep, readers)


def test_killed_again_and_again_at_the_same_content(
    engine: RealEngine, keeper: Callable[[str], Keeper], tmp_path: Path
) -> None:
    """Dying before anybody is told, at start after start, forgets nobody."""
    keep = keeper(TEMPLATE)
    readers = make_readers(engine, keep)
    engine.run("one", labels={"shown": "yes"})
    armed = tmp_path / "armed"
    armed.touch()
    for step in ("the file is replaced", "before the delivery is recorded", "the delivery is recorded"):
        assert_killed(start_to_die(keep, step, armed))
    assert all(reader.signals_until_now() == 0 for reader in readers)
    assert_all_told(keep, readers, "one")
