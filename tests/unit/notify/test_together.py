"""SIGTERM and one-shot: what is owed is sent at once."""

from __future__ import annotations

from notify.port import EngineTimeout, EngineUnavailable
from tests.unit.notify.fakes import HUP, NotifierHarness


def changed_harness(containers: int = 2) -> NotifierHarness:
    """Containers run, and a change waits for MIN."""
    harness = NotifierHarness(HUP)
    for _ in range(containers):
        harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    harness.render("b")
    return harness


def test_sends_without_waiting_for_min() -> None:
    """Everything is through before MIN is over."""
    harness = changed_harness()
    begun_s = harness.clock()
    assert harness.flush(harness.clock() + 4)
    assert len(harness.engine.told) == 2
    assert harness.clock() - begun_s < 0.5


def test_all_side_by_side() -> None:
    """Every delivery is begun before one is waited for."""
    harness = changed_harness(5)
    harness.stuck = True
    assert not harness.flush(harness.clock() + 4)
    assert len(harness.workers.waiting) == 5


def test_nothing_owed_returns_at_once() -> None:
    """Without debts there is nothing to wait for."""
    harness = NotifierHarness(HUP)
    begun_s = harness.clock()
    assert harness.flush(harness.clock() + 4)
    assert harness.clock() == begun_s


def test_failures_are_tried_again_until_the_deadline() -> None:
    """Two failures in a row still fit into 4 s."""
    harness = changed_harness(1)
    for _ in range(2):
        harness.engine.fail("kill", EngineUnavailable("down"))
    assert harness.flush(harness.clock() + 4)
    assert len(harness.engine.told) == 1


def test_a_debt_in_backoff_is_tried_at_once() -> None:
    """What waits for its retry does not wait any longer."""
    harness = changed_harness(1)
    for _ in range(8):
        harness.engine.fail("kill", EngineUnavailable("down"))
    harness.wait(60)
    harness.engine.faults.clear()
    begun_s = harness.clock()
    assert harness.flush(harness.clock() + 4)
    assert harness.clock() - begun_s < 0.5


def test_what_is_left_at_the_deadline_stays_owed() -> None:
    """After the deadline the rest is in the state, and the next start delivers it."""
    harness = changed_harness(1)
    for _ in range(100):
        harness.engine.fail("kill", EngineTimeout("slow"))
    deadline_s = harness.clock() + 4
    assert not harness.flush(deadline_s)
    assert harness.clock() >= deadline_s
    harness.engine.faults.clear()
    harness.start()
    harness.render("b")
    harness.wait(5)
    assert len(harness.engine.told) == 1


def test_a_delivery_that_hangs_ends_with_the_deadline() -> None:
    """A hanging engine delays the end to the deadline and no further."""
    harness = changed_harness(1)
    harness.stuck = True
    deadline_s = harness.clock() + 4
    assert not harness.flush(deadline_s)
    assert harness.clock() < deadline_s + 0.1
