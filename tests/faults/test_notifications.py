"""Notifications that are refused, slow, lost on the way back, or have nobody left to go to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.watched_engine import NAMES, WatchedEngine, await_content, await_metric, lines
from tests.support.running_program import NO_RESYNC

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter, RunningProgram

SIGNAL = ("--signal", "reader", "HUP")
RESTART = ("--restart", "reader")
QUICK = (*NO_RESYNC, "--interval", "0")


def start_settled(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], *notify: str) -> RunningProgram:
    """`one` is shown, and everybody was told of it."""
    fake.run("one")
    running = make_starter(NAMES).start(*QUICK, *notify)
    await_content(running, "one")
    fake.await_seen("reader", lines("one"))
    fake.await_subscribers()
    running.await_settled()
    return running


def await_tries(
    running: RunningProgram, result: str, at_least: float, *, action: str = "signal", container: str = "reader"
) -> None:
    """Wait until so many attempts ended so."""
    labels = {"action": action, "container": container, "result": result}
    await_metric(running, "pygen_notifications_total", at_least, **labels)


@pytest.mark.parametrize("status", [403, 409, 500, 503])
def test_refused(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter], status: int) -> None:
    """Tried again until it is through, once; meanwhile it is owed, and the reason is told."""
    fake.add_container("reader")
    running = start_settled(fake, make_starter, *SIGNAL)
    fake.fault("kill", times=None, status=status)
    fake.run("two")
    await_tries(running, "error", 2)
    running.program.wait_for_log(f"status {status}")
    assert running.owed() == 1
    assert fake.seen["reader"] == [lines("one")]
    fake.heal()
    fake.await_seen("reader", lines("one", "two"))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("one", "two")]
    running.program.wait_for_log("without success")


def test_slow_ones_hold_up_nobody(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """One target hangs for longer than is waited for, another is refused: the third is told meanwhile."""
    for name in ("reader", "refusing", "hanging"):
        fake.add_container(name)
    others = ("--signal", "refusing", "HUP", "--signal", "hanging", "HUP")
    running = start_settled(fake, make_starter, *SIGNAL, *others)
    fake.fault("kill", times=None, how="hang", container="hanging")
    fake.fault("kill", times=None, status=500, container="refusing")
    fake.run("two")
    fake.await_seen("reader", lines("one", "two"))
    assert fake.seen["hanging"] == fake.seen["refusing"] == [lines("one")]
    await_tries(running, "error", 1, container="hanging")
    await_tries(running, "error", 2, container="refusing")
    running.program.wait_for_log("no answer in time")
    fake.run("three")
    fake.await_seen("reader", lines("one", "three", "two"))
    fake.heal()
    for name in ("refusing", "hanging"):
        fake.await_seen(name, lines("one", "three", "two"))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("one", "two"), lines("one", "three", "two")]
    assert fake.seen["refusing"] == [lines("one"), lines("one", "three", "two")]


def test_a_slow_answer_is_a_delivery(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """Within the time that is waited for, slow is no failure, and nothing is sent again."""
    fake.add_container("reader")
    running = start_settled(fake, make_starter, *SIGNAL)
    fake.fault("kill", delay_s=4)
    fake.run("two")
    fake.await_seen("reader", lines("one", "two"))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("one", "two")]
    assert running.program.metric("pygen_notifications_total", action="signal", container="reader", result="error") == 0


def test_a_restart_that_timed_out_after_it_was_done(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """The new start shows that it was: it is a delivery, and no second one is made."""
    fake.add_container("reader", stop_timeout_s=0)
    running = start_settled(fake, make_starter, *RESTART)
    restarts = len(fake.restarts)
    fake.fault("restart", how="hang", effect="full")
    fake.run("two")
    fake.await_seen("reader", lines("one", "two"))
    running.program.wait_for_log("did not confirm")
    running.await_settled()
    assert len(fake.restarts) == restarts + 1
    assert (
        running.program.metric("pygen_notifications_total", action="restart", container="reader", result="success") == 2
    )


def test_a_restart_that_only_got_as_far_as_stopping(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """What our own restart stopped is started by the retry."""
    fake.add_container("reader", stop_timeout_s=0)
    running = start_settled(fake, make_starter, *RESTART)
    fake.fault("restart", status=500, effect="stop")
    fake.run("two")
    running.program.wait_for_log("delivered to reader (a start")
    running.await_settled()
    assert fake.container("reader").alive
    assert len(fake.restarts) == 1


def test_a_signal_whose_answer_was_lost_is_sent_again(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """Nobody can say whether it arrived, so it is sent until that is sure: twice is better than never."""
    fake.add_container("reader")
    running = start_settled(fake, make_starter, *SIGNAL)
    fake.fault("kill", how="close", effect="full")
    fake.run("two")
    await_tries(running, "error", 1)
    await_tries(running, "success", 2)
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), *[lines("one", "two")] * 2]


def owe(fake: WatchedEngine, running: RunningProgram) -> None:
    """`two` is shown, and the reader cannot be told of it."""
    fake.fault("kill", times=None, status=500)
    fake.run("two")
    await_tries(running, "error", 1)
    assert running.owed() == 1


def test_the_target_is_gone(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """With the container the debt ends, and the gauge of matches says that nobody is left."""
    fake.add_container("reader")
    running = start_settled(fake, make_starter, *SIGNAL)
    owe(fake, running)
    fake.remove("reader")
    running.await_settled()
    running.program.wait_for_log("no container matches")
    assert running.program.metric("pygen_notification_matches", action="signal", container="reader") == 0
    fake.heal()
    assert fake.seen["reader"] == [lines("one")]


def test_the_target_is_being_restarted(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """A run that is over is owed nothing; the one that its policy starts next has loaded the file by itself."""
    fake.add_container("reader", restart_policy="always", stop_signal="SIGTERM")
    running = start_settled(fake, make_starter, *SIGNAL)
    owe(fake, running)
    fake.die("reader", restarting=True)
    running.await_settled()
    fake.heal()
    fake.start_container("reader")
    fake.run("three")
    fake.await_seen("reader", lines("one", "three", "two"))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("one", "three", "two")]


def test_the_target_is_replaced_under_its_name(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> None:
    """The new container started after the file was written and owes nothing; the next content is its to be told."""
    fake.add_container("reader")
    running = start_settled(fake, make_starter, *SIGNAL)
    owe(fake, running)
    fake.remove("reader")
    running.await_settled()
    fake.heal()
    # The engine tells its time in whole seconds: within one the order would be unknown, and it would be told.
    fake.clock.offset_ns += 10_000_000_000
    fake.add_container("reader")
    await_metric(running, "pygen_notification_matches", 1, action="signal", container="reader")
    running.await_settled()
    assert fake.seen["reader"] == [lines("one")]
    fake.run("three")
    fake.await_seen("reader", lines("one", "three", "two"))
    running.await_settled()
    assert fake.seen["reader"] == [lines("one"), lines("one", "three", "two")]
