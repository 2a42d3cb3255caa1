"""SIGTERM and one-shot: what is owed is sent at once."""

from __future__ import annotations

from notify.port import EngineTimeout, EngineUnavailable
from tests.unit.notify.fakes import HUP, House


def changed_house(containers: int = 2) -> House:
    """Containers run, and a change waits for MIN."""
    house = House(HUP)
    for _ in range(containers):
        house.engine.run_new()
    house.disk = "a"
    house.render("a")
    house.render("b")
    return house


def test_sends_without_waiting_for_min() -> None:
    """Everything is through before MIN is over."""
    house = changed_house()
    begun_s = house.clock()
    assert house.notifier.flush(house.clock() + 4)
    assert len(house.engine.told) == 2
    assert house.clock() - begun_s < 0.5


def test_all_side_by_side() -> None:
    """Every delivery is begun before one is waited for."""
    house = changed_house(5)
    house.mailbox.stuck = True
    assert not house.notifier.flush(house.clock() + 4)
    assert len(house.workers.waiting) == 5


def test_nothing_owed_returns_at_once() -> None:
    """Without debts there is nothing to wait for."""
    house = House(HUP)
    begun_s = house.clock()
    assert house.notifier.flush(house.clock() + 4)
    assert house.clock() == begun_s


def test_failures_are_tried_again_until_the_deadline() -> None:
    """Two failures in a row still fit into 4 s."""
    house = changed_house(1)
    for _ in range(2):
        house.engine.fail("kill", EngineUnavailable("down"))
    assert house.notifier.flush(house.clock() + 4)
    assert len(house.engine.told) == 1


def test_a_debt_in_backoff_is_tried_at_once() -> None:
    """What waits for its retry does not wait any longer."""
    house = changed_house(1)
    for _ in range(8):
        house.engine.fail("kill", EngineUnavailable("down"))
    house.wait(60)
    house.engine.faults.clear()
    begun_s = house.clock()
    assert house.notifier.flush(house.clock() + 4)
    assert house.clock() - begun_s < 0.5


def test_what_is_left_at_the_deadline_stays_owed() -> None:
    """After the deadline the rest is in the state, and the next start delivers it."""
    house = changed_house(1)
    for _ in range(100):
        house.engine.fail("kill", EngineTimeout("slow"))
    deadline_s = house.clock() + 4
    assert not house.notifier.flush(deadline_s)
    assert house.clock() >= deadline_s
    house.engine.faults.clear()
    house.start()
    house.render("b")
    house.wait(5)
    assert len(house.engine.told) == 1


def test_a_delivery_that_hangs_ends_with_the_deadline() -> None:
    """A hanging engine delays the end to the deadline and no further."""
    house = changed_house(1)
    house.mailbox.stuck = True
    deadline_s = house.clock() + 4
    assert not house.notifier.flush(deadline_s)
    assert house.clock() < deadline_s + 0.1
