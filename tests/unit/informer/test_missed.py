"""Changes without an event."""

from __future__ import annotations

from reconciler.informer.missed import GRACE_S, MissedChanges


def test_what_no_event_tells_is_missed_after_a_while() -> None:
    """It is counted once, when its time is over."""
    missed = MissedChanges()
    missed.found("a", 10)
    missed.found("b", 11)
    assert missed.next_due() == 10 + GRACE_S
    assert missed.expired(11) == 0
    assert missed.expired(12) == 1
    assert missed.expired(20) == 1
    assert missed.expired(30) == 0
    assert missed.next_due() is None


def test_an_event_acquits() -> None:
    """Only the container that it is about."""
    missed = MissedChanges()
    missed.found("a", 10)
    missed.found("b", 10)
    missed.event("a")
    missed.event("unknown")
    assert missed.expired(20) == 1


def test_the_end_of_the_stream_acquits_all() -> None:
    """Its own end is counted elsewhere."""
    missed = MissedChanges()
    missed.found("a", 10)
    missed.forget()
    assert missed.expired(20) == 0


def test_found_twice_is_missed_once_and_not_later() -> None:
    """A second resync does not prolong the wait."""
    missed = MissedChanges()
    missed.found("a", 10)
    missed.found("a", 11)
    assert missed.expired(12) == 1
