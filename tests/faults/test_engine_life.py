"""A real engine that is down, stopped, killed or frozen while the program keeps a file on it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.extent import EXTENT
from tests.faults.watched_engine import NAMES, SHOWN, await_content, await_failed_requests, await_metric, lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.real_engine import RealEngine
    from tests.support.running_program import ProgramStarter


def test_down_at_the_start(engine: RealEngine, make_real_starter: Callable[[str], ProgramStarter]) -> None:
    """It is waited for, the old file stays, and the log says what to look at; then the file is made true."""
    engine.run("one", labels=SHOWN, restart_policy="always")
    engine.terminate()
    starter = make_real_starter(NAMES)
    starter.target.write_text("of yesterday\n")
    running = starter.start()
    await_failed_requests(running, "list", 3)
    running.program.wait_for_log("is the engine running?")
    assert running.read() == "of yesterday\n"
    assert running.program.get("/healthz")[0] == 200
    assert running.program.get("/readyz")[0] == 503
    engine.start()
    engine.await_running("one")
    await_content(running, "one")
    running.program.wait_ready()


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_away_and_back(engine: RealEngine, make_real_starter: Callable[[str], ProgramStarter], how: str) -> None:
    """Nothing leaves the file while nobody can say that it is dead; afterwards the file is what the engine says."""
    engine.run("stays", labels=SHOWN, restart_policy="always")
    engine.run("goes", labels=SHOWN)
    running = make_real_starter(NAMES).start("--resync", "2")
    await_content(running, "goes", "stays")
    running.program.wait_ready()
    # A daemon that is told to stop ends its containers first and says so: only from then on it is away.
    engine.terminate() if how == "stopped" else engine.kill()
    await_failed_requests(running, "list")
    # The short retries of a request are over: an engine that comes back sooner was never away for the loop.
    running.program.wait_for_log("the last known state is kept")
    assert running.program.metric("pygen_event_stream_up") == 0
    if how == "killed":
        assert running.read() == lines("goes", "stays")
    assert running.program.get("/healthz")[0] == 200
    engine.start()
    engine.await_running("stays")
    engine.run("new", labels=SHOWN)
    still = ["goes"] if engine.is_running("goes") else []
    await_content(running, *still, "new", "stays")
    await_metric(running, "pygen_event_stream_up", 1)
    running.program.wait_for_log("answers again")


def test_frozen(engine: RealEngine, make_real_starter: Callable[[str], ProgramStarter]) -> None:
    """It accepts connections and says nothing: requests time out, and everything goes on once it does."""
    engine.run("one", labels=SHOWN)
    running = make_real_starter(NAMES).start("--resync", "1")
    await_content(running, "one")
    with engine.paused():
        if EXTENT.hang_s is not None:
            time.sleep(EXTENT.hang_s)
        await_failed_requests(running, "list")
        assert running.read() == lines("one")
        assert running.program.get("/healthz")[0] == 200
    engine.run("two", labels=SHOWN)
    engine.die("one")
    await_content(running, "two")
