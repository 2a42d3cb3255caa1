"""Where workers leave their reports for the loop.

A SimpleQueue, because its `put` takes no lock that an interrupted thread could hold. Waiting is a method, so that a
test's clock can stand in for it.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notify.outcome import Report


class Mailbox:
    """Many workers put, one loop takes."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Report] = queue.SimpleQueue()

    def put(self, report: Report) -> None:
        """Leave a report; from any thread."""
        self._queue.put(report)

    def take(self) -> Report | None:
        """The next report, None where there is none yet."""
        try:
            return self._queue.get_nowait()
        except queue.Empty:
            return None

    def wait(self, timeout_s: float) -> Report | None:
        """The next report, waited for; None after the time is over."""
        try:
            return self._queue.get(timeout=max(timeout_s, 0.0))
        except queue.Empty:
            return None
