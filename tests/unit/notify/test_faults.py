"""Deliveries that go wrong: tried again until they are through, none waiting for another."""

from __future__ import annotations

from itertools import pairwise

import pytest

from notify.port import EngineRefused, EngineTimeout, EngineUnavailable
from tests.unit.notify.fakes import HUP, RESTART, Call, House

DOWN = EngineUnavailable("connection refused")


def changed_house(containers: int = 1) -> House:
    """Containers run, and a change is due to be told."""
    house = House(HUP)
    for _ in range(containers):
        house.engine.run_new()
    house.disk = "a"
    house.render("a")
    house.render("b")
    return house


def kills(house: House) -> list[Call]:
    """Every `docker kill` so far."""
    return [call for call in house.engine.calls if call.operation == "kill"]


@pytest.mark.parametrize("error", [EngineRefused("server error", 500), EngineTimeout("slow"), DOWN])
def test_a_failed_delivery_is_tried_until_it_is_through(error: EngineRefused | EngineTimeout) -> None:
    """After 0.5 s, doubled each time; then it is told once."""
    house = changed_house()
    for _ in range(4):
        house.engine.fail("kill", error)
    tries: list[float] = []
    original = house.engine.kill

    def kill(engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        tries.append(house.clock())
        original(engine, container_id, signal, timeout_s=timeout_s)

    house.engine.kill = kill  # type: ignore[method-assign] # notes when
    house.wait(60)
    waits = [round(later - earlier, 2) for earlier, later in pairwise(tries)]
    assert waits == [0.5, 1, 2, 4]
    assert len(house.engine.told) == 1
    assert house.owed() == 0


def test_a_new_file_starts_the_backoff_anew() -> None:
    """What failed long ago is tried with the new batch, and then after 0.5 s again."""
    house = changed_house()
    for _ in range(100):
        house.engine.fail("kill", DOWN)
    house.wait(120)
    before = len(kills(house))
    house.render("c")
    house.wait(0.55)
    assert len(kills(house)) == before + 1
    house.wait(0.5)
    assert len(kills(house)) == before + 2


def test_an_engine_down_for_an_hour_is_asked_every_30_s_at_most() -> None:
    """Patience costs little, and the debt outlives it."""
    house = changed_house()
    house.engine.faults["inspect"] = []
    for _ in range(1000):
        house.engine.fail("inspect", DOWN)
    house.wait(3600)
    assert 3600 / 30 <= len(house.engine.calls) <= 160
    house.engine.faults.clear()
    house.wait(31)
    assert len(house.engine.told) == 1


def test_one_failing_target_holds_up_nobody() -> None:
    """Two are told at once, the third when it can be."""
    house = changed_house(3)
    house.engine.fail("kill", EngineRefused("server error", 500))
    house.clock.advance(0.5)
    house.notifier.advance(house.clock())
    assert len(house.workers.waiting) == 3
    house.workers.run_all()
    house.notifier.advance(house.clock())
    assert len(house.engine.told) == 2
    assert house.owed() == 1
    house.wait(1)
    assert len(house.engine.told) == 3


def test_a_slow_target_holds_up_nobody() -> None:
    """While one delivery takes 30 s the others are told, of the next change, too."""
    house = changed_house(2)
    house.clock.advance(0.5)
    house.notifier.advance(house.clock())
    slow = house.workers.waiting.pop(0)
    house.wait(5)
    house.render("c")
    house.wait(25)
    assert len(house.engine.told) == 2
    assert house.notifier.pending()[0].under_way
    slow()
    house.wait(5)
    assert len(house.engine.told) == 4  # it was told of b or c, nobody knows: so it is told once more
    assert house.owed() == 0


def test_never_two_deliveries_at_once_for_one_container() -> None:
    """A change during a slow delivery waits for its end."""
    house = changed_house()
    house.clock.advance(0.5)
    house.notifier.advance(house.clock())
    house.render("c")
    house.clock.advance(60)
    house.notifier.advance(house.clock())
    assert len(house.workers.waiting) == 1


def test_timing_out_after_the_engine_did_it() -> None:
    """A signal whose end is unknown is sent again: at least once, never none."""
    house = changed_house()
    house.engine.fail("kill", EngineTimeout("slow"), "after")
    house.wait(5)
    assert len(house.engine.told) == 2
    assert house.owed() == 0


@pytest.mark.parametrize("seen", [True, False])
def test_a_target_that_is_gone(seen: bool) -> None:  # noqa: FBT001
    """The debt ends, whether a pass or the delivery's own look finds out."""
    house = changed_house()
    house.engine.remove(next(iter(house.engine.containers.values())))
    if seen:
        house.render("b")
        assert house.owed() == 0
    house.wait(5)
    assert house.owed() == 0
    assert house.engine.operations() == []


def test_a_target_that_its_policy_restarts() -> None:
    """A restarting container is not signalled: that would cancel its restarts."""
    house = changed_house()
    next(iter(house.engine.containers.values())).restarting = True
    house.wait(5)
    assert house.engine.operations() == []
    assert house.owed() == 0


def test_a_paused_target_stays_owed_and_is_told_when_it_goes_on() -> None:
    """Nothing is sent while it is paused, one line says so, and no attempt is counted."""
    house = changed_house()
    container = next(iter(house.engine.containers.values()))
    container.paused = True
    house.wait(120)
    assert house.engine.operations() == []
    assert house.owed() == 1
    assert house.observer.attempts == []
    assert len(house.lines.matching("is paused")) == 1
    container.paused = False
    house.render("b")
    house.pump()
    assert house.engine.told == [container.run]


def test_a_target_replaced_under_its_name() -> None:
    """The new container has loaded the file itself; the old one's debt is over."""
    house = changed_house()
    house.render("b")
    house.engine.remove(next(iter(house.engine.containers.values())))
    house.render("b")
    house.engine.run_new()
    house.render("b")
    house.wait(5)
    assert house.engine.told == []
    assert house.owed() == 0


def test_a_target_replaced_within_one_look() -> None:
    """A new container of the same name, started before the file was replaced and seen later, is told."""
    house = changed_house()
    shown = house.sightings()
    house.notifier.prepare("c", "state", shown)
    house.engine.remove(next(iter(house.engine.containers.values())))
    newcomer = house.engine.run_new()
    house.disk = "c"
    house.clock.tick()
    house.notifier.replaced("c", shown, house.clock())
    house.render("c")
    house.wait(5)
    assert house.engine.told == [newcomer.run]


def test_no_thread_can_be_started() -> None:
    """A machine out of threads is a failure like any other: the debt stays and is tried again."""
    house = changed_house()
    spawn = house.workers.spawn

    def refuse(work: object) -> None:
        raise RuntimeError("can't start new thread")

    house.notifier._spawn = refuse
    house.wait(1)
    assert house.owed() == 1
    house.notifier._spawn = spawn
    house.wait(60)
    assert len(house.engine.told) == 1


def test_a_fault_of_our_own_in_a_worker_loses_nothing() -> None:
    """An unexpected exception is a failed delivery with the traceback at debug level only."""
    house = changed_house()
    original = house.engine.kill

    def kill(engine: str, container_id: str, signal: str, *, timeout_s: float) -> None:
        house.engine.kill = original  # type: ignore[method-assign] # only the first call is broken
        raise KeyError("oops")

    house.engine.kill = kill  # type: ignore[method-assign] # broken once
    house.wait(5)
    assert len(house.engine.told) == 1
    assert len(house.lines.matching("unexpected KeyError")) == 1


def test_two_notifications_of_one_container_are_independent() -> None:
    """A failing restart does not hold up the signal."""
    house = House(HUP, RESTART)
    house.engine.run_new()
    house.disk = "a"
    house.render("a")
    house.render("b")
    house.engine.fail("restart", DOWN)
    house.clock.advance(0.5)
    house.pump()
    assert len(house.engine.told) == 1
    assert house.owed() == 1
