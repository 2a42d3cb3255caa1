"""SIGTERM in every phase, and a storm of SIGHUPs under load."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.faults.extent import EXTENT
from tests.faults.load import Load
from tests.faults.test_template import NEVER_RETURNS
from tests.faults.watched_engine import NAMES, PATIENCE_S, WatchedEngine, await_content, lines, written
from tests.support.running_program import NO_RESYNC

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter, RunningProgram

NOTIFY = ("--signal", "reader", "HUP")


def stop_while_it_hangs(running: RunningProgram) -> None:
    """It ends in good order although what it waits for never comes."""
    assert running.program.stop() == 0, running.program.log()
    assert "Traceback" not in running.program.log()


def assert_made_good(fake: WatchedEngine, starter: ProgramStarter, *names: str) -> None:
    """The next start makes the file true and tells the reader of it, unless the reader knows already."""
    fake.heal()
    running = starter.start(*NO_RESYNC, *NOTIFY, "--interval", "0")
    await_content(running, *names)
    running.await_settled()
    assert fake.seen["reader"] == [lines(*names)]
    assert running.program.stop() == 0


@pytest.mark.parametrize("operation", ["version", "events", "list", "inspect", "networks"])
def test_terminated_while_the_engine_hangs(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], operation: str
) -> None:
    """In the middle of any request of the first pass; the file is as it was, and the next start goes on."""
    fake.add_container("reader")
    fake.run("one")
    fake.fault(operation, times=None, how="hang")
    starter = make_starter(NAMES)
    starter.target.write_text("of yesterday\n")
    running = starter.start(*NO_RESYNC, *NOTIFY, "--interval", "3600")
    running.program.wait_for(lambda: fake.calls[operation] > 0, what=f"a request for {operation}")
    stop_while_it_hangs(running)
    # A stream that does not come holds up no list.
    assert starter.read() == "of yesterday\n" or operation == "events"
    assert_made_good(fake, starter, "one")


def test_terminated_while_no_engine_is_there(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Between two tries."""
    fake.add_container("reader")
    fake.run("one")
    fake.stop()
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, *NOTIFY)
    running.program.wait_for_log("there is no socket")
    stop_while_it_hangs(running)
    fake.start()
    assert_made_good(fake, starter, "one")


def test_terminated_in_a_render_that_is_stuck(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Even a call that never returns does not keep it."""
    fake.add_container("reader")
    fake.run("one")
    starter = make_starter(NEVER_RETURNS)
    running = starter.start(*NO_RESYNC, *NOTIFY, "--render-time-limit", "3600")
    running.program.wait_for(lambda: fake.calls["inspect"] >= 2, what="the state to be read")
    stop_while_it_hangs(running)
    starter.template.write_text(NAMES)
    assert_made_good(fake, starter, "one")


def test_terminated_while_a_batch_waits(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """What is owed is sent at once, and once."""
    fake.add_container("reader")
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, *NOTIFY, "--interval", "3600")
    await_content(running, "one")
    running.program.wait_for(lambda: running.program.get("/healthz")[0] and running.owed() == 1, what="the debt")
    stop_while_it_hangs(running)
    assert fake.seen["reader"] == [lines("one")]
    assert_made_good(fake, starter, "one")


@pytest.mark.parametrize("operation", ["inspect", "kill"])
def test_terminated_in_a_delivery_that_hangs(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], operation: str
) -> None:
    """It stays owed, which is said, and is delivered after the next start."""
    fake.add_container("reader")
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, *NOTIFY, "--interval", "3600")
    await_content(running, "one")
    running.program.wait_for(lambda: running.program.get("/healthz")[0] and running.owed() == 1, what="the debt")
    fake.fault(operation, times=None, how="hang")
    stop_while_it_hangs(running)
    assert "ended with pending notifications" in running.program.log()
    assert fake.seen["reader"] == []
    assert_made_good(fake, starter, "one")


def test_terminated_between_failed_deliveries(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """The same while a backoff runs."""
    fake.add_container("reader")
    fake.run("one")
    fake.fault("kill", times=None, status=500)
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, *NOTIFY, "--interval", "0")
    running.program.wait_for_log("retried until it succeeds")
    stop_while_it_hangs(running)
    assert fake.seen["reader"] == []
    assert_made_good(fake, starter, "one")


def test_terminated_under_load(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """The file is whole, and of a moment that was; the next start brings it up to date."""
    fake.add_container("reader")
    starter = make_starter(NAMES)
    with Load(fake, seed=3) as load:
        for _ in range(3):
            running = starter.start(*NO_RESYNC, *NOTIFY, "--interval", "0")
            written = starter.read()
            running.program.wait_for(
                lambda written=written: starter.read() not in {"", written},  # type: ignore[misc]  # mypy cannot infer a lambda's defaults
                what="another content",
            )
            stop_while_it_hangs(running)
            assert starter.read().endswith("\n")
        load.stop()
    running = starter.start(*NO_RESYNC, *NOTIFY, "--interval", "0")
    names = sorted(container.name for container in fake.shown())
    await_content(running, *names)
    running.await_settled()
    assert fake.seen["reader"][-1] == lines(*names)


def test_a_storm_of_reloads(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Each is at most one more look: the program lives, the file is right, and nobody is told without need."""
    fake.add_container("reader")
    starter = make_starter(NAMES)
    with Load(fake, seed=4) as load:
        running = starter.start(*NO_RESYNC, *NOTIFY, "--interval", "0")
        running.program.wait_ready()
        for number in range(EXTENT.reloads):
            running.program.send(signal.SIGHUP)
            if number % 20 == 0:
                assert running.program.get("/healthz")[0] == 200
        load.stop()
        names = sorted(container.name for container in fake.shown())
        await_content(running, *names)
        fake.await_seen("reader", lines(*names))
    for _ in range(EXTENT.reloads):
        running.program.send(signal.SIGHUP)
    listed = len(fake.at_lists)
    running.program.send(signal.SIGHUP)
    running.program.wait_for(lambda: len(fake.at_lists) > listed, timeout_s=PATIENCE_S, what="another list")
    running.await_settled()
    # At most once for each content; it may have read the next one already.
    assert len(fake.seen["reader"]) <= written(running)
    assert running.program.stop() == 0
