"""An engine that answers every request after 9 s, or never: whatever needs no engine goes on as if nothing were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.watched_engine import NAMES, WatchedEngine, await_content, lines
from tests.support.running_program import NO_RESYNC

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter, RunningProgram

OPERATIONS = ("version", "list", "inspect", "networks", "events")


def go_slow(fake: WatchedEngine, *, ever_answers: bool) -> None:
    """From now on, on new connections and old ones."""
    for operation in OPERATIONS:
        if ever_answers:
            fake.fault(operation, times=None, delay_s=9)
        else:
            fake.fault(operation, times=None, how="hang")
    fake.break_connections()


def under_way(fake: WatchedEngine, running: RunningProgram) -> None:
    """A request is waited for."""
    fake.reset_calls()
    running.program.wait_for(lambda: sum(fake.calls.values()) >= 1, what="a request that is not answered")


@pytest.mark.parametrize("ever_answers", [True, False], ids=["after 9 s", "never"])
def test_templates_files_and_checks_do_not_wait_for_it(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], *, ever_answers: bool
) -> None:
    """An edited template is rendered from the last good state and written, drift is put right, and it is healthy."""
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start("--resync", "2")
    await_content(running, "one")
    go_slow(fake, ever_answers=ever_answers)
    under_way(fake, running)
    starter.template.write_text("edited\n" + NAMES)
    await_content(running, "edited", "one")
    assert running.program.get("/healthz")[0] == 200
    starter.target.write_text("by hand\n")
    await_content(running, "edited", "one")
    assert running.program.get("/healthz")[0] == 200
    fake.heal()
    fake.run("two")
    await_content(running, "edited", "one", "two")
    assert running.program.stop() == 0


@pytest.mark.parametrize("interval", [("0",), ("1", "2")], ids=["at once", "after a batch"])
def test_what_is_due_is_delivered_meanwhile(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], interval: tuple[str, ...]
) -> None:
    """To another engine, or over other requests: nobody who is owed, or whose batch is over, waits for a list."""
    fake.add_container("reader")
    fake.run("one")
    starter = make_starter(NAMES)
    running = starter.start(*NO_RESYNC, "--signal", "reader", "HUP", "--interval", *interval)
    fake.await_seen("reader", lines("one"))
    running.await_settled()
    # Deliveries have a connection of their own, and look at one container only.
    fake.fault("list", times=None, how="hang")
    fake.fault("networks", times=None, how="hang")
    fake.events.end_all()
    running.program.wait_for(lambda: fake.calls["list"] >= 2, what="a list that is not answered")
    starter.template.write_text("edited\n" + NAMES)
    fake.await_seen("reader", lines("edited", "one"))
    assert running.program.stop() == 0


@pytest.mark.parametrize("options", [(), ("--one-shot",)], ids=["running", "one shot"])
@pytest.mark.parametrize("ever_answers", [True, False], ids=["after 9 s", "never"])
def test_it_ends_in_time_all_the_same(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], options: tuple[str, ...], *, ever_answers: bool
) -> None:
    """SIGTERM asks no engine, and no end by force is needed."""
    fake.run("one")
    go_slow(fake, ever_answers=ever_answers)
    running = make_starter(NAMES).start(*NO_RESYNC, *options)
    under_way(fake, running)
    assert running.program.stop() == (11 if options else 0)
    assert "something is still running" not in running.program.log()
    assert "Traceback" not in running.program.log()
