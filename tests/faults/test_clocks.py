"""Clocks that jump: ours while the program runs, and the engine's, by an hour. The machine's is never set."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.faults.watched_engine import NAMES, WatchedEngine, await_content, lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.running_program import ProgramStarter, RunningProgram

HOUR_S = 3600
OPTIONS = ("--resync", "2", "--signal", "reader", "HUP", "--interval", "0.2", "1")
WRITTEN = "pygen_last_successful_reconcile_timestamp_seconds"


def assert_goes_on(fake: WatchedEngine, running: RunningProgram, *further: str) -> None:
    """Changes come into the file and to the reader, by events and by resyncs, and settle."""
    names = sorted({"one", *further})
    fake.run(further[-1])
    await_content(running, *names)
    fake.await_seen("reader", lines(*names))
    with fake.without_events():
        fake.run("unheard")
    await_content(running, *names, "unheard")
    fake.remove("unheard")
    await_content(running, *names)
    fake.await_seen("reader", lines(*names))
    running.await_settled()
    assert running.program.get("/healthz")[0] == 200
    assert running.program.get("/readyz")[0] == 200


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
def test_our_wall_clock_jumps(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], tmp_path: Path, jump_s: int
) -> None:
    """By an hour, under one child process: nothing waits for it, nothing is done again because of it."""
    offset = tmp_path / "offset"
    offset.write_text("+0")
    library = subprocess.run(
        ["faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD"], capture_output=True, text=True, check=True
    )
    environment = {
        "LD_PRELOAD": library.stdout.strip(),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    fake.add_container("reader")
    fake.run("one")
    running = make_starter(NAMES).start(*OPTIONS, env=environment)
    await_content(running, "one")
    fake.await_seen("reader", lines("one"))
    before = last_success(running)
    offset.write_text(f"{jump_s:+d}")
    running.program.wait_for(lambda: abs(last_success(running) - before) > HOUR_S / 2, what="the jump to be seen")
    assert_goes_on(fake, running, "two")
    offset.write_text("+0")
    running.program.wait_for(lambda: abs(last_success(running) - before) < HOUR_S / 2, what="the jump back to be seen")
    assert_goes_on(fake, running, "two", "three")
    assert running.program.stop() == 0


def last_success(running: RunningProgram) -> float:
    """When the last pass succeeded, by the program's own wall clock."""
    return running.program.metric(WRITTEN, target=str(running.target))


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
def test_the_engine_s_clock_jumps(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], jump_s: int
) -> None:
    """`StartedAt`, `Date` and the events' times leap by an hour: runs are still told, and the program goes on."""
    fake.add_container("reader")
    fake.run("one")
    running = make_starter(NAMES).start(*OPTIONS)
    await_content(running, "one")
    fake.await_seen("reader", lines("one"))
    fake.clock.offset_ns = jump_s * 1_000_000_000
    assert_goes_on(fake, running, "two")
    fake.remove("reader")
    fake.add_container("reader")
    fake.clock.offset_ns = 0
    assert_goes_on(fake, running, "two", "three")
    assert running.program.stop() == 0


@pytest.mark.parametrize("apart_s", [HOUR_S, -HOUR_S], ids=["ahead", "behind"])
def test_clocks_an_hour_apart(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], apart_s: int) -> None:
    """The engine's clock is never compared with ours: one signal for each content, and none at the next start."""
    fake.clock.offset_ns = apart_s * 1_000_000_000
    fake.add_container("reader")
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*OPTIONS)
    await_content(running, "one")
    fake.await_seen("reader", lines("one"))
    fake.run("two")
    fake.await_seen("reader", lines("one", "two"))
    running.await_settled()
    assert running.program.stop() == 0
    status, again = starter.one_shot(*OPTIONS)
    assert status == 0, again.program.log()
    assert fake.seen["reader"] == [lines("one"), lines("one", "two")]
