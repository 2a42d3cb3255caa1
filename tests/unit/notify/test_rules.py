"""What one notification reacts to, and its own interval, beside another one that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from models.write import CAUSES
from notify.actions.signal import Signal
from notify.interval import Interval
from notify.rules import REASONS, Rules, reasons_of
from tests.unit.notify.fakes import HUP, NotifierHarness

if TYPE_CHECKING:
    from collections.abc import Collection

    from models.write import Cause
    from notify.rules import Reason


STATE: tuple[Cause, ...] = ("state",)


def reacting(*on: Reason) -> Signal:
    """A notification that reacts to these reasons alone."""
    return Signal("web", "SIGUSR1", rules=Rules(on=frozenset(on)))


def running(*notifications: Signal) -> NotifierHarness:
    """A container runs and has loaded the file."""
    harness = NotifierHarness(*notifications)
    harness.engine.run_new()
    harness.disk = "a"
    harness.render("a")
    return harness


def told(harness: NotifierHarness) -> list[object]:
    """The signals that were sent."""
    return [call.detail[0] for call in harness.engine.calls if call.operation == "kill"]


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("on", REASONS)
def test_it_is_told_for_its_reasons(cause: Cause, on: Reason) -> None:
    """And for no other; a notification beside it that reacts to all is."""
    harness = running(HUP, reacting(on))
    harness.render("b", cause=cause, also=STATE if cause in {"drift", "missing"} else ())
    harness.wait(5)
    expected = cause == on or (cause in {"drift", "missing"} and on in {"drift", "state"})
    assert told(harness) == ["SIGHUP", *(["SIGUSR1"] if expected else [])]
    assert harness.pending() == 0


def test_a_further_cause_counts() -> None:
    """The template was edited, and containers changed since the last write: either may have done it."""
    harness = running(reacting("state"))
    harness.render("b", cause="template", also=STATE)
    harness.wait(5)
    assert told(harness) == ["SIGUSR1"]


def test_drift_that_is_only_taken_back_is_no_other_reason() -> None:
    """The content is what it was, so neither the state nor the template made it."""
    harness = running(HUP, reacting("state", "template"))
    harness.disk = "rogue"
    harness.render("a", also=STATE)
    harness.wait(5)
    assert told(harness) == ["SIGHUP"]


def test_drift_with_another_content_may_have_come_by_anything() -> None:
    """Where nothing says why the content differs as well, as after a start."""
    harness = running(reacting("template"))
    harness.disk = "rogue"
    harness.render("b")
    harness.wait(5)
    assert told(harness) == ["SIGUSR1"]


def test_a_content_that_does_not_concern_it_counts_as_known() -> None:
    """After it, as before it, only what concerns it is told, also by the next process."""
    harness = running(reacting("state"))
    harness.render("b", cause="template")
    harness.start()
    harness.render("b")
    harness.wait(5)
    assert told(harness) == []
    harness.render("c", cause="state")
    harness.wait(5)
    assert told(harness) == ["SIGUSR1"]


def test_what_is_owed_stays_owed_after_a_content_that_does_not_concern_it() -> None:
    """The change before it was not told yet; the other one neither moves its batch nor pays it."""
    harness = running(reacting("state"))
    harness.render("b", cause="state")
    harness.clock.advance(0.4)
    harness.render("c", cause="template")
    assert harness.pending() == 1
    harness.clock.advance(0.2)
    harness.pump()
    assert told(harness) == ["SIGUSR1"]


def test_a_retry_goes_on_after_a_content_that_does_not_concern_it() -> None:
    """With its backoff: no new batch begins."""
    harness = running(reacting("state"))
    container = next(iter(harness.engine.containers.values()))
    harness.render("b", cause="state")
    container.paused = True
    harness.wait(5)
    due_s = harness.notifier.next_due()
    harness.render("c", cause="template")
    assert harness.notifier.next_due() == due_s
    container.paused = False
    harness.wait(60)
    assert told(harness) == ["SIGUSR1"]


def test_a_delivery_under_way_is_not_doubted_by_it() -> None:
    """Whether the run loads the content before or after it, it has what concerns it."""
    harness = running(reacting("state"))
    harness.render("b", cause="state")
    harness.clock.advance(1)
    harness.notifier.advance(harness.clock())
    harness.render("c", cause="template")
    harness.workers.run_all()
    harness.wait(5)
    assert told(harness) == ["SIGUSR1"]
    assert harness.pending() == 0


@pytest.mark.parametrize(("cause", "expected"), [("template", 0), ("state", 1)])
def test_killed_between_the_announcement_and_the_write(cause: Cause, expected: int) -> None:
    """What the replacement was for is on disk before it, so the next process knows whom it concerns."""
    harness = running(reacting("state"))
    harness.notifier.prepare("b", cause, harness.observations())
    harness.disk = "b"
    harness.start(looks=True)
    harness.render("b")
    harness.wait(5)
    assert len(told(harness)) == expected


def test_a_state_that_is_lost_owes_it_all_the_same() -> None:
    """Nobody knows what the run has loaded."""
    harness = running(reacting("state"))
    harness.store.data = b"?"
    harness.start()
    harness.render("b", cause="template")
    harness.wait(5)
    assert told(harness) == ["SIGUSR1"]


def test_a_new_notification_owes_nothing_for_a_content_that_does_not_concern_it() -> None:
    """It is configured with the start whose first content came by an edited template."""
    harness = running(HUP)
    harness.notifications = (HUP, reacting("drift"))
    harness.start()
    harness.render("b", cause="template")
    harness.wait(5)
    assert told(harness) == ["SIGHUP"]


def test_its_own_interval() -> None:
    """It waits for its own batch, beside one that waits for the job's."""
    slow = Signal("web", "SIGUSR1", rules=Rules(interval=Interval(10, 30)))
    harness = running(HUP, slow)
    for at_s, content in enumerate("bcdefg"):
        harness.render(content)
        harness.wait(5 if at_s else 0)
    assert told(harness) == ["SIGHUP"] * 5
    harness.wait(4)
    assert told(harness) == ["SIGHUP"] * 5
    harness.wait(2)
    assert told(harness) == ["SIGHUP"] * 5 + ["SIGUSR1"]
    assert harness.pending() == 0


def test_the_longest_wait_of_its_own_interval() -> None:
    """Changes without end do not keep it waiting."""
    slow = Signal("web", "SIGUSR1", rules=Rules(interval=Interval(10, 30)))
    harness = running(slow)
    for number in range(31):
        harness.render(str(number))
        harness.wait(1)
    assert told(harness) == ["SIGUSR1"]


def test_at_the_end_nothing_waits_for_an_interval() -> None:
    """Whichever it is."""
    harness = running(HUP, Signal("web", "SIGUSR1", rules=Rules(interval=Interval(100, 300))))
    harness.render("b")
    assert harness.flush(harness.clock() + 4)
    assert sorted(map(str, told(harness))) == ["SIGHUP", "SIGUSR1"]


@pytest.mark.parametrize(
    ("causes", "expected"),
    [
        ((), set()),
        (("",), set()),
        (("missing",), {"drift"}),
        (("drift", "state"), {"drift", "state"}),
    ],
)
def test_reasons(causes: Collection[Cause], expected: set[str]) -> None:
    """A target that is missing was removed by somebody; what is not known is no reason."""
    assert reasons_of(causes) == expected
