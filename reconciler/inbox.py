"""An inbox: what other threads leave for one thread, which takes all of it at once.

`queue.SimpleQueue` is reentrant: putting into it is safe from any thread.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Inbox(Generic[T]):
    """Messages in the order in which they came. One thread takes, any thread puts."""

    def __init__(self, clock: Callable[[], float], *, ends_waiting: Callable[[T], bool] = lambda _: False) -> None:
        """Begin empty.

        Args:
            clock: what deadlines are meant on: monotonic, seconds.
            ends_waiting: whether a message ends the collecting of more.
        """
        self._queue: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._clock = clock
        self._ends_waiting = ends_waiting

    def put(self, message: T) -> None:
        """Leave a message, and wake up whoever waits."""
        self._queue.put(message)

    def take(self, until_s: float, *, not_before_s: float = 0.0) -> list[T]:
        """Wait for something to do, and take all of it.

        Args:
            until_s: when to come back with nothing, on the monotonic clock.
            not_before_s: collect until then, whatever arrives, unless it ends the waiting.

        Returns:
            Everything that was waiting, in order; empty at the deadline.
        """
        taken: list[T] = []
        deadline_s = max(until_s, not_before_s)
        while True:
            if not self._take_one(taken, deadline_s):
                return taken
            self._take_all(taken)
            if any(map(self._ends_waiting, taken)) or self._clock() >= not_before_s:
                return taken
            deadline_s = not_before_s

    def _take_one(self, taken: list[T], deadline_s: float) -> bool:
        try:
            taken.append(self._queue.get(timeout=max(0.0, deadline_s - self._clock())))
        except queue.Empty:
            return False
        return True

    def _take_all(self, taken: list[T]) -> None:
        while not self._queue.empty():
            taken.append(self._queue.get_nowait())
