"""The work queue: what wakes the loop up.

A wake-up carries no news. Events, ended streams, signals and finished deliveries only mark work as due; the pass that
follows reads the state, the template and the target as they are then. So everything that is waiting when the loop
comes by is taken at once, and being woken twice, late or for nothing is harmless.

`queue.SimpleQueue` is reentrant: putting into it is safe from signal handlers and from any thread.
"""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.event import EngineEvent


@dataclass(frozen=True, slots=True)
class EventArrived:
    """An engine told of something."""

    event: EngineEvent


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The subscription to an engine's events stands."""


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The subscription is gone; the reason is a word for metrics."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReloadAsked:
    """SIGHUP: load the templates anew, list, and reconcile."""


@dataclass(frozen=True, slots=True)
class DeliveryEnded:
    """A worker has put an outcome where the notifier finds it."""


@dataclass(frozen=True, slots=True)
class RenderArrived:
    """A template was loaded or rendered; its job finds out with what outcome."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """SIGTERM or SIGINT: finish, send what is owed, end."""


@dataclass(frozen=True, slots=True)
class StatusAsked:
    """Somebody looks at the status page: come by, so that it is of now."""


Wakeup = (
    EventArrived | StreamOpened | StreamEnded | ReloadAsked | DeliveryEnded | RenderArrived | StatusAsked | StopAsked
)


class WorkQueue:
    """Wake-ups in the order in which they came. One thread takes, any thread puts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the clock that deadlines are meant on: monotonic, seconds."""
        self._queue: queue.SimpleQueue[Wakeup] = queue.SimpleQueue()
        self._clock = clock

    def put(self, wakeup: Wakeup) -> None:
        """Wake the loop up."""
        self._queue.put(wakeup)

    def take(self, until_s: float, *, not_before_s: float = 0.0) -> list[Wakeup]:
        """Wait for something to do, and take all of it.

        Args:
            until_s: when to come back with nothing, on the monotonic clock.
            not_before_s: collect until then, whatever arrives; a StopAsked ends the collecting.

        Returns:
            Everything that was waiting, in order; empty at the deadline.
        """
        taken: list[Wakeup] = []
        deadline_s = max(until_s, not_before_s)
        while True:
            if not self._take_one(taken, deadline_s):
                return taken
            self._take_all(taken)
            if any(isinstance(wakeup, StopAsked) for wakeup in taken) or self._clock() >= not_before_s:
                return taken
            deadline_s = not_before_s

    def _take_one(self, taken: list[Wakeup], deadline_s: float) -> bool:
        try:
            taken.append(self._queue.get(timeout=max(0.0, deadline_s - self._clock())))
        except queue.Empty:
            return False
        return True

    def _take_all(self, taken: list[Wakeup]) -> None:
        while not self._queue.empty():
            taken.append(self._queue.get_nowait())
