"""Two programs on one target: one keeps it, the other ends and says why, and takes over when its time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.supervisor import Supervisor
from tests.faults.watched_engine import NAMES, WatchedEngine, await_content, lines
from tests.support.running_program import NO_RESYNC
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.running_program import ProgramStarter, RunningProgram

OPTIONS = (*NO_RESYNC, "--signal", "reader", "HUP", "--interval", "0")


def start_first(
    fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]
) -> tuple[ProgramStarter, RunningProgram]:
    """The first program has written `one` and notified `reader`."""
    fake.add_container("reader")
    fake.run("one")
    starter = make_starter(NAMES)
    first = starter.start(*OPTIONS)
    await_content(first, "one")
    fake.await_seen("reader", lines("one"))
    first.await_settled()
    return starter, first


def test_the_second_ends_with_13(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """It touches nothing and tells nobody; the first goes on."""
    starter, first = start_first(fake, make_starter)
    starter.template.write_text("something else\n" + NAMES)
    first.program.wait_for(lambda: "something else" in first.read(), what="the edit")
    second = starter.start(*OPTIONS)
    assert second.program.wait_for_end() == 13
    assert "pygen" in second.program.log()
    assert str(starter.target) in second.program.log()
    assert starter.one_shot(*OPTIONS)[0] == 13
    fake.run("two")
    await_content(first, "something else", "one", "two")
    fake.await_seen("reader", lines("something else", "one", "two"))
    assert first.program.stop() == 0


def test_the_second_takes_over(fake: WatchedEngine, make_starter: Callable[[str], ProgramStarter]) -> None:
    """A supervisor starts it again and again; once the first is killed, it keeps the file, and owes what was owed."""
    starter, first = start_first(fake, make_starter)
    with Supervisor(lambda: starter.start(*OPTIONS)) as supervisor:
        wait_for(lambda: len(supervisor.statuses) > 1, what="two ends")
        assert set(supervisor.statuses) == {13}
        fake.fault("kill", times=None, status=500)
        fake.run("two")
        first.program.wait_for_log("retried until it succeeds")
        first.program.kill()
        fake.heal()
        fake.await_seen("reader", lines("one", "two"))
        fake.run("three")
        fake.await_seen("reader", lines("one", "three", "two"))
        running = supervisor.current
        running.await_settled()
        assert fake.seen["reader"] == [lines("one"), lines("one", "two"), lines("one", "three", "two")]
