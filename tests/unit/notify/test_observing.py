"""What metrics and people are told."""

from __future__ import annotations

from notify.port import EngineUnavailable
from tests.unit.notify.fakes import HUP, RESTART, House


def house_with_a_container() -> House:
    """One container runs, nothing is owed."""
    house = House(HUP)
    house.engine.run_new()
    house.disk = "a"
    house.render("a")
    return house


def test_everything_is_shown_from_the_start() -> None:
    """Before the first pass each notification is known with nothing owed and no risk."""
    house = House(HUP, RESTART)
    assert house.observer.owed == {HUP: (0, 0.0), RESTART: (0, 0.0)}
    assert house.observer.at_risk == {HUP: False, RESTART: False}


def test_the_oldest_debt_is_not_moved_by_newer_changes() -> None:
    """The timestamp is the first undelivered change's; 0 when nothing is owed."""
    house = house_with_a_container()
    house.engine.fail("kill", EngineUnavailable("down"))
    house.render("b")
    first = house.observer.owed[HUP]
    assert first[0] == 1
    assert abs(first[1] - house.clock.wall()) < 1
    house.clock.advance(0.4)
    house.render("c")
    assert house.observer.owed[HUP] == first
    house.wait(10)
    assert house.observer.owed[HUP] == (0, 0.0)


def test_the_oldest_debt_outlives_the_program() -> None:
    """After a restart of the program the timestamp is still the change's."""
    house = house_with_a_container()
    house.render("b")
    first = house.observer.owed[HUP]
    house.clock.advance(3600)
    house.start()
    assert house.observer.owed[HUP] == first


def test_a_change_during_a_delivery_dates_the_new_debt() -> None:
    """Once the delivery is through, the debt's age is the newer change's."""
    house = house_with_a_container()
    house.render("b")
    first = house.observer.owed[HUP][1]
    house.clock.advance(1)
    house.notifier.advance(house.clock())
    house.clock.advance(20)
    house.render("c")
    assert house.observer.owed[HUP] == (1, first)
    house.workers.run_all()
    house.notifier.advance(house.clock())
    assert house.observer.owed[HUP][1] > first + 20


def test_attempts_are_counted_by_run() -> None:
    """Each try of each run counts, with its result."""
    house = house_with_a_container()
    house.engine.run_new()
    house.engine.fail("kill", EngineUnavailable("down"))
    house.render("b")
    house.wait(5)
    assert sorted(result for _, result in house.observer.attempts) == ["error", "success", "success"]


def test_matches_are_running_containers() -> None:
    """The metric counts runs, and follows them."""
    house = house_with_a_container()
    assert house.observer.matched == {HUP: 1}
    second = house.engine.run_new()
    house.render("a")
    assert house.observer.matched == {HUP: 2}
    house.engine.stop(second)
    house.render("a")
    assert house.observer.matched == {HUP: 1}


def test_no_match_is_one_warning() -> None:
    """Said once, and again only after something matched; a stopped container is a match."""
    house = House(HUP)
    house.disk = "a"
    for _ in range(3):
        house.render("a")
    assert len(house.lines.matching("no container matches 'web'")) == 1
    house.engine.stop(house.engine.run_new())
    house.render("a")
    assert len(house.lines.matching("is matched by web")) == 1
    assert house.observer.matched == {HUP: 0}


def test_each_delivery_is_one_line() -> None:
    """At info level: what was delivered to whom and how."""
    house = house_with_a_container()
    house.render("b")
    house.wait(5)
    assert house.lines.matching("INFO signal HUP to web delivered to web (docker kill)") == [
        "INFO signal HUP to web delivered to web (docker kill)"
    ]


def test_failures_are_not_repeated_endlessly() -> None:
    """The first, second, fourth, ... failure in a row is a warning; the recovery is an info line with their number."""
    house = house_with_a_container()
    for _ in range(20):
        house.engine.fail("kill", EngineUnavailable("connection refused"))
    house.render("b")
    house.wait(1200)
    assert len(house.lines.matching("WARNING signal HUP to web failed")) == 5
    assert len(house.lines.matching("after 20 tries without success")) == 1


def test_pending_says_what_is_wrong() -> None:
    """The status page sees who is owed, since when, how often it failed and why."""
    house = house_with_a_container()
    for _ in range(3):
        house.engine.fail("kill", EngineUnavailable("connection refused"))
    house.render("b")
    house.wait(1.2)
    (debt,) = house.notifier.pending()
    assert (debt.notification, debt.name, debt.tries, debt.under_way) == (HUP, "web", 2, False)
    assert "connection refused" in debt.trouble
    assert debt.due_at_s is not None


def test_quiet_is_quiet() -> None:
    """Nothing is said and nobody is woken when nothing changes."""
    house = house_with_a_container()
    before = list(house.lines.lines)
    for _ in range(5):
        house.render("a")
        house.wait(30)
    assert house.lines.lines == before
    assert house.wakes == 0


def test_workers_wake_the_loop() -> None:
    """Each report is announced."""
    house = house_with_a_container()
    house.render("b")
    house.wait(5)
    assert house.wakes == 1
