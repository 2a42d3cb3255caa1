"""Clocks that jump: ours while the program runs, and the engine's, by an hour. The machine's is never set."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.faults.scene import NAMES, WatchedEngine, await_content, lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.keeping import Keeper, Kept

HOUR_S = 3600
OPTIONS = ("--resync", "2", "--signal", "reader", "HUP", "--interval", "0.2", "1")
WRITTEN = "pygen_last_successful_reconcile_timestamp_seconds"


def assert_goes_on(fake: WatchedEngine, kept: Kept, *further: str) -> None:
    """Changes come into the file and to the reader, by events and by resyncs, and settle."""
    names = sorted({"one", *further})
    fake.run(further[-1])
    await_content(kept, *names)
    fake.await_seen("reader", lines(*names))
    with fake.without_events():
        fake.run("unheard")
    await_content(kept, *names, "unheard")
    fake.remove("unheard")
    await_content(kept, *names)
    fake.await_seen("reader", lines(*names))
    kept.await_settled()
    assert kept.program.get("/healthz")[0] == 200
    assert kept.program.get("/readyz")[0] == 200


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
def test_our_wall_clock_jumps(
    fake: WatchedEngine, keeper: Callable[[str], Keeper], tmp_path: Path, jump_s: int
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
    kept = keeper(NAMES).start(*OPTIONS, env=environment)
    await_content(kept, "one")
    fake.await_seen("reader", lines("one"))
    before = last_success(kept)
    offset.write_text(f"{jump_s:+d}")
    kept.program.wait_for(lambda: abs(last_success(kept) - before) > HOUR_S / 2, what="the jump to be seen")
    assert_goes_on(fake, kept, "two")
    offset.write_text("+0")
    kept.program.wait_for(lambda: abs(last_success(kept) - before) < HOUR_S / 2, what="the jump back to be seen")
    assert_goes_on(fake, kept, "two", "three")
    assert kept.program.stop() == 0


def last_success(kept: Kept) -> float:
    """When the last pass succeeded, by the program's own wall clock."""
    return kept.program.metric(WRITTEN, target=str(kept.target))


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
def test_the_engine_s_clock_jumps(fake: WatchedEngine, keeper: Callable[[str], Keeper], jump_s: int) -> None:
    """`StartedAt`, `Date` and the events' times leap by an hour: runs are still told, and the program goes on."""
    fake.add_container("reader")
    fake.run("one")
    kept = keeper(NAMES).start(*OPTIONS)
    await_content(kept, "one")
    fake.await_seen("reader", lines("one"))
    fake.clock.offset_ns = jump_s * 1_000_000_000
    assert_goes_on(fake, kept, "two")
    fake.remove("reader")
    fake.add_container("reader")
    fake.clock.offset_ns = 0
    assert_goes_on(fake, kept, "two", "three")
    assert kept.program.stop() == 0


@pytest.mark.parametrize("apart_s", [HOUR_S, -HOUR_S], ids=["ahead", "behind"])
def test_clocks_an_hour_apart(fake: WatchedEngine, keeper: Callable[[str], Keeper], apart_s: int) -> None:
    """The engine's clock is never compared with ours: one signal for each content, and none at the next start."""
    fake.clock.offset_ns = apart_s * 1_000_000_000
    fake.add_container("reader")
    fake.run("one")
    keep = keeper(NAMES)
    kept = keep.start(*OPTIONS)
    await_content(kept, "one")
    fake.await_seen("reader", lines("one"))
    fake.run("two")
    fake.await_seen("reader", lines("one", "two"))
    kept.await_settled()
    assert kept.program.stop() == 0
    status, again = keep.one_shot(*OPTIONS)
    assert status == 0, again.program.log()
    assert fake.seen["reader"] == [lines("one"), lines("one", "two")]
