"""The board: where the loop's thread posts the status, and where the threads that answer requests read it.

Nothing is made until it is requested, and what makes it is not even imported before. A request is noted, wakes the
loop, and waits for the next pass, but not for long: a loop that hangs is just what a status page has to be able to tell
of. What was put up last is shown then.
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
        begin: Callable[[], Callable[[], Status]],
        *,
        blank: Callable[[], Status],
        clock: Callable[[], float],
        wake: Callable[[], None],
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Inject what it works with.

        Args:
            begin: gives what makes a status; called once, like that in the thread that calls `update`.
            blank: makes a status that knows nothing, for who asks before the loop ever came by; called from any thread.
            clock: monotonic, seconds.
            wake: makes the loop come by; called from any thread.
            patience_s: how long `read` waits for that, seconds.
        """
        self._begin = begin
        self._blank = blank
        self._make: Callable[[], Status] | None = None
        self._clock = clock
        self._wake = wake
        self._patience_s = patience_s
        self._put_up = threading.Condition()
        self._asked_at_s = float("-inf")
        self._latest: Status | None = None
        self._made_at_s = float("-inf")

    def update(self) -> None:
        """Put a new status up, if anybody looks."""
        now_s = self._clock()
        if now_s - self._asked_at_s > WATCHED_S:
            return
        if self._make is None:
            self._make = self._begin()
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
            return self._blank() if self._latest is None else self._latest
