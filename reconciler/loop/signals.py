"""The signals of the process: one thread takes them with `sigwait`, so that nothing runs inside a signal handler.

The signals are blocked before the first thread starts, and stay blocked in all of them: a plain handler that sets a
`threading.Event` can deadlock with the code that it interrupts.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Protocol

from reconciler.loop.work_queue import ReloadAsked, StopAsked, WorkQueue

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

TAKEN = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})

# Together with the loop's own 4 s for what is owed this stays within the 5 s after which Docker's patience ends.
END_S = 4.8
# A loop that does not come by within this time hangs in a request, which is then ended under it.
COME_BY_S = 0.3


class EndOfProcess(Protocol):
    """Ends the process at once, whatever else runs: `os._exit`."""

    def __call__(self, status: int, /) -> object:
        """Do not return."""


def block() -> None:
    """Block the signals in this thread and in those that it starts. Called before any thread is started."""
    signal.pthread_sigmask(signal.SIG_BLOCK, TAKEN)


class SignalThread:
    """Turns signals into wake-ups, and sees to it that the process ends in time."""

    def __init__(
        self,
        queue: WorkQueue,
        *,
        stopping: Callable[[], None],
        interrupt: Callable[[], None],
        end: EndOfProcess,
        log: logging.Logger,
        end_s: float = END_S,
    ) -> None:
        """Hand in the edges.

        Args:
            queue: the loop's.
            stopping: ends whatever only sleeps.
            interrupt: ends a request that the loop hangs in.
            end: ends the process.
            log: where the ending is told.
            end_s: seconds from the first signal to the end by force.
        """
        self._queue = queue
        self._stopping = stopping
        self._interrupt = interrupt
        self._end = end
        self._log = log
        self._end_s = end_s
        self.came_by = threading.Event()
        self.stopped_by: int | None = None

    def start(self) -> None:
        """Start the thread; it ends with the process."""
        threading.Thread(target=self.run, name="signals", daemon=True).start()

    def run(self) -> None:
        """Take signals until the process ends."""
        while True:
            taken = signal.sigwait(TAKEN)
            if taken == signal.SIGHUP:
                self._queue.put(ReloadAsked())
                continue
            self._stop(taken)
            return

    def _stop(self, taken: int) -> None:
        self.stopped_by = taken
        self._log.info("%s: sending what is owed, then ending", signal.Signals(taken).name)
        self._stopping()
        self._queue.put(StopAsked())
        if self.came_by.wait(COME_BY_S):
            self._wait_for_the_end(self._end_s)
        else:
            self._interrupt()
            self._wait_for_the_end(self._end_s - COME_BY_S)

    def _wait_for_the_end(self, patience_s: float) -> None:
        second = signal.sigtimedwait(TAKEN - {signal.SIGHUP}, patience_s)
        if second is not None:
            self._end(128 + second.si_signo)
        self._log.warning("something still runs after %.1f s and is left; what is owed stays on disk", self._end_s)
        self._end(0)
