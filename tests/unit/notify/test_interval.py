"""`--interval`, on a made-up clock: the cases that docker-pygen's own timer gives."""

from __future__ import annotations

import math

import pytest

from notify.interval import Batch, Interval
from tests.unit.notify.fakes import HUP, NotifierHarness

TIMER_CASES = [
    pytest.param(0.5, 2, [0], [0.5], id="one change"),
    pytest.param(0.5, 2, [0, 0.3], [0.8], id="second change inside MIN restarts the wait"),
    pytest.param(0.5, 2, [0, 0.6], [0.5, 1.1], id="second change after the first notification"),
    pytest.param(0.5, 2, [0, 0.4, 0.8, 1.2, 1.6, 1.9, 2.4], [2.0, 2.9], id="steady changes: capped at MAX, then anew"),
    pytest.param(0.5, 2, [0.3 * i for i in range(20)], [2.0, 4.1, 6.2], id="6 s of changes every 0.3 s"),
    pytest.param(3, 10, [0, 2.5, 5, 7.5, 9, 12], [10, 15], id="the README's example, 3 and 10"),
    pytest.param(3, 10, [0, 4], [3, 7], id="two separate batches"),
    pytest.param(1, 1, [0, 0.3, 0.6], [1.0], id="MIN = MAX: the first change decides"),
    pytest.param(2, 2, [0, 1, 1.9, 2.5], [2.0, 4.5], id="MIN = MAX: the next batch after"),
    pytest.param(0, 0, [0, 0.1, 0.2], [0, 0.1, 0.2], id="0: every change at once"),
    pytest.param(0.5, 0.6, [0, 0.45, 0.9], [0.6, 1.4], id="MAX just above MIN"),
]


@pytest.mark.parametrize(("min_s", "max_s", "changes_at_s", "told_at_s"), TIMER_CASES)
def test_batches(min_s: float, max_s: float, changes_at_s: list[float], told_at_s: list[float]) -> None:
    """Each batch is told once, MIN after its last change and at most MAX after its first."""
    harness = NotifierHarness(HUP, interval=Interval(min_s, max_s))
    harness.engine.run_new()
    harness.disk = "before"
    harness.render("before")
    start_s = harness.clock()
    told: list[float] = []
    harness.engine.on_told = lambda run: told.append(harness.clock() - start_s)
    for number, at_s in enumerate(changes_at_s):
        harness.wait(max(start_s + at_s - harness.clock(), 0))
        harness.render(f"content {number}")
        harness.pump()
    harness.wait(100)
    assert told == pytest.approx(told_at_s, abs=0.001)


def test_only_the_notification_is_debounced() -> None:
    """Three changes within MIN are three writes and one notification."""
    harness = NotifierHarness(HUP, interval=Interval(0.5, 2))
    harness.engine.run_new()
    for content in ("a", "b", "c"):
        harness.render(content)
        harness.wait(0.1)
    harness.wait(10)
    assert harness.disk == "c"
    assert len(harness.engine.told) == 1


def test_an_overdue_batch_is_not_put_off() -> None:
    """A change that comes when the batch is due already does not move it."""
    interval = Interval(0.5, 2)
    batch = Batch.opened(interval, 10)
    assert batch.changed(interval, 10.6) == batch


@pytest.mark.parametrize(
    ("min_s", "max_s", "words"),
    [(2, 1, "over its MAX"), (-1, 1, "negative"), (math.nan, 1, "numbers"), (0, math.inf, "numbers")],
)
def test_what_is_no_interval_is_refused(min_s: float, max_s: float, words: str) -> None:
    """MIN over MAX, a negative or an endless time are refused with words that say so."""
    with pytest.raises(ValueError, match=words):
        Interval(min_s, max_s)


def test_a_change_taken_back_leaves_no_batch_behind() -> None:
    """After A-B-A nothing is due, and the next change waits its whole MIN."""
    harness = NotifierHarness(HUP)
    harness.engine.run_new()
    harness.disk = "a"
    for content in ("a", "b", "a"):
        harness.render(content)
    assert harness.notifier.next_due() is None
    harness.clock.advance(0.4)
    harness.render("c")
    due_s = harness.notifier.next_due()
    assert due_s is not None
    assert due_s - harness.clock() == pytest.approx(0.5, abs=0.001)
