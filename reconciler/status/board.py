"""The board: where the loop's thread puts the status up, and where those that answer requests find it.

Nothing is made while nobody looks. Whoever asks is noted, wakes the loop, and waits for the next pass, but not for
long: a loop that hangs is just what a status page has to be able to tell of. What was put up last is shown then.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.status.values import Status

# A status as old as this is new enough; a page that polls gets one for each poll.
FRESH_S = 0.5
# So long after the last question every pass puts the status up.
WATCHED_S = 10.0
# So long a question waits for the loop to come by.
PATIENCE_S = 1.0


class Board:
    """Holds the latest status. `update` belongs to the loop's thread, `read` to all others."""

    def __init__(
        self,
        make: Callable[[], Status],
        *,
        clock: Callable[[], float],
        wake: Callable[[], None],
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Put the first status up.

        Args:
            make: makes one, in the thread that calls `update`.
            clock: monotonic, seconds.
            wake: makes the loop come by; called from any thread.
            patience_s: how long `read` waits for that, seconds.
        """
        self._make = make
        self._clock = clock
        self._wake = wake
        self._patience_s = patience_s
        self._put_up = threading.Condition()
        self._asked_at_s = float("-inf")
        self._latest = make()
        self._made_at_s = clock()

    def update(self) -> None:
        """Put a new status up, if anybody looks."""
        now_s = self._clock()
        if now_s - self._asked_at_s > WATCHED_S:
            return
        status = self._make()
        with self._put_up:
            self._latest, self._made_at_s = status, now_s
            self._put_up.notify_all()

    def read(self) -> Status:
        """Give the status: a fresh one, or the last one where the loop does not come by."""
        asked_at_s = self._asked_at_s = self._clock()
        with self._put_up:
            if asked_at_s - self._made_at_s > FRESH_S:
                self._wake()
                self._put_up.wait_for(lambda: self._made_at_s >= asked_at_s, self._patience_s)
            return self._latest
