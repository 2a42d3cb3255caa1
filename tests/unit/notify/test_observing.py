"""What metrics and people are told."""

from __future__ import annotations

from notify.port import EngineUnavailable
from tests.unit.notify.fakes import HUP, RESTART, NotifierHarness


def harness_with_a_container() -> NotifierHarness:
    """One container runs, nothing is owed."""
    harness = NotifierHarness(HUP)
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    return harness


def test_everything_is_shown_from_the_start() -> None:
    """Before the first pass each notification is known with nothing owed and no risk."""
    harness = NotifierHarness(HUP, RESTART)
    assert harness.observer.owed == {HUP: (0, 0.0), RESTART: (0, 0.0)}
    assert harness.observer.at_risk == {HUP: False, RESTART: False}


def test_the_oldest_debt_is_not_moved_by_newer_changes() -> None:
    """The timestamp is the first undelivered change's; 0 when nothing is owed."""
    harness = harness_with_a_container()
    harness.engine.fail("kill", EngineUnavailable("down"))
    harness.render("b")
    first = harness.observer.owed[HUP]
    assert first[0] == 1
    assert abs(first[1] - harness.clock.wall()) < 1
    harness.clock.advance(0.4)
    harness.render("c")
    assert harness.observer.owed[HUP] == first
    harness.wait(10)
    assert harness.observer.owed[HUP] == (0, 0.0)


def test_the_oldest_debt_outlives_the_program() -> None:
    """After a restart of the program the timestamp is still the change's."""
    harness = harness_with_a_container()
    harness.render("b")
    first = harness.observer.owed[HUP]
    harness.clock.advance(3600)
    harness.start()
    assert harness.observer.owed[HUP] == first


def test_a_change_during_a_delivery_dates_the_new_debt() -> None:
    """Once the delivery is through, the debt's age is the newer change's."""
    harness = harness_with_a_container()
    harness.render("b")
    first = harness.observer.owed[HUP][1]
    harness.clock.advance(1)
    harness.notifier.advance(harness.clock())
    harness.clock.advance(20)
    harness.render("c")
    assert harness.observer.owed[HUP] == (1, first)
    harness.workers.run_all()
    harness.notifier.advance(harness.clock())
    assert harness.observer.owed[HUP][1] > first + 20


def test_attempts_are_counted_by_run() -> None:
    """Each try of each run counts, with its result."""
    harness = harness_with_a_container()
    harness.engine.run_new()
    harness.engine.fail("kill", EngineUnavailable("down"))
    harness.render("b")
    harness.wait(5)
    assert sorted(result for _, result in harness.observer.attempts) == ["error", "success", "success"]


def test_matches_are_running_containers() -> None:
    """The metric counts runs, and follows them."""
    harness = harness_with_a_container()
    assert harness.observer.matched == {HUP: 1}
    second = harness.engine.run_new()
    harness.render("a")
    assert harness.observer.matched == {HUP: 2}
    harness.engine.stop(second)
    harness.render("a")
    assert harness.observer.matched == {HUP: 1}


def test_no_match_is_one_warning() -> None:
    """Said once, and again only after something matched; a stopped container is a match."""
    harness = NotifierHarness(HUP)
    harness.disk = "a"
    for _ in range(3):
        harness.render("a")
    assert len(harness.lines.matching("no container matches 'web'")) == 1
    harness.engine.stop(harness.engine.run_new())
    harness.render("a")
    assert len(harness.lines.matching("is matched by web")) == 1
    assert harness.observer.matched == {HUP: 0}


def test_each_delivery_is_one_line() -> None:
    """At info level: what was delivered to whom and how."""
    harness = harness_with_a_container()
    harness.render("b")
    harness.wait(5)
    assert harness.lines.matching("INFO signal HUP to web delivered to web (docker kill)") == [
        "INFO signal HUP to web delivered to web (docker kill)"
    ]


def test_failures_are_not_repeated_endlessly() -> None:
    """The first, second, fourth, ... failure in a row is a warning; the recovery is an info line with their number."""
    harness = harness_with_a_container()
    for _ in range(20):
        harness.engine.fail("kill", EngineUnavailable("connection refused"))
    harness.render("b")
    harness.wait(1200)
    assert len(harness.lines.matching("WARNING signal HUP to web failed")) == 5
    assert len(harness.lines.matching("after 20 tries without success")) == 1


def test_pending_says_what_is_wrong() -> None:
    """The status page sees who is owed, since when, how often it failed and why."""
    harness = harness_with_a_container()
    for _ in range(3):
        harness.engine.fail("kill", EngineUnavailable("connection refused"))
    harness.render("b")
    harness.wait(1.2)
    (debt,) = harness.notifier.pending()
    assert (debt.notification, debt.name, debt.tries, debt.under_way) == (HUP, "web", 2, False)
    assert "connection refused" in debt.trouble
    assert debt.due_at_s is not None


def test_quiet_is_quiet() -> None:
    """Nothing is said and nobody is woken when nothing changes."""
    harness = harness_with_a_container()
    before = list(harness.lines.lines)
    for _ in range(5):
        harness.render("a")
        harness.wait(30)
    assert harness.lines.lines == before
    assert harness.wakes == 0


def test_workers_wake_the_loop() -> None:
    """Each report is announced."""
    harness = harness_with_a_container()
    harness.render("b")
    harness.wait(5)
    assert harness.wakes == 1
