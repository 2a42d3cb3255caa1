"""Deliveries that go wrong: tried again until they are through, none waiting for another."""

from __future__ import annotations

from itertools import pairwise

import pytest

from notify.port import EngineRefused, EngineTimeout, EngineUnavailable
from tests.unit.notify.fakes import HUP, RESTART, Call, NotifierHarness

DOWN = EngineUnavailable("connection refused")


def changed_harness(containers: int = 1) -> NotifierHarness:
    """Containers run, and a change is due to be told."""
    harness = NotifierHarness(HUP)
    for _ in range(containers):
        harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    return harness


def kills(harness: NotifierHarness) -> list[Call]:
    """Every `docker kill` so far."""
    return [call for call in harness.engine.calls if call.operation == "kill"]


@pytest.mark.parametrize("error", [EngineRefused("server error", 500), EngineTimeout("slow"), DOWN])
def test_a_failed_delivery_is_tried_until_it_is_through(error: EngineRefused | EngineTimeout) -> None:
    """After 0.5 s, doubled each time; then it is told once."""
    harness = changed_harness()
    for _ in range(4):
        harness.engine.fail("kill", error)
    tries: list[float] = []
    original = harness.engine.kill

    def kill(engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        tries.append(harness.clock())
        original(engine, container_id, signal, timeout_s=timeout_s)

    harness.engine.kill = kill  # type: ignore[method-assign] # notes when
    harness.wait(60)
    waits = [round(later - earlier, 2) for earlier, later in pairwise(tries)]
    assert waits == [0.5, 1, 2, 4]
    assert len(harness.engine.told) == 1
    assert harness.pending() == 0


def test_a_new_file_starts_the_backoff_anew() -> None:
    """What failed long ago is tried with the new batch, and then after 0.5 s again."""
    harness = changed_harness()
    for _ in range(100):
        harness.engine.fail("kill", DOWN)
    harness.wait(120)
    before = len(kills(harness))
    harness.render("c")
    harness.wait(0.55)
    assert len(kills(harness)) == before + 1
    harness.wait(0.5)
    assert len(kills(harness)) == before + 2


def test_an_engine_down_for_an_hour_is_asked_every_30_s_at_most() -> None:
    """Patience costs little, and the debt outlives it."""
    harness = changed_harness()
    harness.engine.faults["inspect"] = []
    for _ in range(1000):
        harness.engine.fail("inspect", DOWN)
    harness.wait(3600)
    assert 3600 / 30 <= len(harness.engine.calls) <= 160
    harness.engine.faults.clear()
    harness.wait(31)
    assert len(harness.engine.told) == 1


def test_one_failing_target_holds_up_nobody() -> None:
    """Two are told at once, the third when it can be."""
    harness = changed_harness(3)
    harness.engine.fail("kill", EngineRefused("server error", 500))
    harness.clock.advance(0.5)
    harness.notifier.advance(harness.clock())
    assert len(harness.workers.waiting) == 3
    harness.workers.run_all()
    harness.notifier.advance(harness.clock())
    assert len(harness.engine.told) == 2
    assert harness.pending() == 1
    harness.wait(1)
    assert len(harness.engine.told) == 3


def test_a_slow_target_holds_up_nobody() -> None:
    """While one delivery takes 30 s the others are told, of the next change, too."""
    harness = changed_harness(2)
    harness.clock.advance(0.5)
    harness.notifier.advance(harness.clock())
    slow = harness.workers.waiting.pop(0)
    harness.wait(5)
    harness.render("c")
    harness.wait(25)
    assert len(harness.engine.told) == 2
    assert harness.notifier.pending()[0].under_way
    slow()
    harness.wait(5)
    assert len(harness.engine.told) == 4  # it was told of b or c, nobody knows: so it is told once more
    assert harness.pending() == 0


def test_never_two_deliveries_at_once_for_one_container() -> None:
    """A change during a slow delivery waits for its end."""
    harness = changed_harness()
    harness.clock.advance(0.5)
    harness.notifier.advance(harness.clock())
    harness.render("c")
    harness.clock.advance(60)
    harness.notifier.advance(harness.clock())
    assert len(harness.workers.waiting) == 1


def test_timing_out_after_the_engine_did_it() -> None:
    """A signal whose end is unknown is sent again: at least once, never none."""
    harness = changed_harness()
    harness.engine.fail("kill", EngineTimeout("slow"), "after")
    harness.wait(5)
    assert len(harness.engine.told) == 2
    assert harness.pending() == 0


@pytest.mark.parametrize("seen", [True, False])
def test_a_target_that_is_gone(seen: bool) -> None:  # noqa: FBT001
    """The debt ends, whether a pass or the delivery's own look finds out."""
    harness = changed_harness()
    harness.engine.remove(next(iter(harness.engine.containers.values())))
    if seen:
        harness.render("b")
        assert harness.pending() == 0
    harness.wait(5)
    assert harness.pending() == 0
    assert harness.engine.operations() == []


def test_a_target_that_its_policy_restarts() -> None:
    """A restarting container is not signalled: that would cancel its restarts."""
    harness = changed_harness()
    next(iter(harness.engine.containers.values())).restarting = True
    harness.wait(5)
    assert harness.engine.operations() == []
    assert harness.pending() == 0


def test_a_paused_target_stays_owed_and_is_told_when_it_goes_on() -> None:
    """Nothing is sent while it is paused, one line says so, and no attempt is counted."""
    harness = changed_harness()
    container = next(iter(harness.engine.containers.values()))
    container.paused = True
    harness.wait(120)
    assert harness.engine.operations() == []
    assert harness.pending() == 1
    assert harness.observer.attempts == []
    assert len(harness.lines.matching("is paused")) == 1
    container.paused = False
    harness.render("b")
    harness.pump()
    assert harness.engine.told == [container.run]


def test_a_target_replaced_under_its_name() -> None:
    """The new container has loaded the file itself; the old one's debt is over."""
    harness = changed_harness()
    harness.render("b")
    harness.engine.remove(next(iter(harness.engine.containers.values())))
    harness.render("b")
    harness.engine.run_new()
    harness.render("b")
    harness.wait(5)
    assert harness.engine.told == []
    assert harness.pending() == 0


def test_a_target_replaced_within_one_look() -> None:
    """A new container of the same name, started before the file was replaced and seen later, is told."""
    harness = changed_harness()
    shown = harness.observations()
    harness.notifier.prepare("c", "state", shown)
    harness.engine.remove(next(iter(harness.engine.containers.values())))
    newcomer = harness.engine.run_new()
    harness.disk = "c"
    harness.clock.tick()
    harness.notifier.replaced("c", shown, harness.clock())
    harness.render("c")
    harness.wait(5)
    assert harness.engine.told == [newcomer.run]


def test_no_thread_can_be_started() -> None:
    """A machine out of threads is a failure like any other: the debt stays and is tried again."""
    harness = changed_harness()
    spawn = harness.workers.spawn

    def refuse(work: object) -> None:
        raise RuntimeError("can't start new thread")

    harness.workers.spawn = refuse  # type: ignore[method-assign] # a machine out of threads
    harness.wait(1)
    assert harness.pending() == 1
    harness.workers.spawn = spawn  # type: ignore[method-assign] # it has threads again
    harness.wait(60)
    assert len(harness.engine.told) == 1


def test_a_fault_of_our_own_in_a_worker_loses_nothing() -> None:
    """An unexpected exception is a failed delivery with the traceback at debug level only."""
    harness = changed_harness()
    original = harness.engine.kill

    def kill(engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        harness.engine.kill = original  # type: ignore[method-assign] # only the first call is broken
        raise KeyError("oops")

    harness.engine.kill = kill  # type: ignore[method-assign] # broken once
    harness.wait(5)
    assert len(harness.engine.told) == 1
    (line,) = harness.lines.matching("WARNING")
    assert line.endswith("unexpected KeyError")
    assert [type(error) for error in harness.unexpected] == [KeyError]


def test_two_notifications_of_one_container_are_independent() -> None:
    """A failing restart does not hold up the signal."""
    harness = NotifierHarness(HUP, RESTART)
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    harness.engine.fail("restart", DOWN)
    harness.clock.advance(0.5)
    harness.pump()
    assert len(harness.engine.told) == 1
    assert harness.pending() == 1
