"""`signal-child`: the promise of every notification, kept to the one process that pygen has started itself."""

from __future__ import annotations

import json

import pytest

from models.run import CHILD
from notify.actions.signal_child import SignalChild
from notify.interval import Interval
from notify.port import EngineUnavailable, WouldEnd
from tests.unit.notify.fakes import FakeContainer, NotifierHarness

HUP = SignalChild("", "SIGHUP")


def harness_before_the_child() -> NotifierHarness:
    """The first file is written, and nobody reads it yet."""
    harness = NotifierHarness(HUP, interval=Interval(0, 0))
    harness.render("a")
    harness.wait(10)
    return harness


def start_child(harness: NotifierHarness) -> FakeContainer:
    """The child is started."""
    child = FakeContainer(CHILD, "nginx")
    harness.engine.containers[CHILD] = child
    harness.engine.begin_run(child)
    return child


def harness_with_child() -> NotifierHarness:
    """It was started after the first file, and a second one has come since."""
    harness = harness_before_the_child()
    start_child(harness)
    harness.render("b")
    return harness


def sent(harness: NotifierHarness) -> list[object]:
    """The signals that the child got."""
    return [call.detail[0] for call in harness.engine.calls if call.operation == "kill"]


def test_who_starts_after_the_write_needs_no_signal() -> None:
    """Neither for the file that it has read, nor before it runs."""
    harness = harness_before_the_child()
    assert harness.pending() == 0
    start_child(harness)
    harness.render("a")
    harness.wait(10)
    assert (harness.pending(), sent(harness), harness.observer.matched[HUP]) == (0, [], 1)


def test_each_later_content_is_told_once() -> None:
    """By its name in the log, and without a look at any engine's container."""
    harness = harness_with_child()
    assert harness.pending() == 1
    harness.wait(10)
    harness.render("b")
    harness.wait(10)
    assert (harness.pending(), sent(harness)) == (0, ["SIGHUP"])
    assert harness.lines.matching("INFO signal HUP to the child delivered to nginx (kill)")
    assert {call.container_id for call in harness.engine.calls} == {CHILD}


def test_a_resync_s_list_does_not_end_it() -> None:
    """No engine lists the child: it is neither gone for that, nor has it started since."""
    harness = harness_with_child()
    harness.engine.fail("kill", EngineUnavailable("down"))
    harness.pump()
    harness.render("b")
    assert harness.pending() == 1
    harness.wait(10)
    assert sent(harness) == ["SIGHUP", "SIGHUP"]


def test_it_waits_until_the_child_listens() -> None:
    """A signal that would end it is held, told once, and sent when it no longer would."""
    harness = harness_with_child()
    for _ in range(3):
        harness.engine.fail("kill", WouldEnd("it does not listen for HUP and would be ended by it"))
    harness.wait(60)
    assert (harness.pending(), len(sent(harness))) == (0, 4)
    assert len(harness.lines.matching("INFO signal HUP to the child waits for nginx: it does not listen")) == 1
    assert harness.observer.attempts == [(HUP, "success")]


def test_a_stopped_child_is_owed() -> None:
    """It is told when it goes on."""
    harness = harness_with_child()
    harness.engine.containers[CHILD].paused = True
    harness.wait(10)
    assert (harness.pending(), sent(harness)) == (1, [])
    harness.engine.containers[CHILD].paused = False
    harness.wait(120)
    assert (harness.pending(), sent(harness)) == (0, ["SIGHUP"])


@pytest.mark.parametrize("is_back", [True, False])
def test_an_end_ends_the_debt(is_back: bool) -> None:  # noqa: FBT001 - a parameter
    """Killed before it was told: the next program's child reads the file itself, and that of nobody is nobody's."""
    harness = harness_with_child()
    assert harness.store.data is not None
    (entry,) = json.loads(harness.store.data)["notifications"]
    assert (entry["action"], entry["signal"], len(entry["runs"])) == ("signal-child", "SIGHUP", 1)
    del harness.engine.containers[CHILD]
    harness.start()
    harness.render("b")
    if is_back:
        start_child(harness)
        harness.render("b")
    harness.wait(10)
    assert (harness.pending(), sent(harness)) == (0, [])


def test_a_debt_of_an_ended_child_is_closed_by_the_delivery() -> None:
    """Where no pass has seen the end yet."""
    harness = harness_with_child()
    harness.engine.containers[CHILD].running = False
    del harness.engine.containers[CHILD]
    harness.wait(10)
    assert (harness.pending(), sent(harness)) == (0, [])
    assert harness.lines.matching("signal HUP to the child is no longer pending for nginx: it has ended")
