"""The inbox of a thread."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from reconciler.inbox import Inbox
from tests.support.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

STOP = "stop"


def _inbox(clock: Callable[[], float] = time.monotonic) -> Inbox[str]:
    return Inbox(clock, ends_waiting=lambda message: message == STOP)


def test_all_that_waits_is_taken_at_once_and_in_order() -> None:
    """A burst is one piece of work."""
    inbox = _inbox()
    for wakeup in ("event", "delivery", "event", "reload"):
        inbox.put(wakeup)
    assert inbox.take(time.monotonic() + 60) == ["event", "delivery", "event", "reload"]


def test_nothing_comes_back_at_the_deadline() -> None:
    """Also where it has passed already."""
    inbox = _inbox()
    assert inbox.take(time.monotonic() + 0.01) == []
    assert inbox.take(time.monotonic() - 5) == []


def test_a_waiting_loop_is_woken_from_another_thread() -> None:
    """Long before its deadline."""
    inbox = _inbox()
    threading.Timer(0.01, inbox.put, ["event"]).start()
    assert inbox.take(time.monotonic() + 60) == ["event"]


def test_what_comes_during_a_rest_is_collected() -> None:
    """The rest is taken in full; a wake-up does not end it."""
    clock = FakeClock(0.0)
    inbox = _inbox(clock)

    def later() -> None:
        inbox.put("event")
        clock.now_s = 1.0
        inbox.put("delivery")

    inbox.put("event")
    threading.Timer(0.01, later).start()
    taken = inbox.take(0.0, not_before_s=0.5)
    assert taken[:2] == ["event", "event"]


def test_a_stop_ends_a_rest() -> None:
    """Nobody waits for the end of the program."""
    inbox = _inbox(lambda: 0.0)
    inbox.put("event")
    inbox.put(STOP)
    assert inbox.take(0.0, not_before_s=1000.0) == ["event", STOP]
