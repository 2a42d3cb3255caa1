"""The work queue."""

from __future__ import annotations

import threading
import time

from models.event import EngineEvent
from reconciler.loop.work_queue import DeliveryEnded, EventArrived, ReloadAsked, StopAsked, WorkQueue

EVENT = EventArrived(EngineEvent("container", "start", "c1", {}, 1))


def _queue() -> WorkQueue:
    return WorkQueue(time.monotonic)


def test_all_that_waits_is_taken_at_once_and_in_order() -> None:
    """A burst is one piece of work."""
    queue = _queue()
    for wakeup in (EVENT, DeliveryEnded(), EVENT, ReloadAsked()):
        queue.put(wakeup)
    assert queue.take(time.monotonic() + 60) == [EVENT, DeliveryEnded(), EVENT, ReloadAsked()]


def test_nothing_comes_back_at_the_deadline() -> None:
    """Also where it has passed already."""
    queue = _queue()
    assert queue.take(time.monotonic() + 0.01) == []
    assert queue.take(time.monotonic() - 5) == []


def test_a_waiting_loop_is_woken_from_another_thread() -> None:
    """Long before its deadline."""
    queue = _queue()
    threading.Timer(0.01, queue.put, [EVENT]).start()
    assert queue.take(time.monotonic() + 60) == [EVENT]


def test_what_comes_during_a_rest_is_collected() -> None:
    """The rest is taken in full; a wake-up does not end it."""
    now = [0.0]
    queue = WorkQueue(lambda: now[0])

    def later() -> None:
        queue.put(EVENT)
        now[0] = 1.0
        queue.put(DeliveryEnded())

    queue.put(EVENT)
    threading.Timer(0.01, later).start()
    taken = queue.take(0.0, not_before_s=0.5)
    assert taken[:2] == [EVENT, EVENT]


def test_a_stop_ends_a_rest() -> None:
    """Nobody waits for the end of the program."""
    queue = WorkQueue(lambda: 0.0)
    queue.put(EVENT)
    queue.put(StopAsked())
    assert queue.take(0.0, not_before_s=1000.0) == [EVENT, StopAsked()]
